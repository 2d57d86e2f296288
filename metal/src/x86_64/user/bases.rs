//! Where a program's thread-local storage lies: the FS and GS bases.
//!
//! Source: SDM volume 3, section 3.4.4; volume 2, RDFSBASE; arch_prctl(2).

use core::arch::asm;

use super::super::cpu::{has_fsgsbase, read_msr, write_msr};
use super::super::paging::USER_END;

const FS_BASE: u32 = 0xc000_0100;
/// The user's GS base lies here while the kernel runs.
const KERNEL_GS_BASE: u32 = 0xc000_0102;

/// The FS and GS bases of the thread that runs: where programs keep thread-local storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadBases {
    /// FS base, a user address.
    pub fs: usize,
    /// GS base, a user address.
    pub gs: usize,
}

impl ThreadBases {
    /// Reads the processor's bases.
    pub fn current() -> Self {
        // SAFETY: these registers exist on every x86-64.
        unsafe {
            Self {
                fs: if has_fsgsbase() {
                    let base: usize;
                    asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags));
                    base
                } else {
                    read_msr(FS_BASE) as usize
                },
                gs: read_msr(KERNEL_GS_BASE) as usize,
            }
        }
    }

    /// Loads the processor's bases. An address outside the user half becomes 0: loading a
    /// non-canonical one would fault.
    pub fn load(self) {
        let checked = |base: usize| if base < USER_END { base as u64 } else { 0 };
        // SAFETY: the registers exist and the values are canonical.
        unsafe {
            if has_fsgsbase() {
                asm!("wrfsbase {}", in(reg) checked(self.fs),
                    options(nomem, nostack, preserves_flags));
            } else {
                write_msr(FS_BASE, checked(self.fs));
            }
            write_msr(KERNEL_GS_BASE, checked(self.gs));
        }
    }
}
