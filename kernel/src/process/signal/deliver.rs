//! Delivery: what happens to a thread's signals before its program goes on.
//!
//! A thread comes here only when its `attention` says so; that flag is all that the way back
//! to user mode looks at.
//!
//! Source: signal(7), sigaction(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use metal::user::UserContext;

use super::handlers::{Action, Disposition};
use super::information::SignalInfo;
use super::{frame, mask, send, stop, take};
use crate::process::{Attention, ExitStatus, Thread, exit};

/// Carries out all signals that can be delivered, and rests while the process is stopped. The
/// handlers' frames are put onto the program's stack, the last one to run first.
pub fn deliver(thread: &Arc<Thread>, registers: &mut UserContext) {
    // Taken back before the queues are looked at: what comes later sets it again.
    thread.clear_attention(Attention::SIGNAL);
    let mut interrupted = thread.signals.lock().interrupted.take();
    while !thread.must_exit() {
        stop::rest_if_stopped(thread);
        if thread.must_exit() {
            return;
        }
        let Some(info) = take::take_deliverable(thread) else {
            break;
        };
        let action = thread.process.signals.action(info.signal);
        match action.disposition(info.signal) {
            Disposition::Ignore => {}
            Disposition::Stop | Disposition::Terminate if send::is_immune(&thread.process) => {}
            Disposition::Stop => stop::begin(thread, info.signal),
            Disposition::Terminate => {
                exit::exit_process(thread, ExitStatus::Killed(info.signal));
                return;
            }
            Disposition::Handle(action) => {
                if let Some(call) = interrupted.take() {
                    call.settle_for_handler(registers, action);
                }
                enter_handler(thread, registers, info, action);
            }
        }
    }
    if let Some(call) = interrupted {
        call.start_again(registers);
    }
    mask::restore_saved_mask(thread);
}

/// Makes the program run its handler next.
fn enter_handler(
    thread: &Arc<Thread>,
    registers: &mut UserContext,
    info: SignalInfo,
    action: Action,
) {
    if action.has(linux::SA_RESETHAND) {
        thread.process.signals.handlers().reset(info.signal);
    }
    let mut state = thread.signals.lock();
    let blocked = state.blocked;
    let saved = state.saved_mask.take().unwrap_or(blocked);
    let stack = state.alternate_stack;
    let exception = state.exception;
    drop(state);
    let request = frame::Request {
        info,
        action,
        mask: saved,
        stack,
        exception,
    };
    if frame::push(registers, &request).is_err() {
        if u32::from(info.signal) == linux::SIGSEGV {
            send::kill_by_fault(thread);
        } else {
            send::send_fault(thread, SignalInfo::from_kernel(linux::SIGSEGV));
        }
        return;
    }
    let mut state = thread.signals.lock();
    if stack.is_disarmed_by_use() {
        state.alternate_stack = super::AlternateStack::NONE;
    }
    let new = blocked.union(action.blocked_in_handler(info.signal));
    state.blocked = new;
    drop(state);
    mask::after_change(thread, blocked, new);
}
