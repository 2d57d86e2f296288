//! x86-64: what the names in `metal` mean on this machine.
//!
//! Source: Intel 64 and IA-32 Architectures Software Developer's Manual ("SDM"), volume 3.

pub mod apic;
pub mod clock;
pub mod context;
pub mod copy;
pub mod cpu;
pub mod fpu;
pub mod interrupt;
pub mod kernel_space;
pub mod mmio;
pub mod paging;
pub mod pci;
pub mod port;
pub mod power;
pub mod random;
mod segment;
pub mod trap;
pub mod user;
pub mod vdso;
