//! Memory from what the loader said to a frame allocator and the kernel's own page tables.
//!
//! In order: the RAM ranges are noted (so that devices are never mapped over RAM), the direct
//! map and the kernel image get page tables with the least rights that work, the table of
//! frames is laid out, and all that nobody uses is given to it. Until the frame allocator
//! stands, memory is taken by a pointer that only moves up, right behind the kernel image.
//!
//! The first MiB is left alone: firmware tables lie there, and other processors start there.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use boot::{BOOT_MAPPED_BYTES, BootInformation, KERNEL_BASE};
use spin::Once;

use crate::frame;
use crate::kernel_space;
use crate::paging::{DIRECT_MAP, PAGE_SIZE};

const FIRST_MIB: u64 = 1 << 20;

unsafe extern "C" {
    static kernel_end: u8;
}

static INFORMATION: Once<&'static BootInformation> = Once::new();
/// The next free byte behind the kernel image while the frame allocator does not stand.
static NEXT_FREE: AtomicU64 = AtomicU64::new(0);
static RAMDISK_RELEASED: AtomicU64 = AtomicU64::new(0);

/// Makes frames, the kernel's page tables and the heap usable. To be called once.
///
/// # Panics
/// When the loader's memory map leaves no room behind the kernel: there is nothing to go on
/// with.
pub fn initialise(information: &'static BootInformation) {
    INFORMATION.call_once(|| information);
    let kernel_end_physical = (&raw const kernel_end as usize - KERNEL_BASE) as u64;
    NEXT_FREE.store(kernel_end_physical, Ordering::Relaxed);
    let memory_end = memory_end(information);
    kernel_space::build(memory_end);

    let frames = (memory_end / PAGE_SIZE as u64) as usize;
    let bytes = frame::table_bytes(frames).next_multiple_of(PAGE_SIZE);
    let table = take(bytes);
    // SAFETY: `take` gave memory that nothing else has, zeroed.
    unsafe { frame::install_table(DIRECT_MAP + table as usize, frames) };
    give_free_memory(information);
}

/// The end of the highest RAM, cut to what the direct map can hold.
fn memory_end(information: &BootInformation) -> u64 {
    let highest = information.memory().iter().map(|region| region.end).max();
    highest.unwrap_or(0).min(kernel_space::DIRECT_MAP_BYTES)
}

/// Takes `bytes` (whole pages) of zeroed memory for ever, before the frame allocator stands.
/// Returns its physical address, which the boot page tables map too.
pub(crate) fn take(bytes: usize) -> u64 {
    let start = NEXT_FREE.fetch_add(bytes as u64, Ordering::Relaxed);
    let range = start..start + bytes as u64;
    let information = INFORMATION
        .get()
        .expect("memory is taken before it is known");
    let in_one_region = information
        .memory()
        .iter()
        .any(|region| region.start <= range.start && range.end <= region.end);
    let ramdisk = information.ramdisk();
    assert!(
        in_one_region && !overlap(&range, &ramdisk) && range.end <= BOOT_MAPPED_BYTES as u64,
        "no room behind the kernel for {bytes} bytes of tables at {start:#x}: give the machine more memory (QEMU's -m)"
    );
    let window = if kernel_space::is_built() {
        DIRECT_MAP
    } else {
        KERNEL_BASE
    };
    let pointer = (window + start as usize) as *mut u8;
    // SAFETY: the range is RAM behind the kernel image that nobody else was given; the boot
    // page tables show it at KERNEL_BASE and the kernel's own in the direct map.
    unsafe { pointer.write_bytes(0, bytes) };
    start
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

fn give_free_memory(information: &BootInformation) {
    let used = NEXT_FREE
        .load(Ordering::Relaxed)
        .next_multiple_of(PAGE_SIZE as u64);
    let ramdisk = page_range(information.ramdisk());
    for region in information.memory() {
        let start = region.start.max(FIRST_MIB);
        // The kernel's own range splits a region in two, and the ramdisk each of those.
        for part in [
            start..region.end.min(FIRST_MIB),
            start.max(used)..region.end,
        ] {
            give_around(part, &ramdisk);
        }
    }
}

fn give_around(range: Range<u64>, hole: &Range<u64>) {
    if overlap(&range, hole) {
        give(range.start..hole.start.max(range.start));
        give(hole.end.min(range.end)..range.end);
    } else {
        give(range);
    }
}

/// The pages that a byte range touches.
fn page_range(range: Range<u64>) -> Range<u64> {
    let page = PAGE_SIZE as u64;
    range.start / page * page..range.end.next_multiple_of(page)
}

fn give(range: Range<u64>) {
    let page = PAGE_SIZE as u64;
    let first = range.start.div_ceil(page);
    let end = (range.end / page).min(kernel_space::DIRECT_MAP_BYTES / page);
    if first < end {
        // SAFETY: the callers pass RAM that is neither the kernel's nor the ramdisk's.
        unsafe { frame::give(first as u32..end as u32) };
    }
}

/// Whether a physical range touches RAM.
pub(crate) fn touches_ram(range: Range<u64>) -> bool {
    INFORMATION
        .get()
        .is_none_or(|information| information.memory().iter().any(|ram| overlap(ram, &range)))
}

/// The ramdisk's bytes; empty when there is none or after [`with_ramdisk`] has released it.
fn ramdisk() -> &'static [u8] {
    let range = INFORMATION
        .get()
        .map_or(0..0, |information| information.ramdisk());
    let usable = touches_ram(range.clone()) && range.end <= kernel_space::DIRECT_MAP_BYTES;
    if range.is_empty() || !usable || RAMDISK_RELEASED.load(Ordering::Acquire) != 0 {
        return &[];
    }
    // SAFETY: the range is RAM that the direct map shows and the allocator was not given.
    // `with_ramdisk` is the only caller and releases it only after the borrow has ended.
    unsafe {
        core::slice::from_raw_parts(
            (DIRECT_MAP + range.start as usize) as *const u8,
            (range.end - range.start) as usize,
        )
    }
}

/// Lets `read` see the ramdisk once, then gives its memory to the frame allocator.
pub fn with_ramdisk<R>(read: impl FnOnce(&[u8]) -> R) -> R {
    let result = read(ramdisk());
    if RAMDISK_RELEASED.swap(1, Ordering::AcqRel) == 0
        && let Some(information) = INFORMATION.get()
    {
        let pages = page_range(information.ramdisk());
        // The loader may have put it next to what is not RAM, in the same page.
        for region in information.memory() {
            let start = region.start.max(FIRST_MIB).max(pages.start);
            give(start..region.end.min(pages.end));
        }
    }
    result
}
