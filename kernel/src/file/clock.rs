//! The time that files are stamped with: CLOCK_REALTIME as it is at the call, since programs
//! compare stamps with what clock_gettime(2) told them. Source: inode(7), "Timestamps".

use crate::time;
use abi::Timespec;

/// The current time of day.
pub fn now() -> Timespec {
    time::realtime_now().to_timespec()
}

/// Whether `a` is before `b`.
pub fn before(a: &Timespec, b: &Timespec) -> bool {
    (a.tv_sec, a.tv_nsec) < (b.tv_sec, b.tv_nsec)
}
