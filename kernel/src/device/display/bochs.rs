//! QEMU's bochs-display and standard VGA on the PCI bus: hands their registers and their memory to
//! the driver.
//!
//! Source: QEMU's `docs/specs/standard-vga.rst` (both have their registers in region 2); the
//! blanking of VGA as any VGA reference has it.

use alloc::boxed::Box;
use alloc::sync::Arc;

use drivers::display::bochs::{Bochs, Registers, VideoMemory};
use drivers::display::panel::{Panel, Size};
use metal::mmio::{DeviceMemory, Mmio};
use metal::pci::PciDevice;

const VENDOR: u16 = 0x1234;
const DEVICE: u16 = 0x1111;
/// Class and subclass of a display that is VGA too.
const VGA: (u8, u8) = (3, 0);
const MEMORY_REGION: u8 = 0;
const REGISTER_REGION: u8 = 2;
/// Where the ports from 0x3c0 on lie in the region of the registers.
const VGA_PORTS: usize = 0x400;
/// Where the display's own registers lie, 16 bits each.
const DISPLAY_REGISTERS: usize = 0x500;
/// How many of them there are.
const REGISTERS_MAX: u16 = 0x80;

/// The display, if the machine has one.
pub(super) fn find(size: Option<Size>) -> Option<Arc<dyn Panel>> {
    let device = PciDevice::find(VENDOR, DEVICE)?;
    let is_vga = device.class() == VGA;
    let (memory, memory_length) = device.open_region(MEMORY_REGION)?;
    let (registers, registers_length) = device.open_region(REGISTER_REGION)?;
    let memory = DeviceMemory::map(memory, memory_length)?;
    let space = Mmio::map(registers, registers_length)?;
    let registers = PciRegisters { space, is_vga };
    match Bochs::start(Box::new(registers), Box::new(PciMemory(memory)), size) {
        Ok(panel) => Some(panel),
        Err(error) => {
            log::warn!("the bochs display is left out: {error}");
            None
        }
    }
}

struct PciRegisters {
    space: Mmio,
    is_vga: bool,
}

impl PciRegisters {
    fn read_port(&self, port: usize) -> u8 {
        self.space.read_u8(VGA_PORTS + (port - 0x3c0))
    }

    fn write_port(&self, port: usize, value: u8) {
        self.space.write_u8(VGA_PORTS + (port - 0x3c0), value);
    }
}

impl Registers for PciRegisters {
    fn read(&mut self, index: u16) -> u16 {
        debug_assert!(index < REGISTERS_MAX, "the display has no register {index}");
        self.space
            .read_u16(DISPLAY_REGISTERS + 2 * usize::from(index))
    }

    fn write(&mut self, index: u16, value: u16) {
        debug_assert!(index < REGISTERS_MAX, "the display has no register {index}");
        self.space
            .write_u16(DISPLAY_REGISTERS + 2 * usize::from(index), value);
    }

    /// A VGA shows nothing while the attribute controller's palette is the processor's.
    fn enable_vga(&mut self, on: bool) {
        const ATTRIBUTE_ADDRESS: usize = 0x3c0;
        const MISCELLANEOUS_OUTPUT: usize = 0x3c2;
        const INPUT_STATUS: usize = 0x3da;
        const COLOR_PORTS: u8 = 1;
        const SHOWS: u8 = 0x20;
        if self.is_vga {
            self.write_port(MISCELLANEOUS_OUTPUT, COLOR_PORTS);
            // After this is read, the next write to the attribute port is an address.
            let _status = self.read_port(INPUT_STATUS);
            self.write_port(ATTRIBUTE_ADDRESS, if on { SHOWS } else { 0 });
        }
    }
}

struct PciMemory(DeviceMemory);

impl VideoMemory for PciMemory {
    fn length(&self) -> usize {
        self.0.length()
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.0.write(offset, bytes);
    }
}
