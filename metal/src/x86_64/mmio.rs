//! Memory-mapped device registers, and memory in devices.
//!
//! A region is mapped uncached and can never overlap RAM, so a volatile access to it cannot
//! break what Rust believes of memory. A device that writes to memory by itself (DMA) is told
//! its addresses through the DMA room, not through here.
//!
//! Source: SDM volume 3, section 13.3 (memory types).

use super::copy;
use super::cpu;
use super::kernel_space;
use super::paging::{PhysicalAddress, UNCACHED, WRITE_COMBINING};

/// A mapped range of device registers.
pub struct Mmio {
    virtual_start: usize,
    length: usize,
}

impl Mmio {
    /// Maps `length` bytes at `physical`. None when the range is empty, touches RAM or there
    /// is no memory for its page tables. The mapping is never undone: devices do not leave.
    pub fn map(physical: PhysicalAddress, length: usize) -> Option<Self> {
        Self::map_as(physical, length, UNCACHED)
    }

    fn map_as(physical: PhysicalAddress, length: usize, caching: u64) -> Option<Self> {
        let end = physical.checked_add(length as u64)?;
        if length == 0 || crate::early::touches_ram(physical..end) {
            return None;
        }
        let virtual_start = kernel_space::map_device_as(physical, length, caching)?;
        Some(Self {
            virtual_start,
            length,
        })
    }

    fn address<T>(&self, offset: usize) -> *mut T {
        let size = size_of::<T>();
        assert!(
            offset.is_multiple_of(size) && offset + size <= self.length,
            "register at offset {offset:#x} lies outside a region of {:#x} bytes",
            self.length
        );
        (self.virtual_start + offset) as *mut T
    }

    /// Reads the 8-bit register at byte `offset`.
    pub fn read_u8(&self, offset: usize) -> u8 {
        // SAFETY: `address` checked the bounds of a mapping that lasts for ever.
        unsafe { self.address::<u8>(offset).read_volatile() }
    }

    /// Reads the 16-bit register at byte `offset`.
    pub fn read_u16(&self, offset: usize) -> u16 {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u16>(offset).read_volatile() }
    }

    /// Reads the 32-bit register at byte `offset`.
    pub fn read_u32(&self, offset: usize) -> u32 {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u32>(offset).read_volatile() }
    }

    /// Writes the 8-bit register at byte `offset`.
    pub fn write_u8(&self, offset: usize, value: u8) {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u8>(offset).write_volatile(value) }
    }

    /// Writes the 16-bit register at byte `offset`.
    pub fn write_u16(&self, offset: usize, value: u16) {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u16>(offset).write_volatile(value) }
    }

    /// Writes the 32-bit register at byte `offset`.
    pub fn write_u32(&self, offset: usize, value: u32) {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u32>(offset).write_volatile(value) }
    }
}

/// Memory in a device that is only ever written: a display's picture. Writes to neighbouring bytes
/// are brought there together where the processor can do that.
pub struct DeviceMemory(Mmio);

impl DeviceMemory {
    /// Maps `length` bytes at `physical`. None as for [`Mmio::map`].
    pub fn map(physical: PhysicalAddress, length: usize) -> Option<Self> {
        let caching = if cpu::can_combine_writes() {
            WRITE_COMBINING
        } else {
            UNCACHED
        };
        Mmio::map_as(physical, length, caching).map(Self)
    }

    /// How many bytes there are.
    pub fn length(&self) -> usize {
        self.0.length
    }

    /// Writes bytes from `offset` on.
    ///
    /// # Panics
    /// When they do not all lie in it.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let length = self.0.length;
        assert!(
            offset <= length && bytes.len() <= length - offset,
            "{} bytes at {offset:#x} lie outside a region of {length:#x} bytes",
            bytes.len()
        );
        let target = (self.0.virtual_start + offset) as *mut u8;
        copy::copy(target, bytes.as_ptr(), bytes.len());
    }
}
