//! The user's floating-point and SSE registers.
//!
//! The kernel is built without floating point, so while it runs the registers still hold the
//! user's values. They are saved when another user thread is switched to, and copied for
//! signal frames. Only the FXSAVE state exists for programs: CR4.OSXSAVE stays off, so
//! programs see no AVX and the state is always 512 bytes.
//!
//! Source: SDM volume 1, section 10.5 (FXSAVE and FXRSTOR).

use core::arch::asm;
use core::mem::MaybeUninit;

use super::copy::{self, Fault, UserAddress};

/// Size of the state in bytes.
pub const STATE_BYTES: usize = 512;
/// FXSAVE and FXRSTOR need not touch what lies behind these.
const WRITTEN_BYTES: usize = 416;
const MXCSR_OFFSET: usize = 24;
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

    /// Stores the processor's registers at a user address, for a signal frame.
    ///
    /// # Errors
    /// When there is no such memory, or it is not 16-byte aligned.
    pub fn save_to_user(address: UserAddress) -> Result<(), Fault> {
        copy::save_float_to_user(address)
    }

    /// Loads the processor's registers from what a program supplies (a signal frame). Bits that
    /// the processor would not accept are cleared.
    ///
    /// # Errors
    /// When there is no such memory.
    pub fn restore_from_user(address: UserAddress) -> Result<(), Fault> {
        if copy::load_float_from_user(address).is_ok() {
            return Ok(());
        }
        let mut state = MaybeUninit::<Self>::uninit();
        let bytes = state.as_mut_ptr().cast::<u8>();
        copy::from_user_to(bytes, address, WRITTEN_BYTES)?;
        // SAFETY: the area is 512 bytes, 16-byte aligned and ours, and FXRSTOR looks only at
        // what was copied. All reserved bits of MXCSR lie in its upper half, cleared here.
        unsafe {
            bytes.add(MXCSR_OFFSET + 2).cast::<u16>().write(0);
            asm!("fxrstor64 [{}]", in(reg) bytes, options(nostack, preserves_flags, readonly));
        }
        Ok(())
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
