//! What a PVH boot loader hands over: the memory map, the ramdisk, the command line, ACPI.
//!
//! Two loaders behave differently from the letter of the ABI and are met half-way: on
//! QEMU's microvm the reserved fields of a module hold garbage (they are not read), and the
//! last memory-map entry is all zero (empty entries are skipped).
//!
//! Source: Xen's `hvm_start_info`, version 1.

use core::ops::Range;

const MAGIC: u32 = 0x336e_c578;
const MEMORY_TYPE_RAM: u32 = 1;
/// More regions than any firmware of a virtual machine reports; the rest would be ignored.
const REGIONS_MAX: usize = 32;
/// As on Linux x86 (`COMMAND_LINE_SIZE`).
const COMMAND_LINE_MAX: usize = 2048;

/// A range of usable memory, in physical bytes.
pub type MemoryRegion = Range<u64>;

/// What the loader said, copied out of the loader's own memory.
#[derive(Clone)]
pub struct BootInformation {
    regions: [MemoryRegion; REGIONS_MAX],
    region_count: usize,
    command_line: [u8; COMMAND_LINE_MAX],
    command_line_length: usize,
    ramdisk: Range<u64>,
    acpi_root: u64,
}

#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    module_list: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

#[repr(C)]
struct Module {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

#[repr(C)]
struct MemoryMapEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

impl BootInformation {
    /// Reads the structure at physical address `start_info`.
    ///
    /// # Safety
    /// Must be called while the boot page tables are in force, with the address that the
    /// loader passed: everything it points to then lies in the identity-mapped first GiB.
    ///
    /// # Panics
    /// When the loader did not speak PVH.
    pub unsafe fn read(start_info: u64) -> Self {
        // SAFETY: the caller vouches for the address; all that is read below is plain data.
        let info = unsafe { &*(start_info as *const StartInfo) };
        assert!(
            info.magic == MAGIC,
            "the boot loader handed over no PVH start-info (magic {:#x}); boot this kernel with QEMU's -kernel",
            info.magic
        );
        let mut this = Self {
            regions: [const { 0..0 }; REGIONS_MAX],
            region_count: 0,
            command_line: [0; COMMAND_LINE_MAX],
            command_line_length: 0,
            ramdisk: 0..0,
            acpi_root: info.rsdp,
        };
        // SAFETY: as above.
        unsafe {
            this.read_memory_map(info);
            this.read_command_line(info.command_line);
        }
        if info.module_count > 0 {
            // SAFETY: as above; the ABI says that the list has `module_count` entries.
            let module = unsafe { &*(info.module_list as *const Module) };
            this.ramdisk = module.address..module.address.saturating_add(module.size);
        }
        this
    }

    /// # Safety
    /// As for [`Self::read`].
    unsafe fn read_memory_map(&mut self, info: &StartInfo) {
        for index in 0..info.memory_map_entries as usize {
            // SAFETY: the ABI says that the table has `memory_map_entries` entries.
            let entry = unsafe { &*(info.memory_map as *const MemoryMapEntry).add(index) };
            let usable = entry.kind == MEMORY_TYPE_RAM && entry.size > 0;
            if usable && self.region_count < REGIONS_MAX {
                self.regions[self.region_count] =
                    entry.address..entry.address.saturating_add(entry.size);
                self.region_count += 1;
            }
        }
    }

    /// # Safety
    /// As for [`Self::read`].
    unsafe fn read_command_line(&mut self, address: u64) {
        if address == 0 {
            return;
        }
        while self.command_line_length < COMMAND_LINE_MAX {
            // SAFETY: the ABI says that the text ends with a NUL, at which this loop stops.
            let byte = unsafe { *(address as *const u8).add(self.command_line_length) };
            if byte == 0 {
                return;
            }
            self.command_line[self.command_line_length] = byte;
            self.command_line_length += 1;
        }
    }

    /// Usable memory, in the order of the loader's map, in physical bytes.
    pub fn memory(&self) -> &[MemoryRegion] {
        &self.regions[..self.region_count]
    }

    /// The kernel's command line, without the NUL, cut to 2,048 bytes.
    pub fn command_line(&self) -> &[u8] {
        &self.command_line[..self.command_line_length]
    }

    /// The first module (QEMU's `-initrd`), in physical bytes; empty when there is none.
    pub fn ramdisk(&self) -> Range<u64> {
        self.ramdisk.clone()
    }

    /// Physical address of the ACPI root pointer, if the loader gave one.
    pub fn acpi_root(&self) -> Option<u64> {
        (self.acpi_root != 0).then_some(self.acpi_root)
    }
}
