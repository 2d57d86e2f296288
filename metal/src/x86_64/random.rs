//! Entropy from the processor.
//!
//! Source: SDM volume 1, section 7.3.17 (RDRAND may fail transiently; ten tries are advised).

use core::arch::asm;

use super::{clock, cpu};

/// 64 bits from RDRAND, or none when the processor has no such instruction or it ran dry.
pub fn hardware() -> Option<u64> {
    if !cpu::has_rdrand() {
        return None;
    }
    (0..10).find_map(|_| {
        let (value, ok): (u64, u8);
        // SAFETY: the instruction exists (checked above) and touches only its registers.
        unsafe {
            asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) ok, options(nomem, nostack));
        }
        (ok != 0).then_some(value)
    })
}

/// 64 bits of little entropy, from the jitter of the time-stamp counter: what there is where
/// RDRAND is missing.
pub fn jitter() -> u64 {
    (0..64).fold(0_u64, |mixed, _| {
        let stamp = clock::time_stamp();
        cpu::relax();
        mixed.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stamp
    })
}
