//! What a thread blocks, for good or for the time of one call. Source: sigprocmask(2),
//! sigsuspend(2), ppoll(2).

use alloc::sync::Arc;

use super::send;
use super::set::{SignalSet, UNSTOPPABLE};
use crate::error::{Errno, Result};
use crate::process::{Attention, Thread, scheduler};

/// Sets what the running thread blocks; returns what it blocked before. SIGKILL and SIGSTOP
/// are left out.
pub fn set_blocked(thread: &Arc<Thread>, blocked: SignalSet) -> SignalSet {
    let blocked = blocked.without(UNSTOPPABLE);
    let old = core::mem::replace(&mut thread.signals.lock().blocked, blocked);
    after_change(thread, old, blocked);
    old
}

/// What must be looked at when a thread's mask has changed from `old` to `new`.
pub(super) fn after_change(thread: &Arc<Thread>, old: SignalSet, new: SignalSet) {
    if !old.without(new).is_empty() {
        note_if_deliverable(thread);
    }
    let blocked_now = new.without(old);
    if !blocked_now.is_empty() {
        send::pass_on(&thread.process, blocked_now);
    }
}

/// Makes the thread look at its signals if there is something for it to see.
pub(super) fn note_if_deliverable(thread: &Arc<Thread>) {
    let process = thread.process.signals.state.lock();
    let own = thread.signals.lock();
    let pending = process.pending.set().union(own.pending.set());
    if !pending.without(own.blocked).is_empty() || process.stop.is_wanted() {
        thread.note_attention(Attention::SIGNAL);
    }
}

/// The signals that are pending for a thread or its process and that the thread blocks.
pub fn pending(thread: &Thread) -> SignalSet {
    let process = thread.process.signals.state.lock();
    let own = thread.signals.lock();
    let pending = process.pending.set().union(own.pending.set());
    pending.intersection(own.blocked)
}

/// Carries out `wait` with another mask. If it is interrupted, the old mask comes back after
/// the handler, which then runs with the mask that let its signal in; else at once.
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
    if !outcome.is_err_and(Errno::is_restart) {
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
