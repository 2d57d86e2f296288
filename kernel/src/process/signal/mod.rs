//! Signals: what is pending, what is blocked, what is done about it.
//!
//! A signal goes through these rooms:
//!
//! | | |
//! | --- | --- |
//! | [`set`] | numbers, and sets of them |
//! | [`information`] | what a signal carries |
//! | [`kill`] | who may send to whom |
//! | [`send`] | into a queue, and to a thread that can take it |
//! | [`mod@pending`] | the queues |
//! | [`mask`], [`take`] | what a thread blocks, what it waits for |
//! | [`mod@deliver`] | out of the queue: ignored, stopped, ended, or handled |
//! | [`stop`] | stopping and continuing |
//! | [`handlers`], [`mod@alternate_stack`], [`frame`] | the program's own handler, and the way back |
//! | [`restart`] | what becomes of the call that was interrupted |
//!
//! The locks and their order are in [`state`].
//!
//! Source: signal(7), sigaction(2).

mod alternate_stack;
mod deliver;
mod frame;
mod handlers;
mod information;
mod kill;
mod mask;
mod pending;
mod restart;
mod send;
mod set;
mod state;
mod stop;
mod take;
#[cfg(feature = "ktest")]
mod tests;

use alloc::sync::Arc;

use abi::procfs::SignalSets;
use abi::raw::general as linux;
use abi::signal::SigStack;

use super::limits::Resource;
use super::{Process, Thread};
use crate::error::Result;

pub use alternate_stack::AlternateStack;
pub use deliver::deliver;
pub use frame::{STACK_BYTES_MIN, restore};
pub use handlers::Action;
pub use information::{Origin, SignalInfo};
pub use kill::{check_number, to_all, to_group, to_process, to_thread};
pub use mask::{pause, pending, set_blocked, with_temporary_mask};
pub use restart::{Restart, note_interrupted, restart_with, resume};
pub use send::{raise_broken_pipe, send_fault, send_to_process, send_to_thread, try_send};
pub use set::{SIGNAL_MAX, SignalSet};
pub use state::{ExceptionRecord, ProcessSignals, ThreadSignals};
pub use stop::{is_stopped, take_stop_event};
pub use take::wait_for;

/// Whether a process wants no zombies of its children: it ignores SIGCHLD or said so.
pub fn discards_children(process: &Process) -> bool {
    let action = process.signals.action(linux::SIGCHLD as u8);
    action.is_ignore() || action.has(linux::SA_NOCLDWAIT)
}

/// What execve(2) does to signals: handlers go back to their defaults, ignored ones stay
/// ignored, the alternate stack is gone.
pub fn reset_for_exec(thread: &Arc<Thread>) {
    thread.process.signals.reset_handlers();
    let mut state = thread.signals.lock();
    state.alternate_stack = AlternateStack::FIRST;
    state.restart = None;
}

/// A thread has been added to its process: it must see what concerns all threads.
pub fn note_new_thread(thread: &Arc<Thread>) {
    mask::note_if_deliverable(thread);
}

/// A thread has left its process: the others see to what it was told of and took no more, and
/// it may have been the last that a stop waited for.
pub fn note_thread_end(process: &Process) {
    send::pass_on(process, process.signals.pending());
    stop::note_thread_end(process);
}

/// Remembers the exception that a fault's signal is about to tell of.
pub fn note_exception(thread: &Thread, exception: ExceptionRecord) {
    thread.signals.lock().exception = exception;
}

/// The action of a process for a signal from 1 to 64.
pub fn action(process: &Process, signal: u8) -> Action {
    process.signals.action(signal)
}

/// Sets the action for a signal from 1 to 64; returns the one before. What is pending and
/// would now be ignored is forgotten.
pub fn set_action(process: &Process, signal: u8, action: Action) -> Action {
    let old = process.signals.handlers().set(signal, action);
    if action.ignores(signal) {
        let only = SignalSet::only(signal);
        process.signals.lock().pending.discard(only);
        process.for_each_thread(|thread| thread.signals.lock().pending.discard(only));
    }
    old
}

/// The running thread's alternate stack, as a program with this stack pointer sees it.
pub fn alternate_stack(thread: &Thread, stack_pointer: u64) -> SigStack {
    thread.signals.lock().alternate_stack.report(stack_pointer)
}

/// Gives the running thread another alternate stack.
///
/// # Errors
/// EPERM while the program runs on the present one, EINVAL, ENOMEM as sigaltstack(2).
pub fn set_alternate_stack(thread: &Thread, wanted: &SigStack, stack_pointer: u64) -> Result<()> {
    let mut state = thread.signals.lock();
    state.alternate_stack = state.alternate_stack.replaced_by(wanted, stack_pointer)?;
    Ok(())
}

/// Whether a thread blocks a signal or its process ignores it: then a terminal does not stop
/// it for using it in the background.
pub fn is_blocked_or_ignored(thread: &Thread, signal: u32) -> bool {
    let signal = signal as u8;
    thread.signals.blocked().contains(signal) || thread.process.signals.action(signal).is_ignore()
}

/// What /proc/PID/status tells: pending, blocked, ignored and caught signals. Of a process
/// whose threads have ended (`thread` is none) only what is the process's.
pub fn sets(process: &Process, thread: Option<&Thread>) -> SignalSets {
    let (ignored, caught) = process.signals.handlers().ignored_and_caught();
    let (pending, blocked) = thread.map_or((0, 0), |thread| {
        let state = thread.signals.lock();
        (state.pending.set().0, state.blocked.0)
    });
    SignalSets {
        pending,
        process_pending: process.signals.pending().0,
        blocked,
        ignored: ignored.0,
        caught: caught.0,
        queued: (
            pending::queued_for(process.real_user()),
            process.limit(Resource::PendingSignals),
        ),
    }
}
