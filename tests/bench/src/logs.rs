//! What the logs of programs cost: `/dev/log/main`.
//!
//! Linux 6.1 has none any more, and no figure: what it has instead, `/dev/kmsg`, is the kernel's own
//! log, formats each entry as text and takes a few a second only.

use crate::measure::{good, mean};
use abi_tests::sys;
use libc::*;

/// Bytes of an entry, about what Android's programs write.
const ENTRY: [u8; 100] = [b'x'; 100];
const MAIN: &std::ffi::CStr = c"/dev/log/main";
const FLUSH: u32 = 0xae04;

/// Why there are no logs, if that is so.
pub fn lack() -> Option<&'static str> {
    let are_there = sys!(SYS_access, MAIN, R_OK | W_OK) == 0;
    (!are_there).then_some("this kernel has no /dev/log/main")
}

fn open() -> Result<isize, String> {
    let file = good("open", sys!(SYS_open, MAIN, O_RDWR | O_NONBLOCK))?;
    good("flush", sys!(SYS_ioctl, file, FLUSH, 0))?;
    Ok(file)
}

/// An entry written, into a log that is full soon: each then pushes others out.
pub fn write() -> Result<i64, String> {
    let file = open()?;
    let result = mean(5_000, || {
        good("write", sys!(SYS_write, file, &ENTRY, ENTRY.len())).map(drop)
    });
    sys!(SYS_close, file);
    result
}

/// An entry read.
pub fn read() -> Result<i64, String> {
    const READS: i64 = 150;
    /// One read to warm up, and five rounds.
    const ENTRIES: i64 = 5 * READS + 1;
    let file = open()?;
    for _ in 0..ENTRIES {
        good("write", sys!(SYS_write, file, &ENTRY, ENTRY.len()))?;
    }
    let mut bytes = [0_u8; 4200];
    let result = mean(READS, || {
        good("read", sys!(SYS_read, file, &mut bytes, bytes.len())).map(drop)
    });
    sys!(SYS_close, file);
    result
}
