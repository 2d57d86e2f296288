//! What the processor is told of page tables: which one is in use, and what to forget.
//!
//! Source: SDM volume 3, sections 2.5 (CR3) and 5.10 (invalidation).

use super::PhysicalAddress;

/// The address of the root in use.
#[inline]
pub(crate) fn read_root() -> PhysicalAddress {
    ::x86_64::registers::control::Cr3::read_raw()
        .0
        .start_address()
        .as_u64()
}

/// Makes the root at `address` the one in use, and forgets what the last one told.
#[inline]
pub(crate) fn write_root(address: PhysicalAddress) {
    // SAFETY: only roots that share the kernel half are written, so the kernel stays mapped.
    unsafe {
        core::arch::asm!("mov cr3, {}", in(reg) address, options(nostack, preserves_flags));
    }
}

/// Forgets where the page of `address` leads.
#[inline]
pub(crate) fn invalidate_page(address: usize) {
    // SAFETY: forgetting a translation is always sound.
    unsafe {
        core::arch::asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags));
    }
}
