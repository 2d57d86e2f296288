//! Why a clock has no time, or does not take one.

use abi::Errno;
use core::fmt;

use super::Date;

/// What can be wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// No clock answers.
    Absent,
    /// It is always being updated, or never reads the same twice.
    Unsteady,
    /// It holds a date that the calendar does not have.
    Invalid(Date),
    /// Its time lies before 1970, where there is none.
    TooEarly,
    /// It cannot hold such a date.
    OutOfRange,
}

impl fmt::Display for ClockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("no CMOS clock answers"),
            Self::Unsteady => formatter.write_str("the CMOS clock never reads the same twice"),
            Self::Invalid(date) => {
                write!(
                    formatter,
                    "the CMOS clock holds an impossible date ({date})"
                )
            }
            Self::TooEarly => formatter.write_str("the CMOS clock's time lies before 1970"),
            Self::OutOfRange => formatter.write_str("the CMOS clock cannot hold such a date"),
        }
    }
}

impl From<ClockError> for Errno {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Absent => Self::ENODEV,
            ClockError::Unsteady => Self::EIO,
            ClockError::Invalid(_) | ClockError::TooEarly | ClockError::OutOfRange => Self::EINVAL,
        }
    }
}
