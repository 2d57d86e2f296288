//! Numbers at the border: what a program says and sees, against what the kernel calls it.
//!
//! A program speaks of processes by the numbers of its pid namespace; the kernel knows them by
//! those of the root. Every call that takes or gives the number of a process, thread, group or
//! session translates it here, once, on its way in or out.
//!
//! Source: `pid_namespaces(7)`.

use alloc::sync::Arc;

use super::{Process, ProcessId, Thread, table};
use crate::error::{Errno, Result};

impl Process {
    /// The number that this process sees something by; 0 when it cannot see it.
    #[inline]
    pub fn sees(&self, number: ProcessId) -> ProcessId {
        self.pid_namespace.shown(number)
    }

    /// What this process means by a number.
    #[inline]
    pub fn means(&self, number: ProcessId) -> Option<ProcessId> {
        self.pid_namespace.resolve(number)
    }
}

impl Thread {
    /// The number that this thread's program sees something by; 0 when it cannot see it.
    #[inline]
    pub fn sees(&self, number: ProcessId) -> ProcessId {
        self.process.sees(number)
    }

    /// The process that the program means by a number.
    ///
    /// # Errors
    /// ESRCH.
    pub fn process_named(&self, number: ProcessId) -> Result<Arc<Process>> {
        let process = self.process.means(number).and_then(table::find);
        process.ok_or(Errno::ESRCH)
    }

    /// The thread that the program means by a number.
    ///
    /// # Errors
    /// ESRCH.
    pub fn thread_named(&self, number: ProcessId) -> Result<Arc<Thread>> {
        let thread = self.process.means(number).and_then(table::find_thread);
        thread.ok_or(Errno::ESRCH)
    }

    /// The group that the program means by a number; one that does not exist if there is none.
    pub fn group_named(&self, number: ProcessId) -> ProcessId {
        self.process.means(number).unwrap_or(0)
    }
}
