//! Memory as programs see it: address spaces, mappings, faults, and copies to and from them.
//!
//! Frames, page tables and the kernel heap lie in `metal`; this room decides what is mapped
//! where and why.

mod area;
mod change;
mod fault;
pub mod io;
mod lock;
mod map;
pub mod pager;
mod populate;
mod remap;
mod space;
#[cfg(feature = "ktest")]
mod tests;
pub mod user;
mod vdso;
#[cfg_attr(
    not(feature = "devns"),
    expect(
        dead_code,
        reason = "only screens ask what was written, and they come with personas"
    )
)]
mod written;

pub use area::{Area, Backing, Locking, Protection};
pub use fault::{FaultError, NO_GROWTH, handle_kernel_fault, without_faults};
pub use map::{MapRequest, MappedObject, Place};
pub use pager::{Pager, SharedMemory};
pub use remap::Move;
pub use space::{AddressSpace, AddressSpaceState, LOWEST, MMAP_TOP, STACK_TOP};
#[cfg(feature = "devns")]
pub use written::Pace;
pub use written::Written;

pub use metal::memory::{Frame, PAGE_SIZE};

use alloc::vec::Vec;

use crate::error::{Errno, Result};

/// To be asked before something is done that needs about so many bytes of the kernel's own memory
/// in pieces that cannot be refused one by one. What is done then must not sleep.
///
/// # Errors
/// ENOMEM when the kernel would go far into its reserve.
pub fn require_room(bytes: usize) -> Result<()> {
    metal::memory::has_room(bytes)
        .then_some(())
        .ok_or(Errno::ENOMEM)
}

/// So many bytes, all zero.
///
/// # Errors
/// ENOMEM.
pub fn zeroed_bytes(length: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(length, 0);
    Ok(bytes)
}

/// Rounds up to whole pages. None when that overflows.
pub const fn page_align_up(bytes: usize) -> Option<usize> {
    match bytes.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(sum / PAGE_SIZE * PAGE_SIZE),
        None => None,
    }
}

/// Rounds down to whole pages.
pub const fn page_align_down(bytes: usize) -> usize {
    bytes / PAGE_SIZE * PAGE_SIZE
}
