//! `/dev/log/*` as an open file. The rules are `drivers::logger::file`'s.

use alloc::sync::Arc;

use abi::raw::general::O_DIRECT;
use drivers::logger::file::{Access, Opening};
use drivers::logger::persona::{View, Writer};

use super::Log;
use crate::device::caller::Caller;
use crate::error::{Errno, Result};
use crate::file::{File, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};
use crate::process;
use crate::process::capabilities::Capability;
use crate::sync::poll::{PollEvents, PollRegistrar};
use crate::sync::{Mutex, MutexGuard};
use crate::time::realtime_now;

/// One opening.
pub(super) struct LogFile {
    log: Arc<Log>,
    reads: bool,
    /// Taken before the ring.
    opening: Mutex<Opening>,
}

impl LogFile {
    /// Opens a log for the running process, through a node of this group.
    pub(super) fn open(log: &Arc<Log>, flags: OpenFlags, group: u32) -> Result<Self> {
        let thread = process::current();
        let credentials = thread.credentials();
        let access = Access {
            reads: flags.readable(),
            writes: flags.writable(),
            all_users: credentials.has(Capability::Syslog)
                || credentials.egid == group
                || credentials.groups.contains(&group),
        };
        let namespace = thread.process.membership.namespace();
        let view = View::new(&namespace, flags.has(O_DIRECT))?;
        log.ring()?;
        Ok(Self {
            log: Arc::clone(log),
            reads: access.reads,
            opening: Mutex::new(Opening::new(access, view)),
        })
    }

    fn euid() -> u32 {
        process::current().credentials().euid
    }

    fn ring(&self) -> Result<MutexGuard<'_, drivers::logger::ring::Ring>> {
        Ok(self.log.ring()?.lock())
    }
}

impl File for LogFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let euid = Self::euid();
        loop {
            let seen = self.log.changes();
            let room = sink.remaining();
            let read = {
                let mut opening = self.opening.lock();
                let ring = self.ring()?;
                opening.read(&ring, euid, room, &mut |bytes| sink.write(bytes))?
            };
            if let Some(count) = read {
                return Ok(count);
            }
            if flags.nonblocking {
                return Err(Errno::EAGAIN);
            }
            let readers = &self.log.readers;
            readers.wait_until(|| (self.log.changes() != seen).then_some(()))?;
        }
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let thread = process::current();
        let writer = Writer {
            root_pid: thread.process.pid,
            root_tid: thread.tid(),
            pid: thread.process.local_pid,
            tid: thread.local_tid(),
            euid: thread.credentials().euid,
            realtime: realtime_now().0,
        };
        let record = writer.record(&thread.process.membership.namespace());
        let length = source.remaining();
        let mut give = |into: &mut [u8]| source.read(into);
        let written = self.ring()?.append(record, length, &mut give)?;
        self.log.changed();
        Ok(written)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.log.readers);
        }
        let mut events = PollEvents::OUT | PollEvents::WRNORM;
        if self.reads
            && let mut opening = self.opening.lock()
            && let Ok(ring) = self.ring()
        {
            let readable = PollEvents::IN | PollEvents::RDNORM;
            events.set(readable, opening.is_readable(&ring, Self::euid()));
        }
        events
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        let mut opening = self.opening.lock();
        let mut ring = self.ring()?;
        opening.ioctl(&mut ring, &Caller, Self::euid(), command, argument)
    }
}
