//! Between the programs and the lights: what a store does, and what is said of it.
//!
//! Whose stores count says [`super::persona`]. Errors are the same for all.

use abi::Errno;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use devns::{Foreground, Namespace};

use super::led::{Led, Lock, parse_trigger};
use super::persona::LightHandle;
use super::setting::Setting;

/// What became of a store. The program is told the same in all cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It will be done when the persona comes to the front.
    Kept,
    /// Nothing: the persona is in the background.
    Ignored,
}

impl Outcome {
    /// The line for the kernel log, if there is something to say: which setting, and the value as
    /// it was given.
    pub fn line(self, setting: &Setting, text: &[u8], caller: &Namespace) -> Option<String> {
        let what = match self {
            Self::Done => return None,
            Self::Kept => "kept until it comes to the front",
            Self::Ignored => "not set",
        };
        let name = &setting.name;
        let text = text.trim_ascii_end().escape_ascii();
        let (pid, tag) = (caller.init_pid(), caller.tag());
        let tag = tag.as_bytes().escape_ascii();
        Some(format!(
            "{name} {text}: {what}, device namespace {pid} \"{tag}\" is in the background"
        ))
    }
}

impl LightHandle {
    /// A program of `caller` stores `text` into a setting.
    ///
    /// # Errors
    /// What is wrong with the text, wherever the caller is; EAGAIN from inside a switch.
    pub fn store(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        setting: &Arc<Setting>,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let value = setting.parse(text)?;
        let own = self.remembering(caller)?;
        let in_front = self.in_front(foreground, caller, || setting.set(value))?;
        if let Some(own) = &own {
            self.hardware().wish(&mut own.wishes.lock(), setting, value);
        }
        Ok(outcome(in_front, own.is_some()))
    }

    /// A program of `caller` stores `text` into the brightness of a lamp. 0 takes it off its
    /// trigger.
    ///
    /// # Errors
    /// See [`LightHandle::store`].
    pub fn store_brightness(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        led: &Led,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let outcome = self.store(foreground, caller, &led.brightness, text)?;
        if led.brightness.parse(text)? == 0 {
            self.in_front(foreground, caller, || led.set_trigger(None))?;
        }
        Ok(outcome)
    }

    /// A program of `caller` stores the name of a trigger.
    ///
    /// # Errors
    /// EINVAL: there is none of this name; EAGAIN from inside a switch.
    pub fn store_trigger(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        led: &Led,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let trigger = parse_trigger(text)?;
        let own = self.own(caller)?;
        let in_front = self.in_front(foreground, caller, || {
            led.set_trigger(trigger);
            led.follow(own.locks.load(Ordering::Relaxed));
        })?;
        Ok(outcome(in_front, false))
    }

    /// A lock's key was pressed for the persona in front.
    ///
    /// # Errors
    /// EAGAIN from inside a switch.
    pub fn toggle(&self, foreground: &Foreground, lock: Lock) -> Result<(), Errno> {
        let front = foreground.active();
        let own = self.own(&front)?;
        let locks = own.locks.fetch_xor(lock.bit(), Ordering::Relaxed) ^ lock.bit();
        let show = || self.hardware().show_lock(lock, locks);
        self.in_front(foreground, &front, show).map(drop)
    }
}

fn outcome(in_front: bool, kept: bool) -> Outcome {
    match (in_front, kept) {
        (true, _) => Outcome::Done,
        (false, true) => Outcome::Kept,
        (false, false) => Outcome::Ignored,
    }
}
