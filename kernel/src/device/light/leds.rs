//! The lamps of keyboards: `/sys/class/leds/inputN::capslock` and their like.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-led`; the names are those of its
//! `input-leds`.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use core::fmt::Write;

use abi::procfs::Text;
use drivers::input::device::Identity;
use drivers::light::led::{Led, Lock};
use drivers::light::setting::{Knob, Rule, Setting};

use super::{lights, store};
use crate::device::input;
use crate::error::Result;
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Attribute};
use crate::namespace::device::foreground;

/// A keyboard's lamp.
struct Lamp {
    device: usize,
    led: u16,
}

impl Knob for Lamp {
    fn value(&self) -> u32 {
        u32::from(input::led_is_on(self.device, self.led))
    }

    fn set(&self, value: u32) {
        input::set_led(self.device, self.led, value != 0);
    }
}

/// The file `brightness`.
struct Brightness(Arc<Led>);

impl Attribute for Brightness {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0.brightness.value()).map_err(no_memory)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        store(&self.0.brightness, bytes, |caller| {
            lights().store_brightness(foreground(), caller, &self.0, bytes)
        })
    }
}

/// The file `trigger`.
struct TriggerFile(Arc<Led>);

impl Attribute for TriggerFile {
    fn show(&self, text: &mut Text) -> Result<()> {
        self.0.show_triggers(text).map_err(no_memory)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        store(&self.0.brightness, bytes, |caller| {
            lights().store_trigger(foreground(), caller, &self.0, bytes)
        })
    }
}

/// The file `max_brightness`.
struct Maximum(Arc<Led>);

impl Attribute for Maximum {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0.brightness.maximum).map_err(no_memory)
    }
}

/// Adds the lamps that an input device has. Each follows its lock, as on Linux.
pub fn add(device: usize, identity: &Identity) -> Result<()> {
    let has = |lock: &Lock| identity.leds.has(lock.led_code());
    Lock::ALL
        .into_iter()
        .filter(has)
        .try_for_each(|lock| add_lamp(device, lock))
}

fn add_lamp(device: usize, lock: Lock) -> Result<()> {
    let name = format!("input{device}::{}", lock.lamp_name());
    let led = lock.led_code();
    let brightness = lights().hardware().add(Setting::new(
        format!("led {name}: brightness"),
        1,
        Rule::Clamped,
        Box::new(Lamp { device, led }),
    ));
    let led = lights()
        .hardware()
        .add_led(Led::new(brightness, Some(lock)));
    let parent = input::sysfs_path(device);
    let directory = sysfs::directory(&format!("{parent}/{name}"))?;
    directory.add_attribute("brightness", 0o644, Brightness(Arc::clone(&led)))?;
    directory.add_attribute("max_brightness", 0o444, Maximum(Arc::clone(&led)))?;
    directory.add_attribute("trigger", 0o644, TriggerFile(led))?;
    directory.add_link("subsystem", "../../../../../class/leds")?;
    directory.add_link("device", &format!("../../input{device}"))?;
    sysfs::directory("class/leds")?.add_link(&name, &format!("../../{parent}/{name}"))
}
