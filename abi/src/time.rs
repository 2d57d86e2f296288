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

/// `struct timex`, adjtimex(2).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Timex {
    /// What is to be changed: `ADJ_*`.
    pub modes: u32,
    /// Nothing.
    pub padding: u32,
    /// What is to be made up for, in microseconds or nanoseconds.
    pub offset: i64,
    /// The correction of the frequency, in parts in a million with 16 bits behind the point.
    pub freq: i64,
    /// The largest error, in microseconds.
    pub maxerror: i64,
    /// The error that is thought likely, in microseconds.
    pub esterror: i64,
    /// `STA_*`.
    pub status: i32,
    /// Nothing.
    pub padding_of_status: i32,
    /// The time constant of the loop.
    pub constant: i64,
    /// How exactly the clock is read, in microseconds.
    pub precision: i64,
    /// The largest correction of the frequency.
    pub tolerance: i64,
    /// The time, or how far it is to jump: whole seconds.
    pub seconds: i64,
    /// And microseconds or nanoseconds.
    pub fraction: i64,
    /// How long a tick lasts, in microseconds.
    pub tick: i64,
    /// What is known of a signal that comes each second. 0: there is none.
    pub pulse: [i64; 8],
    /// How many seconds TAI is ahead of the time of day.
    pub tai: i32,
    /// Nothing.
    pub room: [i32; 11],
}

/// `offset`.
pub const ADJ_OFFSET: u32 = 0x0001;
/// `freq`.
pub const ADJ_FREQUENCY: u32 = 0x0002;
/// `maxerror`.
pub const ADJ_MAXERROR: u32 = 0x0004;
/// `esterror`.
pub const ADJ_ESTERROR: u32 = 0x0008;
/// `status`.
pub const ADJ_STATUS: u32 = 0x0010;
/// `constant`.
pub const ADJ_TIMECONST: u32 = 0x0020;
/// TAI's offset, in `constant`.
pub const ADJ_TAI: u32 = 0x0080;
/// The time itself jumps by `seconds` and `fraction`.
pub const ADJ_SETOFFSET: u32 = 0x0100;
/// Microseconds from now on.
pub const ADJ_MICRO: u32 = 0x1000;
/// Nanoseconds from now on.
pub const ADJ_NANO: u32 = 0x2000;
/// `tick`.
pub const ADJ_TICK: u32 = 0x4000;
/// As adjtime(3), with [`ADJ_OFFSET`] and nothing else.
pub const ADJ_ADJTIME: u32 = 0x8000;
/// With that: only reads.
pub const ADJ_OFFSET_READONLY: u32 = 0x2000;

/// The loop is on.
pub const STA_PLL: i32 = 0x0001;
/// It follows the frequency.
pub const STA_FLL: i32 = 0x0008;
/// Nobody has said how good the time is.
pub const STA_UNSYNC: i32 = 0x0040;
/// The frequency stays as it is.
pub const STA_FREQHOLD: i32 = 0x0080;
/// Offsets and times are in nanoseconds.
pub const STA_NANO: i32 = 0x2000;
/// The loop follows the frequency at present.
pub const STA_MODE: i32 = 0x4000;

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
        assert_eq!(size_of::<Timex>(), 208);
        assert_eq!(core::mem::offset_of!(Timex, tick), 88);
        assert_eq!(core::mem::offset_of!(Timex, tai), 160);
    }
}
