//! One entry of a page table: its bits, and the way from an address to it.
//!
//! An entry with [`HELD`] bits holds the frame that it names; whoever clears it takes the hold
//! over. Source: SDM volume 3, section 5.5.

use core::sync::atomic::AtomicU64;

use bitflags::bitflags;

use super::{DIRECT_MAP, PAGE_SIZE};

pub(crate) const ENTRIES: usize = 512;
pub(crate) const PRESENT: u64 = 1;
pub(crate) const WRITABLE: u64 = 1 << 1;
pub(crate) const USER: u64 = 1 << 2;
pub(crate) const UNCACHED: u64 = 1 << 4 | 1 << 3;
/// In a leaf: the kind of memory is number 4 of the processor's table; see `cpu.rs`.
pub(crate) const WRITE_COMBINING: u64 = 1 << 7;
pub(crate) const ACCESSED: u64 = 1 << 5;
pub(crate) const DIRTY: u64 = 1 << 6;
pub(crate) const LARGE: u64 = 1 << 7;
pub(crate) const GLOBAL: u64 = 1 << 8;
/// A bit that the processor ignores: the page is held but nobody may use it (PROT_NONE). It is
/// not "present" then, so that user copies in the kernel fault on it too.
pub(crate) const HIDDEN: u64 = 1 << 9;
/// The entry holds a frame.
pub(crate) const HELD: u64 = PRESENT | HIDDEN;
pub(crate) const NO_EXECUTE: u64 = 1 << 63;
pub(crate) const ADDRESS_MASK: u64 = 0x000f_ffff_ffff_f000;

/// A table of any level.
pub(crate) type Table = [AtomicU64; ENTRIES];

bitflags! {
    /// What a user program may do with a page, and what it did.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PageFlags: u64 {
        /// May be written. A page is always readable.
        const WRITABLE = WRITABLE;
        /// May be executed.
        const EXECUTABLE = 1 << 62;
        /// Was read or written since the flag was cleared.
        const ACCESSED = ACCESSED;
        /// Was written since the flag was cleared.
        const DIRTY = DIRTY;
    }
}

impl PageFlags {
    /// The bits of an entry that shows a page with these flags.
    #[inline]
    pub(crate) fn to_bits_of_entry(self) -> u64 {
        let mut bits = (self - Self::EXECUTABLE).bits();
        if !self.contains(Self::EXECUTABLE) {
            bits |= NO_EXECUTE;
        }
        bits | PRESENT | USER
    }

    /// The flags of the page that an entry shows.
    #[inline]
    pub(crate) fn of_entry(entry: u64) -> Self {
        let mut flags = Self::from_bits_truncate(entry) - Self::EXECUTABLE;
        if entry & NO_EXECUTE == 0 {
            flags |= Self::EXECUTABLE;
        }
        flags
    }
}

/// The table that lies in the frame of this number.
#[inline]
pub(crate) fn table_of(number: u32) -> &'static Table {
    // SAFETY: callers pass the number of a frame that is a page table; the direct map shows
    // it, entries are atomics, and it lives as long as the tree that it hangs in.
    unsafe { &*((DIRECT_MAP + number as usize * PAGE_SIZE) as *const Table) }
}

/// The number of the frame that an entry names.
#[inline]
pub(crate) fn number_of(entry: u64) -> u32 {
    ((entry & ADDRESS_MASK) / PAGE_SIZE as u64) as u32
}

/// Which entry of a table of `level` (0 is a leaf) covers `address`.
#[inline]
pub(crate) const fn index(address: usize, level: usize) -> usize {
    address >> (12 + 9 * level) & (ENTRIES - 1)
}

/// How many bytes an entry of `level` covers.
pub(crate) const fn span(level: usize) -> usize {
    PAGE_SIZE << (9 * level)
}
