//! Delivery: what happens to a thread's signals before its program goes on.
//!
//! A thread comes here only when its `attention` says so; that flag is all that the way back
//! to user mode looks at.
//!
//! Source: signal(7), sigaction(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use metal::user::UserContext;

use super::alternate_stack::AlternateStack;
use super::handlers::{Action, Disposition};
use super::information::SignalInfo;
use super::take::{self, Next};
use super::{frame, mask, send, stop};
use crate::process::{Attention, ExitStatus, Thread, exit, restartable};

/// Carries out all signals that can be delivered, and rests while the process is stopped. The
/// handlers' frames are put onto the program's stack, the last one to run first.
pub fn deliver(thread: &Arc<Thread>, registers: &mut UserContext) {
    // Taken back before the queues are looked at: what comes later sets it again.
    thread.clear_attention(Attention::SIGNAL);
    let mut is_handled = false;
    while !thread.must_exit() {
        match take::next(thread) {
            Next::GoOn => break,
            Next::Rest => stop::rest(thread),
            Next::Signal { info, more } => {
                let (handled, goes_on) = carry_out(thread, registers, &info);
                is_handled |= handled;
                if !more && goes_on {
                    break;
                }
            }
        }
    }
    if !is_handled {
        return_unhandled(thread, registers);
    }
}

/// Does what the process wants done about a signal. Returns whether a handler will run, and
/// whether nothing new came up by it.
fn carry_out(thread: &Arc<Thread>, registers: &mut UserContext, info: &SignalInfo) -> (bool, bool) {
    let action = thread.process.signals.action(info.signal);
    match action.disposition(info.signal) {
        Disposition::Ignore => {}
        Disposition::Stop | Disposition::Terminate
            if send::is_immune_to_taken(&thread.process, info.signal) => {}
        Disposition::Stop => {
            stop::begin(thread, info.signal);
            return (false, false);
        }
        Disposition::Terminate => {
            exit::exit_process(thread, ExitStatus::Killed(info.signal));
        }
        Disposition::Handle => {
            let entered = enter_handler(thread, registers, info, &action);
            return (entered, entered);
        }
    }
    (false, true)
}

/// No handler runs: the program must notice nothing.
fn return_unhandled(thread: &Arc<Thread>, registers: &mut UserContext) {
    let interrupted = thread.signals.lock().interrupted.take();
    if let Some(call) = interrupted {
        call.start_again(registers);
    }
    mask::restore_saved_mask(thread);
}

/// Makes the program run its handler next. Returns false when its frame could not be made.
fn enter_handler(
    thread: &Arc<Thread>,
    registers: &mut UserContext,
    info: &SignalInfo,
    action: &Action,
) -> bool {
    if action.has(linux::SA_RESETHAND) {
        thread.process.signals.handlers().reset(info.signal);
    }
    let mut state = thread.signals.lock();
    let interrupted = state.interrupted.take();
    let blocked = state.blocked;
    let stack = state.alternate_stack;
    let request = frame::Request {
        info,
        action,
        mask: state.saved_mask.take().unwrap_or(blocked),
        stack,
        exception: state.exception,
    };
    drop(state);
    if let Some(call) = interrupted {
        call.settle_for_handler(registers, action);
    }
    restartable::abort_section(thread, registers);
    if frame::push(registers, &request).is_err() {
        fail(thread, info);
        return false;
    }
    let mut state = thread.signals.lock();
    if stack.is_disarmed_by_use() {
        state.alternate_stack = AlternateStack::NONE;
    }
    let new = blocked.union(action.blocked_in_handler(info.signal));
    let pass_on = mask::change(thread, &mut state, new);
    drop(state);
    send::pass_on(&thread.process, pass_on);
    true
}

/// There is no room for the frame: SIGSEGV, and if it was for that one's own handler, the end.
fn fail(thread: &Arc<Thread>, info: &SignalInfo) {
    if u32::from(info.signal) == linux::SIGSEGV {
        send::kill_by_fault(thread);
    } else {
        send::send_fault(thread, SignalInfo::from_kernel(linux::SIGSEGV));
    }
}
