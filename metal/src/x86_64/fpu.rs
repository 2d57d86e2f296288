//! The user's floating-point and SSE registers.
//!
//! The kernel is built without floating point, so while it runs the registers still hold the
//! user's values. They are saved when another user thread is switched to, and copied for
//! signal frames. Only the FXSAVE state exists for programs: CR4.OSXSAVE stays off, so
//! programs see no AVX and the state is always 512 bytes.
//!
//! Source: SDM volume 1, section 10.5 (FXSAVE and FXRSTOR).

use core::arch::asm;

/// Size of the state in bytes.
pub const STATE_BYTES: usize = 512;
const MXCSR_OFFSET: usize = 24;
/// Bits of MXCSR that the processor accepts; setting another faults.
const MXCSR_MASK: u32 = 0xffff;
const MXCSR_RESET: u32 = 0x1f80;
const CONTROL_WORD_RESET: u16 = 0x037f;

/// The registers as FXSAVE stores them.
#[derive(Clone)]
#[repr(C, align(16))]
pub struct FpuState([u8; STATE_BYTES]);

impl FpuState {
    /// The state a program starts with.
    pub const fn initial() -> Self {
        let mut bytes = [0; STATE_BYTES];
        let control = CONTROL_WORD_RESET.to_le_bytes();
        bytes[0] = control[0];
        bytes[1] = control[1];
        let mxcsr = MXCSR_RESET.to_le_bytes();
        bytes[MXCSR_OFFSET] = mxcsr[0];
        bytes[MXCSR_OFFSET + 1] = mxcsr[1];
        Self(bytes)
    }

    /// A state from bytes that a program supplied (a signal frame): reserved bits are cleared.
    pub fn from_untrusted(bytes: &[u8; STATE_BYTES]) -> Self {
        let mut state = Self(*bytes);
        let field = &mut state.0[MXCSR_OFFSET..MXCSR_OFFSET + 4];
        let mxcsr = u32::from_le_bytes([field[0], field[1], field[2], field[3]]) & MXCSR_MASK;
        field.copy_from_slice(&mxcsr.to_le_bytes());
        state
    }

    /// The state as bytes, for a signal frame.
    pub fn as_bytes(&self) -> &[u8; STATE_BYTES] {
        &self.0
    }

    /// Stores the processor's registers here.
    pub fn save(&mut self) {
        // SAFETY: the area is 512 bytes, 16-byte aligned and ours.
        unsafe {
            asm!("fxsave64 [{}]", in(reg) self.0.as_mut_ptr(), options(nostack, preserves_flags));
        }
    }

    /// Loads the processor's registers from here.
    pub fn restore(&self) {
        // SAFETY: the area is as above, and no constructor lets reserved MXCSR bits through.
        unsafe {
            asm!("fxrstor64 [{}]", in(reg) self.0.as_ptr(),
                options(nostack, preserves_flags, readonly));
        }
    }

    /// The processor's registers as they are now.
    pub fn current() -> Self {
        let mut state = Self::initial();
        state.save();
        state
    }
}

/// The code that SIGFPE carries for the exception that is pending and not masked: in MXCSR for
/// an SSE instruction, in the x87 status word otherwise.
pub fn pending_exception_code(sse: bool) -> u32 {
    let state = FpuState::current();
    let word = |at: usize| u32::from(u16::from_le_bytes([state.0[at], state.0[at + 1]]));
    let raised = if sse {
        let mxcsr = word(MXCSR_OFFSET);
        mxcsr & !(mxcsr >> 7)
    } else {
        word(2) & !word(0)
    };
    // Bit by bit, in the order in which Linux looks: invalid, divide, overflow, underflow or
    // denormal, precision; the codes are FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND,
    // FPE_FLTRES (sigaction(2)).
    match raised {
        bits if bits & 0x01 != 0 => 7,
        bits if bits & 0x04 != 0 => 3,
        bits if bits & 0x08 != 0 => 4,
        bits if bits & 0x12 != 0 => 5,
        bits if bits & 0x20 != 0 => 6,
        _ => 0,
    }
}
