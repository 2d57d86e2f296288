//! The kernel log: what the kernel says, kept in a ring and shown on the console.
//!
//! The rest of the kernel speaks through the macros of the `log` crate. Records go into a ring of
//! fixed size, which works before there is a heap, and those urgent enough go to the serial line
//! at once. Programs read the ring through `/dev/kmsg` and `syslog(2)`.
//!
//! What a program can provoke as often as it likes is said through [`limited!`], and what it
//! writes itself is limited by `/dev/kmsg`: neither can push all else out of the ring.
//!
//! Contract: a record may be written anywhere, also with interrupts off and in their handlers;
//! nothing allocates or sleeps. Readers are woken by deferred work.
mod console;
mod limit;
mod record;

pub(crate) use console::print;
pub use console::{console_level, set_console_level, switch_console, write_console};
pub(crate) use limit::limited;
pub use limit::{SiteLimit, tell_suppressed};
pub use record::LineBuffer;

use crate::device::deferred::{self, Work};
use crate::sync::WaitQueue;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use drivers::kernel_log::{Level, Priority, Record, Ring, TEXT_LIMIT};
use metal::interrupt;
use spin::Once;

/// Bytes of text and number of records kept.
const RING_BYTES: usize = 128 * 1024;
const RING_RECORDS: usize = 2048;

static RING: interrupt::Lock<Ring<RING_BYTES, RING_RECORDS>> = interrupt::Lock::new(Ring::new());
/// Who waits for the next record; made with the first who asks.
static READERS: Once<Arc<WaitQueue>> = Once::new();
/// Where `syslog(2)` and `SEEK_DATA` begin: behind what was cleared.
static CLEARED: AtomicU64 = AtomicU64::new(0);
static RESTRICTED: AtomicBool = AtomicBool::new(false);

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Debug
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut text = LineBuffer::<TEXT_LIMIT>::new();
            text.write(*record.args());
            write(
                Priority::of_kernel(level_of(record.level())),
                text.as_bytes(),
            );
        }
    }

    fn flush(&self) {}
}

fn level_of(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::ERROR,
        log::Level::Warn => Level::WARNING,
        log::Level::Info => Level::INFORMATION,
        log::Level::Debug | log::Level::Trace => Level::DEBUG,
    }
}

/// Finds the serial line and lets the macros of the `log` crate reach the ring. To be called
/// first of all.
pub fn initialise() {
    console::initialise();
    static LOGGER: Logger = Logger;
    // Only a second call can fail, and then the first one has done it.
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
    deferred::register(Work::LOG, wake_readers);
}

/// When a record is written: since the machine started.
pub fn microseconds() -> u64 {
    metal::clock::nanoseconds() / 1000
}

/// Adds a record and shows it on the console if it is urgent enough.
pub fn write(priority: Priority, text: &[u8]) {
    let microseconds = microseconds();
    let text = &text[..text.len().min(TEXT_LIMIT)];
    let record = {
        let mut ring = RING.lock();
        ring.push(priority, microseconds, text);
        let sequence = ring.next() - 1;
        Record {
            sequence,
            microseconds,
            priority,
            length: text.len(),
        }
    };
    console::show(&record, text);
    if READERS.is_completed() {
        deferred::raise(Work::LOG);
    }
}

fn wake_readers() {
    if let Some(readers) = READERS.get() {
        readers.wake_all();
    }
}

/// Those who wait for new records.
pub fn readers() -> &'static Arc<WaitQueue> {
    READERS.call_once(|| Arc::new(WaitQueue::new()))
}

/// Copies a record out; none when it is gone or not yet written.
pub fn read(sequence: u64, text: &mut [u8; TEXT_LIMIT]) -> Option<Record> {
    RING.lock().read(sequence, text)
}

/// The numbers of the oldest record and of the one to come.
pub fn range() -> core::ops::Range<u64> {
    let ring = RING.lock();
    ring.first()..ring.next()
}

/// Bytes the ring can keep.
pub const fn capacity() -> usize {
    RING_BYTES
}

/// The first record that was not cleared.
pub fn cleared() -> u64 {
    CLEARED.load(Ordering::Relaxed)
}

/// Whether only the privileged may look at the log.
pub fn is_restricted() -> bool {
    RESTRICTED.load(Ordering::Relaxed)
}

/// Changes that (`/proc/sys/kernel/dmesg_restrict`).
pub fn restrict(on: bool) {
    RESTRICTED.store(on, Ordering::Relaxed);
}

/// Clears the log for those who read it from its start; the records stay for `/dev/kmsg`.
pub fn clear() {
    CLEARED.store(range().end, Ordering::Relaxed);
}
