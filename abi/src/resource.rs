//! What a process may use and has used. Source: getrlimit(2), getrusage(2).
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::Timeval;

/// `struct rlimit64`, which on this machine is `struct rlimit` too.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Rlimit {
    /// The limit in force.
    pub rlim_cur: u64,
    /// The ceiling for it.
    pub rlim_max: u64,
}

/// `struct rusage`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Rusage {
    /// Processor time in user mode.
    pub ru_utime: Timeval,
    /// Processor time in the kernel.
    pub ru_stime: Timeval,
    /// The most memory that was resident at once, in KiB.
    pub ru_maxrss: i64,
    /// Not kept, as on Linux.
    pub ru_ixrss: i64,
    /// Not kept, as on Linux.
    pub ru_idrss: i64,
    /// Not kept, as on Linux.
    pub ru_isrss: i64,
    /// Page faults that needed no device.
    pub ru_minflt: i64,
    /// Page faults that did.
    pub ru_majflt: i64,
    /// Not kept, as on Linux.
    pub ru_nswap: i64,
    /// Blocks read from devices.
    pub ru_inblock: i64,
    /// Blocks written to devices.
    pub ru_oublock: i64,
    /// Not kept, as on Linux.
    pub ru_msgsnd: i64,
    /// Not kept, as on Linux.
    pub ru_msgrcv: i64,
    /// Not kept, as on Linux.
    pub ru_nsignals: i64,
    /// Times that the processor was given up to wait for something.
    pub ru_nvcsw: i64,
    /// Times that it was taken away.
    pub ru_nivcsw: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<Rlimit>(), 16);
        assert_eq!(size_of::<Rusage>(), 144);
    }
}
