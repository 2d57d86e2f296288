//! A lamp, and what makes it shine by itself.
//!
//! A lamp's trigger is `none`, or one of the keyboard's locks: then the lamp shows whether that
//! lock is on for the persona in front. A program that stores 0 as the brightness takes the lamp
//! off its trigger.
//!
//! Source: Linux's `Documentation/leds/leds-class.rst` and
//! `Documentation/ABI/testing/sysfs-class-led`.

use abi::Errno;
use alloc::sync::Arc;
use core::fmt;
use spin::mutex::SpinMutex;

use super::setting::Setting;

/// A lock of a keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Scroll lock.
    Scroll,
    /// Num lock.
    Num,
    /// Caps lock.
    Caps,
}

impl Lock {
    /// All, in the order in which triggers are listed.
    pub const ALL: [Self; 3] = [Self::Scroll, Self::Num, Self::Caps];

    /// The name of the trigger.
    pub const fn trigger_name(self) -> &'static str {
        match self {
            Self::Scroll => "kbd-scrolllock",
            Self::Num => "kbd-numlock",
            Self::Caps => "kbd-capslock",
        }
    }

    /// What the lamp of this lock is called.
    pub const fn lamp_name(self) -> &'static str {
        match self {
            Self::Scroll => "scrolllock",
            Self::Num => "numlock",
            Self::Caps => "capslock",
        }
    }

    /// The lamp as input events name it.
    pub const fn led_code(self) -> u16 {
        match self {
            Self::Scroll => abi::input::LED_SCROLLL,
            Self::Num => abi::input::LED_NUML,
            Self::Caps => abi::input::LED_CAPSL,
        }
    }

    /// Its bit among the locks of a persona.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a lamp follows; none of the locks means none at all.
pub type Trigger = Option<Lock>;

/// A lamp.
pub struct Led {
    /// How bright it is.
    pub brightness: Arc<Setting>,
    trigger: SpinMutex<Trigger>,
}

impl Led {
    /// A lamp that follows `trigger`.
    pub fn new(brightness: Arc<Setting>, trigger: Trigger) -> Self {
        Self {
            brightness,
            trigger: SpinMutex::new(trigger),
        }
    }

    /// What it follows.
    pub fn trigger(&self) -> Trigger {
        *self.trigger.lock()
    }

    pub(super) fn set_trigger(&self, trigger: Trigger) {
        *self.trigger.lock() = trigger;
    }

    /// The file `trigger`: all that there are, with this lamp's own in brackets.
    pub fn show_triggers(&self, text: &mut dyn fmt::Write) -> fmt::Result {
        let own = self.trigger();
        let mut one = |trigger: Trigger| {
            let name = trigger.map_or("none", Lock::trigger_name);
            match (trigger, trigger == own) {
                (None, true) => write!(text, "[{name}]"),
                (None, false) => write!(text, "{name}"),
                (Some(_), true) => write!(text, " [{name}]"),
                (Some(_), false) => write!(text, " {name}"),
            }
        };
        one(None)?;
        Lock::ALL.into_iter().try_for_each(|lock| one(Some(lock)))?;
        text.write_char('\n')
    }
}

impl Led {
    /// Shows the lock that it follows, if any.
    pub(super) fn follow(&self, locks: u8) {
        match self.trigger() {
            Some(lock) => self.follow_if(lock, locks),
            None => self.shine(0),
        }
    }

    /// Shows `lock`, if that is the one that it follows.
    pub(super) fn follow_if(&self, lock: Lock, locks: u8) {
        if self.trigger() == Some(lock) {
            let is_on = locks & lock.bit() != 0;
            let full = self.brightness.maximum;
            self.shine(if is_on { full } else { 0 });
        }
    }

    /// A lamp that shines so already needs no word: most switches of personas change none.
    fn shine(&self, brightness: u32) {
        if self.brightness.value() != brightness {
            self.brightness.set(brightness);
        }
    }
}

/// The trigger that a program names.
///
/// # Errors
/// EINVAL: there is none of this name.
pub fn parse_trigger(text: &[u8]) -> Result<Trigger, Errno> {
    let name = text.trim_ascii();
    if name == b"none" {
        return Ok(None);
    }
    let named = |lock: &Lock| lock.trigger_name().as_bytes() == name;
    Lock::ALL
        .into_iter()
        .find(named)
        .map(Some)
        .ok_or(Errno::EINVAL)
}
