//! What becomes of a system call that a signal interrupted.
//!
//! Such a call answers one of the internal numbers, and it is decided here, once it is known
//! what the signal does, whether the program sees EINTR or the call starts again:
//!
//! | the call answered | no handler ran | a handler ran |
//! | --- | --- | --- |
//! | ERESTARTSYS | starts again | starts again with SA_RESTART, else EINTR |
//! | ERESTARTNOHAND | starts again | EINTR |
//! | ERESTART_RESTARTBLOCK | goes on, by restart_syscall(2) | EINTR |
//!
//! To start again, the program's instruction pointer is put back onto the `syscall`
//! instruction, with the call's number in `rax`; all other arguments are where they were.
//!
//! Source: signal(7), restart_syscall(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use metal::user::UserContext;

use super::handlers::Action;
use crate::error::{Errno, Result};
use crate::process::{Attention, Thread};

/// Length of the `syscall` instruction.
const SYSCALL_BYTES: u64 = 2;

/// How a call goes on that had a time to wait for: again from the start would be too long.
#[derive(Clone, Copy)]
pub struct Restart {
    /// Goes on; may answer ERESTART_RESTARTBLOCK again.
    pub function: fn(&Arc<Thread>, [u64; 4]) -> Result<usize>,
    /// What the function must know: addresses, and the moment to wait for.
    pub state: [u64; 4],
}

/// A call that was interrupted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interrupted {
    number: u64,
    error: Errno,
}

impl Interrupted {
    /// A handler is going to run: starts the call again after it, or makes it fail.
    pub fn settle_for_handler(self, registers: &mut UserContext, action: &Action) {
        if self.error == Errno::ERESTARTSYS && action.has(linux::SA_RESTART) {
            self.start_again(registers);
        } else {
            registers.registers_mut().rax = Errno::EINTR.to_return_value() as u64;
        }
    }

    /// No handler ran: the program must not notice.
    pub fn start_again(self, registers: &mut UserContext) {
        let number = if self.error == Errno::ERESTART_RESTARTBLOCK {
            u64::from(linux::__NR_restart_syscall)
        } else {
            self.number
        };
        let values = registers.registers_mut();
        values.rax = number;
        values.rip = values.rip.wrapping_sub(SYSCALL_BYTES);
    }
}

/// Remembers how the call goes on if it is not made to fail; returns what the call must answer
/// to be interrupted so.
pub fn restart_with(thread: &Thread, restart: Restart) -> Errno {
    thread.signals.lock().restart = Some(restart);
    Errno::ERESTART_RESTARTBLOCK
}

/// restart_syscall(2): goes on with the call that was interrupted last.
///
/// # Errors
/// EINTR when there is none; else what the call answers.
pub fn resume(thread: &Arc<Thread>) -> Result<usize> {
    let restart = thread.signals.lock().restart.take();
    let restart = restart.ok_or(Errno::EINTR)?;
    (restart.function)(thread, restart.state)
}

/// Remembers that the call `number` was interrupted, so that [`mod@super::deliver`] can start it
/// again or make it fail.
pub fn note_interrupted(thread: &Thread, number: usize, error: Errno) {
    thread.signals.lock().interrupted = Some(Interrupted {
        number: number as u64,
        error,
    });
    // The signal may be another thread's by now: someone must decide all the same.
    thread.note_attention(Attention::SIGNAL);
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{Action, Interrupted};
    use crate::error::Errno;
    use abi::raw::general as linux;
    use abi::signal::SigAction;
    use metal::user::UserContext;

    const PAUSE: u64 = linux::__NR_pause as u64;

    /// What `rax` and the instruction pointer are after the call is settled.
    fn settled(error: Errno, flags: Option<u32>) -> (i64, u64) {
        let mut registers = UserContext::new(0x1002, 0);
        let call = Interrupted {
            number: PAUSE,
            error,
        };
        match flags {
            None => call.start_again(&mut registers),
            Some(flags) => {
                let flags = u64::from(flags);
                let given = SigAction {
                    handler: 0x1000,
                    flags,
                    ..SigAction::default()
                };
                call.settle_for_handler(&mut registers, &Action::from_program(given));
            }
        }
        (registers.registers().rax as i64, registers.registers().rip)
    }

    metal::ktest! {
        fn a_call_starts_again_when_no_handler_ran() {
            for error in [Errno::ERESTARTSYS, Errno::ERESTARTNOHAND] {
                assert_eq!(settled(error, None), (PAUSE as i64, 0x1000));
            }
            let resumed = i64::from(linux::__NR_restart_syscall);
            assert_eq!(settled(Errno::ERESTART_RESTARTBLOCK, None), (resumed, 0x1000));
        }

        fn a_handler_makes_a_call_fail_unless_it_asks_not_to() {
            let failed = (-i64::from(Errno::EINTR.number()), 0x1002);
            assert_eq!(settled(Errno::ERESTARTSYS, Some(0)), failed);
            let again = (PAUSE as i64, 0x1000);
            assert_eq!(settled(Errno::ERESTARTSYS, Some(linux::SA_RESTART)), again);
            for error in [Errno::ERESTARTNOHAND, Errno::ERESTART_RESTARTBLOCK] {
                assert_eq!(settled(error, Some(linux::SA_RESTART)), failed);
            }
        }
    }
}
