//! From the first instruction to the first Rust function.
//!
//! A boot loader that speaks PVH (QEMU's `-kernel`) enters [`x86_64`]'s 32-bit code with paging
//! off and a pointer to a structure in `ebx`. That code turns on long mode with the least page
//! tables that can hold the kernel and calls `kernel_entry(start_info)`, which the kernel
//! defines with `metal::entry!`. What the loader handed over is read by [`pvh`] into a
//! [`BootInformation`], in which nothing points into memory that is about to be reused.
//!
//! Sources: the Xen PVH boot ABI (`xen/include/public/arch-x86/hvm/start_info.h` describes the
//! structures), Intel SDM volume 3, section 10.8.5 (initialising IA-32e mode).

#![no_std]

pub mod pvh;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use pvh::{BootInformation, MemoryRegion};

/// Where the kernel is linked: virtual address = physical address + this.
pub const KERNEL_BASE: usize = 0xffff_ffff_8000_0000;

/// What each word of the boot processor's first stack holds before it is used: no address, and no
/// value that a program would keep.
pub const BOOT_STACK_PATTERN: u64 = 0x6a61_6e75_7370_6174;

/// How much physical memory, from address 0, the boot page tables map (at 0 and at
/// [`KERNEL_BASE`]).
pub const BOOT_MAPPED_BYTES: usize = 1 << 30;
