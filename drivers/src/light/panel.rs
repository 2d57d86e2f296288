//! The backlight and the LCD of the panel, as settings like those of any light.
//!
//! What they do to the picture says [`crate::display::light`]; whose stores count says
//! [`super::persona`].
//!
//! Source: Linux's `Documentation/ABI/stable/sysfs-class-backlight` and
//! `Documentation/ABI/testing/sysfs-class-lcd`; what a blank screen does to either, the answers of
//! Linux 6.1.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use super::persona::LightHandle;
use super::setting::{Knob, Rule, Setting};
use crate::display::light::{FULL, Light};
use crate::display::mux::Display;

/// What can be set of a panel.
pub struct PanelLight {
    /// The backlight's brightness.
    pub brightness: Arc<Setting>,
    /// The backlight's power: one of `FB_BLANK_*`, 0 for on.
    pub backlight_power: Arc<Setting>,
    /// The LCD's power: one of `FB_BLANK_*`, 0 for on.
    pub lcd_power: Arc<Setting>,
    /// The LCD's contrast.
    pub contrast: Arc<Setting>,
    display: Arc<Display>,
}

impl PanelLight {
    /// The lights of a display, added to those of the machine.
    pub fn new(display: &Arc<Display>, lights: &LightHandle) -> Self {
        let add = |name: &str, maximum, rule, part| {
            let display = Arc::clone(display);
            let knob = Box::new(PartKnob { display, part });
            lights
                .hardware()
                .add(Setting::new(String::from(name), maximum, rule, knob))
        };
        let power = |name, part| add(name, u32::MAX, Rule::Any, part);
        let bounded = |name, part| add(name, FULL, Rule::Bounded, part);
        Self {
            brightness: bounded("backlight panel0: brightness", Part::Brightness),
            backlight_power: power("backlight panel0: bl_power", Part::BacklightPower),
            lcd_power: power("lcd panel0: lcd_power", Part::LcdPower),
            contrast: bounded("lcd panel0: contrast", Part::Contrast),
            display: Arc::clone(display),
        }
    }

    /// How bright the backlight shines: not at all while it is off or the screen in front is
    /// blank.
    pub fn actual_brightness(&self) -> u32 {
        let light = self.display.light();
        let is_on = light.backlight_power == 0 && self.display.blank_level() == 0;
        if is_on { light.brightness } else { 0 }
    }
}

/// Which part of a panel's light.
#[derive(Clone, Copy)]
enum Part {
    Brightness,
    BacklightPower,
    LcdPower,
    Contrast,
}

struct PartKnob {
    display: Arc<Display>,
    part: Part,
}

impl Knob for PartKnob {
    fn value(&self) -> u32 {
        let light = self.display.light();
        match self.part {
            Part::Brightness => light.brightness,
            Part::BacklightPower => light.backlight_power,
            Part::LcdPower => {
                let stored = light.lcd_power;
                stored.unwrap_or_else(|| self.display.blank_level())
            }
            Part::Contrast => light.contrast,
        }
    }

    fn set(&self, value: u32) {
        let part = self.part;
        self.display
            .set_light(|light: &mut Light, blank_level| match part {
                Part::Brightness => light.brightness = value,
                Part::BacklightPower => light.backlight_power = value,
                Part::LcdPower => light.lcd_power = (value != blank_level).then_some(value),
                Part::Contrast => light.contrast = value,
            });
    }
}
