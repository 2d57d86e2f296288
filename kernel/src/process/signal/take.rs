//! Taking a pending signal, to carry it out or to answer sigtimedwait(2).

use alloc::sync::Arc;

use super::information::SignalInfo;
use super::set::{STOPPING, SignalSet, UNSTOPPABLE};
use crate::error::{Errno, Result};
use crate::process::{Thread, scheduler};
use crate::time::Instant;

/// Takes the next signal that is not in `blocked`: the thread's own before the process's.
fn take_unblocked(thread: &Thread, blocked: SignalSet) -> Option<SignalInfo> {
    let mut process = thread.process.signals.state.lock();
    let mut own = thread.signals.lock();
    let info = own
        .pending
        .take_unblocked(blocked)
        .or_else(|| process.pending.take_unblocked(blocked))?;
    if STOPPING.contains(info.signal) {
        process.stop.note_taken();
    }
    Some(info)
}

/// Takes the next signal that is to be delivered to the thread.
pub(super) fn take_deliverable(thread: &Thread) -> Option<SignalInfo> {
    let blocked = thread.signals.blocked();
    take_unblocked(thread, blocked)
}

/// sigtimedwait(2): takes one of `wanted`, and sleeps until `deadline` if there is none yet.
/// None: the deadline passed.
///
/// # Errors
/// EINTR when another signal must be looked at first.
pub fn wait_for(
    thread: &Arc<Thread>,
    wanted: SignalSet,
    deadline: Option<Instant>,
) -> Result<Option<SignalInfo>> {
    let wanted = wanted.without(UNSTOPPABLE);
    let others = SignalSet(!wanted.0);
    // Named before the first look, so that whatever comes after it wakes the thread.
    thread.signals.lock().awaited = wanted;
    let outcome = loop {
        if let Some(info) = take_unblocked(thread, others) {
            break Ok(Some(info));
        }
        if thread.must_interrupt_wait() && !is_only_awaited(thread) {
            break Err(Errno::EINTR);
        }
        if !scheduler::park(thread, deadline) {
            break Ok(take_unblocked(thread, others));
        }
    };
    thread.signals.lock().awaited = SignalSet::EMPTY;
    outcome
}

/// Whether the thread was only told of a signal that it waits for and that somebody else has
/// taken since: no reason to give up waiting.
fn is_only_awaited(thread: &Arc<Thread>) -> bool {
    use crate::process::Attention;
    if thread.must_exit() {
        return false;
    }
    thread.clear_attention(Attention::SIGNAL);
    super::mask::note_if_deliverable(thread);
    !thread.must_interrupt_wait()
}
