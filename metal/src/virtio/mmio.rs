//! Virtio devices with memory-mapped registers, as QEMU's microvm has them: a row of slots, of
//! which those without a device say so.
//!
//! Where the slots lie is not said anywhere but in ACPI's byte code and, without ACPI, on the
//! command line; both always say the same of this machine, so that is taken as known. With the
//! second I/O controller there are 24 slots, each with an input of its own there; without it
//! there are 8, on the inputs from 5 on.
//!
//! Source: VIRTIO 1.2, section 4.2; QEMU's `docs/system/i386/microvm.rst`.

use alloc::vec::Vec;
use core::ptr::NonNull;

use virtio_drivers::transport::mmio::MmioTransport;

use super::Device;
use crate::apic::{self, Trigger};
use crate::kernel_space;
use crate::paging::{PAGE_SIZE, PhysicalAddress};

const FIRST_SLOT: PhysicalAddress = 0xfeb0_0000;
const SLOT_BYTES: usize = 0x200;
/// The first input of the second I/O controller.
const SECOND_CONTROLLER: u32 = 24;
const SLOTS: usize = 24;
const SLOTS_WITHOUT_SECOND: usize = 8;
const FIRST_INPUT_WITHOUT_SECOND: u32 = 5;

/// The devices in the slots, the last slot first: that is where QEMU begins to fill them.
pub(super) fn find() -> Vec<Device> {
    let (slots, first_interrupt) = if apic::has_interrupt(SECOND_CONTROLLER) {
        (SLOTS, SECOND_CONTROLLER)
    } else {
        (SLOTS_WITHOUT_SECOND, FIRST_INPUT_WITHOUT_SECOND)
    };
    let bytes = (slots * SLOT_BYTES).next_multiple_of(PAGE_SIZE);
    let Some(base) = kernel_space::map_device(FIRST_SLOT, bytes) else {
        return Vec::new();
    };
    let device = |slot: usize| {
        let registers = NonNull::new((base + slot * SLOT_BYTES) as *mut _)?;
        // SAFETY: the slot was mapped above, for ever, and `find` is called once.
        let transport = unsafe { MmioTransport::new(registers, SLOT_BYTES) }.ok()?;
        Some(Device {
            transport: transport.into(),
            interrupt: first_interrupt + slot as u32,
            trigger: Trigger::LevelHigh,
        })
    };
    (0..slots).rev().filter_map(device).collect()
}
