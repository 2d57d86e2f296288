//! What a process used and may use.

use abi::raw::general as linux;
use zerocopy::{Immutable, IntoBytes};

use crate::process::Times;
use crate::time::{NANOSECONDS_PER_SECOND, Nanoseconds};

/// `struct rusage`.
#[repr(C)]
#[derive(Clone, Copy, Default, IntoBytes, Immutable)]
pub struct Usage {
    user: [i64; 2],
    system: [i64; 2],
    rest: [i64; 14],
}

/// What getrusage(2) and wait4(2) say.
pub fn usage_of(times: Times, page_faults: u64) -> Usage {
    const MINOR_FAULTS: usize = 4;
    let timeval = |time: Nanoseconds| {
        let seconds = (time.0 / NANOSECONDS_PER_SECOND) as i64;
        [seconds, (time.0 % NANOSECONDS_PER_SECOND / 1000) as i64]
    };
    let mut usage = Usage {
        user: timeval(times.user),
        system: timeval(times.system),
        rest: [0; 14],
    };
    usage.rest[MINOR_FAULTS] = page_faults as i64;
    usage
}

const _: () = assert!(size_of::<Usage>() == 144 && linux::RUSAGE_SELF == 0);
