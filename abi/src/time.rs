//! Points in time and spans of time as programs pass them. Source: `timespec(3type)`,
//! `timeval(3type)`.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct timespec`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Timespec {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999,999,999 in a valid value.
    pub tv_nsec: i64,
}

/// `struct timeval`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Timeval {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Microseconds, 0 to 999,999 in a valid value.
    pub tv_usec: i64,
}

/// `struct timezone`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Timezone {
    /// Minutes west of Greenwich.
    pub tz_minuteswest: i32,
    /// The kind of summer time, of which nothing is known.
    pub tz_dsttime: i32,
}

/// `struct itimerval`, setitimer(2).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Itimerval {
    /// The time from one expiry to the next; zero for one expiry only.
    pub it_interval: Timeval,
    /// The time to the next expiry; zero for none.
    pub it_value: Timeval,
}

/// `struct itimerspec`, timer_settime(2).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Itimerspec {
    /// The time from one expiry to the next; zero for one expiry only.
    pub it_interval: Timespec,
    /// The time to or of the next expiry; zero for none.
    pub it_value: Timespec,
}

/// `struct sigevent`: how a timer tells of its expiry.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Sigevent {
    /// What the signal carries.
    pub sigev_value: u64,
    /// The signal.
    pub sigev_signo: i32,
    /// SIGEV_….
    pub sigev_notify: i32,
    /// The thread, for SIGEV_THREAD_ID.
    pub sigev_notify_thread_id: i32,
    /// Room for what other kinds may need.
    pub padding: [i32; 11],
}

/// `struct tms`, times(2): processor time in ticks of a hundredth of a second.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Tms {
    /// User time of the process.
    pub tms_utime: i64,
    /// System time of the process.
    pub tms_stime: i64,
    /// User time of the children that were waited for.
    pub tms_cutime: i64,
    /// System time of the children that were waited for.
    pub tms_cstime: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<Timespec>(), 16);
        assert_eq!(size_of::<Timeval>(), 16);
        assert_eq!(size_of::<Timezone>(), 8);
        assert_eq!(size_of::<Itimerval>(), 32);
        assert_eq!(size_of::<Itimerspec>(), 32);
        assert_eq!(size_of::<Sigevent>(), 64);
        assert_eq!(size_of::<Tms>(), 32);
    }
}
