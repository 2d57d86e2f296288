//! Memory-mapped device registers.
//!
//! A region is mapped uncached and can never overlap RAM, so a volatile access to it cannot
//! break what Rust believes of memory. A device that writes to memory by itself (DMA) is told
//! its addresses through the DMA room, not through here.
//!
//! Source: SDM volume 3, section 13.3 (memory types).

use super::kernel_space;
use super::paging::PhysicalAddress;

/// A mapped range of device registers.
pub struct Mmio {
    virtual_start: usize,
    length: usize,
}

impl Mmio {
    /// Maps `length` bytes at `physical`. None when the range is empty, touches RAM or there
    /// is no memory for its page tables. The mapping is never undone: devices do not leave.
    pub fn map(physical: PhysicalAddress, length: usize) -> Option<Self> {
        let end = physical.checked_add(length as u64)?;
        if length == 0 || crate::early::touches_ram(physical..end) {
            return None;
        }
        kernel_space::map_device(physical, length).map(|virtual_start| Self {
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

    /// Writes the 32-bit register at byte `offset`.
    pub fn write_u32(&self, offset: usize, value: u32) {
        // SAFETY: as for `read_u8`.
        unsafe { self.address::<u32>(offset).write_volatile(value) }
    }
}
