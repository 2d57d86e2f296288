//! Whom a file below `/proc/PID` or `/proc/PID/task/TID` speaks of.
use super::view::View;
use crate::error::{Errno, Result};
use crate::file::{FileTable, FsContext, Location};
use crate::memory::AddressSpace;
use crate::process::capabilities::Capability;
use crate::process::credentials::{Credentials, Inspector};
use crate::process::{self, Process, ProcessId, Thread, table};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;

/// A process, or one thread of it. It keeps neither in existence.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) view: View,
    process: Weak<Process>,
    pid: ProcessId,
    part: Part,
}

/// Which part of a process is looked at.
#[derive(Clone, Copy)]
enum Part {
    /// All of it, by its own number.
    Whole,
    /// All of it, by the number of one of its threads.
    WholeByThread(ProcessId),
    /// One thread, below `task/TID`.
    Thread(ProcessId),
}

/// Bits of an inode number for what it is of its subject.
const CODE_BITS: u32 = 24;
/// Marks inode numbers of processes, and those of threads.
const OF_PROCESS: u64 = 1 << 60;
const OF_THREAD: u64 = 1 << 61;

impl Subject {
    /// A process.
    pub(super) fn process_of(view: View, process: &Arc<Process>) -> Self {
        Self {
            view,
            process: Arc::downgrade(process),
            pid: process.pid,
            part: Part::Whole,
        }
    }

    /// The process that `thread` belongs to, by that thread's number.
    pub(super) fn process_by_thread(view: View, thread: &Thread) -> Self {
        Self {
            part: Part::WholeByThread(thread.tid()),
            ..Self::process_of(view, &thread.process)
        }
    }

    /// The thread that was named, if not the process itself.
    fn named_thread(&self) -> Option<ProcessId> {
        match self.part {
            Part::Whole => None,
            Part::WholeByThread(tid) | Part::Thread(tid) => Some(tid),
        }
    }

    /// Thread `tid` of the same process. `ENOENT`: it has no such thread.
    pub(super) fn thread_of(&self, tid: ProcessId) -> Result<Self> {
        let process = self.process()?;
        let belongs = process.threads().any(|thread| thread.tid() == tid);
        let is_dead_leader = tid == process.pid && process.has_ended();
        if !belongs && !is_dead_leader {
            return Err(Errno::ENOENT);
        }
        Ok(Self {
            part: Part::Thread(tid),
            ..self.clone()
        })
    }

    /// The inode number of this subject's file number `code`.
    pub(super) fn inode_number(&self, code: u64) -> u64 {
        let kind = if self.is_thread() {
            OF_THREAD
        } else {
            OF_PROCESS
        };
        kind | u64::from(self.number()) << CODE_BITS | code
    }

    /// Whether it is a thread below `task`.
    pub(super) fn is_thread(&self) -> bool {
        matches!(self.part, Part::Thread(_))
    }

    /// The number of the process or thread.
    pub(super) fn number(&self) -> ProcessId {
        self.named_thread().unwrap_or(self.pid)
    }

    /// The process. `ESRCH`: it is gone.
    pub(super) fn process(&self) -> Result<Arc<Process>> {
        self.process.upgrade().ok_or(Errno::ESRCH)
    }

    /// The thread that answers for the subject. `ESRCH`: none is left.
    pub(super) fn thread(&self) -> Result<Arc<Thread>> {
        match self.named_thread() {
            Some(tid) => process::find_thread(tid).ok_or(Errno::ESRCH),
            None => self.process()?.leader().ok_or(Errno::ESRCH),
        }
    }

    /// Its memory; none once it has ended.
    pub(super) fn address_space(&self) -> Option<Arc<AddressSpace>> {
        self.thread().ok()?.address_space()
    }

    /// Its descriptors. `ENOENT`: it has ended.
    pub(super) fn files(&self) -> Result<Arc<FileTable>> {
        self.thread()
            .and_then(|thread| thread.files())
            .map_err(|_| Errno::ENOENT)
    }

    /// Its directories. `ENOENT`: it has ended.
    pub(super) fn fs(&self) -> Result<Arc<FsContext>> {
        self.thread()
            .and_then(|thread| thread.fs())
            .map_err(|_| Errno::ENOENT)
    }

    /// Whether the process was waited for or the thread has ended.
    pub(super) fn is_gone(&self) -> bool {
        let Ok(process) = self.process() else {
            return true;
        };
        let known = table::find(self.pid).is_some_and(|known| Arc::ptr_eq(&known, &process));
        !known
            || self
                .named_thread()
                .is_some_and(|tid| process::find_thread(tid).is_none())
    }

    /// Who it acts as; of a process that has ended, who it acted as. `ESRCH`: it is gone.
    pub(super) fn credentials(&self) -> Result<Arc<Credentials>> {
        match self.thread() {
            Ok(thread) => Ok(thread.credentials()),
            Err(_) => self.process()?.last_credentials().ok_or(Errno::ESRCH),
        }
    }

    /// User and group it acts as, or acted as; root's once it is gone.
    pub(super) fn user(&self) -> (u32, u32) {
        self.credentials()
            .map_or((0, 0), |credentials| (credentials.euid, credentials.egid))
    }

    /// User and group that own the files: those it acts as, or root's when it must not be looked
    /// into (PR_SET_DUMPABLE) or has ended.
    pub(super) fn owner(&self) -> (u32, u32) {
        let dumpable = self.process().is_ok_and(|process| is_dumpable(&process));
        if dumpable && self.thread().is_ok() {
            self.user()
        } else {
            (0, 0)
        }
    }

    /// Answers whether the caller may look into the process (`ptrace(2)`, access mode checking):
    /// the process itself, the same user in every respect, or the privileged. `EACCES`: no.
    pub(super) fn check_access(&self) -> Result<()> {
        let caller = process::current();
        if caller.process.pid == self.pid {
            return Ok(());
        }
        let own = caller.credentials();
        let process = self.process().map_err(|_| Errno::EACCES)?;
        let may_look = match self.thread() {
            Ok(thread) => {
                let other = thread.credentials();
                other.may_be_inspected(&own, Inspector::OfFiles) && is_dumpable(&process)
            }
            // Nothing is left of a process that has ended but its user.
            Err(_) => process.real_user() == own.fsuid,
        };
        if may_look || own.has(Capability::SysPtrace) {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }
}

fn is_dumpable(process: &Process) -> bool {
    process.dumpable.load(Ordering::Relaxed) == 1
}

/// The root directory of whoever reads, from which paths are shown.
pub(super) fn readers_root() -> Result<Location> {
    Ok(process::current().fs()?.root())
}
