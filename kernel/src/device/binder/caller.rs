//! The thread that calls, as `drivers::binder` sees it.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;

use drivers::binder::{Milliseconds, PassedFile, Waker};
use drivers::user::UserMemory;

use crate::error::{Errno, Result};
use crate::file::OpenFile;
use crate::memory::{self, user};
use crate::process::scheduler::{self, may_have_nice};
use crate::process::{self, Process, Thread};
use crate::time::{Instant, Nanoseconds, monotonic_now};

/// The nice values that there are.
const NICE_VALUES: core::ops::Range<i32> = -20..20;
/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// The running thread, which calls through a file.
pub(super) struct Caller<'a> {
    thread: Arc<Thread>,
    /// The process that opened the file.
    opener: &'a Weak<Process>,
}

impl<'a> Caller<'a> {
    /// The running thread.
    pub(super) fn current(opener: &'a Weak<Process>) -> Self {
        Self {
            thread: process::current(),
            opener,
        }
    }

    fn must_not_sleep(&self) -> Result<()> {
        if self.thread.must_interrupt_wait() {
            return Err(Errno::EINTR);
        }
        Ok(())
    }
}

impl UserMemory for Caller<'_> {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<()> {
        user::read_bytes(address, into)
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<()> {
        user::write_bytes(address, from)
    }
}

impl Waker for Thread {
    fn wake(self: Arc<Self>) {
        scheduler::unpark(&self);
    }
}

impl drivers::binder::Caller for Caller<'_> {
    fn tid(&self) -> u32 {
        self.thread.tid()
    }

    fn euid(&self) -> u32 {
        self.thread.credentials().euid
    }

    fn opener_euid(&self) -> Option<u32> {
        if Arc::as_ptr(&self.thread.process) == self.opener.as_ptr() {
            return Some(self.euid());
        }
        let leader = self.opener.upgrade()?.leader()?;
        Some(leader.credentials().euid)
    }

    fn sees(&self, pid: u32) -> i32 {
        self.thread.sees(pid) as i32
    }

    fn means(&self, pid: u32) -> Option<u32> {
        self.thread.process.means(pid)
    }

    fn nice(&self) -> i32 {
        self.thread.nice.load(Ordering::Relaxed).into()
    }

    fn set_nice(&self, nice: i32) {
        let is_raised = nice < self.nice();
        let is_allowed = !is_raised || may_have_nice(&self.thread, &self.thread, nice);
        if is_allowed && NICE_VALUES.contains(&nice) {
            self.thread.nice.store(nice as i8, Ordering::Relaxed);
        }
    }

    fn waker(&self) -> Arc<dyn Waker> {
        Arc::clone(&self.thread) as Arc<dyn Waker>
    }

    fn sleep(&self) -> Result<()> {
        self.must_not_sleep()?;
        scheduler::park(&self.thread, None);
        self.must_not_sleep()
    }

    fn sleep_until(&self, deadline: Milliseconds) -> Result<bool> {
        self.must_not_sleep()?;
        let deadline = Instant(deadline.0.saturating_mul(MILLISECOND));
        let in_time = scheduler::park(&self.thread, Some(deadline));
        self.must_not_sleep()?;
        Ok(in_time)
    }

    fn now(&self) -> Milliseconds {
        let Nanoseconds(now) = monotonic_now().since(Instant(0));
        Milliseconds(now / MILLISECOND)
    }

    fn file(&self, descriptor: u32) -> Result<PassedFile> {
        let file = self.thread.files()?.get_usable(descriptor as i32)?;
        Ok(file as PassedFile)
    }

    fn install(&self, file: &PassedFile) -> Result<u32> {
        let file = Arc::clone(file).downcast::<OpenFile>();
        // All that is passed comes from `file`.
        let file = file.map_err(|_| Errno::EBADF)?;
        let descriptor = self.thread.files()?.install(file, true)?;
        Ok(descriptor as u32)
    }

    fn close(&self, descriptor: u32) {
        // One that the program has closed itself is closed already.
        if let Ok(files) = self.thread.files() {
            let _ = files.close(descriptor as i32);
        }
    }

    fn require_room(&self, bytes: usize) -> Result<()> {
        memory::require_room(bytes)
    }
}
