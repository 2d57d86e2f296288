//! What the files below `/sys/class/rtc/rtc0` take and show: the clock of the caller's persona.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-rtc` and `Documentation/admin-guide/rtc.rst`.

use abi::Errno;
use core::fmt::{self, Write};

use super::mux::Mux;
use super::persona::{Alarm, Clock};
use super::{ClockError, Date};
use crate::light::number::as_in_c;

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `since_epoch`.
    SinceEpoch,
}

/// Shows the time of a clock.
///
/// # Errors
/// What is wrong with the clock; ENOMEM.
pub fn show(mux: &Mux, clock: &Clock, shown: Shown, text: &mut dyn Write) -> Result<(), Errno> {
    let now = mux.time(clock)?;
    let date = Date::from_unix_seconds(now).ok_or(ClockError::OutOfRange)?;
    let Date {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = date;
    let written = match shown {
        Shown::Date => writeln!(text, "{year}-{month:02}-{day:02}"),
        Shown::Time => writeln!(text, "{hour:02}:{minute:02}:{second:02}"),
        Shown::SinceEpoch => writeln!(text, "{now}"),
    };
    written.map_err(|fmt::Error| Errno::ENOMEM)
}

/// Takes `wakealarm`: a moment, in seconds since 1970 or, after a plus sign, from now; `+=` moves
/// an alarm that is on. A moment that lies behind turns it off.
///
/// # Errors
/// EINVAL: it is no number, there is no alarm to move, or it is too far ahead; EBUSY: another is
/// on.
pub fn store_wake_alarm(mux: &Mux, clock: &Clock, text: &[u8]) -> Result<(), Errno> {
    let now = mux.time(clock)?;
    let (moves, digits) = match text.strip_prefix(b"+=") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let relative = digits.strip_prefix(b"+").filter(|_| !moves);
    let number = as_in_c(relative.unwrap_or(digits))?;
    let number = i64::try_from(number).map_err(|_| Errno::ERANGE)?;
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
    let enabled = true;
    mux.set_alarm(clock, Alarm { moment, enabled })
}
