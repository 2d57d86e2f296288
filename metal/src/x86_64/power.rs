//! Ending the machine: QEMU's debug exit, ACPI power off, reset, and the last halt.
//!
//! Source: QEMU's `isa-debug-exit` (exit status = 2·code + 1), ACPI 6.4 sections 4.8.3 and
//! 4.8.4 (sleep control), the PC's reset port 0xcf9.

use super::clock::nanoseconds;
use super::interrupt;
use super::port::Port;
use crate::acpi;

/// How a run of the kernel ended, for whoever started QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well; QEMU's status is 33.
    Success,
    /// A test failed or the kernel panicked; QEMU's status is 35.
    Failure,
}

/// Ends QEMU with a status, where the machine has the debug-exit device; else halts.
pub fn exit(outcome: Outcome) -> ! {
    const DEBUG_EXIT: u16 = 0xf4;
    let code: u32 = match outcome {
        Outcome::Success => 0x10,
        Outcome::Failure => 0x11,
    };
    // SAFETY: the port belongs to the debug-exit device or to nobody.
    unsafe { Port::<u32>::own(DEBUG_EXIT) }.write(code);
    halt()
}

/// Stops the calling processor for ever.
pub fn halt() -> ! {
    loop {
        interrupt::disable();
        ::x86_64::instructions::hlt();
    }
}

/// How long a machine may take to go off once it was told to.
const POWER_OFF_NANOSECONDS: u64 = 1_000_000_000;

/// Powers the machine off through ACPI. Returns when the machine has no such thing.
pub fn power_off() {
    interrupt::disable();
    acpi::sleep_off();
    // QEMU obeys a moment later, when its main loop comes to it.
    let end = nanoseconds() + POWER_OFF_NANOSECONDS;
    while nanoseconds() < end {
        core::hint::spin_loop();
    }
}

/// Resets the machine: by ACPI's reset register, by the chip set's, at last by a triple
/// fault, which no machine ignores.
pub fn reset() -> ! {
    interrupt::disable();
    acpi::reset();
    const RESET_CONTROL: u16 = 0xcf9;
    const KEYBOARD_COMMAND: u16 = 0x64;
    // SAFETY: writing these ports does nothing but reset the machine.
    unsafe {
        Port::<u8>::own(RESET_CONTROL).write(0x06);
        Port::<u8>::own(KEYBOARD_COMMAND).write(0xfe);
    }
    let empty = ::x86_64::structures::DescriptorTablePointer {
        limit: 0,
        base: ::x86_64::VirtAddr::zero(),
    };
    // SAFETY: without a descriptor table the breakpoint cannot be delivered, nor can the
    // double fault: the processor resets, which is the purpose.
    unsafe {
        ::x86_64::instructions::tables::lidt(&empty);
        core::arch::asm!("int3");
    }
    halt()
}
