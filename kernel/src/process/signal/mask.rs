//! What a thread blocks, for good or for the time of one call. Source: sigprocmask(2),
//! sigsuspend(2), ppoll(2).

use alloc::sync::Arc;

use super::send;
use super::set::{SignalSet, UNSTOPPABLE};
use super::state::ThreadState;
use crate::error::{Errno, Result};
use crate::process::{Attention, Thread, scheduler};

/// Sets what the running thread blocks; returns what it blocked before. SIGKILL and SIGSTOP
/// are left out.
pub fn set_blocked(thread: &Arc<Thread>, blocked: SignalSet) -> SignalSet {
    let mut own = thread.signals.lock();
    let old = own.blocked;
    let pass_on = change(thread, &mut own, blocked);
    drop(own);
    send::pass_on(&thread.process, pass_on);
    old
}

/// Changes the mask while the thread's lock is held. The thread will look at what it can take
/// now; the answer is what others should take, with [`send::pass_on`] once the lock is free.
///
/// Nothing is lost without the process's lock: a sender makes its signal visible before it
/// looks at masks.
pub(super) fn change(thread: &Thread, own: &mut ThreadState, blocked: SignalSet) -> SignalSet {
    let new = blocked.without(UNSTOPPABLE);
    let old = core::mem::replace(&mut own.blocked, new);
    let shared = thread.process.signals.pending();
    if !shared.union(own.pending.set()).without(new).is_empty() {
        thread.note_attention(Attention::SIGNAL);
    }
    new.without(old).intersection(shared)
}

/// Makes the thread look at its signals if there is something for it to see.
pub(super) fn note_if_deliverable(thread: &Arc<Thread>) {
    let process = thread.process.signals.lock();
    if thread.signals.lock().has_deliverable(&process) {
        thread.note_attention(Attention::SIGNAL);
    }
}

/// The signals that are pending for a thread or its process and that the thread blocks.
pub fn pending(thread: &Thread) -> SignalSet {
    let process = thread.process.signals.pending();
    let own = thread.signals.lock();
    process.union(own.pending.set()).intersection(own.blocked)
}

/// Carries out `wait` with another mask. If it is interrupted (an error that may start the call
/// again, or EINTR where it never does), the old mask comes back after the handler, which then
/// runs with the mask that let its signal in; else at once.
///
/// # Errors
/// Those of `wait`.
pub fn with_temporary_mask(
    thread: &Arc<Thread>,
    mask: u64,
    wait: impl FnOnce() -> Result<usize>,
) -> Result<usize> {
    let old = set_blocked(thread, SignalSet(mask));
    thread.signals.lock().saved_mask = Some(old);
    let outcome = wait();
    if !outcome.is_err_and(|error| error.is_restart() || error == Errno::EINTR) {
        restore_saved_mask(thread);
    }
    outcome
}

/// Goes back to the mask before a call that had one of its own.
pub(super) fn restore_saved_mask(thread: &Arc<Thread>) {
    let saved = thread.signals.lock().saved_mask.take();
    if let Some(saved) = saved {
        set_blocked(thread, saved);
    }
}

/// pause(2): sleeps until a signal is handled.
///
/// # Errors
/// ERESTARTNOHAND, always.
pub fn pause(thread: &Arc<Thread>) -> Result<usize> {
    while !thread.must_interrupt_wait() {
        scheduler::park(thread, None);
    }
    Err(Errno::ERESTARTNOHAND)
}
