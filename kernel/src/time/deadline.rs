//! The moment that a wait ends at, on the clock that the program named.

use core::ops::Add;

use super::{Instant, Nanoseconds, monotonic_now, realtime_now};

/// A moment on one of the two clocks that waits are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// On the monotonic clock.
    Monotonic(Instant),
    /// A time of day: it moves when the clock is set.
    Realtime(Nanoseconds),
}

impl Deadline {
    /// So long from now, whatever becomes of the time of day.
    pub fn after(span: Nanoseconds) -> Self {
        Self::Monotonic(monotonic_now() + span)
    }

    /// Whether the moment has come.
    pub fn has_passed(&self) -> bool {
        match self {
            Self::Monotonic(moment) => *moment <= monotonic_now(),
            Self::Realtime(moment) => *moment <= realtime_now(),
        }
    }

    /// How long ago the moment was; zero before.
    pub fn overdue(&self) -> Nanoseconds {
        match self {
            Self::Monotonic(moment) => monotonic_now().since(*moment),
            Self::Realtime(moment) => Nanoseconds(realtime_now().0.saturating_sub(moment.0)),
        }
    }

    /// How long it is until then; zero afterwards.
    pub fn remaining(&self) -> Nanoseconds {
        match self {
            Self::Monotonic(moment) => moment.since(monotonic_now()),
            Self::Realtime(moment) => Nanoseconds(moment.0.saturating_sub(realtime_now().0)),
        }
    }
}

impl Add<Nanoseconds> for Deadline {
    type Output = Self;
    fn add(self, span: Nanoseconds) -> Self {
        match self {
            Self::Monotonic(moment) => Self::Monotonic(moment + span),
            Self::Realtime(moment) => Self::Realtime(Nanoseconds(moment.0.saturating_add(span.0))),
        }
    }
}

/// As two numbers, for a call that goes on later.
impl From<Deadline> for [u64; 2] {
    fn from(deadline: Deadline) -> Self {
        match deadline {
            Deadline::Monotonic(moment) => [0, moment.0],
            Deadline::Realtime(moment) => [1, moment.0],
        }
    }
}

/// Back from them.
impl From<[u64; 2]> for Deadline {
    fn from([realtime, moment]: [u64; 2]) -> Self {
        if realtime == 0 {
            Self::Monotonic(Instant(moment))
        } else {
            Self::Realtime(Nanoseconds(moment))
        }
    }
}

impl From<Instant> for Deadline {
    fn from(moment: Instant) -> Self {
        Self::Monotonic(moment)
    }
}
