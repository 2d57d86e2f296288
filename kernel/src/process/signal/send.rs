//! Sending: a signal is put into a queue, and a thread that can take it is told.
//!
//! A signal that would be ignored is not queued at all, unless its receiver blocks it: by the
//! time it is unblocked there may be a handler. SIGKILL, and the effects of SIGCONT and of
//! stop signals on each other, happen at once.
//!
//! Source: signal(7), kill(2).

use alloc::sync::Arc;

use abi::raw::general as linux;

use super::information::SignalInfo;
use super::pending::{Account, NoRoom};
use super::set::{STOPPING, SignalSet, UNSTOPPABLE};
use super::stop;
use crate::process::limits::Resource;
use crate::process::{Attention, ExitStatus, Process, Thread};

/// Where a signal comes from, as the first process of a pid namespace sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Another process of the namespace.
    Inside,
    /// A process that the namespace does not show, or the kernel.
    Outside,
}

/// Sends a signal to a process: any of its threads may take it.
pub fn send_to_process(process: &Process, info: SignalInfo) {
    post(process, None, &info, NoRoom::DropDetails, Side::Outside);
}

/// Sends a signal to one thread.
pub fn send_to_thread(thread: &Arc<Thread>, info: SignalInfo) {
    let process = &thread.process;
    post(
        process,
        Some(thread),
        &info,
        NoRoom::DropDetails,
        Side::Outside,
    );
}

/// Sends a signal to a process, or to one of its threads; false when there was no room for its
/// details and it was not sent.
pub fn try_send(process: &Process, thread: Option<&Arc<Thread>>, info: &SignalInfo) -> bool {
    // Whoever asked for it may be inside: an init that this reaches must have a handler.
    post(process, thread, info, NoRoom::Refuse, Side::Inside)
}

/// SIGPIPE, for the thread that wrote to a pipe nobody reads.
pub fn raise_broken_pipe() {
    let thread = crate::process::current();
    send_to_thread(&thread, SignalInfo::from_kernel(linux::SIGPIPE));
}

/// Sends a signal for a fault that the running thread just made. It cannot be put off: when
/// the thread blocks or ignores it, the process ends by it.
pub fn send_fault(thread: &Arc<Thread>, info: SignalInfo) {
    let process = &thread.process;
    let only = SignalSet::only(info.signal);
    let mut state = thread.signals.lock();
    let was_blocked = state.blocked.contains(info.signal);
    state.blocked = state.blocked.without(only);
    drop(state);
    let action = process.signals.action(info.signal);
    if was_blocked || action.is_ignore() {
        process.signals.handlers().reset(info.signal);
    }
    if was_blocked || action.is_ignore() || action.is_default() {
        process.signals.lock().is_mortal = true;
    }
    send_to_thread(thread, info);
}

/// Ends the process by SIGSEGV whatever it has asked for: its frame could not be made even for
/// the handler of that signal.
pub(super) fn kill_by_fault(thread: &Arc<Thread>) {
    thread
        .process
        .signals
        .handlers()
        .reset(linux::SIGSEGV as u8);
    send_fault(thread, SignalInfo::from_kernel(linux::SIGSEGV));
}

/// The first process of a pid namespace is not ended or stopped by signals that it has no
/// handler for; only SIGKILL and SIGSTOP from outside reach it (pid_namespaces(7)).
fn is_immune(process: &Process, signal: u8, side: Side) -> bool {
    let reaches =
        side == Side::Outside && UNSTOPPABLE.contains(signal) && !process.pid_namespace.is_root();
    process.is_namespace_init() && !reaches && !process.signals.lock().is_mortal
}

/// Whether the process does not do what a signal it has taken does by default. SIGSTOP would
/// not have been queued if it were not to stop.
pub(super) fn is_immune_to_taken(process: &Process, signal: u8) -> bool {
    is_immune(process, signal, Side::Outside)
}

/// Puts a signal into the queue of the process or of one of its threads. Returns false when
/// it was refused for want of room.
pub(super) fn post(
    process: &Process,
    thread: Option<&Arc<Thread>>,
    info: &SignalInfo,
    no_room: NoRoom,
    side: Side,
) -> bool {
    let signal = info.signal;
    if u32::from(signal) == linux::SIGKILL {
        kill(process, side);
        return true;
    }
    if u32::from(signal) == linux::SIGCONT {
        stop::continue_process(process);
    } else if STOPPING.contains(signal) {
        stop::discard_continue(process);
    }
    // A standard signal with a code that no program can give it is never refused.
    let account = Account {
        user: process.real_user(),
        limit: if info.is_real_time() || info.code() < 0 {
            process.limit(Resource::PendingSignals)
        } else {
            u64::MAX
        },
    };
    let ignored = is_ignored(process, signal, side);
    match thread {
        Some(thread) => post_to_thread(thread, info, account, no_room, ignored),
        None => post_to_process(process, info, account, no_room, ignored),
    }
}

#[inline]
fn post_to_thread(
    thread: &Arc<Thread>,
    info: &SignalInfo,
    account: Account,
    no_room: NoRoom,
    ignored: bool,
) -> bool {
    let mut state = thread.signals.lock();
    if ignored && !state.blocked.contains(info.signal) {
        return true;
    }
    if !state.pending.add(info, account, no_room) {
        return false;
    }
    let wants = state.wants(info.signal);
    drop(state);
    if wants {
        thread.attract_attention(Attention::SIGNAL);
    }
    true
}

/// Whether the signal is ignored is asked of the first thread's mask, as on Linux.
fn post_to_process(
    process: &Process,
    info: &SignalInfo,
    account: Account,
    no_room: NoRoom,
    ignored: bool,
) -> bool {
    let mut state = process.signals.lock();
    if ignored {
        let first = process.leader();
        if first.is_none_or(|first| !first.signals.blocked().contains(info.signal)) {
            return true;
        }
    }
    if !state.pending.add(info, account, no_room) {
        return false;
    }
    drop(state);
    tell_someone(process, info.signal);
    true
}

/// Tells a thread that does not block the signal. If all do, the first that unblocks it will
/// find it.
fn tell_someone(process: &Process, signal: u8) {
    let receiver =
        process.find_thread(|thread| thread.signals.lock().wants(signal) && !thread.must_exit());
    if let Some(receiver) = receiver {
        receiver.attract_attention(Attention::SIGNAL);
    }
}

/// Tells other threads of what is pending for the process, when a thread that may have been
/// told can no longer take it.
#[inline]
pub(super) fn pass_on(process: &Process, signals: SignalSet) {
    if !signals.is_empty() {
        tell_others(process, signals);
    }
}

#[cold]
fn tell_others(process: &Process, signals: SignalSet) {
    let mut left = signals;
    while let Some(signal) = left.first() {
        left = left.without(SignalSet::only(signal));
        tell_someone(process, signal);
    }
}

/// SIGKILL: nothing is asked and nothing waited for.
fn kill(process: &Process, side: Side) {
    if is_immune(process, linux::SIGKILL as u8, side) || process.has_ended() {
        return;
    }
    process.set_exit_status(ExitStatus::Killed(linux::SIGKILL as u8));
    process.for_each_thread(|thread| thread.attract_attention(Attention::EXIT));
}

/// Whether the signal would do nothing to a receiver that does not block it.
#[inline]
fn is_ignored(process: &Process, signal: u8, side: Side) -> bool {
    let action = process.signals.action(signal);
    action.ignores(signal) || (action.is_default() && is_immune(process, signal, side))
}
