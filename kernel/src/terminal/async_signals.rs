//! Signals of one side of a terminal when I/O becomes possible (O_ASYNC).
//!
//! Input is told each time it arrives; room to write only after a write found none, as a terminal
//! nearly always has room. Source: fcntl(2); `n_tty` of Linux for when.
use crate::file::{Readiness, SignalList};
use core::sync::atomic::{AtomicBool, Ordering};

/// Who wants signals, and whether a write was cut short since the last one.
#[derive(Default)]
pub(super) struct AsyncSignals {
    /// The open files that want signals.
    pub(super) list: SignalList,
    was_cut_short: AtomicBool,
}

impl AsyncSignals {
    /// Input arrived.
    pub(super) fn input(&self) {
        self.list.notify(Readiness::Input);
    }

    /// A write found no room for all of its bytes.
    pub(super) fn write_cut_short(&self) {
        self.was_cut_short.store(true, Ordering::Release);
    }

    /// There is room to write.
    pub(super) fn room(&self) {
        if self.was_cut_short.load(Ordering::Relaxed)
            && self.was_cut_short.swap(false, Ordering::AcqRel)
        {
            self.list.notify(Readiness::Output);
        }
    }
}
