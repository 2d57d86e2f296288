//! Whose numbers a procfs shows: those of the pid namespace it was mounted in.
//!
//! Every number that procfs shows or is asked for goes through here.
use crate::namespace::PidNamespace;
use crate::process::{self, Process, ProcessId, Thread, table};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;

/// A pid namespace as seen by a procfs.
#[derive(Clone)]
pub(super) struct View(Arc<PidNamespace>);

impl View {
    /// The view of the process that mounts. As on Linux it is the namespace that one is in, not
    /// the one its children will be in: a new namespace's /proc is mounted from inside.
    pub(super) fn of_caller() -> Self {
        Self(Arc::clone(&process::current().process.pid_namespace))
    }

    /// The number under which a process, thread, group or session is shown; 0 when it is not in
    /// sight.
    pub(super) fn shown(&self, number: ProcessId) -> u32 {
        self.0.shown(number)
    }

    /// The numbers of something in this namespace and in those further in, down to that of
    /// `process`.
    pub(super) fn shown_below(&self, process: &Process, number: ProcessId) -> Vec<u32> {
        self.0.shown_below(&process.pid_namespace, number)
    }

    /// The process shown under `number`.
    pub(super) fn process(&self, number: u32) -> Option<Arc<Process>> {
        self.0.resolve(number).and_then(process::find)
    }

    /// The thread shown under `number`.
    pub(super) fn thread(&self, number: u32) -> Option<Arc<Thread>> {
        self.0.resolve(number).and_then(process::find_thread)
    }

    /// The shown numbers of all processes from `first` on, in order.
    pub(super) fn processes_from(&self, first: u32) -> impl Iterator<Item = u32> {
        let mut next = first;
        iter::from_fn(move || {
            let number = self.process_after(next)?;
            next = number + 1;
            Some(number)
        })
    }

    /// The lowest number of a process that is not below `first`.
    fn process_after(&self, first: u32) -> Option<u32> {
        if self.0.is_root() {
            return table::all_from(first).next().map(|process| process.pid);
        }
        let mut members = self.0.numbers_from(first);
        members
            .find(|&(_, root)| process::find(root).is_some())
            .map(|(number, _)| number)
    }
}
