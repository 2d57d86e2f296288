//! The signal structures as the kernel lays them out on the stack, and small helpers.
//!
//! Source: sigaction(2), and `siginfo_t` and `ucontext_t` of the x86-64 ABI.

use crate::sys;

/// `siginfo_t`: 128 bytes; what the fields mean depends on the signal.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Info {
    /// The signal's number.
    pub signal: i32,
    /// An error number; 0 nearly always.
    pub errno: i32,
    /// Where it came from (`SI_*`, `CLD_*`, `SEGV_*` …).
    pub code: i32,
    /// Nothing; the rest is aligned to eight bytes.
    pub padding: i32,
    /// The rest, by the kind of signal.
    pub fields: [u64; 14],
}

impl Info {
    /// The sender's (or child's) pid.
    pub fn pid(&self) -> i32 {
        self.fields[0] as i32
    }

    /// The sender's (or child's) real user id.
    pub fn uid(&self) -> u32 {
        (self.fields[0] >> 32) as u32
    }

    /// A child's exit status or signal; the number given to sigqueue.
    pub fn status(&self) -> i32 {
        self.fields[1] as i32
    }

    /// The address that faulted.
    pub fn address(&self) -> usize {
        self.fields[0] as usize
    }
}

/// `ucontext_t` as far as tests look into it.
#[repr(C)]
pub struct Context {
    flags: u64,
    link: u64,
    /// The alternate stack: base, flags, size.
    pub stack: [u64; 3],
    /// The registers in the order of `REG_R8` … `REG_CR2`.
    pub registers: [u64; 23],
    /// Address of the saved floating point state.
    pub float: u64,
}

/// The bit of `signal` in a mask.
pub const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Blocks (`SIG_BLOCK`), unblocks or sets the mask of this thread; returns the mask before.
pub fn mask(how: i32, set: u64) -> u64 {
    let mut old = 0u64;
    sys!(libc::SYS_rt_sigprocmask, how, &set, &mut old, 8);
    old
}

/// The signals pending for this thread.
pub fn pending() -> u64 {
    let mut set = 0u64;
    sys!(libc::SYS_rt_sigpending, &mut set, 8);
    set
}

/// Gives `signal` its default action (`SIG_DFL`) or ignores it (`SIG_IGN`); returns the result of
/// the call.
pub fn dispose(signal: i32, how: usize) -> isize {
    let action = [how as u64, 0, 0, 0];
    sys!(libc::SYS_rt_sigaction, signal, &action, 0, 8)
}

/// Sends `signal` to this very thread.
pub fn raise(signal: i32) -> isize {
    let (pid, tid) = (sys!(libc::SYS_getpid), sys!(libc::SYS_gettid));
    sys!(libc::SYS_tgkill, pid, tid, signal)
}
