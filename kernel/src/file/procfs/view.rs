//! Whose numbers a procfs shows: those of the pid namespace it was mounted in.
//!
//! There is one pid namespace so far, so numbers stay what they are. Every number that procfs
//! shows or is asked for goes through here.
use crate::process::{self, Process, ProcessId};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A pid namespace as seen by a procfs.
#[derive(Clone, Copy)]
pub(super) struct View;

impl View {
    /// The view of the process that mounts.
    pub(super) fn of_caller() -> Self {
        Self
    }

    /// The number under which a process, thread, group or session is shown; 0 when it is not in
    /// sight.
    pub(super) fn shown(self, number: ProcessId) -> u32 {
        number
    }

    /// The process shown under `number`.
    pub(super) fn process(self, number: u32) -> Option<Arc<Process>> {
        process::find(number)
    }

    /// The shown numbers of all processes from `first` on, in order.
    pub(super) fn processes_from(self, first: u32) -> Vec<u32> {
        let numbers = process::all()
            .into_iter()
            .map(|process| self.shown(process.pid));
        numbers
            .filter(|&number| number >= first && number != 0)
            .collect()
    }
}
