//! How long the last switch by keys took: `/sys/kernel/debug/dev_ns/key_switch`.
//!
//! From the interrupt with which the key came until every device class has done its part, the
//! display's scanout included. Nobody but the kernel sees both ends: no program sees the key.
//!
//! ```text
//! count: 12
//! nanoseconds: 8123
//! ```
//!
//! `count` is how many switches by keys there were. A switch for which the flow had been stopped by
//! the one before it has no interrupt of its own, and does not count. Only the root persona may
//! read it, as it alone is told who is in front.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::procfs::Text;

use crate::device::interrupt;
use crate::error::{Errno, Result};
use crate::file::debugfs;
use crate::file::generated::no_memory;
use crate::file::sysfs::Attribute;
use crate::process;
use crate::sync::SpinLock;

/// The time-stamp counter at the interrupt of a key whose switch is not done yet; 0: there is none.
static KEY: AtomicU64 = AtomicU64::new(0);
static LAST: SpinLock<Last> = SpinLock::new(Last {
    count: 0,
    nanoseconds: 0,
});

/// What is told.
#[derive(Clone, Copy)]
struct Last {
    count: u64,
    nanoseconds: u64,
}

/// Makes the file.
///
/// # Errors
/// EEXIST: something else has its name.
pub(super) fn initialise() -> Result<()> {
    debugfs::directory("dev_ns")?.add_attribute("key_switch", 0o444, KeySwitch)
}

/// A key that switches has come. Until that is done, whatever else comes is not its interrupt.
pub(super) fn note_key() {
    let came = interrupt::last();
    // Who finds another key's moment leaves it there.
    let _ = KEY.compare_exchange(0, came, Ordering::Relaxed, Ordering::Relaxed);
}

/// The key's switch is done.
pub(super) fn note_switch() {
    let now = metal::clock::time_stamp();
    let came = KEY.load(Ordering::Relaxed);
    if came != 0 {
        let mut last = LAST.lock();
        last.count += 1;
        last.nanoseconds = metal::clock::nanoseconds_of(now.wrapping_sub(came));
    }
}

/// The key has been dealt with, whatever came of it.
pub(super) fn forget_key() {
    KEY.store(0, Ordering::Relaxed);
}

/// The file.
struct KeySwitch;

impl Attribute for KeySwitch {
    fn show(&self, text: &mut Text) -> Result<()> {
        if !process::current().process.membership.namespace().is_root() {
            return Err(Errno::EPERM);
        }
        let Last { count, nanoseconds } = *LAST.lock();
        writeln!(text, "count: {count}\nnanoseconds: {nanoseconds}").map_err(no_memory)
    }
}
