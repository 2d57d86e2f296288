//! `/dev/log/*`: the logs that programs write, with their nodes and those who wait.
//!
//! The rules are `drivers::logger`'s. A log's memory is taken when somebody first opens it.

mod file;
#[cfg(feature = "ktest")]
mod tests;

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::logger::LOG_GROUP;
use drivers::logger::ring::Ring;
use spin::Once;

use self::file::LogFile;
use super::misc::{self, Rights};
use crate::error::Result;
use crate::file::{Device, DeviceNumber, File, OpenFlags};
use crate::sync::{Mutex, WaitQueue};

/// Everybody writes and reads: what they read is chosen entry by entry.
const RIGHTS: Rights = Rights {
    permissions: 0o666,
    group: LOG_GROUP,
};

/// One log.
struct Log {
    /// Held while the memory of programs is touched.
    ring: Once<Mutex<Ring>>,
    /// How many writes and flushes there were: who waits looks at this, without the lock.
    changes: AtomicU64,
    readers: Arc<WaitQueue>,
}

impl Log {
    fn new() -> Self {
        Self {
            ring: Once::new(),
            changes: AtomicU64::new(0),
            readers: Arc::new(WaitQueue::new()),
        }
    }

    /// The ring, made if need be. ENOMEM.
    fn ring(&self) -> Result<&Mutex<Ring>> {
        self.ring.try_call_once(|| Ring::new().map(Mutex::new))
    }

    /// How many changes there were.
    fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// There is something new to read. The ring is not held.
    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.readers.wake_all();
    }
}

/// What the node of a log opens.
struct LogDevice(Arc<Log>);

impl Device for LogDevice {
    fn open(&self, number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        self.open_node(number, flags, LOG_GROUP)
    }

    fn open_node(
        &self,
        _number: DeviceNumber,
        flags: OpenFlags,
        group: u32,
    ) -> Result<Arc<dyn File>> {
        Ok(Arc::new(LogFile::open(&self.0, flags, group)?))
    }
}

/// Makes the nodes. To be called once, when devtmpfs can be had.
///
/// # Errors
/// What making a node answers.
pub fn initialise() -> Result<()> {
    for name in ["main", "events", "radio", "system"] {
        let log = Arc::new(Log::new());
        // The tests count the memory before and after.
        #[cfg(feature = "ktest")]
        log.ring()?;
        let device = Arc::new(LogDevice(log));
        misc::add(
            &format!("log_{name}"),
            &format!("log/{name}"),
            RIGHTS,
            device,
        )?;
    }
    Ok(())
}
