//! Bringing pages in before they are touched: MAP_POPULATE, MADV_POPULATE_READ and
//! MADV_POPULATE_WRITE, and what is locked in memory.
//!
//! A range may be far larger than memory, so the address space is locked for a few pages at a
//! time: others run in between, look at the mappings and change them, and the thread that asked
//! can be killed.
//!
//! Source: mmap(2), madvise(2), mlock(2).

use core::ops::Range;

use metal::paging::USER_END;

use super::fault::{self, Outcome};
use super::{
    AddressSpace, AddressSpaceState, Area, FaultError, Locking, PAGE_SIZE, Protection,
    page_align_down, page_align_up,
};
use crate::error::{Errno, Result};
use crate::process::scheduler;

/// Bytes brought in without letting others run.
const STEP_BYTES: usize = 64 * PAGE_SIZE;

/// A part of one mapping that comes next.
struct Step {
    part: Range<usize>,
    area_end: usize,
    outcome: Outcome,
}

impl AddressSpace {
    /// Brings in what can be had of the pages that a range touches; what cannot is left to faults.
    pub(super) fn populate(&self, range: Range<usize>) {
        let mut at = page_align_down(range.start);
        let end = page_align_up(range.end).unwrap_or(USER_END);
        while let Some(step) = self.lock().populate_step(at..end) {
            at = match step.outcome {
                Ok(()) => step.part.end,
                Err(FaultError::OutOfMemory) => return,
                Err(_) => step.area_end,
            };
            if !may_go_on() {
                return;
            }
        }
    }

    /// Brings in all of a range that was locked.
    ///
    /// # Errors
    /// ENOMEM when a part cannot be there, EAGAIN when memory is short, EINTR when the thread is
    /// to end.
    pub(super) fn populate_locked(&self, range: Range<usize>) -> Result<()> {
        let mut at = range.start;
        while let Some(step) = self.lock().populate_step(at..range.end) {
            step.outcome.map_err(|error| match error {
                FaultError::OutOfMemory => Errno::EAGAIN,
                _ => Errno::ENOMEM,
            })?;
            at = step.part.end;
            if !may_go_on() {
                return Err(Errno::EINTR);
            }
        }
        Ok(())
    }

    /// Brings in every page of a range as an access of this kind would.
    ///
    /// # Errors
    /// ENOMEM when a part is not mapped or memory is short, EINVAL when a part does not allow the
    /// access, EFAULT past the end of a file, EINTR when the thread is to end. What comes before
    /// has been brought in.
    pub(super) fn populate_for(&self, range: Range<usize>, wanted: Protection) -> Result<()> {
        let mut at = range.start;
        while at < range.end {
            let mut state = self.lock();
            let area = state.area_at(at).ok_or(Errno::ENOMEM)?;
            // The processor lets a program read what it may write, but Linux asks for the right.
            if !area.protection.contains(wanted) {
                return Err(Errno::EINVAL);
            }
            let end = area.range.end.min(range.end).min(at + STEP_BYTES);
            let outcome = state.touch_all(at..end, wanted);
            drop(state);
            outcome.map_err(|error| match error {
                FaultError::OutOfMemory | FaultError::NotMapped => Errno::ENOMEM,
                FaultError::NotAllowed => Errno::EINVAL,
                FaultError::PastEnd => Errno::EFAULT,
            })?;
            at = end;
            if !may_go_on() {
                return Err(Errno::EINTR);
            }
        }
        Ok(())
    }
}

impl AddressSpaceState {
    /// Brings in the first pages of `left` that are mapped and do not wait for a fault. None when
    /// there are none.
    fn populate_step(&mut self, left: Range<usize>) -> Option<Step> {
        let waits = |area: &&Area| area.locking != Locking::OnFault;
        let area = self.overlapping(&left).find(waits)?;
        let start = area.range.start.max(left.start);
        let area_end = area.range.end.min(left.end);
        let part = start..area_end.min(start + STEP_BYTES);
        let wanted = population_access(area);
        Some(Step {
            outcome: self.touch_all(part.clone(), wanted),
            part,
            area_end,
        })
    }

    /// Touches every page of a part of one mapping.
    fn touch_all(&mut self, part: Range<usize>, wanted: Protection) -> Outcome {
        let Self { areas, table, .. } = self;
        let below = areas.range(..=part.start).next_back();
        let Some((_, area)) = below.filter(|(_, area)| part.end <= area.range.end) else {
            return Err(FaultError::NotMapped);
        };
        part.step_by(PAGE_SIZE)
            .try_for_each(|page| fault::touch(table, area, page, wanted))
    }
}

fn population_access(area: &Area) -> Protection {
    if area.protection.contains(Protection::WRITE) {
        Protection::WRITE
    } else {
        Protection::READ
    }
}

/// Lets others run. Returns false when the thread is to end.
fn may_go_on() -> bool {
    scheduler::yield_if_needed();
    !scheduler::current().must_exit()
}
