//! Taking a pending signal, to carry it out or to answer sigtimedwait(2).

use alloc::sync::Arc;

use super::information::SignalInfo;
use super::mask;
use super::set::{STOPPING, SignalSet, UNSTOPPABLE};
use super::state::{ProcessState, ThreadState};
use crate::error::{Errno, Result};
use crate::process::timer::created;
use crate::process::{Attention, Thread, scheduler};
use crate::time::Instant;

/// What a thread must do before its program goes on.
pub(super) enum Next {
    /// Nothing more.
    GoOn,
    /// Rest: the process is to stop.
    Rest,
    /// Carry out this signal.
    Signal {
        /// The signal.
        info: SignalInfo,
        /// Whether there is more to do after it.
        more: bool,
    },
}

/// Takes the next signal that is not in `blocked`: the thread's own before the process's.
#[inline]
fn take_unblocked(
    process: &mut ProcessState,
    own: &mut ThreadState,
    blocked: SignalSet,
) -> Option<SignalInfo> {
    let info = own
        .pending
        .take_unblocked(blocked)
        .or_else(|| process.pending.take_unblocked(blocked))?;
    if STOPPING.contains(info.signal) {
        process.stop.note_taken();
    }
    Some(info)
}

/// Looks at what is next for the running thread, and takes the signal if it is one.
#[inline]
pub(super) fn next(thread: &Thread) -> Next {
    let mut next = take_next(thread);
    if let Next::Signal { info, .. } = &mut next {
        created::complete(&thread.process, info);
    }
    next
}

#[inline]
fn take_next(thread: &Thread) -> Next {
    let process = &mut *thread.process.signals.lock();
    if process.stop.is_wanted() {
        return Next::Rest;
    }
    let own = &mut *thread.signals.lock();
    match take_unblocked(process, own, own.blocked) {
        None => Next::GoOn,
        Some(info) => Next::Signal {
            info,
            more: own.has_deliverable(process),
        },
    }
}

/// Takes the next signal of `wanted`.
fn take_of(thread: &Thread, wanted: SignalSet) -> Option<SignalInfo> {
    let mut info = {
        let process = &mut *thread.process.signals.lock();
        let own = &mut *thread.signals.lock();
        take_unblocked(process, own, SignalSet(!wanted.0))?
    };
    created::complete(&thread.process, &mut info);
    Some(info)
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
    // Named before the first look, so that whatever comes after it wakes the thread.
    thread.signals.lock().awaited = wanted;
    let outcome = loop {
        if let Some(info) = take_of(thread, wanted) {
            break Ok(Some(info));
        }
        if must_give_up(thread) {
            break Err(Errno::EINTR);
        }
        if !scheduler::park(thread, deadline) {
            break Ok(take_of(thread, wanted));
        }
    };
    thread.signals.lock().awaited = SignalSet::EMPTY;
    outcome
}

/// Whether something else than an awaited signal must be looked at. The thread may have been
/// told of one that somebody else has taken since: no reason to give up waiting.
fn must_give_up(thread: &Arc<Thread>) -> bool {
    if !thread.must_interrupt_wait() {
        return false;
    }
    thread.clear_attention(Attention::SIGNAL);
    mask::note_if_deliverable(thread);
    thread.must_interrupt_wait()
}
