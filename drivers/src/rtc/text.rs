//! What the files below `/sys/class/rtc/rtc0` take and show: the clock of the caller's persona.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-rtc` and `Documentation/admin-guide/rtc.rst`.

use abi::Errno;
use core::fmt::{self, Write};

use super::mux::Mux;
use super::persona::{Alarm, Clock};
use super::{ClockError, Date};
use crate::light::number::{as_in_c, signed_as_in_c};

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `since_epoch`.
    SinceEpoch,
    /// `max_user_freq`.
    PeriodicLimit,
    /// `wakealarm`: nothing while it is off.
    WakeAlarm,
}

/// Shows something of a clock.
///
/// # Errors
/// What is wrong with the clock; ENOMEM.
pub fn show(mux: &Mux, clock: &Clock, shown: Shown, text: &mut dyn Write) -> Result<(), Errno> {
    let written = match shown {
        Shown::Date => writeln!(text, "{}", Day(date(mux.time(clock)?)?)),
        Shown::Time => writeln!(text, "{}", TimeOfDay(date(mux.time(clock)?)?)),
        Shown::SinceEpoch => writeln!(text, "{}", mux.time(clock)?),
        Shown::PeriodicLimit => writeln!(text, "{}", clock.periodic.limit()),
        Shown::WakeAlarm => match clock.enabled_alarm() {
            Some(moment) => writeln!(text, "{moment}"),
            None => Ok(()),
        },
    };
    written.map_err(|fmt::Error| Errno::ENOMEM)
}

/// The date of a moment.
pub(super) fn date(moment: i64) -> Result<Date, ClockError> {
    Date::from_unix_seconds(moment).ok_or(ClockError::OutOfRange)
}

/// Year, month and day.
pub(super) struct Day(pub(super) Date);

impl fmt::Display for Day {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        write!(text, "{:04}-{:02}-{:02}", date.year, date.month, date.day)
    }
}

/// Hour, minute and second.
pub(super) struct TimeOfDay(pub(super) Date);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        write!(
            text,
            "{:02}:{:02}:{:02}",
            date.hour, date.minute, date.second
        )
    }
}

/// Takes `max_user_freq`: how many interrupts a second anybody may ask for.
///
/// # Errors
/// EINVAL: it is no number, 0, or 4096 or more; ERANGE.
pub fn store_periodic_limit(clock: &Clock, text: &[u8]) -> Result<(), Errno> {
    clock.periodic.set_limit(as_in_c(text)?)
}

/// Takes `wakealarm`: a moment, in seconds since 1970 or, after a plus sign, from now; `+=` moves
/// an alarm that is on. A moment that lies behind turns it off. Numbers may be negative.
///
/// # Errors
/// EINVAL: it is no number, there is no alarm to move, it would lie before 1970, or it is too far
/// ahead; ERANGE: the number is too large; EBUSY: another alarm is on.
pub fn store_wake_alarm(mux: &Mux, clock: &Clock, text: &[u8]) -> Result<(), Errno> {
    let now = mux.time(clock)?;
    let (moves, digits) = match text.strip_prefix(b"+=") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let relative = digits.strip_prefix(b"+").filter(|_| !moves);
    let number = signed_as_in_c(relative.unwrap_or(digits))?;
    let on = clock.enabled_alarm();
    let moment = match (moves, on) {
        (true, Some(moment)) => moment.saturating_add(number),
        (true, None) => return Err(Errno::EINVAL),
        (false, _) if relative.is_some() => now.saturating_add(number),
        (false, _) => number,
    };
    if moment <= now && !moves {
        // As Linux, which leaves the clock of some machines with a moment that may come.
        let (moment, enabled) = (now + 300, false);
        return mux.set_alarm(clock, Alarm { moment, enabled });
    }
    if on.is_some() && !moves {
        return Err(Errno::EBUSY);
    }
    if moment < 0 {
        return Err(Errno::EINVAL);
    }
    let enabled = true;
    mux.set_alarm(clock, Alarm { moment, enabled })
}
