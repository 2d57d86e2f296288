//! Growing, shrinking and moving mappings. Source: mremap(2).

use core::ops::Range;

use super::map::Growth;
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
        let old_length = page_align_up(old_length).ok_or(Errno::EINVAL)?;
        let new_length = page_align_up(new_length).ok_or(Errno::ENOMEM)?;
        let old_end = old.checked_add(old_length).ok_or(Errno::EINVAL)?;
        let mut state = self.lock();
        let area = state.area_at(old).ok_or(Errno::EFAULT)?.clone();
        let is_fixed = area.is_of_fixed_size();
        if keep_old && is_fixed {
            return Err(Errno::EINVAL);
        }
        if old_length == 0 {
            // A second view of a shared mapping.
            return state.duplicate(&area, old, new_length, destination);
        }
        if old_end > area.range.end {
            return Err(Errno::EFAULT);
        }
        let growth = new_length.saturating_sub(old_length);
        if growth > 0 && is_fixed {
            return Err(Errno::EFAULT);
        }
        state.check_growth(process, &Growth::of_area(&area), growth)?;
        if let Move::To(address) = destination {
            let range = fixed_range(address, new_length)?;
            if range.start < old_end && old < range.end {
                return Err(Errno::EINVAL);
            }
            state.unmap(range)?;
            return state.relocate(old..old_end, address, new_length, keep_old);
        }
        if keep_old {
            let address = state.find_free(new_length, PAGE_SIZE)?;
            return state.relocate(old..old_end, address, new_length, true);
        }
        if new_length <= old_length {
            if new_length < old_length {
                state.unmap(old + new_length..old_end)?;
            }
            return Ok(old);
        }
        let extension = old_end..old + new_length;
        if area.range.end == old_end && extension.end <= USER_END && state.is_free(&extension) {
            let mut more = area.part(old..old_end);
            more.backing = area.backing_beyond_end();
            more.range = extension;
            state.insert(more);
            return Ok(old);
        }
        if destination == Move::No {
            return Err(Errno::ENOMEM);
        }
        let address = state.find_free(new_length, PAGE_SIZE)?;
        state.relocate(old..old_end, address, new_length, false)
    }
}

fn fixed_range(address: usize, length: usize) -> Result<Range<usize>> {
    let end = address.checked_add(length).ok_or(Errno::EINVAL)?;
    if !address.is_multiple_of(PAGE_SIZE) || end > USER_END || address < LOWEST {
        return Err(Errno::EINVAL);
    }
    Ok(address..end)
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
            Move::Anywhere => self.find_free(length, PAGE_SIZE)?,
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
