//! A number that some hardware is at, and that programs may change.

use abi::Errno;
use alloc::boxed::Box;
use alloc::string::String;

use super::number;

/// The hardware behind a setting.
pub trait Knob: Send + Sync {
    /// What it is at.
    fn value(&self) -> u32;

    /// Puts it to `value`, which the setting's rule allows. May not sleep.
    fn set(&self, value: u32);
}

/// Which numbers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Decimal; what is above the maximum stands for the maximum (LEDs).
    Clamped,
    /// As in C; above the maximum there is nothing (brightness and contrast of a panel).
    Bounded,
    /// As in C, and any (power states, where all that is not full power is some kind of less).
    Any,
}

/// A setting.
pub struct Setting {
    /// How the kernel log names it: `led input0::capslock: brightness`.
    pub name: String,
    /// The largest value.
    pub maximum: u32,
    rule: Rule,
    knob: Box<dyn Knob>,
}

impl Setting {
    /// A setting of some hardware.
    pub fn new(name: String, maximum: u32, rule: Rule, knob: Box<dyn Knob>) -> Self {
        Self {
            name,
            maximum,
            rule,
            knob,
        }
    }

    /// What the hardware is at.
    pub fn value(&self) -> u32 {
        self.knob.value()
    }

    /// Puts the hardware to `value`.
    pub(super) fn set(&self, value: u32) {
        self.knob.set(value);
    }

    /// What a program asks for by `text`.
    ///
    /// # Errors
    /// EINVAL: no number, or one that this setting does not take. ERANGE: no machine has it.
    pub fn parse(&self, text: &[u8]) -> Result<u32, Errno> {
        match self.rule {
            Rule::Clamped => {
                let wanted = number::decimal(text)?;
                Ok(u32::try_from(wanted).map_or(self.maximum, |wanted| wanted.min(self.maximum)))
            }
            Rule::Bounded => u32::try_from(number::as_in_c(text)?)
                .ok()
                .filter(|wanted| *wanted <= self.maximum)
                .ok_or(Errno::EINVAL),
            Rule::Any => u32::try_from(number::as_in_c(text)?).map_err(|_| Errno::EINVAL),
        }
    }
}
