//! The kernel half of every address space.
//!
//! | from | what | rights |
//! | --- | --- | --- |
//! | `ffff_8000_0000_0000` | all RAM (the direct map) | read, write |
//! | `ffff_c000_0000_0000` | device registers | read, write, uncached |
//! | `ffff_c020_0000_0000` | the kernel heap's large objects | read, write |
//! | `ffff_c030_0000_0000` | the kernel heap's runs of pages, a free page between them | read, write |
//! | `ffff_c040_0000_0000` | kernel stacks, a guard page under each | read, write |
//! | `ffff_ffff_8000_0000` | the kernel image | text r-x, constants r--, data rw- |
//!
//! Nothing is both writable and executable. The top-level entries are fixed at boot and
//! copied into each new root, so what is mapped below them later appears everywhere at once.

use core::sync::atomic::{AtomicUsize, Ordering};

use boot::KERNEL_BASE;
use spin::{Mutex, Once};

use super::paging::{
    ACCESSED, DIRECT_MAP, DIRTY, GLOBAL, LARGE, NO_EXECUTE, PAGE_SIZE, PRESENT, PhysicalAddress,
    Table, UNCACHED, WRITABLE, index, invalidate_page, number_of, table_of, write_root,
};
use super::segment;
pub use super::segment::are_emergency_stacks_guarded;
use crate::early;
use crate::frame::Frame;

/// How much physical memory the direct map can show: one top-level entry.
pub(crate) const DIRECT_MAP_BYTES: u64 = 1 << 39;
const DYNAMIC: usize = 0xffff_c000_0000_0000;
const DEVICES: usize = DYNAMIC;
const DEVICES_BYTES: usize = 1 << 37;
pub(crate) const HEAP: usize = DYNAMIC + (1 << 37);
pub(crate) const HEAP_RUNS: usize = HEAP + (1 << 36);
pub(crate) const STACKS: usize = DYNAMIC + (1 << 38);
const LARGE_PAGE: usize = 2 << 20;

const DATA: u64 = PRESENT | WRITABLE | NO_EXECUTE | GLOBAL | ACCESSED | DIRTY;

unsafe extern "C" {
    static kernel_text_start: u8;
    static kernel_text_end: u8;
    static kernel_rodata_end: u8;
    static kernel_end: u8;
    static boot_stack_guard: u8;
    static boot_stack_top: u8;
}

static ROOT: Once<PhysicalAddress> = Once::new();
/// Excludes changes of the tables of the dynamic part; never held across anything long.
static CHANGE: Mutex<()> = Mutex::new(());
static NEXT_DEVICE: AtomicUsize = AtomicUsize::new(DEVICES);

/// Builds the tables and makes them the processor's. While this runs, the boot page tables
/// show physical memory at KERNEL_BASE.
pub(crate) fn build(memory_end: PhysicalAddress) {
    let root = early::take(PAGE_SIZE);
    for physical in (0..memory_end).step_by(LARGE_PAGE) {
        let slot = boot_slot(root, DIRECT_MAP + physical as usize, 1);
        set(slot, physical | DATA | LARGE);
    }
    map_image(root);
    // The dynamic part needs its top-level entry now, so that all roots share it.
    boot_slot(root, DYNAMIC, 2);
    write_root(root);
    ROOT.call_once(|| root);
}

/// Whether the tables of [`build`] are in force.
pub(crate) fn is_built() -> bool {
    ROOT.get().is_some()
}

fn map_image(root: PhysicalAddress) {
    let at = |symbol: *const u8| symbol as usize;
    let text = at(&raw const kernel_text_start)..at(&raw const kernel_text_end);
    let end = at(&raw const kernel_end);
    let constants_end = at(&raw const kernel_rodata_end);
    let guard = at(&raw const boot_stack_guard);
    for page in (text.start..end)
        .step_by(PAGE_SIZE)
        .filter(|page| *page != guard && !segment::is_guard(*page))
    {
        let rights = match page {
            page if page < text.end => PRESENT | GLOBAL | ACCESSED,
            page if page < constants_end => PRESENT | GLOBAL | NO_EXECUTE | ACCESSED,
            _ => DATA,
        };
        set(
            boot_slot(root, page, 0),
            (page - KERNEL_BASE) as u64 | rights,
        );
    }
}

type Slot = *mut u64;

fn set(slot: Slot, entry: u64) {
    // SAFETY: `boot_slot` gave an entry of a table that only this processor knows as yet.
    unsafe { slot.write(entry) }
}

/// The entry for `address` at `level`, with tables made on the way, before frames exist.
fn boot_slot(root: PhysicalAddress, address: usize, level: usize) -> Slot {
    let mut table = root;
    for above in (level + 1..4).rev() {
        let slot = (KERNEL_BASE + table as usize + index(address, above) * 8) as *mut u64;
        // SAFETY: `table` came from `early::take`, which the tables in force show here.
        let entry = unsafe { slot.read() };
        table = if entry & PRESENT != 0 {
            u64::from(number_of(entry)) * PAGE_SIZE as u64
        } else {
            let new = early::take(PAGE_SIZE);
            set(slot, new | PRESENT | WRITABLE);
            new
        };
    }
    (KERNEL_BASE + table as usize + index(address, level) * 8) as *mut u64
}

/// Fills the kernel half of a new root.
pub(super) fn share_with(table: &Table) {
    let own = table_of(root_number());
    for address in [DIRECT_MAP, DYNAMIC, KERNEL_BASE] {
        let slot = index(address, 3);
        table[slot].store(own[slot].load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

fn root_number() -> u32 {
    let root = ROOT
        .get()
        .expect("page tables are used before memory is initialised");
    (root / PAGE_SIZE as u64) as u32
}

/// Leaves every user half: only the kernel stays mapped.
pub fn activate() {
    write_root(u64::from(root_number()) * PAGE_SIZE as u64);
}

/// The leaf entry for `address` in the dynamic part, with tables made as needed from the
/// reserve. None when there is no memory at all.
fn leaf(address: usize) -> Option<&'static core::sync::atomic::AtomicU64> {
    let mut number = root_number();
    for level in (1..4).rev() {
        let slot = &table_of(number)[index(address, level)];
        let entry = slot.load(Ordering::Relaxed);
        number = if entry & PRESENT != 0 {
            number_of(entry)
        } else {
            let table = Frame::zeroed_from_reserve()?;
            slot.store(table.address() | PRESENT | WRITABLE, Ordering::Release);
            table.into_number()
        };
    }
    Some(&table_of(number)[index(address, 0)])
}

/// Shows `frame` at the kernel page `address`. Returns whether there was memory for tables.
///
/// # Safety
/// `address` must be a page of the dynamic part that the caller manages and shows nothing.
pub(crate) unsafe fn map_frame(address: usize, frame: Frame) -> bool {
    let _change = CHANGE.lock();
    let Some(slot) = leaf(address) else {
        return false;
    };
    slot.store(frame.address() | DATA, Ordering::Release);
    let _ = frame.into_number();
    true
}

/// Takes the frame at the kernel page `address` away.
///
/// # Safety
/// Nothing may use the page any more, and it was mapped by [`map_frame`].
pub(crate) unsafe fn unmap_frame(address: usize) -> Option<Frame> {
    let _change = CHANGE.lock();
    let slot = leaf(address)?;
    let entry = slot.swap(0, Ordering::AcqRel);
    invalidate_page(address);
    // SAFETY: `map_frame` left its hold in the entry.
    (entry & PRESENT != 0).then(|| unsafe { Frame::from_number(number_of(entry)) })
}

/// Whether the kernel page `address` of the dynamic part shows a frame. Takes no lock and
/// makes no table, so that a panic may ask.
pub(crate) fn is_mapped(address: usize) -> bool {
    let mut number = root_number();
    for level in (0..4).rev() {
        let entry = table_of(number)[index(address, level)].load(Ordering::Relaxed);
        if entry & PRESENT == 0 {
            return false;
        }
        number = number_of(entry);
    }
    true
}

/// Maps device registers, uncached, for ever. Returns the virtual address of the first byte.
pub(crate) fn map_device(physical: PhysicalAddress, length: usize) -> Option<usize> {
    map_device_as(physical, length, UNCACHED)
}

/// Maps a device's memory for ever, with the bits of an entry that say how it is cached. Returns
/// the virtual address of the first byte.
pub(crate) fn map_device_as(
    physical: PhysicalAddress,
    length: usize,
    caching: u64,
) -> Option<usize> {
    let offset = physical as usize % PAGE_SIZE;
    let bytes = (offset + length).next_multiple_of(PAGE_SIZE);
    let start = NEXT_DEVICE.fetch_add(bytes, Ordering::Relaxed);
    if start + bytes > DEVICES + DEVICES_BYTES {
        return None;
    }
    let _change = CHANGE.lock();
    for page in (0..bytes).step_by(PAGE_SIZE) {
        let address = physical - offset as u64 + page as u64;
        leaf(start + page)?.store(address | DATA | caching, Ordering::Release);
    }
    Some(start + offset)
}

/// Shows memory that firmware left behind, for ever. Returns the virtual address.
pub(crate) fn map_firmware(physical: PhysicalAddress, length: usize) -> Option<usize> {
    map_device(physical, length)
}

/// The lowest and the highest end of the boot processor's first stack.
fn boot_stack() -> core::ops::Range<usize> {
    &raw const boot_stack_guard as usize + PAGE_SIZE..&raw const boot_stack_top as usize
}

/// How much of the boot processor's first stack has been used at most since the boot, and how
/// large it is, in bytes.
pub fn boot_stack_use() -> (usize, usize) {
    let stack = boot_stack();
    let untouched = stack.clone().step_by(8).take_while(|word| {
        // SAFETY: the stack is mapped for ever, and the word may change while it is read.
        unsafe { (*word as *const u64).read_volatile() == boot::BOOT_STACK_PATTERN }
    });
    (stack.len() - untouched.count() * 8, stack.len())
}

/// Whether the page under the boot processor's first stack shows nothing.
pub fn is_boot_stack_guarded() -> bool {
    let stack = boot_stack();
    !is_mapped(stack.start - PAGE_SIZE) && is_mapped(stack.start)
}

/// Whether two words at `address` lie on a mapped kernel stack (a thread's, or the boot
/// processor's first one), so that a backtrace may read them.
pub(crate) fn is_stack(address: usize) -> bool {
    let boot = boot_stack();
    if (boot.start..boot.end - 16).contains(&address) {
        return true;
    }
    let on_dynamic = (STACKS..STACKS + (1 << 38)).contains(&address);
    on_dynamic && address % PAGE_SIZE <= PAGE_SIZE - 16 && is_mapped(address)
}
