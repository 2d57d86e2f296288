//! Making mappings and taking them away. Source: mmap(2), munmap(2), brk(2).

use alloc::sync::Arc;
use core::ops::Range;

use metal::paging::USER_END;

use super::space::{LOWEST, shared_anonymous};
use super::{
    AddressSpace, AddressSpaceState, Area, Backing, Locking, PAGE_SIZE, Pager, Protection,
    page_align_up,
};
use crate::error::{Errno, Result};
use crate::file::OpenFile;
use crate::process::Process;
use crate::process::limits::{INFINITY, Resource};

/// Where a mapping is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere, at this address if it is free.
    Hint(usize),
    /// Here, in place of whatever is there (MAP_FIXED).
    Fixed(usize),
    /// Here, if nothing is there (MAP_FIXED_NOREPLACE).
    FixedIfFree(usize),
}

/// A mapping to make.
pub struct MapRequest {
    /// Where.
    pub place: Place,
    /// How many bytes; rounded up to whole pages.
    pub length: usize,
    /// What the program may do.
    pub protection: Protection,
    /// What it may ever be allowed to do.
    pub allowed: Protection,
    /// Whether changes are seen by others.
    pub shared: bool,
    /// It is a stack.
    pub grows_down: bool,
    /// It is supplied at once (MAP_POPULATE).
    pub populate: bool,
    /// It may be larger than memory (MAP_NORESERVE).
    pub unreserved: bool,
    /// It may lie where null pointers with an offset lead (CAP_SYS_RAWIO).
    pub may_be_lowest: bool,
    /// It is locked in memory (MAP_LOCKED).
    pub locking: Locking,
    /// A child of fork(2) does not get it.
    pub not_inherited: bool,
    /// The object it shows; none for anonymous memory.
    pub object: Option<MappedObject>,
}

/// What a mapping shows.
pub struct MappedObject {
    /// The object.
    pub pager: Arc<dyn Pager>,
    /// The file it came from, if it did.
    pub file: Option<Arc<OpenFile>>,
    /// Where in the object the mapping starts, in bytes.
    pub offset_bytes: u64,
}

impl MapRequest {
    /// Private anonymous memory.
    pub fn anonymous(place: Place, length: usize, protection: Protection) -> Self {
        Self {
            place,
            length,
            protection,
            allowed: Protection::all(),
            shared: false,
            grows_down: false,
            populate: false,
            unreserved: false,
            may_be_lowest: false,
            locking: Locking::None,
            not_inherited: false,
            object: None,
        }
    }
}

/// What kind of memory a program asks for more of.
pub(super) struct Growth {
    protection: Protection,
    shared: bool,
    grows_down: bool,
    unreserved: bool,
    locking: Locking,
}

impl Growth {
    fn of_request(request: &MapRequest) -> Self {
        Self {
            protection: request.protection,
            shared: request.shared,
            grows_down: request.grows_down,
            unreserved: request.unreserved,
            locking: request.locking,
        }
    }

    /// More of what a mapping is.
    pub(super) fn of_area(area: &Area) -> Self {
        Self {
            protection: area.protection,
            shared: area.shared,
            grows_down: area.grows_down,
            unreserved: area.unreserved,
            locking: area.locking,
        }
    }
}

/// A range of whole pages in the user half.
///
/// # Errors
/// EINVAL when it is not aligned, ENOMEM when it does not fit.
pub(super) fn page_range(address: usize, length: usize) -> Result<Range<usize>> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let length = page_align_up(length).ok_or(Errno::ENOMEM)?;
    let end = address.checked_add(length).ok_or(Errno::ENOMEM)?;
    if end > USER_END {
        return Err(Errno::ENOMEM);
    }
    Ok(address..end)
}

impl AddressSpace {
    /// Makes a mapping and returns its address.
    ///
    /// # Errors
    /// EINVAL, ENOMEM, EEXIST, EPERM, EAGAIN, EOVERFLOW as mmap(2) has them.
    pub fn map(&self, process: &Process, mut request: MapRequest) -> Result<usize> {
        if request.length == 0 {
            return Err(Errno::EINVAL);
        }
        let length = page_align_up(request.length).ok_or(Errno::ENOMEM)?;
        let mut state = self.lock();
        request.locking = request.locking.max(state.future_locking);
        state.check_area_count(1)?;
        state.check_growth(process, &Growth::of_request(&request), length)?;
        let range = state.choose(request.place, length, request.may_be_lowest)?;
        let backing = match request.object {
            Some(object) => Backing::Object {
                pager: object.pager,
                file: object.file,
                first_page: object.offset_bytes / PAGE_SIZE as u64,
            },
            None if request.shared => shared_anonymous(),
            None => Backing::Anonymous,
        };
        if matches!(request.place, Place::Fixed(_)) {
            state.unmap(range.clone())?;
        }
        let mut area = Area {
            range: range.clone(),
            protection: request.protection,
            allowed: request.allowed,
            shared: request.shared,
            grows_down: request.grows_down,
            not_inherited: request.not_inherited,
            wiped_in_child: false,
            unreserved: request.unreserved,
            locking: Locking::None,
            backing,
        };
        area.lock(request.locking);
        if let Backing::Object { pager, .. } = &area.backing {
            pager.mapped(&state.this, range.start);
        }
        state.insert(area);
        drop(state);
        if request.populate || request.locking != Locking::None {
            self.populate(range.clone());
        }
        Ok(range.start)
    }

    /// Takes all mappings of a range away (munmap(2)).
    ///
    /// # Errors
    /// EINVAL for a bad range, ENOMEM when splitting makes too many mappings.
    pub fn unmap(&self, address: usize, length: usize) -> Result<()> {
        let range = page_range(address, length).map_err(|_| Errno::EINVAL)?;
        if range.is_empty() {
            return Err(Errno::EINVAL);
        }
        self.lock().unmap(range)
    }

    /// Moves the end of the heap (brk(2)); returns where it is, which is where it was when it
    /// could not be moved.
    pub fn set_break(&self, process: &Process, wanted: usize) -> usize {
        let mut state = self.lock();
        let heap = state.heap.clone();
        // Errors are not errors here: the program compares.
        if wanted >= heap.start && state.move_break(process, wanted).is_ok() {
            state.heap.end = wanted;
        }
        let end = state.heap.end;
        let locking = state.future_locking;
        drop(state);
        if end > heap.end && locking != Locking::None {
            self.populate(heap.end..end);
        }
        end
    }
}

impl AddressSpaceState {
    /// Takes all mappings of `range` away, with their pages.
    ///
    /// # Errors
    /// ENOMEM when a mapping too many would be left, which only a hole in the middle of one makes.
    pub(super) fn unmap(&mut self, range: Range<usize>) -> Result<()> {
        let around = self.area_at(range.start);
        if around.is_some_and(|area| area.range.start < range.start && range.end < area.range.end) {
            self.check_area_count(1)?;
        }
        self.keep_written(&range);
        self.table.unmap(range.clone());
        // The objects are let go of after their pages.
        while let Some(area) = self.take_first(&range) {
            drop(area);
        }
        Ok(())
    }

    /// Whether `length` bytes more of this kind are allowed.
    ///
    /// # Errors
    /// ENOMEM, EAGAIN where it would be locked.
    pub(super) fn check_growth(
        &self,
        process: &Process,
        kind: &Growth,
        length: usize,
    ) -> Result<()> {
        if kind.locking != Locking::None {
            self.check_locked_bytes(process, length)?;
        }
        self.check_mapped_bytes(process, length)?;
        let written = kind.protection.contains(Protection::WRITE) && !kind.shared;
        let limit = process.limit(Resource::Data);
        let data = written && !kind.grows_down;
        if data && limit != INFINITY && (self.data_bytes() + length) as u64 > limit {
            return Err(Errno::ENOMEM);
        }
        // As Linux's heuristic: what obviously cannot be had is refused.
        let memory = metal::memory::total_frames() * PAGE_SIZE;
        if written && !kind.unreserved && length > memory {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    /// Whether `length` bytes more may be mapped at all.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn check_mapped_bytes(&self, process: &Process, length: usize) -> Result<()> {
        let limit = process.limit(Resource::AddressSpace) as usize;
        if self.mapped_bytes.saturating_add(length) > limit {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    /// Bytes that RLIMIT_DATA counts: private and writable, but for stacks.
    fn data_bytes(&self) -> usize {
        let is_data = |area: &&Area| {
            area.protection.contains(Protection::WRITE) && !area.shared && !area.grows_down
        };
        self.areas
            .values()
            .filter(is_data)
            .map(|area| area.range.len())
            .sum()
    }

    fn choose(&self, place: Place, length: usize, lowest: bool) -> Result<Range<usize>> {
        match place {
            Place::Hint(address) => {
                let start = self.find_free_near(address, length)?;
                Ok(start..start + length)
            }
            Place::Fixed(address) | Place::FixedIfFree(address) => {
                let range = page_range(address, length)?;
                if range.start < LOWEST && !lowest {
                    return Err(Errno::EPERM);
                }
                if matches!(place, Place::FixedIfFree(_)) && !self.is_free(&range) {
                    return Err(Errno::EEXIST);
                }
                Ok(range)
            }
        }
    }

    /// Where a mapping goes that a program would like to have at `address`.
    ///
    /// # Errors
    /// ENOMEM when there is no room anywhere.
    pub(super) fn find_free_near(&self, address: usize, length: usize) -> Result<usize> {
        let address = address / PAGE_SIZE * PAGE_SIZE;
        let wanted = page_range(address, length).ok();
        match wanted.filter(|range| range.start >= LOWEST && self.is_free(range)) {
            Some(range) => Ok(range.start),
            None => self.find_free(length, PAGE_SIZE),
        }
    }

    fn move_break(&mut self, process: &Process, wanted: usize) -> Result<()> {
        let align = |address| page_align_up(address).ok_or(Errno::ENOMEM);
        let (old, new) = (align(self.heap.end)?, align(wanted)?);
        if new < old {
            return self.unmap(new..old);
        }
        let data_limit = process.limit(Resource::Data) as usize;
        if wanted - self.heap.start > data_limit || new > super::MMAP_TOP {
            return Err(Errno::ENOMEM);
        }
        if new == old {
            return Ok(());
        }
        let protection = Protection::READ | Protection::WRITE;
        let mut request = MapRequest::anonymous(Place::FixedIfFree(old), new - old, protection);
        request.locking = self.future_locking;
        self.check_area_count(1)?;
        self.check_growth(process, &Growth::of_request(&request), new - old)?;
        if !self.is_free(&(old..new)) {
            return Err(Errno::ENOMEM);
        }
        self.insert(Area {
            range: old..new,
            protection,
            allowed: Protection::all(),
            shared: false,
            grows_down: false,
            not_inherited: false,
            wiped_in_child: false,
            unreserved: false,
            locking: self.future_locking,
            backing: Backing::Anonymous,
        });
        Ok(())
    }
}
