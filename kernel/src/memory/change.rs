//! Changing what is mapped: rights, advice, and what is asked about a range. Source: mprotect(2),
//! madvise(2), mincore(2), msync(2).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use abi::raw::general;

use super::map::page_range;
use super::{AddressSpace, AddressSpaceState, Area, Backing, PAGE_SIZE, Pager, Protection};
use crate::error::{Errno, Result};

/// An object, and which of its pages are meant.
type Shown = (Arc<dyn Pager>, Range<u64>);

/// What a hole in a range means to a change of what is mapped there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holes {
    /// The change ends there (mprotect(2)).
    End,
    /// What lies behind is changed too, and the hole is told of afterwards (madvise(2)).
    PassOver,
}

impl AddressSpace {
    /// Changes what may be done with a range (mprotect(2)).
    ///
    /// # Errors
    /// EINVAL for a bad range, ENOMEM when a part is not mapped, EACCES when a part does not
    /// allow it.
    pub fn protect(&self, address: usize, length: usize, protection: Protection) -> Result<()> {
        let range = page_range(address, length)?;
        self.lock().change(&range, Holes::End, |area| {
            if !area.allowed.contains(protection) {
                return Err(Errno::EACCES);
            }
            area.protection = protection;
            Ok(())
        })
    }

    /// Checks that a range is mapped as a whole (msync(2)).
    ///
    /// # Errors
    /// EINVAL when it is not aligned, ENOMEM when a part is not mapped.
    pub fn check_range(&self, address: usize, length: usize) -> Result<()> {
        let range = page_range(address, length)?;
        self.lock().check_mapped(&range)
    }

    /// Whether a part of a range is locked in memory.
    ///
    /// # Errors
    /// EINVAL when it is not aligned, ENOMEM when it is not a program's.
    pub fn has_locked(&self, address: usize, length: usize) -> Result<bool> {
        let range = page_range(address, length)?;
        Ok(self.lock().is_any_locked(&range))
    }

    /// Which pages from `address` on are in memory, a byte a page in `answers` (mincore(2)).
    ///
    /// # Errors
    /// EINVAL when it is not aligned, ENOMEM when a part is not mapped.
    pub fn presence(&self, address: usize, answers: &mut [u8]) -> Result<()> {
        let range = page_range(address, answers.len() * PAGE_SIZE)?;
        let state = self.lock();
        state.check_mapped(&range)?;
        state.table.note_present(range, answers);
        Ok(())
    }

    /// Gives advice (madvise(2)) on a range.
    ///
    /// # Errors
    /// EINVAL for bad advice or a bad range, ENOMEM when a part is not mapped.
    pub fn advise(&self, address: usize, length: usize, advice: u32) -> Result<()> {
        // Bad advice is told of before a range where nothing is.
        self.advise_range(0..0, advice)?;
        if length == 0 && address.is_multiple_of(PAGE_SIZE) {
            return Ok(());
        }
        // Nothing is mapped beyond the user half: ENOMEM, as anywhere where nothing is.
        self.advise_range(page_range(address, length)?, advice)
    }

    fn advise_range(&self, range: Range<usize>, advice: u32) -> Result<()> {
        if let Some(wanted) = population_advice(advice) {
            return self.populate_for(range, wanted);
        }
        let mut state = self.lock();
        if takes_pages_away(advice) && state.is_any_locked(&range) {
            return Err(Errno::EINVAL);
        }
        match advice {
            general::MADV_DONTNEED | general::MADV_DONTNEED_LOCKED => state.discard(&range, false),
            general::MADV_FREE => state.discard(&range, true),
            general::MADV_DONTFORK => state.change(&range, Holes::PassOver, |area| {
                area.not_inherited = true;
                Ok(())
            }),
            general::MADV_DOFORK => state.change(&range, Holes::PassOver, |area| {
                area.not_inherited = false;
                Ok(())
            }),
            general::MADV_WIPEONFORK => state.change(&range, Holes::PassOver, |area| {
                if area.shared || !matches!(area.backing, Backing::Anonymous) {
                    return Err(Errno::EINVAL);
                }
                area.wiped_in_child = true;
                Ok(())
            }),
            general::MADV_KEEPONFORK => state.change(&range, Holes::PassOver, |area| {
                area.wiped_in_child = false;
                Ok(())
            }),
            general::MADV_WILLNEED => state.check_mapped(&range),
            general::MADV_REMOVE => {
                let whole = state.check_mapped(&range);
                let shown = state.shown_pages(&range)?;
                // A file's contents rank above an address space.
                drop(state);
                for (pager, pages) in shown {
                    pager.remove(pages)?;
                }
                whole
            }
            // These change nothing that a program could see.
            general::MADV_NORMAL
            | general::MADV_RANDOM
            | general::MADV_SEQUENTIAL
            | general::MADV_MERGEABLE
            | general::MADV_UNMERGEABLE
            | general::MADV_HUGEPAGE
            | general::MADV_NOHUGEPAGE
            | general::MADV_DONTDUMP
            | general::MADV_DODUMP
            | general::MADV_COLD
            | general::MADV_PAGEOUT => state.check_mapped(&range),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// What pages are brought in for, if the advice is to bring them in.
fn population_advice(advice: u32) -> Option<Protection> {
    match advice {
        general::MADV_POPULATE_READ => Some(Protection::READ),
        general::MADV_POPULATE_WRITE => Some(Protection::WRITE),
        _ => None,
    }
}

/// Advice that what is locked in memory contradicts.
fn takes_pages_away(advice: u32) -> bool {
    matches!(
        advice,
        general::MADV_DONTNEED
            | general::MADV_FREE
            | general::MADV_REMOVE
            | general::MADV_COLD
            | general::MADV_PAGEOUT
    )
}

impl AddressSpaceState {
    /// The objects that are mapped in a range and the pages of theirs that are, for MADV_REMOVE.
    ///
    /// # Errors
    /// EINVAL when a part is no object's, EACCES when a part may not be written through its
    /// mapping.
    fn shown_pages(&self, range: &Range<usize>) -> Result<Vec<Shown>> {
        let mut shown = Vec::new();
        for area in self.overlapping(range) {
            let Backing::Object { pager, .. } = &area.backing else {
                return Err(Errno::EINVAL);
            };
            if !area.shared || !area.allowed.contains(Protection::WRITE) {
                return Err(Errno::EACCES);
            }
            let start = range.start.max(area.range.start);
            let count = (range.end.min(area.range.end) - start) / PAGE_SIZE;
            let first = area.page_index(start);
            shown.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            shown.push((Arc::clone(pager), first..first + count as u64));
        }
        Ok(shown)
    }

    /// Whether every page of a range is mapped.
    ///
    /// # Errors
    /// ENOMEM when one is not.
    pub(super) fn check_mapped(&self, range: &Range<usize>) -> Result<()> {
        let mut covered = range.start;
        for area in self.overlapping(range) {
            if area.range.start > covered {
                break;
            }
            covered = area.range.end;
        }
        if covered >= range.end {
            Ok(())
        } else {
            Err(Errno::ENOMEM)
        }
    }

    /// Changes the mappings of a range, one by one, and takes from their pages the rights they
    /// lose. What was changed before an error stays changed, as on Linux.
    ///
    /// # Errors
    /// ENOMEM when a part is not mapped or cutting makes too many mappings; `change`'s own.
    pub(super) fn change(
        &mut self,
        range: &Range<usize>,
        holes: Holes,
        mut change: impl FnMut(&mut Area) -> Result<()>,
    ) -> Result<()> {
        let mut whole = Ok(());
        let mut at = range.start;
        while at < range.end {
            let left = at..range.end;
            let area = self.overlapping(&left).next().ok_or(Errno::ENOMEM)?;
            if area.range.start > at {
                whole = Err(Errno::ENOMEM);
                if holes == Holes::End {
                    break;
                }
            }
            let cut = area.range.start.max(at)..area.range.end.min(range.end);
            let pieces =
                usize::from(area.range.start < cut.start) + usize::from(cut.end < area.range.end);
            let before = area.protection;
            let mut changed = area.part(cut.clone());
            change(&mut changed)?;
            self.check_area_count(pieces)?;
            if changed.protection.is_empty() {
                self.keep_written(&cut);
            }
            drop(self.take_first(&cut));
            if changed.protection != before {
                self.apply_protection(&changed);
            }
            self.insert(changed);
            at = cut.end;
        }
        whole
    }

    fn apply_protection(&mut self, area: &Area) {
        if area.protection.is_empty()
            && matches!(area.backing, Backing::Object { .. })
            && area.shared
        {
            // Comes back by a fault.
            self.table.unmap(area.range.clone());
        } else if area.protection.is_empty() {
            self.table.hide(area.range.clone());
        } else {
            self.table
                .protect(area.range.clone(), area.protection.flags());
        }
    }

    /// Drops what mappings of `pager` show of its `pages`, private copies too, as truncate(2) has it.
    pub(super) fn discard_pages(&mut self, pager: &dyn Pager, pages: &Range<u64>) {
        let Self { areas, table, .. } = self;
        for area in areas.values() {
            let Backing::Object {
                pager: other,
                first_page,
                ..
            } = &area.backing
            else {
                continue;
            };
            if !core::ptr::addr_eq(Arc::as_ptr(other), pager) {
                continue;
            }
            let count = (area.range.len() / PAGE_SIZE) as u64;
            let first = pages.start.max(*first_page);
            let end = pages.end.min(first_page + count);
            if first < end {
                let address =
                    |page: u64| area.range.start + (page - first_page) as usize * PAGE_SIZE;
                table.unmap(address(first)..address(end));
            }
        }
    }

    /// Drops the pages of a range (MADV_DONTNEED); with `anonymous_only` refuses others, as
    /// MADV_FREE does.
    fn discard(&mut self, range: &Range<usize>, anonymous_only: bool) -> Result<()> {
        let whole = self.check_mapped(range);
        let foreign = |area: &Area| !matches!(area.backing, Backing::Anonymous);
        if anonymous_only && self.overlapping(range).any(foreign) {
            return Err(Errno::EINVAL);
        }
        self.keep_written(range);
        self.table.unmap(range.clone());
        whole
    }
}
