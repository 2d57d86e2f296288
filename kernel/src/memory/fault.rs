//! Page faults: supplying what a mapping promises, at the moment it is touched.
//!
//! | mapping | read of a missing page | write |
//! | --- | --- | --- |
//! | anonymous | the one frame of zeros | a new frame of zeros |
//! | private, of an object | the object's frame, not writable | a copy of it |
//! | shared | the object's frame | the object's frame |
//!
//! A write to a page that is there but not writable, in a private mapping that may be written,
//! makes it writable when nobody else holds its frame, and otherwise copies it first.
//!
//! Source: mmap(2), sigaction(2) (the codes of SIGSEGV and SIGBUS).

use core::sync::atomic::{AtomicBool, Ordering};

use metal::cpu::{self, PROCESSORS_MAX};
use metal::paging::{PageFlags, PageTable};

use super::{
    AddressSpaceState, Area, Backing, Frame, Locking, PAGE_SIZE, Protection, page_align_down,
};
use crate::error::{Errno, Result};
use crate::process::limits::Resource;
use crate::process::{out_of_memory, scheduler};

/// A stack stays this far from the mapping below it, as on Linux.
const STACK_GUARD_BYTES: usize = 256 * PAGE_SIZE;
/// Pages around a missing one of an object that are supplied with it.
const FAULT_AROUND_PAGES: usize = 16;

/// The stack limit of those who look at memory without being the program: nothing grows.
pub const NO_GROWTH: usize = 0;

/// Why an address could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// Nothing is mapped there: SIGSEGV, SEGV_MAPERR.
    NotMapped,
    /// The mapping does not allow it: SIGSEGV, SEGV_ACCERR.
    NotAllowed,
    /// The mapped object ends before it: SIGBUS, BUS_ADRERR.
    PastEnd,
    /// There is no memory for the page.
    OutOfMemory,
}

/// What comes of a fault.
pub(super) type Outcome = core::result::Result<(), FaultError>;

impl From<Errno> for FaultError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::ENOMEM => Self::OutOfMemory,
            _ => Self::PastEnd,
        }
    }
}

/// Whether user copies on a processor are to fail rather than to bring pages in.
static FAULTS_OFF: [AtomicBool; PROCESSORS_MAX] =
    [const { AtomicBool::new(false) }; PROCESSORS_MAX];

/// Touches user memory without bringing pages in: what is not there is an error at once. So
/// it may be done with a spin lock held. `action` must not sleep.
pub fn without_faults<R>(action: impl FnOnce() -> R) -> R {
    let off = &FAULTS_OFF[cpu::number()];
    off.store(true, Ordering::Relaxed);
    let result = action();
    off.store(false, Ordering::Relaxed);
    result
}

/// Called by metal when a user copy faults. Returns whether the copy can go on.
pub fn handle_kernel_fault(address: usize, write: bool) -> bool {
    if FAULTS_OFF[cpu::number()].load(Ordering::Relaxed) {
        return false;
    }
    let Some(thread) = scheduler::try_current() else {
        return false;
    };
    let Some(space) = thread.address_space() else {
        return false;
    };
    let wanted = if write {
        Protection::WRITE
    } else {
        Protection::READ
    };
    let stack_limit = thread.process.limit(Resource::Stack) as usize;
    thread.process.count_page_fault();
    loop {
        if space.is_given_up() {
            return false;
        }
        // The lock is given back first: who is to make room looks at all address spaces.
        let outcome = space.lock().handle_fault(address, wanted, stack_limit);
        match outcome {
            Ok(()) => return true,
            // Somebody is killed for it; unless it is this process, it can go on. The caller of
            // the copy may hold a lock that the one who is to die sleeps for: then it fails.
            Err(FaultError::OutOfMemory) if out_of_memory::relieve_while_locked(&thread) => {}
            Err(_) => return false,
        }
        if thread.must_exit() {
            return false;
        }
    }
}

impl AddressSpaceState {
    /// Makes the page of `address` usable as `wanted`. `stack_limit` bounds the growth of a
    /// stack, in bytes.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn handle_fault(
        &mut self,
        address: usize,
        wanted: Protection,
        stack_limit: usize,
    ) -> Outcome {
        let Self { areas, table, .. } = self;
        let below = areas.range(..=address).next_back();
        let Some((_, area)) = below.filter(|(_, area)| address < area.range.end) else {
            self.grow_stack(address, stack_limit)?;
            return self.handle_fault(address, wanted, stack_limit);
        };
        touch(table, area, address, wanted)
    }

    fn grow_stack(&mut self, address: usize, stack_limit: usize) -> Outcome {
        let page = page_align_down(address);
        let (&start, area) = self
            .areas
            .range(address..)
            .next()
            .ok_or(FaultError::NotMapped)?;
        let too_large = area.range.end - page > stack_limit;
        if !area.grows_down || too_large || page < super::space::LOWEST {
            return Err(FaultError::NotMapped);
        }
        let below = self.areas.range(..address).next_back();
        if below.is_some_and(|(_, below)| below.range.end + STACK_GUARD_BYTES > page) {
            return Err(FaultError::NotMapped);
        }
        let more = area.range.start - page;
        if area.locking != Locking::None {
            let thread = scheduler::try_current().ok_or(FaultError::NotMapped)?;
            self.check_locked_bytes(&thread.process, more)
                .map_err(|_| FaultError::NotMapped)?;
            self.locked_bytes += more;
        }
        if let Some(mut area) = self.areas.remove(&start) {
            self.mapped_bytes += more;
            self.peak_mapped_bytes = self.peak_mapped_bytes.max(self.mapped_bytes);
            area.range.start = page;
            self.areas.insert(page, area);
        }
        Ok(())
    }

    /// The frame behind `address`, ready to be written by the kernel on the program's behalf.
    ///
    /// # Errors
    /// EFAULT where nothing is mapped, ENOMEM.
    pub(super) fn frame_for_write(&mut self, address: usize) -> Result<Frame> {
        self.handle_fault(address, Protection::WRITE, NO_GROWTH)
            .map_err(|error| match error {
                FaultError::OutOfMemory => Errno::ENOMEM,
                _ => Errno::EFAULT,
            })?;
        let (frame, _) = self.table.get(address).ok_or(Errno::EFAULT)?;
        // The processor does not see this writing.
        if let Some(area) = self.area_at(address)
            && let Some(written) = area.written()
        {
            let page = area.page_index(address);
            written.note(page..page + 1);
        }
        Ok(frame)
    }
}

/// Makes the page of `address`, which lies in `area`, usable as `wanted`.
///
/// # Errors
/// Why it cannot be.
pub(super) fn touch(
    table: &mut PageTable,
    area: &Area,
    address: usize,
    wanted: Protection,
) -> Outcome {
    let allowed = match wanted {
        Protection::READ => !area.protection.is_empty(),
        other => area.protection.contains(other),
    };
    if !allowed {
        return Err(FaultError::NotAllowed);
    }
    let write = wanted == Protection::WRITE;
    let page = page_align_down(address);
    match table.get(page) {
        None => supply(table, area, page, write),
        Some((frame, flags)) if write && !flags.contains(PageFlags::WRITABLE) => {
            give_write_permission(table, area, page, frame)
        }
        // Another thread was faster, or the processor remembered less than there is.
        Some((_, flags)) => {
            let rights = area.protection.read_only_flags() | (flags & PageFlags::WRITABLE);
            table.set_flags(page, rights);
            Ok(())
        }
    }
}

/// Fills a missing page.
fn supply(table: &mut PageTable, area: &Area, page: usize, write: bool) -> Outcome {
    let protection = area.protection;
    if let Some(written) = area.written() {
        return AddressSpaceState::supply_watched(table, area, written, page, write);
    }
    let (frame, flags) = match &area.backing {
        Backing::Anonymous if write => (new_frame()?, protection.flags()),
        Backing::Anonymous => (Frame::shared_zeros(), protection.read_only_flags()),
        Backing::Object { pager, .. } => {
            let frame = pager.page(area.page_index(page), write && area.shared)?;
            match (area.shared, write) {
                (true, true) => (frame, protection.flags()),
                (_, false) => return supply_around(table, area, page, frame),
                (false, true) => {
                    let copy = Frame::copy_of(&frame).ok_or(FaultError::OutOfMemory)?;
                    (copy, protection.flags())
                }
            }
        }
    };
    show(table, page, frame, flags)
}

/// Shows a page of an object to be read, and its neighbours that the object has at hand: a
/// program that runs from a file would otherwise fault on each of its pages.
fn supply_around(table: &mut PageTable, area: &Area, page: usize, frame: Frame) -> Outcome {
    let flags = area.protection.read_only_flags();
    show(table, page, frame, flags)?;
    let Backing::Object { pager, .. } = &area.backing else {
        return Ok(());
    };
    let window = FAULT_AROUND_PAGES * PAGE_SIZE;
    let start = (page / window * window).max(area.range.start);
    let end = (page / window * window + window).min(area.range.end);
    for neighbour in (start..end).step_by(PAGE_SIZE) {
        if table.get(neighbour).is_none() {
            let Some(frame) = pager.page_at_hand(area.page_index(neighbour)) else {
                continue;
            };
            if show(table, neighbour, frame, flags).is_err() {
                break;
            }
        }
    }
    Ok(())
}

fn show(table: &mut PageTable, page: usize, frame: Frame, flags: PageFlags) -> Outcome {
    let old = table
        .map(page, frame, flags)
        .map_err(|_| FaultError::OutOfMemory)?;
    drop(old);
    Ok(())
}

/// Lets a page that is there be written: in place if nobody else holds its frame.
fn give_write_permission(table: &mut PageTable, area: &Area, page: usize, frame: Frame) -> Outcome {
    let flags = area.protection.flags();
    if let Some(written) = area.written() {
        return AddressSpaceState::supply_watched(table, area, written, page, true);
    }
    if area.shared
        && let Backing::Object { pager, .. } = &area.backing
    {
        // The object is told, so that it knows what was changed.
        let current = pager.page(area.page_index(page), true)?;
        drop(frame);
        return show(table, page, current, flags);
    }
    // The hold taken by looking would count as a second holder.
    drop(frame);
    if table.make_writable_if_unique(page) {
        return Ok(());
    }
    let (shared, _) = table.get(page).ok_or(FaultError::NotMapped)?;
    let copy = Frame::copy_of(&shared).ok_or(FaultError::OutOfMemory)?;
    show(table, page, copy, flags)
}

fn new_frame() -> core::result::Result<Frame, FaultError> {
    Frame::zeroed().ok_or(FaultError::OutOfMemory)
}
