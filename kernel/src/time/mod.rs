//! Time: the monotonic clock, the time of day, and what is to happen at a given moment.
//!
//! Every moment inside the kernel is an [`Instant`] of the monotonic clock; the time of day is
//! an offset to it, so setting the time disturbs no sleeper but those that asked for a time of
//! day ([`Deadline::Realtime`]). While the time of day is being adjusted the offset changes from
//! moment to moment (`steered`), and the monotonic clock goes on as before, which Linux has
//! otherwise: there both run faster or slower.
//!
//! Source: clock_gettime(2), adjtimex(2).

mod clock;
mod deadline;
mod steered;
mod timer_queue;

use core::ops::{Add, Sub};

use abi::{Errno, Timespec};

pub use clock::{Clock, Portion};
pub use deadline::Deadline;
pub use steered::{adjust, realtime_now, realtime_offset, set_realtime, tai_offset};
pub use timer_queue::{
    Expiry, TimerKey, add_timer, forget_slice_end, initialise, remove_timer,
    request_processor_time_check, request_slice_end, slice_ends,
};

/// Nanoseconds in a second.
pub const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// A span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanoseconds(pub u64);

/// A moment on the monotonic clock: nanoseconds since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
    /// A moment that never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time from `earlier` to this moment; zero when it lies after it.
    pub fn since(self, earlier: Self) -> Nanoseconds {
        Nanoseconds(self.0.saturating_sub(earlier.0))
    }

    /// Whether this moment is now or lies behind.
    pub fn has_passed(self) -> bool {
        self <= monotonic_now()
    }
}

impl Add<Nanoseconds> for Instant {
    type Output = Self;
    fn add(self, span: Nanoseconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Nanoseconds> for Instant {
    type Output = Self;
    fn sub(self, span: Nanoseconds) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Nanoseconds {
    /// The span that a `timespec` gives; a span too long to count is as long as can be.
    ///
    /// # Errors
    /// EINVAL for a negative span or nanoseconds beyond a second.
    pub fn from_timespec(time: Timespec) -> Result<Self, Errno> {
        let seconds = u64::try_from(time.tv_sec).map_err(|_| Errno::EINVAL)?;
        let nanoseconds = u64::try_from(time.tv_nsec).map_err(|_| Errno::EINVAL)?;
        if nanoseconds >= NANOSECONDS_PER_SECOND {
            return Err(Errno::EINVAL);
        }
        let whole = seconds.saturating_mul(NANOSECONDS_PER_SECOND);
        Ok(Self(whole.saturating_add(nanoseconds)))
    }

    /// As a `timespec`.
    pub fn to_timespec(self) -> Timespec {
        Timespec {
            tv_sec: (self.0 / NANOSECONDS_PER_SECOND) as i64,
            tv_nsec: (self.0 % NANOSECONDS_PER_SECOND) as i64,
        }
    }
}

/// The monotonic clock.
pub fn monotonic_now() -> Instant {
    Instant(metal::clock::nanoseconds())
}

/// A time that the time of day may be set to.
///
/// # Errors
/// EINVAL: it is none.
pub fn settable(time: Timespec) -> Result<Nanoseconds, Errno> {
    /// As Linux (TIME_SETTOD_SEC_MAX): thirty years of uptime must fit behind it.
    const SECONDS_MAX: i64 = i64::MAX / NANOSECONDS_PER_SECOND as i64 - 30 * 365 * 24 * 3600;
    let now = Nanoseconds::from_timespec(time)?;
    if time.tv_sec >= SECONDS_MAX {
        return Err(Errno::EINVAL);
    }
    Ok(now)
}
