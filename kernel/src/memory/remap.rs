//! Growing, shrinking and moving mappings. Source: mremap(2).

use core::ops::Range;

use super::map::{Growth, page_range};
use super::space::LOWEST;
use super::{AddressSpace, AddressSpaceState, Area, Backing, Locking, PAGE_SIZE, page_align_up};
use crate::error::{Errno, Result, out_of_memory};
use crate::process::Process;
use metal::paging::USER_END;

/// Where a mapping that changes its size may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It must stay.
    No,
    /// Anywhere (MREMAP_MAYMOVE).
    Anywhere,
    /// To this address if it is free (MREMAP_DONTUNMAP), else anywhere.
    Near(usize),
    /// To this address, in place of what is there (MREMAP_FIXED).
    To(usize),
}

impl AddressSpace {
    /// Changes the size of a mapping and perhaps its place; returns its address. With
    /// `keep_old` (MREMAP_DONTUNMAP) the old range stays, empty.
    ///
    /// # Errors
    /// EINVAL, EFAULT, ENOMEM, EAGAIN as mremap(2) has them.
    pub fn remap(
        &self,
        process: &Process,
        old: usize,
        old_length: usize,
        new_length: usize,
        destination: Move,
        keep_old: bool,
    ) -> Result<usize> {
        let address =
            self.remap_unlocked(process, old, old_length, new_length, destination, keep_old)?;
        let range = address..address.saturating_add(new_length);
        let is_locked = |area: &Area| area.locking == Locking::Whole;
        if new_length > old_length && self.lock().area_at(address).is_some_and(is_locked) {
            self.populate(range);
        }
        Ok(address)
    }

    /// The same, without bringing in what is locked.
    fn remap_unlocked(
        &self,
        process: &Process,
        old: usize,
        old_length: usize,
        new_length: usize,
        destination: Move,
        keep_old: bool,
    ) -> Result<usize> {
        if !old.is_multiple_of(PAGE_SIZE) || new_length == 0 {
            return Err(Errno::EINVAL);
        }
        // A length that is too large comes round, as it does on Linux.
        let old_length = page_align_up(old_length).unwrap_or(0);
        let new_length = page_align_up(new_length).ok_or(Errno::ENOMEM)?;
        if let Move::To(address) | Move::Near(address) = destination {
            let range = target_range(address, new_length)?;
            if range.start < old.saturating_add(old_length) && old < range.end {
                return Err(Errno::EINVAL);
            }
        }
        let mut state = self.lock();
        let area = state.area_at(old).ok_or(Errno::EFAULT)?.clone();
        if keep_old && area.is_of_fixed_size() {
            return Err(Errno::EINVAL);
        }
        if old_length == 0 {
            // A second view of a shared mapping.
            return state.duplicate(&area, old, new_length, destination);
        }
        if let Move::To(address) = destination {
            state.unmap(fixed_range(address, new_length)?)?;
        }
        // What goes may reach over other mappings; only the rest has to lie in one.
        if new_length < old_length {
            let gone = page_range(old + new_length, old_length - new_length);
            state.unmap(gone.map_err(|_| Errno::EINVAL)?)?;
        }
        if new_length <= old_length && matches!(destination, Move::No | Move::Anywhere) {
            return Ok(old);
        }
        let kept = old..old.saturating_add(old_length.min(new_length));
        state.resize(process, &area, kept, new_length, destination, keep_old)
    }
}

/// The range that a caller names for the new mapping.
fn target_range(address: usize, length: usize) -> Result<Range<usize>> {
    page_range(address, length).map_err(|_| Errno::EINVAL)
}

/// The same, where the mapping must lie there.
fn fixed_range(address: usize, length: usize) -> Result<Range<usize>> {
    match target_range(address, length)? {
        range if range.start < LOWEST => Err(Errno::EINVAL),
        range => Ok(range),
    }
}

impl Area {
    /// The backing of what would follow this area.
    fn backing_beyond_end(&self) -> Backing {
        let mut backing = self.backing.clone();
        if let Backing::Object { first_page, .. } = &mut backing {
            *first_page = self.page_index(self.range.end);
        }
        backing
    }
}

impl AddressSpaceState {
    /// Grows what `area` maps at `old`, or moves it, or both.
    fn resize(
        &mut self,
        process: &Process,
        area: &Area,
        old: Range<usize>,
        length: usize,
        destination: Move,
        keep_old: bool,
    ) -> Result<usize> {
        let growth = length - old.len();
        if old.end > area.range.end || (growth > 0 && area.is_of_fixed_size()) {
            return Err(Errno::EFAULT);
        }
        if keep_old {
            self.check_mapped_bytes(process, length)?;
        }
        self.check_growth(process, &Growth::of_area(area), growth)?;
        let address = match destination {
            Move::To(address) => address,
            Move::Near(address) => self.find_free_near(address, length)?,
            Move::No | Move::Anywhere => {
                let extension = old.end..old.start + length;
                let ends_here = area.range.end == old.end;
                if ends_here && extension.end <= USER_END && self.is_free(&extension) {
                    let mut more = area.part(old);
                    more.backing = area.backing_beyond_end();
                    let start = more.range.start;
                    more.range = extension;
                    self.insert(more);
                    return Ok(start);
                }
                if destination == Move::No {
                    return Err(Errno::ENOMEM);
                }
                self.find_free(length, PAGE_SIZE)?
            }
        };
        self.relocate(old, address, length, keep_old)
    }

    /// Moves the mapping of `old` to the free range at `address`, `length` bytes long.
    fn relocate(
        &mut self,
        old: Range<usize>,
        address: usize,
        length: usize,
        keep_old: bool,
    ) -> Result<usize> {
        let moved = old.len().min(length);
        // As on Linux: one for the new place, and room to cut the old one in three.
        self.check_area_count(4)?;
        self.keep_written(&old);
        // `old` lies in one mapping: the caller looked.
        let area = self.take_first(&old).ok_or(Errno::EFAULT)?;
        let outcome = self.table.relocate(old.start..old.start + moved, address);
        if let Err(error) = outcome {
            self.insert(area);
            return Err(out_of_memory(error));
        }
        self.table.unmap(old.clone());
        let mut target = area.clone();
        target.range = address..address + length;
        self.insert(target);
        if keep_old {
            let mut area = area;
            area.locking = Locking::None;
            self.insert(area);
        }
        Ok(address)
    }

    fn duplicate(
        &mut self,
        area: &Area,
        old: usize,
        length: usize,
        destination: Move,
    ) -> Result<usize> {
        if !area.shared {
            return Err(Errno::EINVAL);
        }
        if area.is_of_fixed_size() {
            return Err(Errno::EFAULT);
        }
        let address = match destination {
            Move::No => return Err(Errno::ENOMEM),
            Move::Anywhere | Move::Near(_) => self.find_free(length, PAGE_SIZE)?,
            Move::To(address) => {
                let range = fixed_range(address, length)?;
                self.unmap(range)?;
                address
            }
        };
        let mut copy = area.part(old..area.range.end);
        copy.range = address..address + length;
        self.insert(copy);
        Ok(address)
    }
}
