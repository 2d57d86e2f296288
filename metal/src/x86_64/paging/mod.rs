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

use core::sync::atomic::{AtomicUsize, Ordering};

mod entry;
mod processor;
mod range;
mod removed;
mod written;

pub use entry::PageFlags;
pub(super) use entry::{
    ACCESSED, DIRTY, GLOBAL, LARGE, NO_EXECUTE, PRESENT, Table, UNCACHED, WRITABLE,
    WRITE_COMBINING, index, number_of, table_of,
};
use entry::{ADDRESS_MASK, HELD, USER};
use processor::read_root;
pub(super) use processor::{invalidate_page, write_root};

use super::copy::UserAddress;
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

/// No frame was free for a page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// The user half of an address space.
pub struct PageTable {
    root: Frame,
    /// Pages that are there, but for those that show the one frame of zeros.
    present: usize,
    /// The most there were before pages were last taken away.
    peak: usize,
    /// Tables below the root.
    tables: AtomicUsize,
}

impl PageTable {
    /// An empty user half beside the kernel half.
    ///
    /// # Errors
    /// When no frame is free.
    pub fn new() -> Result<Self, OutOfMemory> {
        let root = Frame::zeroed().ok_or(OutOfMemory)?;
        kernel_space::share_with(table_of(root.number()));
        Ok(Self {
            root,
            present: 0,
            peak: 0,
            tables: AtomicUsize::new(0),
        })
    }

    /// How many pages are there, but for those that show the one frame of zeros, which takes up
    /// no memory of the program's.
    pub fn present_pages(&self) -> usize {
        self.present
    }

    /// The most of them that there ever were.
    pub fn peak_pages(&self) -> usize {
        self.peak.max(self.present)
    }

    /// How many tables there are besides the root.
    pub fn tables(&self) -> usize {
        self.tables.load(Ordering::Relaxed)
    }

    /// So many pages that were counted are gone.
    fn note_gone(&mut self, pages: usize) {
        self.peak = self.peak_pages();
        self.present -= pages;
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
        self.leaf_table_or_gap(address).ok()
    }

    /// As [`Self::leaf_table`], or the level at which the way to it ends: nothing is shown in
    /// the whole span of an entry of that level.
    fn leaf_table_or_gap(&self, address: usize) -> Result<u32, usize> {
        let mut number = self.root.number();
        for level in (1..4).rev() {
            let entry = table_of(number)[index(address, level)].load(Ordering::Relaxed);
            if entry & PRESENT == 0 {
                return Err(level);
            }
            number = number_of(entry);
        }
        Ok(number)
    }

    /// Needs no `&mut self`: entries are atomics, and tables are only ever added here.
    fn leaf_table_or_new(&self, address: usize) -> Result<u32, OutOfMemory> {
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
                self.tables.fetch_add(1, Ordering::Relaxed);
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
        let zeros = Frame::zeros_number();
        self.present += usize::from(frame.number() != zeros);
        let _ = frame.into_number();
        let old = slot.swap(bits, Ordering::AcqRel);
        if old & HELD == 0 {
            Frame::change_live_entries(number, 1);
            return Ok(None);
        }
        self.note_gone(usize::from(number_of(old) != zeros));
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

    /// Forgets every cached translation of this table: to be called after
    /// [`Self::share_with_child`] with `copy_on_write`, before the parent runs again.
    pub fn invalidate_all(&self) {
        if self.is_current() {
            write_root(self.root_address());
        }
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

/// Whether a user address lies in the user half.
pub fn is_user(address: UserAddress) -> bool {
    address < USER_END
}
