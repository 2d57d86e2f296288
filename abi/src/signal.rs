//! Signals as programs see them: how they ask for them, what they are told, and the frame that
//! a handler finds on its stack. Source: sigaction(2), sigaltstack(2), the x86-64 psABI, and
//! Linux's `asm/sigcontext.h`, `asm/ucontext.h`, `asm-generic/siginfo.h`.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct sigaction` as `rt_sigaction(2)` takes it on x86-64: the kernel's, not the C library's.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SigAction {
    /// Address of the handler, or 0 for the default, or 1 to ignore the signal.
    pub handler: u64,
    /// `SA_*`.
    pub flags: u64,
    /// Where the handler returns to; it must lead to `rt_sigreturn(2)`.
    pub restorer: u64,
    /// Signals blocked while the handler runs; bit 0 is signal 1.
    pub mask: u64,
}

/// `siginfo_t`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SigInfo {
    /// The signal.
    pub signal: i32,
    /// An error number; nearly always 0.
    pub errno: i32,
    /// Where it comes from: `SI_*`, `CLD_*`, `SEGV_*` …
    pub code: i32,
    /// Nothing: the rest is aligned to eight bytes.
    pub padding: i32,
    /// The rest; what it means depends on the signal and the code.
    pub fields: [u64; 14],
}

/// `stack_t`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SigStack {
    /// The lowest address.
    pub base: u64,
    /// `SS_*`.
    pub flags: u32,
    /// Nothing.
    pub padding: u32,
    /// Bytes.
    pub size: u64,
}

/// `struct sigcontext`: the interrupted program's registers.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[allow(missing_docs, reason = "the names are the processor's own")]
pub struct SigContext {
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rsp: u64,
    pub rip: u64,
    pub rflags: u64,
    pub cs: u16,
    pub gs: u16,
    pub fs: u16,
    pub ss: u16,
    /// Error code of the last exception.
    pub error: u64,
    /// Vector of the last exception.
    pub trap: u64,
    /// The signal mask once more.
    pub old_mask: u64,
    /// Address of the last page fault.
    pub cr2: u64,
    /// Address of the floating-point state, as FXSAVE stores it.
    pub float_state: u64,
    /// Nothing.
    pub reserved: [u64; 8],
}

/// `struct ucontext`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct UserContextFrame {
    /// `UC_*`.
    pub flags: u64,
    /// Always 0.
    pub link: u64,
    /// The alternate stack as it was set.
    pub stack: SigStack,
    /// The registers.
    pub registers: SigContext,
    /// The signal mask to return to.
    pub mask: u64,
}

/// `struct rt_sigframe`: what lies at the stack pointer when a handler starts.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SignalFrame {
    /// Where the handler returns to.
    pub return_address: u64,
    /// What it interrupted; its third argument.
    pub context: UserContextFrame,
    /// The signal; its second argument.
    pub information: SigInfo,
}

/// The context holds the stack segment (`UC_SIGCONTEXT_SS`).
pub const UC_SIGCONTEXT_SS: u64 = 2;
/// The stack segment is restored from it (`UC_STRICT_RESTORE_SS`).
pub const UC_STRICT_RESTORE_SS: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn sizes_and_offsets_are_those_of_linux() {
        assert_eq!(size_of::<SigAction>(), 32);
        assert_eq!(size_of::<SigInfo>(), 128);
        assert_eq!(size_of::<SigStack>(), 24);
        assert_eq!(size_of::<SigContext>(), 256);
        assert_eq!(size_of::<UserContextFrame>(), 304);
        assert_eq!(size_of::<SignalFrame>(), 440);
        assert_eq!(offset_of!(SigContext, cs), 144);
        assert_eq!(offset_of!(SigContext, float_state), 184);
        assert_eq!(offset_of!(UserContextFrame, registers), 40);
        assert_eq!(offset_of!(UserContextFrame, mask), 296);
        assert_eq!(offset_of!(SignalFrame, information), 312);
        assert_eq!(offset_of!(SigInfo, fields), 16);
    }
}
