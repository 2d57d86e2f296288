//! An address space: the mappings of a process and the page table that shows them.
//!
//! The mappings say what should be there; the page table holds what has been touched. Every
//! page table entry lies in a mapping, so taking a mapping away takes its pages along.
//!
//! ```text
//! 0x0000_0000_0001_0000  lowest address a mapping may have (mmap_min_addr)
//! 0x0000_5555_5555_4000  position-independent programs, then brk
//!            ▼ mmap_top  mappings, downwards
//! 0x0000_7fff_ffff_f000  the stack, downwards
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::{Arc, Weak};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use metal::paging::{PageTable, RootHandle};

use super::{Area, Backing, Locking, PAGE_SIZE, SharedMemory};
use crate::error::{Errno, Result, out_of_memory};
use crate::sync::{Mutex, MutexGuard};

/// The end of the stack. As far below the end of all that a program can have as Linux's random
/// offset may put it: one that reads "as much as you like" into a buffer on its stack names a range
/// of up to 2 GiB, which must not reach past that end.
pub const STACK_TOP: usize = metal::paging::USER_END - (16 << 30);
/// Mappings are placed below this: room for a stack of the usual limit and as much again.
pub const MMAP_TOP: usize = STACK_TOP - (64 << 20);
/// The lowest address that a mapping may have: a null pointer with an offset must fault.
pub const LOWEST: usize = 0x1_0000;
/// More mappings than this are refused, as on Linux (vm.max_map_count).
const AREAS_MAX: usize = 65_530;

/// What a mapping costs the kernel: the nodes of a tree may be half empty.
const BYTES_PER_AREA: usize = 2 * size_of::<Area>();

/// An address space.
pub struct AddressSpace {
    root: RootHandle,
    state: Mutex<AddressSpaceState>,
    /// Its process was killed for want of memory, and its pages were taken before it ended.
    given_up: AtomicBool,
    /// What it took up when somebody last counted.
    last_bytes: AtomicUsize,
}

/// What the lock of an address space guards.
pub struct AddressSpaceState {
    /// The address space itself, for those who want to know what is written in it.
    pub(super) this: Weak<AddressSpace>,
    pub(super) areas: BTreeMap<usize, Area>,
    /// The starts of those areas of whose writing somebody wants to know ([`super::Written`]).
    pub(super) watched: BTreeSet<usize>,
    pub(super) table: PageTable,
    /// The heap: where it started and where it ends (brk(2)).
    pub heap: Range<usize>,
    /// Where the program's arguments lie on the stack, for /proc/PID/cmdline.
    pub arguments: Range<usize>,
    /// Where the program's environment lies, for /proc/PID/environ.
    pub environment: Range<usize>,
    /// Where the program's auxiliary vector lies.
    pub auxiliary: Range<usize>,
    /// Where the stack started.
    pub stack_start: usize,
    /// Bytes mapped, for RLIMIT_AS and /proc/PID/stat.
    pub mapped_bytes: usize,
    /// The most that ever were.
    pub peak_mapped_bytes: usize,
    /// Bytes locked in memory, for RLIMIT_MEMLOCK and /proc/PID/status.
    pub locked_bytes: usize,
    /// Whether what is mapped from now on is locked (MCL_FUTURE).
    pub(super) future_locking: Locking,
}

impl AddressSpace {
    /// An address space with nothing in it.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new() -> Result<Arc<Self>> {
        let table = PageTable::new().map_err(out_of_memory)?;
        let root = table.handle();
        Ok(Arc::new_cyclic(|this| Self {
            root,
            state: Mutex::new(AddressSpaceState {
                this: Weak::clone(this),
                areas: BTreeMap::new(),
                watched: BTreeSet::new(),
                table,
                heap: 0..0,
                arguments: 0..0,
                environment: 0..0,
                auxiliary: 0..0,
                stack_start: 0,
                mapped_bytes: 0,
                peak_mapped_bytes: 0,
                locked_bytes: 0,
                future_locking: Locking::None,
            }),
            given_up: AtomicBool::new(false),
            last_bytes: AtomicUsize::new(0),
        }))
    }

    /// Makes it what user addresses mean on this processor.
    pub fn activate(&self) {
        self.root.activate();
    }

    /// Its mappings and pages.
    pub fn lock(&self) -> MutexGuard<'_, AddressSpaceState> {
        self.state.lock()
    }

    /// How many bytes it takes up, pages and tables and what the kernel knows of its mappings;
    /// while its lock is taken, how many it did when they were last counted.
    pub fn estimated_bytes(&self) -> usize {
        if let Some(state) = self.state.try_lock() {
            let known = state.areas.len() * BYTES_PER_AREA;
            let bytes = state.resident_bytes() + state.table_bytes() + known;
            self.last_bytes.store(bytes, Ordering::Relaxed);
        }
        self.last_bytes.load(Ordering::Relaxed)
    }

    /// Takes all pages away from a process that was killed but cannot end yet. From here on its
    /// threads' copies fail, so that nobody mistakes what was taken for zeros. Does nothing while
    /// the lock is taken.
    pub fn give_up(&self) {
        if let Some(mut state) = self.state.try_lock() {
            self.given_up.store(true, Ordering::Relaxed);
            state.discard_all();
        }
    }

    /// Whether [`Self::give_up`] took its pages.
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// A copy for a child of fork(2): private pages are shared until one of the two writes.
    /// Locks stay with the parent.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let child = Self::new()?;
        let mut from = self.lock();
        super::require_room(from.areas.len() * BYTES_PER_AREA)?;
        let mut to = child.lock();
        let from_locked = from.locked_bytes;
        let AddressSpaceState { areas, table, .. } = &mut *from;
        let mut outcome = Ok(());
        // All at once, because that is much less than one after the other.
        to.areas = areas.clone();
        if areas.values().any(|area| area.not_inherited) {
            to.areas.retain(|_, area| !area.not_inherited);
        }
        if from_locked > 0 {
            let unlock = |area: &mut Area| area.locking = Locking::None;
            to.areas.values_mut().for_each(unlock);
        }
        for area in areas.values().filter(|area| !area.not_inherited) {
            to.mapped_bytes += area.range.len();
            let wiped = area.wiped_in_child;
            // Pages of an unwritten file mapping come back by a fault when they are wanted.
            let refillable = matches!(area.backing, Backing::Object { .. })
                && (area.shared || !area.allowed.contains(super::Protection::WRITE));
            if wiped || refillable {
                continue;
            }
            outcome = table.share_with_child(&mut to.table, area.range.clone(), !area.shared);
            if outcome.is_err() {
                break;
            }
        }
        to.peak_mapped_bytes = to.mapped_bytes;
        table.invalidate_all();
        outcome.map_err(out_of_memory)?;
        to.heap = from.heap.clone();
        to.arguments = from.arguments.clone();
        to.environment = from.environment.clone();
        to.auxiliary = from.auxiliary.clone();
        to.stack_start = from.stack_start;
        to.watch_as(&from);
        drop(to);
        Ok(child)
    }

    /// Writes to the memory of a program that does not run yet (execve(2) builds its stack).
    ///
    /// # Errors
    /// EFAULT where nothing writable is mapped, ENOMEM.
    pub fn write_bytes(&self, address: usize, bytes: &[u8]) -> Result<()> {
        let mut state = self.lock();
        let mut done = 0;
        while done < bytes.len() {
            let at = address + done;
            let offset = at % PAGE_SIZE;
            let part = (PAGE_SIZE - offset).min(bytes.len() - done);
            let frame = state.frame_for_write(at)?;
            frame.write(offset, &bytes[done..done + part]);
            done += part;
        }
        Ok(())
    }

    /// Reads the memory of another program, as far as it is there (/proc/PID/cmdline).
    /// Returns how many bytes it got.
    pub fn read_bytes(&self, address: usize, bytes: &mut [u8]) -> usize {
        let mut state = self.lock();
        let mut done = 0;
        while done < bytes.len() {
            let Some(at) = address.checked_add(done) else {
                break;
            };
            let offset = at % PAGE_SIZE;
            let part = (PAGE_SIZE - offset).min(bytes.len() - done);
            if state
                .handle_fault(at, super::Protection::READ, super::NO_GROWTH)
                .is_err()
            {
                break;
            }
            let Some((frame, _)) = state.table.get(at) else {
                break;
            };
            frame.read(offset, &mut bytes[done..done + part]);
            done += part;
        }
        done
    }
}

impl Drop for AddressSpaceState {
    fn drop(&mut self) {
        self.discard_all();
    }
}

impl AddressSpaceState {
    /// Drops all pages.
    fn discard_all(&mut self) {
        self.keep_written(&(0..metal::paging::USER_END));
        // The table could do this by itself, but only the mappings know where to look.
        let ranges = self.areas.values().map(|area| area.range.clone());
        self.table.unmap_all(ranges);
    }

    /// The mapping that holds `address`.
    pub fn area_at(&self, address: usize) -> Option<&Area> {
        let (_, area) = self.areas.range(..=address).next_back()?;
        (address < area.range.end).then_some(area)
    }

    /// All mappings, in the order of their addresses.
    pub fn areas(&self) -> impl Iterator<Item = &Area> {
        self.areas.values()
    }

    /// The mappings that touch `range`; none touches an empty one.
    pub(super) fn overlapping(&self, range: &Range<usize>) -> impl Iterator<Item = &Area> {
        let first = self
            .area_at(range.start)
            .filter(|_| !range.is_empty())
            .map_or(range.start, |area| area.range.start);
        self.areas.range(first..range.end).map(|(_, area)| area)
    }

    /// Whether `range` touches no mapping.
    pub fn is_free(&self, range: &Range<usize>) -> bool {
        self.overlapping(range).next().is_none()
    }

    /// How many bytes of a mapping's pages are present.
    pub fn resident_bytes_in(&self, area: &Area) -> usize {
        self.table.count_present(area.range.clone()) * PAGE_SIZE
    }

    /// How many bytes of pages are present.
    pub fn resident_bytes(&self) -> usize {
        self.table.present_pages() * PAGE_SIZE
    }

    /// The most bytes of pages that ever were.
    pub fn peak_resident_bytes(&self) -> usize {
        self.table.peak_pages() * PAGE_SIZE
    }

    /// Bytes of page tables.
    pub fn table_bytes(&self) -> usize {
        self.table.tables() * PAGE_SIZE
    }

    /// A free range of `length` bytes, the highest below the mappings' top.
    ///
    /// # Errors
    /// ENOMEM when there is none.
    pub(super) fn find_free(&self, length: usize, align: usize) -> Result<usize> {
        let mut end = MMAP_TOP;
        for area in self.areas.range(..MMAP_TOP).rev().map(|(_, area)| area) {
            if area.range.end < end && end - area.range.end >= length {
                let start = (end - length) / align * align;
                if start >= area.range.end {
                    return Ok(start);
                }
            }
            end = end.min(area.range.start);
        }
        let start = end.checked_sub(length).ok_or(Errno::ENOMEM)? / align * align;
        if start < LOWEST {
            return Err(Errno::ENOMEM);
        }
        Ok(start)
    }

    /// Adds a mapping in a free range, joined with its neighbours where it continues them.
    pub(super) fn insert(&mut self, mut area: Area) {
        self.mapped_bytes += area.range.len();
        self.peak_mapped_bytes = self.peak_mapped_bytes.max(self.mapped_bytes);
        self.locked_bytes += area.locked_bytes();
        let before = self.areas.range(..area.range.start).next_back();
        if let Some((&start, previous)) = before
            && previous.continues_in(&area)
        {
            let first = previous.part(previous.range.clone());
            self.take_out(start);
            area = Area {
                range: start..area.range.end,
                backing: first.backing,
                ..area
            };
        }
        if let Some(next) = self.areas.get(&area.range.end)
            && area.continues_in(next)
        {
            let end = next.range.end;
            self.take_out(area.range.end);
            area.range.end = end;
        }
        self.put_in(area);
    }

    fn put_in(&mut self, area: Area) {
        let start = area.range.start;
        self.areas.insert(start, area);
        self.watch(start);
    }

    fn take_out(&mut self, start: usize) -> Option<Area> {
        self.watched.remove(&start);
        self.areas.remove(&start)
    }

    /// Takes out what the first mapping that touches `range` has in it; what reaches beyond
    /// stays. Pages stay too. Mappings go one by one, since there may be too many for a list of
    /// them when memory is short.
    pub(super) fn take_first(&mut self, range: &Range<usize>) -> Option<Area> {
        let start = self.overlapping(range).next()?.range.start;
        let area = self.take_out(start)?;
        let cut = area.range.start.max(range.start)..area.range.end.min(range.end);
        if area.range.start < cut.start {
            self.put_in(area.part(area.range.start..cut.start));
        }
        if cut.end < area.range.end {
            self.put_in(area.part(cut.end..area.range.end));
        }
        let part = area.part(cut);
        self.mapped_bytes -= part.range.len();
        self.locked_bytes -= part.locked_bytes();
        Some(part)
    }

    /// Whether `more` further mappings are allowed.
    ///
    /// # Errors
    /// ENOMEM when there would be too many.
    pub(super) fn check_area_count(&self, more: usize) -> Result<()> {
        if self.areas.len() + more <= AREAS_MAX {
            Ok(())
        } else {
            Err(Errno::ENOMEM)
        }
    }
}

/// Memory shared by a mapping without a file.
pub fn shared_anonymous() -> Backing {
    Backing::Object {
        pager: Arc::new(SharedMemory::new()),
        file: None,
        first_page: 0,
    }
}
