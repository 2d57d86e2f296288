//! Pipes and FIFOs.
//!
//! A [`Pipe`] is a ring of bytes with two wait queues; each end that is open is a [`PipeEnd`],
//! whose drop is what the other side sees as end of file or broken pipe. A [`Fifo`] is the part of
//! a named pipe's inode that brings two openings together on one pipe.
//!
//! Contracts: writes of up to PIPE_BUF (4,096) bytes are not mixed with others; one that does not
//! fit waits as a whole. Writing with no reader left raises SIGPIPE and answers `EPIPE`. The ring's
//! lock may be held while user memory is touched (it ranks above address spaces); what the wait
//! conditions look at is therefore kept in atomics.
//!
//! Source: pipe(7), fifo(7), pipe(2), F_SETPIPE_SZ in fcntl(2).

mod end;
mod fifo;
mod ring;

pub use end::{PipeEnd, capacity, set_capacity};
pub use fifo::Fifo;

use super::{
    AttributeChange, File, FileKind, Inode, Metadata, OpenFile, OpenFlags, Ownership, clock,
};
use crate::{
    error::Result,
    memory::io::{Sink, Source},
    process::{credentials::Credentials, signal},
    sync::{Mutex, SpinLock, WaitQueue},
};
use abi::{Errno, raw::general};
use alloc::{format, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use ring::Ring;

/// Writes up to this many bytes are not mixed with others (PIPE_BUF).
pub const ATOMIC_WRITE_BYTES: usize = 4096;
/// How much a new pipe holds.
const DEFAULT_PAGES: usize = 16;

/// A pipe between any number of readers and writers.
pub struct Pipe {
    number: u64,
    ring: Mutex<Ring>,
    /// Copies of what the ring holds and may hold, to be read without its lock.
    filled: AtomicUsize,
    capacity: AtomicUsize,
    readers: AtomicUsize,
    writers: AtomicUsize,
    /// How many ends were ever opened: what an opening that waits watches, so that a counterpart
    /// which came and went while it slept still counts as met.
    readers_ever: AtomicU64,
    writers_ever: AtomicU64,
    readable: Arc<WaitQueue>,
    writable: Arc<WaitQueue>,
    metadata: SpinLock<Metadata>,
}

impl Pipe {
    /// An empty pipe with no ends. Its inode, where it has no name, belongs to `credentials`.
    fn new(uid: u32, gid: u32) -> Result<Arc<Pipe>> {
        static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut metadata = Metadata::synthetic(number, FileKind::Fifo, 0o600, clock::now());
        metadata.ownership = Ownership {
            permissions: 0o600,
            uid,
            gid,
        };
        let ring = Ring::new(DEFAULT_PAGES)?;
        Ok(Arc::new(Pipe {
            number,
            filled: AtomicUsize::new(0),
            capacity: AtomicUsize::new(ring.capacity()),
            ring: Mutex::new(ring),
            readers: AtomicUsize::new(0),
            writers: AtomicUsize::new(0),
            readers_ever: AtomicU64::new(0),
            writers_ever: AtomicU64::new(0),
            readable: Arc::new(WaitQueue::new()),
            writable: Arc::new(WaitQueue::new()),
            metadata: SpinLock::new(metadata),
        }))
    }

    fn filled(&self) -> usize {
        self.filled.load(Ordering::SeqCst)
    }

    fn free(&self) -> usize {
        self.capacity
            .load(Ordering::SeqCst)
            .saturating_sub(self.filled())
    }

    fn has_readers(&self) -> bool {
        self.readers.load(Ordering::SeqCst) != 0
    }

    fn has_writers(&self) -> bool {
        self.writers.load(Ordering::SeqCst) != 0
    }

    fn read(&self, sink: &mut Sink<'_>, nonblocking: bool) -> Result<usize> {
        if sink.remaining() == 0 {
            return Ok(0);
        }
        loop {
            if let Some(count) = self.take(sink)? {
                return Ok(count);
            }
            if !self.has_writers() {
                // One may have written and gone between the two looks.
                return Ok(self.take(sink)?.unwrap_or(0));
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.readable
                .wait_until(|| (self.filled() > 0 || !self.has_writers()).then_some(()))?;
        }
    }

    /// Reads what is there; `None` if nothing is.
    fn take(&self, sink: &mut Sink<'_>) -> Result<Option<usize>> {
        if self.filled() == 0 {
            return Ok(None);
        }
        let mut ring = self.ring.lock();
        if ring.len() == 0 {
            return Ok(None);
        }
        let free_before = ring.free();
        let outcome = ring.read(sink);
        self.filled.store(ring.len(), Ordering::SeqCst);
        drop(ring);
        // A writer can only be waiting if there was less room than one atomic write needs.
        if free_before < ATOMIC_WRITE_BYTES {
            self.writable.wake_all();
        }
        outcome.map(Some)
    }

    fn write(&self, source: &mut Source<'_>, nonblocking: bool) -> Result<usize> {
        let total = source.remaining();
        // What must be free before anything is written: all of it if it may not be split.
        let needed = if total <= ATOMIC_WRITE_BYTES {
            total
        } else {
            1
        };
        let mut written = 0;
        while source.remaining() > 0 {
            let step = self.put(source, needed).and_then(|count| match count {
                Some(count) => Ok(count),
                None if nonblocking => Err(Errno::EAGAIN),
                None => self
                    .writable
                    .wait_until(|| (self.free() >= needed || !self.has_readers()).then_some(0)),
            });
            match step {
                Ok(count) => written += count,
                Err(error) if written == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(written)
    }

    /// Writes what fits; `None` if less than `needed` bytes are free.
    fn put(&self, source: &mut Source<'_>, needed: usize) -> Result<Option<usize>> {
        if !self.has_readers() {
            signal::raise_broken_pipe();
            return Err(Errno::EPIPE);
        }
        let mut ring = self.ring.lock();
        if ring.free() < needed {
            return Ok(None);
        }
        let was_empty = ring.len() == 0;
        let outcome = ring.write(source);
        self.filled.store(ring.len(), Ordering::SeqCst);
        drop(ring);
        if was_empty {
            self.readable.wake_all();
        }
        match outcome {
            // The source gave less than it promised: its memory ended.
            Ok(0) => Err(Errno::EFAULT),
            other => other.map(Some),
        }
    }
}

impl Inode for Pipe {
    fn kind(&self) -> FileKind {
        FileKind::Fifo
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        self.metadata.lock().clone()
    }

    fn change(&self, change: &AttributeChange) -> Result<()> {
        let mut metadata = self.metadata.lock();
        let ownership = &mut metadata.ownership;
        ownership.permissions = change.permissions.unwrap_or(ownership.permissions);
        ownership.uid = change.uid.unwrap_or(ownership.uid);
        ownership.gid = change.gid.unwrap_or(ownership.gid);
        metadata.accessed = change.accessed.unwrap_or(metadata.accessed);
        metadata.modified = change.modified.unwrap_or(metadata.modified);
        metadata.changed = clock::now();
        Ok(())
    }

    /// Opening a pipe again through /proc/PID/fd gives another end of it.
    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(PipeEnd::open(self, flags.readable(), flags.writable()))
    }

    fn anonymous_name(&self) -> Vec<u8> {
        format!("pipe:[{}]", self.number).into_bytes()
    }
}

/// The two open files of pipe2(2): the reading end and the writing end. `flags` may have
/// O_NONBLOCK.
pub fn create_pipe(
    credentials: &Credentials,
    flags: u32,
) -> Result<(Arc<OpenFile>, Arc<OpenFile>)> {
    let pipe = Pipe::new(credentials.fsuid, credentials.fsgid)?;
    let status = flags & general::O_NONBLOCK;
    let open = |access: u32, reads: bool| {
        let end = PipeEnd::open(pipe.clone(), reads, !reads);
        OpenFile::anonymous(pipe.clone(), end, OpenFlags::from_raw(access | status))
    };
    Ok((
        open(general::O_RDONLY, true),
        open(general::O_WRONLY, false),
    ))
}
