//! Signals: what is pending, what is blocked, what is done about it.
//!
//! Source: signal(7), sigaction(2).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::raw::general;
use metal::user::UserContext;

use super::{Attention, ExitStatus, Process, Thread, exit};
use crate::sync::SpinLock;

/// Who or what sent a signal, as `siginfo_t` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// kill(2), tgkill(2), sigqueue(3): the sender, and the value it passed.
    Process {
        /// SI_USER, SI_TKILL, SI_QUEUE …
        code: i32,
        /// The sender's number.
        pid: u32,
        /// The sender's real user.
        uid: u32,
        /// The value of sigqueue(3).
        value: u64,
    },
    /// The kernel itself (SI_KERNEL).
    Kernel,
    /// A fault: its code and the address.
    Fault {
        /// SEGV_MAPERR …
        code: i32,
        /// The address that was touched, or of the instruction.
        address: u64,
    },
    /// A child changed its state.
    Child {
        /// CLD_EXITED …
        code: i32,
        /// The child's number.
        pid: u32,
        /// The child's real user.
        uid: u32,
        /// Its exit status or the signal.
        status: i32,
    },
}

/// One signal on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    /// Its number, 1 to 64.
    pub signal: u8,
    /// Where it comes from.
    pub origin: Origin,
}

impl SignalInfo {
    /// A signal from the kernel.
    pub fn from_kernel(signal: u32) -> Self {
        Self {
            signal: signal as u8,
            origin: Origin::Kernel,
        }
    }
}

/// The signals of a process as a whole.
pub struct ProcessSignals {
    pending: AtomicU64,
}

impl ProcessSignals {
    /// Nothing pending, everything at its default.
    pub fn new() -> Self {
        Self {
            pending: AtomicU64::new(0),
        }
    }

    /// What a child of clone(2) starts with: nothing pending, and the handlers: shared, or a
    /// copy, or all at their defaults.
    pub fn fork(&self, _share_handlers: bool, _clear_handlers: bool) -> Self {
        Self::new()
    }
}

/// The signals of one thread.
pub struct ThreadSignals {
    mask: SpinLock<u64>,
}

impl ThreadSignals {
    /// Nothing pending, nothing blocked.
    pub fn new() -> Self {
        Self {
            mask: SpinLock::new(0),
        }
    }

    /// What a new thread or child starts with: the mask, nothing pending, and the alternate
    /// stack if it is to be kept.
    pub fn inherit(&self, _keep_stack: bool) -> Self {
        Self {
            mask: SpinLock::new(*self.mask.lock()),
        }
    }
}

/// Sends a signal to a process.
pub fn send_to_process(process: &Process, info: SignalInfo) {
    if default_is_ignore(info.signal) {
        return;
    }
    process
        .signals
        .pending
        .fetch_or(1 << info.signal, Ordering::SeqCst);
    for thread in process.threads() {
        thread.attract_attention(Attention::SIGNAL);
    }
}

fn default_is_ignore(signal: u8) -> bool {
    [
        general::SIGCHLD,
        general::SIGCONT,
        general::SIGURG,
        general::SIGWINCH,
    ]
    .contains(&u32::from(signal))
}

/// Sends a signal to one thread.
pub fn send_to_thread(thread: &Arc<Thread>, info: SignalInfo) {
    send_to_process(&thread.process, info);
}

/// SIGPIPE, for the thread that wrote to a pipe nobody reads.
pub fn raise_broken_pipe() {
    send_to_thread(&super::current(), SignalInfo::from_kernel(general::SIGPIPE));
}

/// Sends a signal for a fault that the running thread just made.
pub fn send_fault(thread: &Arc<Thread>, info: SignalInfo) {
    send_to_process(&thread.process, info);
}

/// Looks at pending signals before the thread's program goes on.
pub fn deliver(thread: &Arc<Thread>, _registers: &mut UserContext) {
    thread.clear_attention(Attention::SIGNAL);
    let pending = thread.process.signals.pending.load(Ordering::SeqCst);
    if pending != 0 {
        exit::exit_process(thread, ExitStatus::Killed(pending.trailing_zeros() as u8));
    }
}

/// Whether a stop signal has stopped the process.
pub fn is_stopped(_process: &Process) -> bool {
    false
}

/// Whether a process wants no zombies of its children.
pub fn discards_children(_process: &Process) -> bool {
    false
}

/// A stop or continue of a child that its parent has not yet seen, if `options` (those of
/// waitid(2)) ask for it; taken unless WNOWAIT is given.
pub fn take_stop_event(_process: &Process, _options: u32) -> Option<super::wait::Change> {
    None
}

/// What execve(2) does to signals: handlers go back to their defaults, ignored ones stay
/// ignored, the alternate stack is gone.
pub fn reset_for_exec(_thread: &Arc<Thread>) {}

/// Remembers that the call `number` was interrupted, so that [`deliver`] can start it again or
/// make it fail.
pub fn note_interrupted(
    _thread: &Arc<Thread>,
    registers: &mut UserContext,
    _number: usize,
    _error: crate::error::Errno,
) {
    registers.registers_mut().rax = crate::error::Errno::EINTR.to_return_value() as u64;
}

/// Whether a thread blocks a signal or its process ignores it: then a terminal does not stop it
/// for using it in the background.
pub fn is_blocked_or_ignored(thread: &Thread, signal: u32) -> bool {
    *thread.signals.mask.lock() >> (signal - 1) & 1 == 1
}

/// What /proc/PID/status tells: pending, blocked, ignored and caught signals. Of a process whose
/// threads have ended (`thread` is none) only what was pending for the process.
pub fn sets(process: &Process, thread: Option<&Thread>) -> abi::procfs::SignalSets {
    abi::procfs::SignalSets {
        process_pending: process.signals.pending.load(Ordering::Relaxed) >> 1,
        blocked: thread.map_or(0, |thread| *thread.signals.mask.lock()),
        ..abi::procfs::SignalSets::default()
    }
}
