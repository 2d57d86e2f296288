//! Event counters: a number that writers add to and readers take. Source: eventfd(2).

use super::{AnonymousInode, File, IoFlags, OpenFile, OpenFlags, Seek};
use crate::{
    error::Result,
    memory::io::{Sink, Source},
    sync::{
        SpinLock, WaitQueue,
        poll::{PollEvents, PollRegistrar},
    },
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;
use core::{
    any::Any,
    fmt::{self, Write},
};

/// The largest number it can hold; one more would mean an overflow, which poll(2) tells of.
const COUNT_MAX: u64 = u64::MAX - 1;
/// Every read and write moves so many bytes.
const WORD_BYTES: usize = size_of::<u64>();

/// What a descriptor from eventfd(2) stands for.
pub struct EventCounter {
    count: SpinLock<u64>,
    /// Whether a read takes one (EFD_SEMAPHORE), not all.
    is_semaphore: bool,
    /// Told of every change.
    changed: Arc<WaitQueue>,
}

/// A counter that starts at `count`; `flags` are those of eventfd(2).
pub fn create(count: u32, flags: u32) -> Arc<OpenFile> {
    let file = Arc::new(EventCounter {
        count: SpinLock::new(u64::from(count)),
        is_semaphore: flags & general::EFD_SEMAPHORE != 0,
        changed: Arc::new(WaitQueue::new()),
    });
    let inode = Arc::new(AnonymousInode::new("eventfd"));
    let flags = general::O_RDWR | flags & general::EFD_NONBLOCK;
    OpenFile::anonymous(inode, file, OpenFlags::from_raw(flags))
}

/// The counter behind an open file. `None`: it is something else.
pub fn behind(file: &OpenFile) -> Option<&EventCounter> {
    let any: &dyn Any = &**file.file();
    any.downcast_ref()
}

impl EventCounter {
    /// Takes what a read takes, if there is something.
    fn take(&self) -> Option<u64> {
        let mut count = self.count.lock();
        let taken = if self.is_semaphore {
            (*count).min(1)
        } else {
            *count
        };
        *count -= taken;
        (taken != 0).then_some(taken)
    }

    /// Adds, if there is room.
    fn add(&self, more: u64) -> Option<()> {
        let mut count = self.count.lock();
        *count = count.checked_add(more).filter(|sum| *sum <= COUNT_MAX)?;
        Some(())
    }

    fn wait<T>(&self, nonblocking: bool, mut attempt: impl FnMut() -> Option<T>) -> Result<T> {
        let outcome = if nonblocking {
            attempt().ok_or(Errno::EAGAIN)?
        } else {
            self.changed.wait_until(attempt)?
        };
        self.changed.wake_all();
        Ok(outcome)
    }

    /// The line of /proc/PID/fdinfo. Source: proc(5).
    pub fn show(&self, text: &mut dyn Write) -> fmt::Result {
        let count = *self.count.lock();
        writeln!(text, "eventfd-count: {count:16x}")
    }
}

impl File for EventCounter {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        if sink.remaining() < WORD_BYTES {
            return Err(Errno::EINVAL);
        }
        let taken = self.wait(flags.nonblocking, || self.take())?;
        sink.write(&taken.to_ne_bytes())
    }

    fn write(&self, _position: &mut u64, source: &mut Source<'_>, flags: IoFlags) -> Result<usize> {
        if source.remaining() < WORD_BYTES {
            return Err(Errno::EINVAL);
        }
        let mut word = [0; WORD_BYTES];
        source.read(&mut word)?;
        let more = u64::from_ne_bytes(word);
        if more == u64::MAX {
            return Err(Errno::EINVAL);
        }
        self.wait(flags.nonblocking, || self.add(more))?;
        Ok(WORD_BYTES)
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.changed);
        }
        let count = *self.count.lock();
        let mut events = PollEvents::empty();
        events.set(PollEvents::IN | PollEvents::RDNORM, count != 0);
        events.set(PollEvents::OUT | PollEvents::WRNORM, count < COUNT_MAX);
        events
    }
}
