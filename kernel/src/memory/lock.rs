//! Locking mappings in memory, and how much of that a process may do. Source: mlock(2),
//! mlockall(2), getrlimit(2) (RLIMIT_MEMLOCK).

use core::ops::Range;

use metal::paging::USER_END;

use super::change::Holes;
use super::{AddressSpace, AddressSpaceState, Area, Locking, PAGE_SIZE};
use crate::error::{Errno, Result};
use crate::process::capabilities::Capability;
use crate::process::limits::Resource;
use crate::process::{Process, scheduler};

impl AddressSpace {
    /// Locks whole pages (mlock2(2)), and brings them in unless that is left to faults.
    ///
    /// # Errors
    /// ENOMEM when it is too much, when a part is not mapped or cannot be brought in, EINVAL when
    /// the range has no end, EAGAIN when memory is short. What comes before has been locked.
    pub fn lock_range(
        &self,
        process: &Process,
        start: usize,
        length: usize,
        locking: Locking,
    ) -> Result<()> {
        let mut state = self.lock();
        let range = start..start.saturating_add(length);
        if length > lockable_bytes(process).saturating_sub(state.locked_bytes) {
            let again = state.locked_bytes_in(&range);
            state
                .check_locked_bytes(process, length - again)
                .map_err(|_| Errno::ENOMEM)?;
        }
        state.set_locking(start, length, locking)?;
        drop(state);
        self.populate_locked(range)
    }

    /// Unlocks whole pages (munlock(2)).
    ///
    /// # Errors
    /// ENOMEM when a part is not mapped, EINVAL when the range has no end.
    pub fn unlock_range(&self, start: usize, length: usize) -> Result<()> {
        self.lock().set_locking(start, length, Locking::None)
    }

    /// Locks all that is mapped as `current` says, and what will be as `future` does
    /// (mlockall(2)).
    ///
    /// # Errors
    /// ENOMEM when it is too much.
    pub fn lock_all(
        &self,
        process: &Process,
        current: Option<Locking>,
        future: Option<Locking>,
    ) -> Result<()> {
        let mut state = self.lock();
        let too_much = state.mapped_bytes > lockable_bytes(process);
        if current.is_some() && too_much && !may_lock_anything() {
            return Err(Errno::ENOMEM);
        }
        state.future_locking = future.unwrap_or_default();
        let Some(current) = current else {
            return Ok(());
        };
        state.set_all(current);
        drop(state);
        self.populate(0..USER_END);
        Ok(())
    }

    /// Unlocks all that is mapped and will be (munlockall(2)).
    pub fn unlock_all(&self) {
        let mut state = self.lock();
        state.future_locking = Locking::None;
        state.set_all(Locking::None);
    }
}

impl Area {
    /// Locks or unlocks it, unless what it shows is always there.
    pub(super) fn lock(&mut self, locking: Locking) {
        if !self.is_of_fixed_size() {
            self.locking = locking;
        }
    }
}

impl AddressSpaceState {
    /// Whether `more` bytes may be locked.
    ///
    /// # Errors
    /// EAGAIN when that would be too much.
    pub(super) fn check_locked_bytes(&self, process: &Process, more: usize) -> Result<()> {
        let fits = self.locked_bytes.saturating_add(more) <= lockable_bytes(process);
        if fits || may_lock_anything() {
            Ok(())
        } else {
            Err(Errno::EAGAIN)
        }
    }

    /// Whether a part of a range is locked.
    pub(super) fn is_any_locked(&self, range: &Range<usize>) -> bool {
        self.locked_bytes > 0 && self.locked_bytes_in(range) > 0
    }

    fn locked_bytes_in(&self, range: &Range<usize>) -> usize {
        let common = |area: &Area| area.range.start.max(range.start)..area.range.end.min(range.end);
        self.overlapping(range)
            .filter(|area| area.locking != Locking::None)
            .map(|area| common(area).len())
            .sum()
    }

    fn set_locking(&mut self, start: usize, length: usize, locking: Locking) -> Result<()> {
        let end = start.checked_add(length).ok_or(Errno::EINVAL)?;
        self.change(&(start..end), Holes::End, |area| {
            area.lock(locking);
            Ok(())
        })
    }

    /// Locks or unlocks all there is. Neighbours stay apart, as any change makes them.
    fn set_all(&mut self, locking: Locking) {
        let mut locked_bytes = 0;
        for area in self.areas.values_mut() {
            area.lock(locking);
            locked_bytes += area.locked_bytes();
        }
        self.locked_bytes = locked_bytes;
    }
}

/// How many bytes a process may lock: whole pages.
fn lockable_bytes(process: &Process) -> usize {
    process.limit(Resource::LockedMemory) as usize / PAGE_SIZE * PAGE_SIZE
}

/// Whether the calling thread goes over that limit.
fn may_lock_anything() -> bool {
    scheduler::try_current().is_some_and(|thread| thread.credentials().has(Capability::IpcLock))
}
