//! `/dev/kmsg`: the kernel log as a file, one record a read, one record a write.
//!
//! Each opening keeps its own place, which only `lseek(2)` and reads move. What programs write is
//! limited by opening, unless `/proc/sys/kernel/printk_devkmsg` says otherwise. With Linux a
//! record without a line feed at its end is not read before the next one is written; here it is.
//!
//! Source: Linux's `Documentation/ABI/testing/dev-kmsg` and, for what a failed read leaves behind,
//! the answers of Linux.
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, Seek};
use crate::log;
use crate::memory::io::{Sink, Source};
use crate::process::{self, exit};
use crate::sync::SpinLock;
use crate::sync::poll::{PollEvents, PollRegistrar};
use crate::syscall::log_reader;
use abi::raw::general::{SEEK_DATA, SEEK_END, SEEK_SET};
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use drivers::kernel_log::rate::{RateLimit, Verdict};
use drivers::kernel_log::{Record, TEXT_LIMIT, format, parse_written};

/// Minor number (major 1).
pub const KMSG: u32 = 11;

/// What becomes of what programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// So much of it by opening.
    RateLimited,
    /// All of it is kept.
    On,
    /// Nothing is, and the file cannot be opened.
    Off,
}

impl Policy {
    const ALL: [Self; 3] = [Self::RateLimited, Self::On, Self::Off];

    /// As `/proc/sys/kernel/printk_devkmsg` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "ratelimit",
            Self::On => "on",
            Self::Off => "off",
        }
    }

    /// The policy of this name.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name().as_bytes() == name)
    }
}

static POLICY: AtomicU8 = AtomicU8::new(Policy::RateLimited as u8);

/// What becomes of what programs write.
pub fn policy() -> Policy {
    Policy::ALL[usize::from(POLICY.load(Ordering::Relaxed))]
}

/// Changes that, for files that are open too.
pub fn set_policy(policy: Policy) {
    POLICY.store(policy as u8, Ordering::Relaxed);
}

/// `/dev/kmsg`.
pub struct KmsgDevice;

impl Device for KmsgDevice {
    fn open(&self, _number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        if policy() == Policy::Off {
            return Err(Errno::EPERM);
        }
        if flags.readable() {
            log_reader::check_look(&process::current())?;
        }
        Ok(Arc::new(KmsgFile {
            next: AtomicU64::new(log::range().start),
            limit: SpinLock::new(RateLimit::new()),
        }))
    }
}

struct KmsgFile {
    /// The record that the next read gives.
    next: AtomicU64,
    limit: SpinLock<RateLimit>,
}

/// What a read finds.
enum Found {
    /// The record, whose text was copied out.
    Record(Record),
    /// It was overwritten; this is the oldest now.
    Gone(u64),
}

impl KmsgFile {
    /// Takes the next record, once for all who read through this opening.
    fn take(&self, text: &mut [u8; TEXT_LIMIT], flags: IoFlags) -> Result<Found> {
        let mut look = || {
            loop {
                let sequence = self.next.load(Ordering::Relaxed);
                let first = log::range().start;
                let found = if sequence < first {
                    Found::Gone(first)
                } else {
                    Found::Record(log::read(sequence, text)?)
                };
                let next = match &found {
                    Found::Gone(first) => *first,
                    Found::Record(_) => sequence + 1,
                };
                let order = Ordering::Relaxed;
                let taken = self.next.compare_exchange(sequence, next, order, order);
                if taken.is_ok() {
                    return Some(found);
                }
            }
        };
        if flags.nonblocking {
            return look().ok_or(Errno::EAGAIN);
        }
        log::readers().wait_until(look)
    }

    /// Whether the program may write a record now.
    fn may_write(&self) -> bool {
        match policy() {
            Policy::On => return true,
            Policy::Off => return false,
            Policy::RateLimited => {}
        }
        let verdict = self.limit.lock().ask(log::microseconds());
        match verdict {
            Verdict::Suppress => false,
            Verdict::Say { suppressed: 0 } => true,
            Verdict::Say { suppressed } => {
                let name = exit::name_of(&process::current());
                log::tell_suppressed(&name, suppressed);
                true
            }
        }
    }
}

impl Drop for KmsgFile {
    fn drop(&mut self) {
        let suppressed = self.limit.lock().take_suppressed();
        log::tell_suppressed("/dev/kmsg", suppressed);
    }
}

impl File for KmsgFile {
    /// EPIPE: records were overwritten before they were read; the next read gives the oldest
    /// left. EINVAL: the record is longer than the buffer; the next read gives the one behind it,
    /// as it does after EFAULT.
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let mut text = [0; TEXT_LIMIT];
        let Found::Record(record) = self.take(&mut text, flags)? else {
            return Err(Errno::EPIPE);
        };
        let mut line = String::new();
        format::write_kmsg(&mut line, &record, &text[..record.length])
            .map_err(|_| Errno::ENOMEM)?;
        if sink.remaining() < line.len() {
            return Err(Errno::EINVAL);
        }
        sink.write(line.as_bytes())
    }

    /// EINVAL: longer than a record can be.
    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let mut written = [0; TEXT_LIMIT];
        let length = source.remaining();
        if length > written.len() {
            return Err(Errno::EINVAL);
        }
        if !self.may_write() {
            return Ok(length);
        }
        let count = source.read(&mut written)?;
        let (priority, text) = parse_written(&written[..count]);
        log::write(priority, text);
        Ok(count)
    }

    /// It can always be written, but as on Linux nobody is told.
    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(log::readers());
        }
        let range = log::range();
        let next = self.next.load(Ordering::Relaxed);
        let mut events = PollEvents::empty();
        events.set(PollEvents::IN | PollEvents::RDNORM, next < range.end);
        events.set(PollEvents::ERR | PollEvents::PRI, next < range.start);
        events
    }

    fn seek(&self) -> Seek {
        Seek::Itself
    }

    /// To the oldest record, to the first that was not cleared, or behind the newest.
    fn seek_itself(&self, offset: i64, whence: u32) -> Result<u64> {
        if offset != 0 {
            return Err(Errno::ESPIPE);
        }
        let range = log::range();
        let next = match whence {
            SEEK_SET => range.start,
            SEEK_DATA => log::cleared().max(range.start),
            SEEK_END => range.end,
            _ => return Err(Errno::EINVAL),
        };
        self.next.store(next, Ordering::Relaxed);
        Ok(0)
    }
}
