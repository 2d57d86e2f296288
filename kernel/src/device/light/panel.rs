//! The backlight and the LCD of the panel: `/sys/class/backlight/panel0` and
//! `/sys/class/lcd/panel0`.
//!
//! Source: Linux's `Documentation/ABI/stable/sysfs-class-backlight` and
//! `Documentation/ABI/testing/sysfs-class-lcd`.

use core::fmt::Write;

use abi::procfs::Text;
use alloc::format;
use alloc::sync::Arc;
use drivers::display::mux::Display;
use drivers::light::panel::PanelLight;
use drivers::light::setting::Setting;

use super::{LIGHTS, lights, store};
use crate::error::Result;
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Attribute, Directory};
use crate::namespace::device::foreground;

/// A file that is one of the settings.
struct Value(Arc<Setting>);

impl Attribute for Value {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0.value()).map_err(no_memory)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        store(&self.0, bytes, |caller| {
            lights().store(foreground(), caller, &self.0, bytes)
        })
    }
}

/// A setting's greatest value.
struct Maximum(Arc<Setting>);

impl Attribute for Maximum {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0.maximum).map_err(no_memory)
    }
}

/// `actual_brightness`.
struct ActualBrightness(Arc<PanelLight>);

impl Attribute for ActualBrightness {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0.actual_brightness()).map_err(no_memory)
    }
}

/// What never changes.
struct Word(&'static str);

impl Attribute for Word {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0).map_err(no_memory)
    }
}

/// Adds the lights of the panel, where there are lights at all.
pub fn add(display: &Arc<Display>) -> Result<()> {
    let Some(lights) = LIGHTS.get() else {
        return Ok(());
    };
    let panel = Arc::new(PanelLight::new(display, lights));
    let value = |setting: &Arc<Setting>| Value(Arc::clone(setting));
    let maximum = |setting: &Arc<Setting>| Maximum(Arc::clone(setting));

    let backlight = class_directory("backlight")?;
    backlight.add_attribute("brightness", 0o644, value(&panel.brightness))?;
    backlight.add_attribute("max_brightness", 0o444, maximum(&panel.brightness))?;
    backlight.add_attribute("bl_power", 0o644, value(&panel.backlight_power))?;
    backlight.add_attribute("type", 0o444, Word("raw"))?;
    backlight.add_attribute("scale", 0o444, Word("linear"))?;

    let lcd = class_directory("lcd")?;
    lcd.add_attribute("lcd_power", 0o644, value(&panel.lcd_power))?;
    lcd.add_attribute("contrast", 0o644, value(&panel.contrast))?;
    lcd.add_attribute("max_contrast", 0o444, maximum(&panel.contrast))?;

    backlight.add_attribute("actual_brightness", 0o444, ActualBrightness(panel))
}

fn class_directory(class: &str) -> Result<Arc<Directory>> {
    let path = format!("devices/virtual/{class}/panel0");
    let directory = sysfs::directory(&path)?;
    directory.add_link("subsystem", &format!("../../../../class/{class}"))?;
    let links = sysfs::directory(&format!("class/{class}"))?;
    links.add_link("panel0", &format!("../../{path}"))?;
    Ok(directory)
}
