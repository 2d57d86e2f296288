//! Real-time clocks: the time of day that runs on while the machine is off, and rings.
//!
//! The four doors: [`Rtc`] is what any such clock can do, and [`cmos`] the one of a PC;
//! [`persona`] is the clock that a device namespace believes to have: the hardware's time with an
//! offset, and an alarm of its own; [`mux`] rings all of them with the one alarm that the hardware
//! has; [`mod@file`] is what programs see of it, in `/dev` and (with [`text`] and [`proc`]) in
//! `/sys` and `/proc`.
//!
//! Moments are seconds since 1970 here; the calendar is [`Date`]'s business.

pub mod cmos;
mod date;
pub mod error;
#[cfg(test)]
mod fake;
pub mod file;
pub mod mux;
pub mod periodic;
pub mod persona;
pub mod proc;
#[cfg(test)]
mod tests;
pub mod text;

pub use date::Date;
pub use error::ClockError;

/// A clock as hardware has it. Its interrupts come to whoever wires it up, who acknowledges them
/// as the kind of clock wants it and tells the mux ([`mux::Mux::service`]).
pub trait Rtc: Send + Sync {
    /// What the driver is called.
    fn name(&self) -> &'static str;

    /// The time, in seconds since 1970.
    ///
    /// # Errors
    /// Why there is none.
    fn time(&self) -> Result<i64, ClockError>;

    /// Sets the time.
    ///
    /// # Errors
    /// [`ClockError::OutOfRange`]: the clock cannot hold it; [`ClockError::Absent`].
    fn set_time(&self, seconds: i64) -> Result<(), ClockError>;

    /// When the alarm comes, if it is on.
    fn alarm(&self) -> Option<i64>;

    /// Has the alarm interrupt at the beginning of this second, or never. A clock that can hold no
    /// moment so far ahead may interrupt earlier; one that lies behind may never come.
    ///
    /// # Errors
    /// [`ClockError::OutOfRange`]: there is no such date.
    fn set_alarm(&self, moment: Option<i64>) -> Result<(), ClockError>;

    /// How many seconds ahead an alarm may be, at most.
    fn alarm_span(&self) -> i64;

    /// Whether to interrupt at the beginning of every second.
    fn set_update_interrupts(&self, on: bool);

    /// What else there is to say of it.
    fn condition(&self) -> Condition;
}

/// How a clock works, and how well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// It counts in decimal digits.
    pub decimal: bool,
    /// It goes over to summer time by itself.
    pub summer_time: bool,
    /// The battery is good.
    pub battery: bool,
}
