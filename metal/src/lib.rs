//! The one room where `unsafe` lives: safe outside, unsafe inside.
//!
//! Everything here offers the rest of the kernel a surface that cannot be misused into
//! undefined behaviour by safe code: frames are counted, page tables only map frames they
//! hold, a context is switched to only while it is suspended, a user copy returns an error
//! instead of faulting. What differs between machines lies in a folder per architecture
//! ([`x86_64`]); the names above it are the same for all.
//!
//! | a thing | its one file |
//! | --- | --- |
//! | a trap | `x86_64/trap.rs` (kernel mode), `x86_64/user/` (user mode) |
//! | a context switch | `x86_64/context.rs` |
//! | a page table | `x86_64/paging/` |
//! | a user copy | `x86_64/copy.rs` |
//! | a frame of memory | `frame.rs` |
//! | memory shared with a device | `virtio/memory.rs` |

#![no_std]

extern crate alloc;

pub mod acpi;
pub mod backtrace;
mod early;
pub mod frame;
mod frame_run;
pub mod heap;
pub mod ktest;
pub mod virtio;
mod x86_64;

pub use x86_64::{
    apic, clock, context, copy, cpu, fpu, interrupt, kernel_space, mmio, paging, pci, port, power,
    random, trap, user, vdso,
};

/// Physical memory: frames and their size.
pub mod memory {
    pub use crate::early::{initialise, with_ramdisk};
    pub use crate::frame::*;
    pub use crate::paging::{PAGE_SIZE, PhysicalAddress};
}

/// Names the function that the boot code calls: `metal::entry!(main)` where
/// `fn main(information: &'static boot::BootInformation) -> !`.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn kernel_entry(start_info: u64) -> ! {
                let main: fn(&'static boot::BootInformation) -> ! = $main;
                // SAFETY: this is the function that the boot code calls, once, with the
                // loader's own pointer, on the boot page tables.
                main(unsafe { $crate::start(start_info) })
            }
        };
    };
}

/// Reads what the loader handed over, takes the processor over and returns the information.
///
/// # Safety
/// To be called once, first of all, with the loader's pointer (see [`entry!`]).
#[doc(hidden)]
pub unsafe fn start(start_info: u64) -> &'static boot::BootInformation {
    static INFORMATION: spin::Once<boot::BootInformation> = spin::Once::new();
    // SAFETY: the caller vouches for the pointer and for the boot page tables.
    let information = INFORMATION.call_once(|| unsafe { boot::BootInformation::read(start_info) });
    cpu::initialise_boot_processor();
    information
}
