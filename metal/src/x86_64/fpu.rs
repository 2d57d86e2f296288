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
