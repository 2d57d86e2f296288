//! A page table: four levels, one entry a page, each entry a hold on the frame it shows.
//!
//! [`PageTable`] is the user half of an address space; the kernel half is the same in all and
//! belongs to `kernel_space.rs`. Safe code can map only frames it holds, only below
//! [`USER_END`], so no use of this API can reach the kernel's memory. Tables count their live
//! entries and are freed with the last one.
//!
//! Every change that takes rights away is made known to the processor before the frame it
//! concerned can be given to somebody else.
//!
//! Source: SDM volume 3, sections 5.5 (4-level paging) and 5.10 (invalidation).

use core::sync::atomic::{AtomicU64, Ordering};

use bitflags::bitflags;

use super::copy::UserAddress;
mod removed;

use removed::Removed;

use super::kernel_space;
use crate::frame::Frame;

/// Bytes of a page and of a frame.
pub const PAGE_SIZE: usize = 4096;
/// Where all of physical memory is mapped, readable and writable, for the kernel.
pub const DIRECT_MAP: usize = 0xffff_8000_0000_0000;
/// The first address that no user page has; one guard page below the canonical hole, as on
/// Linux, so that a system call instruction can never return to a non-canonical address.
pub const USER_END: usize = 0x7fff_ffff_f000;

/// An address in physical memory, in bytes.
pub type PhysicalAddress = u64;

pub(super) const ENTRIES: usize = 512;
pub(super) const PRESENT: u64 = 1;
pub(super) const WRITABLE: u64 = 1 << 1;
pub(super) const USER: u64 = 1 << 2;
pub(super) const UNCACHED: u64 = 1 << 4 | 1 << 3;
pub(super) const ACCESSED: u64 = 1 << 5;
pub(super) const DIRTY: u64 = 1 << 6;
pub(super) const LARGE: u64 = 1 << 7;
pub(super) const GLOBAL: u64 = 1 << 8;
/// A bit that the processor ignores: the page is held but nobody may use it (PROT_NONE). It is
/// not "present" then, so that user copies in the kernel fault on it too.
const HIDDEN: u64 = 1 << 9;
/// The entry holds a frame.
const HELD: u64 = PRESENT | HIDDEN;
pub(super) const NO_EXECUTE: u64 = 1 << 63;
pub(super) const ADDRESS_MASK: u64 = 0x000f_ffff_ffff_f000;

pub(super) type Table = [AtomicU64; ENTRIES];

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
    fn to_bits_of_entry(self) -> u64 {
        let mut bits = (self - Self::EXECUTABLE).bits();
        if !self.contains(Self::EXECUTABLE) {
            bits |= NO_EXECUTE;
        }
        bits | PRESENT | USER
    }

    fn of_entry(entry: u64) -> Self {
        let mut flags = Self::from_bits_truncate(entry) - Self::EXECUTABLE;
        if entry & NO_EXECUTE == 0 {
            flags |= Self::EXECUTABLE;
        }
        flags
    }
}

/// No frame was free for a page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// The user half of an address space.
pub struct PageTable {
    root: Frame,
}

pub(super) fn table_of(number: u32) -> &'static Table {
    // SAFETY: callers pass the number of a frame that is a page table; the direct map shows
    // it, entries are atomics, and it lives as long as the tree that it hangs in.
    unsafe { &*((DIRECT_MAP + number as usize * PAGE_SIZE) as *const Table) }
}

pub(super) fn number_of(entry: u64) -> u32 {
    ((entry & ADDRESS_MASK) / PAGE_SIZE as u64) as u32
}

pub(super) const fn index(address: usize, level: usize) -> usize {
    address >> (12 + 9 * level) & (ENTRIES - 1)
}

/// How many bytes an entry of `level` covers.
const fn span(level: usize) -> usize {
    PAGE_SIZE << (9 * level)
}

impl PageTable {
    /// An empty user half beside the kernel half.
    ///
    /// # Errors
    /// When no frame is free.
    pub fn new() -> Result<Self, OutOfMemory> {
        let root = Frame::zeroed().ok_or(OutOfMemory)?;
        kernel_space::share_with(table_of(root.number()));
        Ok(Self { root })
    }

    /// The value for CR3.
    pub(super) fn root_address(&self) -> PhysicalAddress {
        self.root.address()
    }

    fn is_current(&self) -> bool {
        read_root() == self.root_address()
    }

    /// The leaf table that covers `address` and the way to it, if it exists.
    fn leaf_table(&self, address: usize) -> Option<u32> {
        let mut number = self.root.number();
        for level in (1..4).rev() {
            let entry = table_of(number)[index(address, level)].load(Ordering::Relaxed);
            if entry & PRESENT == 0 {
                return None;
            }
            number = number_of(entry);
        }
        Some(number)
    }

    fn leaf_table_or_new(&mut self, address: usize) -> Result<u32, OutOfMemory> {
        let mut number = self.root.number();
        for level in (1..4).rev() {
            let slot = &table_of(number)[index(address, level)];
            let entry = slot.load(Ordering::Relaxed);
            number = if entry & PRESENT != 0 {
                number_of(entry)
            } else {
                let table = removed::clear_table().ok_or(OutOfMemory)?;
                let bits = table.address() | PRESENT | WRITABLE | USER;
                Frame::change_live_entries(number, 1);
                slot.store(bits, Ordering::Release);
                table.into_number()
            };
        }
        Ok(number)
    }

    /// Shows `frame` at the page of `address`. What was there before is returned, after the
    /// processor has forgotten it.
    ///
    /// # Errors
    /// When there is no memory for a table; nothing has changed then.
    ///
    /// # Panics
    /// When the page is not in the user half.
    pub fn map(
        &mut self,
        address: usize,
        frame: Frame,
        flags: PageFlags,
    ) -> Result<Option<Frame>, OutOfMemory> {
        assert!(address < USER_END, "{address:#x} is not a user address");
        let number = self.leaf_table_or_new(address)?;
        let slot = &table_of(number)[index(address, 0)];
        let bits = frame.address() | flags.to_bits_of_entry();
        let _ = frame.into_number();
        let old = slot.swap(bits, Ordering::AcqRel);
        if old & HELD == 0 {
            Frame::change_live_entries(number, 1);
            return Ok(None);
        }
        self.invalidate(address);
        // SAFETY: the entry held the frame; it was taken out of the table above.
        Ok(Some(unsafe { Frame::from_number(number_of(old)) }))
    }

    /// The frame shown at the page of `address`, and its flags.
    pub fn get(&self, address: usize) -> Option<(Frame, PageFlags)> {
        if address >= USER_END {
            return None;
        }
        let entry = table_of(self.leaf_table(address)?)[index(address, 0)].load(Ordering::Relaxed);
        if entry & HELD == 0 {
            return None;
        }
        // SAFETY: the entry holds the frame, and `&self` keeps it from being taken away.
        let frame = unsafe { Frame::another(number_of(entry)) };
        Some((frame, PageFlags::of_entry(entry)))
    }

    /// Changes what may be done with the page of `address`, if it is there. Whether the frame
    /// has a single holder decides in [`Self::make_writable_if_unique`].
    pub fn set_flags(&mut self, address: usize, flags: PageFlags) {
        let bits = flags.to_bits_of_entry();
        self.for_each_entry(address..address + PAGE_SIZE, |slot| {
            let old = slot.load(Ordering::Relaxed);
            let kept = old & (ADDRESS_MASK | ACCESSED | DIRTY);
            slot.store(kept | bits, Ordering::Release);
        });
        self.invalidate(address);
    }

    /// Makes the page of `address` writable in place when nobody else holds its frame.
    /// Returns whether it did. No other processor needs to be told of a right given.
    pub fn make_writable_if_unique(&mut self, address: usize) -> bool {
        let Some(number) = self.leaf_table(address) else {
            return false;
        };
        let slot = &table_of(number)[index(address, 0)];
        let entry = slot.load(Ordering::Relaxed);
        if entry & PRESENT == 0 {
            return false;
        }
        // SAFETY: the hold is the entry's own; `forget` leaves it there.
        let frame = core::mem::ManuallyDrop::new(unsafe { Frame::from_number(number_of(entry)) });
        let unique = frame.is_unique();
        if unique {
            slot.fetch_or(WRITABLE | DIRTY | ACCESSED, Ordering::Release);
            self.invalidate(address);
        }
        unique
    }

    /// Takes rights from all pages of a range: the flags become `flags`, and pages that lose
    /// nothing keep what they have.
    pub fn protect(&mut self, range: core::ops::Range<usize>, flags: PageFlags) {
        let allowed = flags.to_bits_of_entry();
        self.for_each_entry(range.clone(), |slot| {
            let old = slot.load(Ordering::Relaxed);
            // Write permission is only taken here; a later write fault gives it, because it
            // must look at who else holds the frame.
            let writable = old & allowed & WRITABLE;
            let kept = old & (ADDRESS_MASK | ACCESSED | DIRTY);
            slot.store(kept | writable | (allowed & !WRITABLE), Ordering::Release);
        });
        self.invalidate_range(range);
    }

    /// Makes the pages of a range unusable without giving them up (PROT_NONE).
    pub fn hide(&mut self, range: core::ops::Range<usize>) {
        self.for_each_entry(range.clone(), |slot| {
            let old = slot.load(Ordering::Relaxed);
            slot.store(old & !(PRESENT | WRITABLE) | HIDDEN, Ordering::Release);
        });
        self.invalidate_range(range);
    }

    /// Removes all pages of a range and drops their holds.
    pub fn unmap(&mut self, range: core::ops::Range<usize>) {
        self.unmap_all(core::iter::once(range));
    }

    /// Removes all pages of several ranges and drops their holds.
    pub fn unmap_all(&mut self, ranges: impl Iterator<Item = core::ops::Range<usize>>) {
        let mut removed = Removed::new(self);
        let root = self.root.number();
        for range in ranges {
            unmap_table(root, 3, range, &mut removed);
        }
        removed.flush();
    }

    /// Calls `change` with each present entry of the range.
    fn for_each_entry(&self, range: core::ops::Range<usize>, mut change: impl FnMut(&AtomicU64)) {
        let mut address = range.start;
        while address < range.end {
            let end = (address / span(1) * span(1) + span(1)).min(range.end);
            if let Some(number) = self.leaf_table(address) {
                let first = index(address, 0);
                let count = (end - address).div_ceil(PAGE_SIZE);
                table_of(number)[first..first + count]
                    .iter()
                    .filter(|slot| slot.load(Ordering::Relaxed) & HELD != 0)
                    .for_each(&mut change);
            }
            address = end;
        }
    }

    /// How many pages of a range are there.
    pub fn count_present(&self, range: core::ops::Range<usize>) -> usize {
        let mut count = 0;
        self.for_each_entry(range, |_| count += 1);
        count
    }

    /// Shows the child of a fork what this table shows in `range`. With `copy_on_write` both
    /// lose the right to write, so that the first write of either makes a copy.
    ///
    /// # Errors
    /// When there is no memory for a table; the child then has a part of the range.
    pub fn share_with_child(
        &mut self,
        child: &mut Self,
        range: core::ops::Range<usize>,
        copy_on_write: bool,
    ) -> Result<(), OutOfMemory> {
        let mut address = range.start;
        while address < range.end {
            let end = (address / span(1) * span(1) + span(1)).min(range.end);
            if let Some(parent_number) = self.leaf_table(address) {
                let first = index(address, 0);
                let last = first + (end - address).div_ceil(PAGE_SIZE);
                let from = &table_of(parent_number)[first..last];
                if from
                    .iter()
                    .any(|slot| slot.load(Ordering::Relaxed) & PRESENT != 0)
                {
                    let child_number = child.leaf_table_or_new(address)?;
                    let to = &table_of(child_number)[first..last];
                    let added = share_entries(from, to, copy_on_write);
                    Frame::change_live_entries(child_number, added);
                }
            }
            address = end;
        }
        Ok(())
    }

    /// Forgets every cached translation of this table: to be called after
    /// [`Self::share_with_child`] with `copy_on_write`, before the parent runs again.
    pub fn invalidate_all(&self) {
        if self.is_current() {
            write_root(self.root_address());
        }
    }

    /// Takes the pages of `from` to `to` (same length, both page-aligned, not overlapping).
    ///
    /// # Errors
    /// When there is no memory for a table; some pages have moved then and the rest is where
    /// it was.
    pub fn relocate(
        &mut self,
        from: core::ops::Range<usize>,
        to: usize,
    ) -> Result<(), OutOfMemory> {
        for offset in (0..from.len()).step_by(PAGE_SIZE) {
            let Some((frame, flags)) = self.get(from.start + offset) else {
                continue;
            };
            self.map(to + offset, frame, flags)?;
        }
        self.unmap(from);
        Ok(())
    }

    fn invalidate(&self, address: usize) {
        if self.is_current() {
            invalidate_page(address);
        }
    }

    fn invalidate_range(&self, range: core::ops::Range<usize>) {
        /// From here on, forgetting all is cheaper than forgetting page by page.
        const SINGLE_PAGES_MAX: usize = 32;
        if !self.is_current() {
            return;
        }
        if range.len() / PAGE_SIZE > SINGLE_PAGES_MAX {
            write_root(self.root_address());
        } else {
            range.step_by(PAGE_SIZE).for_each(invalidate_page);
        }
    }

    /// A handle to make this the processor's table without holding any lock.
    pub fn handle(&self) -> RootHandle {
        RootHandle(self.root.clone())
    }
}

/// Makes a page table the processor's. It keeps the root alive, so that a stale handle leads
/// to a table without user pages instead of to somebody else's memory.
pub struct RootHandle(Frame);

impl RootHandle {
    /// Makes this the address space that user addresses mean on the calling processor.
    pub fn activate(&self) {
        if read_root() != self.0.address() {
            write_root(self.0.address());
        }
    }
}

/// Copies entries for a fork and returns how many there were.
fn share_entries(from: &[AtomicU64], to: &[AtomicU64], copy_on_write: bool) -> i32 {
    let mut added = 0;
    for (from, to) in from.iter().zip(to) {
        let mut entry = from.load(Ordering::Relaxed);
        if entry & HELD == 0 {
            continue;
        }
        if copy_on_write && entry & WRITABLE != 0 {
            entry = from.fetch_and(!WRITABLE, Ordering::AcqRel) & !WRITABLE;
        }
        // SAFETY: the parent's entry holds the frame; the new hold is the child's entry's.
        let _ = unsafe { Frame::another(number_of(entry)) }.into_number();
        to.store(entry, Ordering::Release);
        added += 1;
    }
    added
}

/// Clears the entries of a table above the leaves that `range` covers; stops as soon as the
/// table is empty.
fn unmap_table(
    number: u32,
    level: usize,
    range: core::ops::Range<usize>,
    removed: &mut Removed<'_>,
) {
    let mut address = range.start;
    for slot in &table_of(number)[index(range.start, level)..] {
        if address >= range.end || Frame::change_live_entries(number, 0) == 0 {
            return;
        }
        let end = (address | (span(level) - 1)) + 1;
        let entry = slot.load(Ordering::Relaxed);
        if entry & PRESENT != 0 {
            let child = number_of(entry);
            let part = address..end.min(range.end);
            if level > 1 {
                unmap_table(child, level - 1, part, removed);
            } else {
                unmap_leaves(child, part, removed);
            }
            // A table that still shows something stays.
            if Frame::change_live_entries(child, 0) == 0 {
                slot.store(0, Ordering::Release);
                Frame::change_live_entries(number, -1);
                // SAFETY: the entry held the frame and is gone from the table. All of its own
                // entries are clear.
                removed.push_table(unsafe { Frame::from_number(child) });
            }
        }
        address = end;
    }
}

/// Clears the entries of one leaf table that `range` covers.
fn unmap_leaves(number: u32, range: core::ops::Range<usize>, removed: &mut Removed<'_>) {
    let first = index(range.start, 0);
    let count = range.len().div_ceil(PAGE_SIZE);
    let mut cleared = 0;
    for slot in &table_of(number)[first..first + count] {
        let entry = slot.load(Ordering::Relaxed);
        if entry & HELD != 0 {
            slot.store(0, Ordering::Release);
            cleared -= 1;
            // SAFETY: the entry held the frame and is gone from the table.
            removed.push(unsafe { Frame::from_number(number_of(entry)) });
        }
    }
    Frame::change_live_entries(number, cleared);
}

impl Drop for PageTable {
    fn drop(&mut self) {
        if self.is_current() {
            kernel_space::activate();
        }
        if Frame::change_live_entries(self.root.number(), 0) != 0 {
            self.unmap(0..USER_END + PAGE_SIZE);
        }
    }
}

pub(super) fn read_root() -> PhysicalAddress {
    ::x86_64::registers::control::Cr3::read_raw()
        .0
        .start_address()
        .as_u64()
}

pub(super) fn write_root(address: PhysicalAddress) {
    // SAFETY: only roots that share the kernel half are written, so the kernel stays mapped.
    unsafe {
        core::arch::asm!("mov cr3, {}", in(reg) address, options(nostack, preserves_flags));
    }
}

pub(super) fn invalidate_page(address: usize) {
    // SAFETY: forgetting a translation is always sound.
    unsafe {
        core::arch::asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags));
    }
}

/// Whether a user address lies in the user half.
pub fn is_user(address: UserAddress) -> bool {
    address < USER_END
}
