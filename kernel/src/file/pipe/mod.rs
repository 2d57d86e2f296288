//! Pipes and FIFOs.
//!
//! A [`Pipe`] is a ring of pieces with two wait queues; each end that is open is a [`PipeEnd`],
//! whose drop is what the other side sees as end of file or broken pipe. A [`Fifo`] is the part of
//! a named pipe's inode that brings two openings together on one pipe.
//!
//! Contracts: writes of up to PIPE_BUF bytes (a page) are not mixed with others; one that does not
//! fit waits as a whole. With O_DIRECT each write of up to a page is a packet, which one read
//! takes. Writing with no reader left raises SIGPIPE and answers `EPIPE`. The ring's lock may be
//! held while user memory is touched (it ranks above address spaces); what the wait conditions look
//! at is therefore kept in atomics.
//!
//! Source: pipe(7), fifo(7), pipe(2), F_SETPIPE_SZ in fcntl(2).

mod end;
mod fifo;
pub mod limits;
mod ring;
#[cfg(feature = "ktest")]
mod tests;
mod transfer;

pub use end::{PipeEnd, bytes_in_pipe, capacity, set_capacity};
pub use fifo::Fifo;
pub use transfer::pipe_behind;

use super::{
    AttributeChange, File, FileKind, Inode, Metadata, OpenFile, OpenFlags, Ownership, Readiness,
    SignalList, clock,
};
use crate::{
    error::Result,
    memory::io::{Sink, Source},
    process::{credentials::Credentials, signal},
    sync::{Mutex, SpinLock, WaitQueue},
};
use abi::{Errno, raw::general};
use alloc::{format, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use limits::Share;
use metal::memory::PAGE_SIZE;
use ring::Ring;

/// How much a new pipe holds.
const DEFAULT_PAGES: usize = 16;

/// A pipe between any number of readers and writers.
pub struct Pipe {
    number: u64,
    ring: Mutex<Ring>,
    /// Copies of what the ring holds, whether it is full and what it may hold, to be read without
    /// its lock.
    filled: AtomicUsize,
    full: AtomicBool,
    capacity: AtomicUsize,
    /// Its first pieces are lent out ([`transfer`]); changed by who has the ring's lock.
    lent: AtomicBool,
    readers: AtomicUsize,
    writers: AtomicUsize,
    /// How many ends were ever opened: what an opening that waits watches, so that a counterpart
    /// which came and went while it slept still counts as met.
    readers_ever: AtomicU64,
    writers_ever: AtomicU64,
    readable: Arc<WaitQueue>,
    writable: Arc<WaitQueue>,
    /// Who wants a signal when it becomes readable or writable.
    signals: SignalList,
    metadata: SpinLock<Metadata>,
    /// What it counts as among its maker's.
    share: Share,
}

impl Pipe {
    /// An empty pipe with no ends. Its inode, where it has no name, belongs to `credentials`.
    /// `ENFILE`: their user has too many.
    fn new(credentials: &Credentials) -> Result<Arc<Pipe>> {
        static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut metadata = Metadata::synthetic(number, FileKind::Fifo, 0o600, clock::now());
        metadata.ownership = Ownership {
            permissions: 0o600,
            uid: credentials.fsuid,
            gid: credentials.fsgid,
        };
        let share = Share::new(credentials)?;
        let pages = share.pages();
        Ok(Arc::new(Pipe {
            number,
            filled: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            capacity: AtomicUsize::new(pages * PAGE_SIZE),
            lent: AtomicBool::new(false),
            ring: Mutex::new(Ring::new(pages)),
            readers: AtomicUsize::new(0),
            writers: AtomicUsize::new(0),
            readers_ever: AtomicU64::new(0),
            writers_ever: AtomicU64::new(0),
            readable: Arc::new(WaitQueue::new()),
            writable: Arc::new(WaitQueue::new()),
            signals: SignalList::new(),
            metadata: SpinLock::new(metadata),
            share,
        }))
    }

    fn filled(&self) -> usize {
        self.filled.load(Ordering::SeqCst)
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::SeqCst)
    }

    /// Copies what others look at without the ring's lock. To be called after each change of it.
    fn publish(&self, ring: &Ring) {
        let filled = if self.is_lent() { 0 } else { ring.len() };
        self.filled.store(filled, Ordering::SeqCst);
        self.full.store(ring.is_full(), Ordering::SeqCst);
    }

    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::SeqCst)
    }

    /// Whether nothing will come any more, behind what is there.
    fn is_at_end(&self) -> bool {
        !self.has_writers() && !self.is_lent()
    }

    /// Waits until there is something to take, or nothing will come.
    fn wait_for_more(&self) -> Result<()> {
        self.readable
            .wait_until(|| (self.filled() > 0 || self.is_at_end()).then_some(()))
    }

    /// Tells readers that something came.
    fn tell_readers(&self, was_empty: bool) {
        if was_empty {
            self.readable.wake_all();
        } else {
            // Each write is an edge to an epoll instance, whatever is there already.
            self.readable.wake_pollers();
        }
        self.signals.notify(Readiness::Input);
    }

    /// Tells writers that something was taken.
    fn tell_writers(&self, was_full: bool) {
        if was_full {
            self.writable.wake_all();
        }
        self.signals.notify(Readiness::Output);
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
            if self.is_at_end() {
                // One may have written and gone between the two looks.
                return Ok(self.take(sink)?.unwrap_or(0));
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.wait_for_more()?;
        }
    }

    /// Reads what is there; `None` if nothing is.
    fn take(&self, sink: &mut Sink<'_>) -> Result<Option<usize>> {
        if self.filled() == 0 {
            return Ok(None);
        }
        let mut ring = self.ring.lock();
        if ring.len() == 0 || self.is_lent() {
            return Ok(None);
        }
        let was_full = ring.is_full();
        let outcome = ring.read(sink);
        self.publish(&ring);
        drop(ring);
        self.tell_writers(was_full);
        outcome.map(Some)
    }

    /// Writes all of `source`, waiting for room unless `nonblocking`; with `packets` in packets.
    pub fn write(
        &self,
        source: &mut Source<'_>,
        nonblocking: bool,
        packets: bool,
    ) -> Result<usize> {
        let mut written = 0;
        while source.remaining() > 0 {
            let step = self.put(source, packets).and_then(|count| match count {
                Some(count) => Ok(count),
                None if nonblocking => Err(Errno::EAGAIN),
                None => self
                    .writable
                    .wait_until(|| (!self.is_full() || !self.has_readers()).then_some(0)),
            });
            match step {
                Ok(count) => written += count,
                Err(error) if written == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(written)
    }

    /// Writes what fits; `None` if nothing does.
    fn put(&self, source: &mut Source<'_>, packets: bool) -> Result<Option<usize>> {
        if !self.has_readers() {
            signal::raise_broken_pipe();
            return Err(Errno::EPIPE);
        }
        let mut ring = self.ring.lock();
        let was_empty = ring.len() == 0;
        let count = ring.write(source, packets)?;
        self.publish(&ring);
        drop(ring);
        if count == 0 {
            return Ok(None);
        }
        self.tell_readers(was_empty);
        Ok(Some(count))
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
/// O_NONBLOCK and O_DIRECT (packet mode). `ENFILE`: the user has too many pipes.
pub fn create_pipe(
    credentials: &Credentials,
    flags: u32,
) -> Result<(Arc<OpenFile>, Arc<OpenFile>)> {
    let pipe = Pipe::new(credentials)?;
    let open = |access: u32, reads: bool| {
        let end = PipeEnd::open(pipe.clone(), reads, !reads);
        OpenFile::anonymous(pipe.clone(), end, OpenFlags::from_raw(access))
    };
    Ok((
        open(general::O_RDONLY | flags & general::O_NONBLOCK, true),
        open(
            general::O_WRONLY | flags & (general::O_NONBLOCK | general::O_DIRECT),
            false,
        ),
    ))
}
