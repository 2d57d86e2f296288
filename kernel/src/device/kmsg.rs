//! `/dev/kmsg`: the kernel log as a file, one record a read.
//!
//! A position of 0 is the start of the log, whatever its first record is by then; a position
//! above is the number of the next record plus one. `SEEK_SET` 0, `SEEK_END` 0 and `SEEK_DATA` 0
//! thereby mean what Linux makes them mean.
//!
//! Source: Linux's `Documentation/ABI/testing/dev-kmsg`.
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, Seek};
use crate::log;
use crate::memory::io::{Sink, Source};
use crate::sync::poll::{PollEvents, PollRegistrar};
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use drivers::kernel_log::{Record, TEXT_LIMIT, format, parse_written};

/// Minor number (major 1).
pub const KMSG: u32 = 11;

/// `/dev/kmsg`.
pub struct KmsgDevice;

impl Device for KmsgDevice {
    fn open(&self, _number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(KmsgFile {
            next: AtomicU64::new(log::range().start),
        }))
    }
}

struct KmsgFile {
    /// The record after the last one read, for those who poll.
    next: AtomicU64,
}

/// The record that `position` stands for.
fn sequence_at(position: u64) -> u64 {
    position
        .checked_sub(1)
        .unwrap_or_else(|| log::range().start)
}

impl KmsgFile {
    /// Waits for record `sequence` and copies it out. None: it was overwritten.
    fn wait(
        &self,
        sequence: u64,
        text: &mut [u8; TEXT_LIMIT],
        flags: IoFlags,
    ) -> Result<Option<Record>> {
        let mut look = || {
            let gone = sequence < log::range().start;
            if gone {
                Some(None)
            } else {
                log::read(sequence, text).map(Some)
            }
        };
        if flags.nonblocking {
            return look().ok_or(Errno::EAGAIN);
        }
        log::readers().wait_until(look)
    }
}

impl File for KmsgFile {
    fn read(&self, position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let sequence = sequence_at(*position);
        let mut text = [0; TEXT_LIMIT];
        let Some(record) = self.wait(sequence, &mut text, flags)? else {
            let first = log::range().start;
            *position = first + 1;
            self.next.store(first, Ordering::Relaxed);
            return Err(Errno::EPIPE);
        };
        let mut line = String::new();
        format::write_kmsg(&mut line, &record, &text[..record.length])
            .map_err(|_| Errno::ENOMEM)?;
        if sink.remaining() < line.len() {
            return Err(Errno::EINVAL);
        }
        let count = sink.write(line.as_bytes())?;
        *position = sequence + 2;
        self.next.store(sequence + 1, Ordering::Relaxed);
        Ok(count)
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let mut written = [0; TEXT_LIMIT];
        if source.remaining() > written.len() {
            return Err(Errno::EINVAL);
        }
        let count = source.read(&mut written)?;
        let (priority, text) = parse_written(&written[..count]);
        log::write(priority, text);
        Ok(count)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(log::readers());
        }
        let range = log::range();
        let next = self.next.load(Ordering::Relaxed);
        let mut events = PollEvents::OUT | PollEvents::WRNORM;
        events.set(PollEvents::IN | PollEvents::RDNORM, next < range.end);
        events.set(PollEvents::ERR | PollEvents::PRI, next < range.start);
        events
    }

    fn seek(&self) -> Seek {
        Seek::Positioned {
            size: log::range().end + 1,
        }
    }

    fn next_data(&self, _offset: u64) -> Result<u64> {
        Ok(log::cleared() + 1)
    }
}
