//! Named pipes: how two openings find each other.
//!
//! Opening for reading waits until somebody opens for writing and the other way round; opening for
//! both waits for nobody. With O_NONBLOCK a reader does not wait and a writer without a reader
//! gets `ENXIO`. Each side counts its openings ever, so that one that came and went while the
//! other slept still counts as met. Source: fifo(7).

use super::{Pipe, PipeEnd};
use crate::{
    error::Result,
    file::{File, OpenFlags},
    process,
    sync::{SpinLock, WaitQueue},
};
use abi::Errno;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;

/// The part of a FIFO's inode where openings meet.
#[derive(Default)]
pub struct Fifo {
    /// The pipe, as long as an end is open.
    pipe: SpinLock<Weak<Pipe>>,
    opened: WaitQueue,
}

impl Fifo {
    /// With no end open.
    pub fn new() -> Fifo {
        Fifo {
            pipe: SpinLock::new(Weak::new()),
            opened: WaitQueue::new(),
        }
    }

    fn pipe(&self) -> Result<Arc<Pipe>> {
        if let Some(pipe) = self.pipe.lock().upgrade() {
            return Ok(pipe);
        }
        let made = Pipe::new(&process::current().credentials())?;
        let mut slot = self.pipe.lock();
        // Another opening may have been quicker.
        Ok(slot.upgrade().unwrap_or_else(|| {
            *slot = Arc::downgrade(&made);
            made
        }))
    }

    /// Opens one end, or both, and waits for the other as open(2) on a FIFO does.
    pub fn open(&self, flags: OpenFlags) -> Result<Arc<dyn File>> {
        let (reads, writes) = (flags.readable(), flags.writable());
        let pipe = self.pipe()?;
        if writes && !reads && flags.nonblocking() && !pipe.has_readers() {
            return Err(Errno::ENXIO);
        }
        let readers_before = pipe.readers_ever.load(Ordering::SeqCst);
        let writers_before = pipe.writers_ever.load(Ordering::SeqCst);
        let end = PipeEnd::open(pipe.clone(), reads, writes);
        self.opened.wake_all();
        if flags.nonblocking() || reads == writes {
            return Ok(end);
        }
        self.opened.wait_until(|| {
            let met = if reads {
                pipe.has_writers() || pipe.writers_ever.load(Ordering::SeqCst) != writers_before
            } else {
                pipe.has_readers() || pipe.readers_ever.load(Ordering::SeqCst) != readers_before
            };
            met.then_some(())
        })?;
        Ok(end)
    }
}
