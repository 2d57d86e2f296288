//! The rooms together: what is sent to a thread that runs no program, and so never delivers.

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::signal::SigAction;

use super::{Action, SignalInfo, SignalSet};
use crate::error::Errno;
use crate::process::{Attention, Thread, current};
use crate::time::{Nanoseconds, monotonic_now};

const USR1: u8 = linux::SIGUSR1 as u8;
const TSTP: u8 = linux::SIGTSTP as u8;
const CONT: u8 = linux::SIGCONT as u8;

fn action(handler: u64) -> Action {
    Action::from_program(SigAction {
        handler,
        ..SigAction::default()
    })
}

/// Runs `test` in a thread that blocks `blocked` and catches all signals that it uses, and
/// leaves nothing behind.
fn with_thread(blocked: &[u32], test: impl FnOnce(&Arc<Thread>)) {
    let thread = current();
    let used = [USR1, TSTP, CONT, 40];
    for signal in used {
        super::set_action(&thread.process, signal, action(0x1000));
    }
    let old = super::set_blocked(&thread, SignalSet::of(blocked));
    test(&thread);
    super::set_blocked(&thread, old);
    for signal in used {
        super::set_action(&thread.process, signal, action(1));
        super::set_action(&thread.process, signal, action(0));
    }
    thread.clear_attention(Attention::SIGNAL);
}

fn send(thread: &Thread, signal: u8) {
    let info = SignalInfo::from_kernel(u32::from(signal));
    super::send_to_process(&thread.process, info);
}

metal::ktest! {
    fn a_blocked_signal_is_pending_and_can_be_waited_for() {
        with_thread(&[linux::SIGUSR1], |thread| {
            send(thread, USR1);
            assert!(!thread.must_interrupt_wait());
            assert_eq!(super::pending(thread), SignalSet::only(USR1));
            let taken = super::wait_for(thread, SignalSet::only(USR1), None);
            assert_eq!(taken, Ok(Some(SignalInfo::from_kernel(linux::SIGUSR1))));
            assert!(super::pending(thread).is_empty());
        });
    }

    fn a_wait_for_a_signal_ends_at_its_deadline() {
        with_thread(&[linux::SIGUSR1], |thread| {
            let deadline = monotonic_now() + Nanoseconds(1_000_000);
            let taken = super::wait_for(thread, SignalSet::only(USR1), Some(deadline));
            assert_eq!(taken, Ok(None));
            assert!(monotonic_now() >= deadline);
        });
    }

    fn another_signal_interrupts_a_wait() {
        with_thread(&[linux::SIGUSR1], |thread| {
            send(thread, 40);
            let taken = super::wait_for(thread, SignalSet::only(USR1), None);
            assert_eq!(taken, Err(Errno::EINTR));
        });
    }

    fn unblocking_makes_the_thread_look() {
        with_thread(&[linux::SIGUSR1], |thread| {
            send(thread, USR1);
            assert!(!thread.must_interrupt_wait());
            super::set_blocked(thread, SignalSet::EMPTY);
            assert!(thread.must_interrupt_wait());
        });
    }

    fn ignoring_forgets_what_is_pending() {
        with_thread(&[linux::SIGUSR1], |thread| {
            send(thread, USR1);
            super::set_action(&thread.process, USR1, action(1));
            assert!(super::pending(thread).is_empty());
        });
    }

    fn stop_and_continue_forget_each_other() {
        with_thread(&[linux::SIGTSTP, linux::SIGCONT], |thread| {
            send(thread, TSTP);
            send(thread, CONT);
            assert_eq!(super::pending(thread), SignalSet::only(CONT));
            send(thread, TSTP);
            assert_eq!(super::pending(thread), SignalSet::only(TSTP));
        });
    }

    fn a_temporary_mask_goes_when_the_call_is_done() {
        with_thread(&[linux::SIGUSR1], |thread| {
            let inside = || Ok(thread.signals.blocked().0 as usize);
            assert_eq!(super::with_temporary_mask(thread, u64::MAX, inside), Ok(!0x4_0100));
            assert_eq!(thread.signals.blocked(), SignalSet::only(USR1));
        });
    }

    fn a_temporary_mask_stays_for_the_handler_of_what_interrupted() {
        with_thread(&[linux::SIGUSR1], |thread| {
            send(thread, USR1);
            let outcome = super::with_temporary_mask(thread, 0, || super::pause(thread));
            assert_eq!(outcome, Err(Errno::ERESTARTNOHAND));
            assert!(thread.signals.blocked().is_empty());
            super::mask::restore_saved_mask(thread);
            assert_eq!(thread.signals.blocked(), SignalSet::only(USR1));
        });
    }
}
