//! Which pages were written: the notes that the processor makes in page table entries.
//!
//! The processor sets the flag "dirty" in an entry with the first write through it, and remembers
//! that it did. So a flag that is cleared counts again only once the processor has forgotten the
//! page: whoever asks here may then look at the page, sees all that was written before, and is told
//! of what is written after.
//!
//! Source: SDM volume 3, section 5.8 (accessed and dirty flags).

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use super::entry::{DIRTY, HELD, PRESENT, WRITABLE, table_of};
use super::range::GROUP;
use super::{PAGE_SIZE, PageTable};

impl PageTable {
    /// Clears the flag of each page of a range that was written since it was last cleared, and
    /// then calls `visit` with the page's address. Costs what the range's tables cost; where
    /// there is none, nothing.
    pub fn take_written(&mut self, range: Range<usize>, mut visit: impl FnMut(usize)) {
        let mut hull: Option<Range<usize>> = None;
        let Ok(()) = self.for_each_leaf(range, |number, entries, start| {
            take_from(&table_of(number)[entries], |place| {
                let address = start + place * PAGE_SIZE;
                let first = hull.as_ref().map_or(address, |hull| hull.start);
                hull = Some(first..address + PAGE_SIZE);
                visit(address);
            });
            Ok::<(), core::convert::Infallible>(())
        });
        if let Some(hull) = hull {
            self.invalidate_range(hull);
        }
    }

    /// Lets all pages of a range be written that are there. The caller answers for each of them:
    /// nobody may hold one of their frames who counts on its contents.
    pub fn allow_writing(&mut self, range: Range<usize>) {
        // A processor that remembers less faults, looks here, and knows.
        self.for_each_entry(range, |slot| {
            if slot.load(Ordering::Relaxed) & PRESENT != 0 {
                slot.fetch_or(WRITABLE, Ordering::Release);
            }
        });
    }
}

/// Clears the flag in a part of a leaf table; calls `visit` with the place of each that had it.
fn take_from(slots: &[AtomicU64], mut visit: impl FnMut(usize)) {
    let dirty = |all: u64, slot: &AtomicU64| all | slot.load(Ordering::Relaxed);
    for (group, slots) in slots.chunks(GROUP).enumerate() {
        // Most pages of most screens stay as they are from one look to the next.
        if slots.iter().fold(0, dirty) & DIRTY == 0 {
            continue;
        }
        for (place, slot) in slots.iter().enumerate() {
            let entry = slot.load(Ordering::Relaxed);
            if entry & HELD != 0 && entry & DIRTY != 0 {
                slot.fetch_and(!DIRTY, Ordering::AcqRel);
                visit(group * GROUP + place);
            }
        }
    }
}
