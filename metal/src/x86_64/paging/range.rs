//! Whole ranges of a page table: taking rights or pages away, and what a fork shares.
//!
//! A page that was taken away is let go of after the processor has forgotten it; see
//! `removed.rs`.

use core::sync::atomic::{AtomicU64, Ordering};

use super::entry::{
    ACCESSED, ADDRESS_MASK, DIRTY, HELD, HIDDEN, PRESENT, WRITABLE, index, number_of, span,
    table_of,
};
use super::removed::Removed;
use super::{OutOfMemory, PAGE_SIZE, PageFlags, PageTable};
use crate::frame::{Frame, Holders};

impl PageTable {
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
        let mut removed = Removed::new(self);
        unmap_table::<true>(self.root.number(), 3, range, &mut removed);
        let gone = removed.finish();
        self.note_gone(gone);
    }

    /// Removes all pages there are and drops their holds. `ranges` must cover them all: then none
    /// need be counted.
    pub fn unmap_all(&mut self, ranges: impl Iterator<Item = core::ops::Range<usize>>) {
        let mut removed = Removed::new(self);
        let root = self.root.number();
        for range in ranges {
            unmap_table::<false>(root, 3, range, &mut removed);
        }
        removed.finish();
        self.note_gone(self.present);
    }

    /// Calls `visit` with each leaf table that shows something of the range: the table's number,
    /// the entries that the range covers, and the address of the first. Where a table of a
    /// higher level is missing, all that it would cover is passed over in one step.
    ///
    /// # Errors
    /// The first of `visit`'s.
    pub(super) fn for_each_leaf<E>(
        &self,
        range: core::ops::Range<usize>,
        mut visit: impl FnMut(u32, core::ops::Range<usize>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut address = range.start;
        while address < range.end {
            let found = self.leaf_table_or_gap(address);
            let level = found.err().unwrap_or(1);
            let end = ((address | (span(level) - 1)) + 1).min(range.end);
            if let Ok(number) = found {
                let first = index(address, 0);
                let count = (end - address).div_ceil(PAGE_SIZE);
                visit(number, first..first + count, address)?;
            }
            address = end;
        }
        Ok(())
    }

    /// Calls `change` with each entry of the range that holds a frame.
    pub(super) fn for_each_entry(
        &self,
        range: core::ops::Range<usize>,
        mut change: impl FnMut(&AtomicU64),
    ) {
        let Ok(()) = self.for_each_leaf(range, |number, entries, _| {
            table_of(number)[entries]
                .iter()
                .filter(|slot| slot.load(Ordering::Relaxed) & HELD != 0)
                .for_each(&mut change);
            Ok::<(), core::convert::Infallible>(())
        });
    }

    /// How many pages of a range are there, but for those that show the one frame of zeros,
    /// which takes up no memory of the program's.
    pub fn count_present(&self, range: core::ops::Range<usize>) -> usize {
        let zeros = Frame::zeros_number();
        let mut count = 0;
        self.for_each_entry(range, |slot| {
            count += usize::from(number_of(slot.load(Ordering::Relaxed)) != zeros);
        });
        count
    }

    /// Sets the byte in `answers` to one for each page of `range` that is there, to zero for the
    /// others.
    pub fn note_present(&self, range: core::ops::Range<usize>, answers: &mut [u8]) {
        let start = range.start;
        answers.fill(0);
        let Ok(()) = self.for_each_leaf(range, |number, entries, address| {
            let answers = &mut answers[(address - start) / PAGE_SIZE..];
            for (answer, slot) in answers.iter_mut().zip(&table_of(number)[entries]) {
                *answer = u8::from(slot.load(Ordering::Relaxed) & HELD != 0);
            }
            Ok::<(), core::convert::Infallible>(())
        });
    }

    /// Shows the child of a fork what this table shows in `range`, hidden pages too. With
    /// `copy_on_write` both lose the right to write, so that the first write of either makes a
    /// copy.
    ///
    /// # Errors
    /// When there is no memory for a table; the child then has a part of the range.
    pub fn share_with_child(
        &mut self,
        child: &mut Self,
        range: core::ops::Range<usize>,
        copy_on_write: bool,
    ) -> Result<(), OutOfMemory> {
        self.for_each_leaf(range, |parent_number, entries, address| {
            let from = &table_of(parent_number)[entries.clone()];
            let Some(empty) = leading_empty(from) else {
                return Ok(());
            };
            let child_number = child.leaf_table_or_new(address)?;
            let to = &table_of(child_number)[entries];
            let (added, zeros) = share_entries(&from[empty..], &to[empty..], copy_on_write);
            Frame::change_live_entries(child_number, added);
            child.present += added as usize - zeros;
            Ok(())
        })
    }

    /// Takes the pages of `from` to `to` (same length, both page-aligned, not overlapping, and
    /// nothing is shown at `to`) with the rights they have; hidden ones stay hidden.
    ///
    /// # Errors
    /// When there is no memory for a table; all pages are where they were then.
    pub fn relocate(
        &mut self,
        from: core::ops::Range<usize>,
        to: usize,
    ) -> Result<(), OutOfMemory> {
        let outcome = self.move_entries(from.clone(), to);
        let mut empty = from.clone();
        if outcome.is_err() {
            empty = to..to + from.len();
            // The tables that the pages came from are still there, so this cannot fail.
            let back = self.move_entries(empty.clone(), from.start);
            debug_assert!(back.is_ok(), "a table went while nothing was unmapped");
        }
        // No page is left there; this frees the tables.
        self.unmap(empty);
        self.invalidate_range(from);
        outcome
    }

    /// Moves entries one by one, as far as there is memory for tables. Tables that become empty
    /// stay.
    fn move_entries(
        &mut self,
        from: core::ops::Range<usize>,
        to: usize,
    ) -> Result<(), OutOfMemory> {
        let start = from.start;
        self.for_each_leaf(from, |number, entries, address| {
            for (place, slot) in table_of(number)[entries].iter().enumerate() {
                let entry = slot.load(Ordering::Relaxed);
                if entry & HELD == 0 {
                    continue;
                }
                let target = to + (address - start) + place * PAGE_SIZE;
                let target_number = self.leaf_table_or_new(target)?;
                slot.store(0, Ordering::Release);
                table_of(target_number)[index(target, 0)].store(entry, Ordering::Release);
                Frame::change_live_entries(number, -1);
                Frame::change_live_entries(target_number, 1);
            }
            Ok(())
        })
    }
}

/// Looked at together by the functions below: most of a program's tables is empty.
pub(super) const GROUP: usize = 8;

/// Whether no entry of a group holds a frame. The loop has no branches, and its length is known.
#[inline]
fn is_group_empty(group: &[AtomicU64; GROUP]) -> bool {
    let all = group
        .iter()
        .fold(0, |all, slot| all | slot.load(Ordering::Relaxed));
    all & HELD == 0
}

/// How many entries, at the least, come before the first that holds a frame; none if no entry
/// does.
fn leading_empty(slots: &[AtomicU64]) -> Option<usize> {
    let (groups, rest) = slots.as_chunks::<GROUP>();
    let whole = groups.iter().position(|group| !is_group_empty(group));
    let is_held = |slot: &AtomicU64| slot.load(Ordering::Relaxed) & HELD != 0;
    whole
        .or_else(|| rest.iter().any(is_held).then_some(groups.len()))
        .map(|groups| groups * GROUP)
}

/// Calls `visit` with the place and the value of each entry that holds a frame.
#[inline]
fn for_each_held(slots: &[AtomicU64], mut visit: impl FnMut(usize, u64)) {
    let (groups, rest) = slots.as_chunks::<GROUP>();
    let mut visit_all = |start: usize, slots: &[AtomicU64]| {
        for (offset, slot) in slots.iter().enumerate() {
            let entry = slot.load(Ordering::Relaxed);
            if entry & HELD != 0 {
                visit(start + offset, entry);
            }
        }
    };
    for (number, group) in groups.iter().enumerate() {
        if !is_group_empty(group) {
            visit_all(number * GROUP, group);
        }
    }
    visit_all(groups.len() * GROUP, rest);
}

/// Copies entries for a fork; returns how many there were, and how many of them show the one frame
/// of zeros. `to` is as long as `from`.
fn share_entries(from: &[AtomicU64], to: &[AtomicU64], copy_on_write: bool) -> (i32, usize) {
    let zeros_number = Frame::zeros_number();
    let mut zeros = 0;
    let holders = Holders::of_all();
    let mut added = 0;
    for_each_held(from, |place, mut entry| {
        if copy_on_write && entry & WRITABLE != 0 {
            entry = from[place].fetch_and(!WRITABLE, Ordering::AcqRel) & !WRITABLE;
        }
        // SAFETY: the parent's entry holds the frame; the new hold is the child's entry's.
        unsafe { holders.add(number_of(entry)) };
        to[place].store(entry, Ordering::Release);
        added += 1;
        zeros += usize::from(number_of(entry) == zeros_number);
    });
    (added, zeros)
}

/// Clears the entries of a table above the leaves that `range` covers; stops as soon as the
/// table is empty.
fn unmap_table<const COUNTED: bool>(
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
                unmap_table::<COUNTED>(child, level - 1, part, removed);
            } else {
                unmap_leaves::<COUNTED>(child, part, removed);
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

/// Clears the entries of one leaf table that `range` covers, and notes with COUNTED how many showed
/// something else than the frame of zeros.
fn unmap_leaves<const COUNTED: bool>(
    number: u32,
    range: core::ops::Range<usize>,
    removed: &mut Removed<'_>,
) {
    let first = index(range.start, 0);
    let count = range.len().div_ceil(PAGE_SIZE);
    let slots = &table_of(number)[first..first + count];
    let zeros = Frame::zeros_number();
    let (mut cleared, mut gone) = (0, 0);
    for_each_held(slots, |place, entry| {
        slots[place].store(0, Ordering::Release);
        cleared -= 1;
        if COUNTED {
            gone += usize::from(number_of(entry) != zeros);
        }
        // SAFETY: the entry held the frame and is gone from the table.
        unsafe { removed.push_number(number_of(entry)) };
    });
    removed.note_gone(gone);
    Frame::change_live_entries(number, cleared);
}
