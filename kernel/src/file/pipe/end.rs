//! One open end of a pipe, and the calls that concern pipes only.

use super::Pipe;
use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{DefaultOwner, File, IoFlags, Readiness, SignalSource},
    memory::{
        io::{Sink, Source},
        user,
    },
    process::credentials::Credentials,
    sync::poll::{PollEvents, PollRegistrar},
};
use abi::{Errno, raw::ioctl};
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::Ordering;
use metal::memory::PAGE_SIZE;

/// The largest pipe an ordinary user may have (/proc/sys/fs/pipe-max-size).
const USER_CAPACITY_MAX: usize = 1 << 20;
/// The largest pipe at all.
const CAPACITY_MAX: usize = 1 << 31;

/// One open end, or both (a FIFO opened for reading and writing).
pub struct PipeEnd {
    pub(super) pipe: Arc<Pipe>,
    reads: bool,
    writes: bool,
    /// The count of writers ever when this end was opened without one: no writer has hung up on
    /// it until the count differs.
    unmet_writers: Option<u64>,
}

impl PipeEnd {
    /// Opens an end.
    pub fn open(pipe: Arc<Pipe>, reads: bool, writes: bool) -> Arc<PipeEnd> {
        let writers_ever = pipe.writers_ever.load(Ordering::SeqCst);
        let unmet_writers = (!pipe.has_writers()).then_some(writers_ever);
        if reads {
            pipe.readers.fetch_add(1, Ordering::SeqCst);
            pipe.readers_ever.fetch_add(1, Ordering::SeqCst);
        }
        if writes {
            pipe.writers.fetch_add(1, Ordering::SeqCst);
            pipe.writers_ever.fetch_add(1, Ordering::SeqCst);
        }
        Arc::new(PipeEnd {
            pipe,
            reads,
            writes,
            unmet_writers,
        })
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        let pipe = &self.pipe;
        if self.reads && pipe.readers.fetch_sub(1, Ordering::SeqCst) == 1 {
            pipe.writable.wake_all();
        }
        if self.writes && pipe.writers.fetch_sub(1, Ordering::SeqCst) == 1 {
            pipe.readable.wake_all();
        }
        if pipe.has_readers() != pipe.has_writers() {
            pipe.signals.notify(Readiness::Input);
            pipe.signals.notify(Readiness::Output);
        }
    }
}

impl File for PipeEnd {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        self.pipe.read(sink, flags.nonblocking)
    }

    fn write(&self, _position: &mut u64, source: &mut Source<'_>, flags: IoFlags) -> Result<usize> {
        self.pipe.write(source, flags.nonblocking, flags.direct)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        let pipe = &self.pipe;
        if let Some(registrar) = registrar {
            if self.reads {
                registrar.register(&pipe.readable);
            }
            if self.writes {
                registrar.register(&pipe.writable);
            }
        }
        let mut events = PollEvents::empty();
        if self.reads {
            if pipe.filled() > 0 {
                events |= PollEvents::IN | PollEvents::RDNORM;
            }
            let writers_ever = pipe.writers_ever.load(Ordering::SeqCst);
            if !pipe.has_writers() && self.unmet_writers != Some(writers_ever) {
                events |= PollEvents::HUP;
            }
        }
        if self.writes {
            if !pipe.is_full() {
                events |= PollEvents::OUT | PollEvents::WRNORM;
            }
            if !pipe.has_readers() {
                events |= PollEvents::ERR;
            }
        }
        events
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        let mut interest = PollEvents::empty();
        interest.set(PollEvents::IN, self.reads);
        interest.set(PollEvents::OUT, self.writes);
        Some(SignalSource {
            list: &self.pipe.signals,
            interest,
            default_owner: DefaultOwner::Nobody,
        })
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        match command {
            ioctl::FIONREAD => {
                user::write(argument, &(self.pipe.filled() as i32))?;
                Ok(0)
            }
            _ => Err(Errno::ENOTTY),
        }
    }
}

fn pipe_of(file: &dyn File) -> Result<&Pipe> {
    let any: &dyn Any = file;
    any.downcast_ref::<PipeEnd>()
        .map(|end| &*end.pipe)
        .ok_or(Errno::EBADF)
}

/// Bytes that wait in the pipe of which `file` is an end; none if it is none. Takes no lock.
pub fn bytes_in_pipe(file: &dyn File) -> usize {
    pipe_of(file).map_or(0, Pipe::filled)
}

/// `F_GETPIPE_SZ`: bytes the pipe can hold. `EBADF`: not a pipe.
pub fn capacity(file: &dyn File) -> Result<usize> {
    Ok(pipe_of(file)?.capacity.load(Ordering::SeqCst))
}

/// `F_SETPIPE_SZ`: makes the pipe hold at least `bytes` and returns how many it will. `EBUSY`: it
/// holds more now; `EPERM`: more than an ordinary user may have, in one pipe or in all.
pub fn set_capacity(file: &dyn File, bytes: usize, credentials: &Credentials) -> Result<usize> {
    let pipe = pipe_of(file)?;
    if bytes > CAPACITY_MAX {
        return Err(Errno::EINVAL);
    }
    let bytes = bytes.max(PAGE_SIZE).next_power_of_two();
    if bytes > USER_CAPACITY_MAX
        && bytes > pipe.capacity.load(Ordering::SeqCst)
        && !credentials.has(Capability::SysResource)
    {
        return Err(Errno::EPERM);
    }
    let mut ring = pipe.ring.lock();
    let before = pipe.share.pages();
    pipe.share.resize(bytes / PAGE_SIZE, credentials)?;
    if let Err(error) = ring.resize(bytes / PAGE_SIZE) {
        // Back to what it was, which was allowed.
        return pipe
            .share
            .resize(before, &Credentials::root())
            .and(Err(error));
    }
    pipe.publish(&ring);
    pipe.capacity.store(bytes, Ordering::SeqCst);
    drop(ring);
    pipe.writable.wake_all();
    Ok(bytes)
}
