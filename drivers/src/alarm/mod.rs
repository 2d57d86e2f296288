//! `/dev/alarm`: five alarms on the clocks of the system, as Android's alarm device has them.
//!
//! The four doors: [`Clocks`] is what a kernel gives; [`persona`] is what each device namespace
//! has of its own: its alarms, what of them has come, and who owns the device there; the
//! namespaces share nothing but the time, so the mux is the list of them all, to which a change of
//! the time is told; [`mod@file`] is what programs see.
//!
//! Alarms come in the background too.

pub mod file;
pub mod persona;
#[cfg(test)]
mod tests;

use abi::{Errno, Timespec};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// What an alarm is measured by, and whether it is to wake a machine that sleeps; ours never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The time of day, and wakes the machine.
    RtcWakeup,
    /// The time of day.
    Rtc,
    /// The time since boot, and wakes the machine.
    ElapsedRealtimeWakeup,
    /// The time since boot.
    ElapsedRealtime,
    /// The time since boot that the machine was awake.
    Systemtime,
}

impl Kind {
    /// All, by their numbers.
    pub const ALL: [Self; 5] = [
        Self::RtcWakeup,
        Self::Rtc,
        Self::ElapsedRealtimeWakeup,
        Self::ElapsedRealtime,
        Self::Systemtime,
    ];

    /// Whether it is the time of day.
    pub const fn is_time_of_day(self) -> bool {
        matches!(self, Self::RtcWakeup | Self::Rtc)
    }

    /// Its bit in masks.
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A timer for one alarm.
pub trait Timer: Send + Sync {
    /// Expires at this moment of its clock, in nanoseconds; at once if it lies behind. One that is
    /// on already is moved.
    fn start(&self, moment: u64);

    /// Does not expire.
    fn cancel(&self);
}

/// Called when a timer expires. It does not sleep.
pub type Expired = Arc<dyn Fn() + Send + Sync>;

/// The system's clocks.
pub trait Clocks: Send + Sync {
    /// What a clock shows.
    fn now(&self, kind: Kind) -> Timespec;

    /// A timer on a clock. It is off.
    fn timer(&self, kind: Kind, expired: Expired) -> Box<dyn Timer>;

    /// Sets the time of day, and the clock that runs on while the machine is off.
    ///
    /// # Errors
    /// EINVAL: it is no time; what is wrong with that clock.
    fn set_time(&self, time: Timespec) -> Result<(), Errno>;
}
