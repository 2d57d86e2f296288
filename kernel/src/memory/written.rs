//! Which pages of an object programs have written through their mappings of it.
//!
//! A screen's memory is drawn on by programs that tell nobody. The processor notes each page that
//! it writes in the page table that it used; an object that wants to know has a [`Written`], which
//! knows the address spaces that map the object and gathers those notes.
//!
//! # That nothing is lost
//! A note is gathered before its entry goes (munmap(2), mremap(2), exit), and a page that is
//! written after its note was gathered gets a new one: the processor is made to forget the page
//! in between (`PageTable::take_written`). So whoever looks at a page after [`Written::take`] named
//! it sees what was written, or will be told again.
//!
//! # Rest
//! Looking for notes takes time even where there are none. When nothing has been written for a
//! while, the pages are made unwritable ([`Pace::Rest`]); the first write faults, makes them
//! writable again, and wakes who looks. So a screen on which nothing happens costs nothing.
//!
//! # That nobody sleeps while somebody may draw
//! Several may look at once (a program that pans beside the thread that presents), and who looks
//! may sleep on the way. Whether a program may write without a fault is said at no moment to be
//! false while it is true: it is set before the pages become writable ([`Written::open`]), and
//! cleared only at the end of a look that found all mappings resting and in which nobody began to
//! write anew. A look that finds otherwise than was said wakes.

use alloc::collections::BTreeMap;
use alloc::sync::Weak;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use metal::paging::PageTable;

use super::{AddressSpace, AddressSpaceState, Area, Backing, PAGE_SIZE, Protection};
use crate::process;
use crate::sync::SpinLock;

/// What is to become of mappings in which nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// They stay as they are: somebody will look again soon.
    Watch,
    /// The next write to one of them faults and wakes who looks.
    Rest,
}

/// The written pages of one object. See the head of this file.
pub struct Written {
    /// A bit a page. Locked for a word at a time.
    pages: SpinLock<Vec<u64>>,
    /// The address spaces that have mappings of the object, by their addresses in the kernel's
    /// memory, which nothing else gets while they are here.
    mappers: SpinLock<BTreeMap<usize, Weak<AddressSpace>>>,
    /// [`OPEN`]: somebody may write without a fault. Above it, how often somebody began to.
    openings: AtomicU64,
    /// Called when there may be something to gather or to take, where there was nothing before.
    wake: fn(),
}

const BITS: u64 = u64::BITS as u64;
/// Of `openings`: somebody may write without a fault.
const OPEN: u64 = 1;
/// Of `openings`: one more has begun to.
const OPENING: u64 = 2;

/// Room for a bit a page, all of them 0. None: there is no memory.
fn words_for(pages: u64) -> Option<Vec<u64>> {
    let count = usize::try_from(pages.div_ceil(BITS)).ok()?;
    let mut words = Vec::new();
    words.try_reserve_exact(count).ok()?;
    words.resize(count, 0);
    Some(words)
}

impl Written {
    /// For an object of `pages` pages, none of them written. None: there is no memory for it.
    pub fn new(pages: u64, wake: fn()) -> Option<Self> {
        Some(Self {
            pages: SpinLock::new(words_for(pages)?),
            mappers: SpinLock::default(),
            openings: AtomicU64::new(0),
            wake,
        })
    }

    /// The object has so many pages now, not fewer than before; the new ones are not written.
    /// False: there is no memory for that, and nothing has changed.
    #[must_use]
    pub fn grow(&self, pages: u64) -> bool {
        let Some(mut larger) = words_for(pages) else {
            return false;
        };
        let mut words = self.pages.lock();
        if larger.len() > words.len() {
            larger[..words.len()].copy_from_slice(&words);
            core::mem::swap(&mut *words, &mut larger);
        }
        drop(words);
        true
    }

    /// These pages were written by other means than a mapping.
    pub fn note(&self, pages: Range<u64>) {
        pages.for_each(|page| self.set(page));
        (self.wake)();
    }

    fn set(&self, page: u64) {
        if let Some(word) = self.pages.lock().get_mut((page / BITS) as usize) {
            *word |= 1 << (page % BITS);
        }
    }

    /// Calls `visit` with each run of written pages that were noted, and forgets them. Never
    /// sleeps; what is still in page tables is left there ([`Self::gather`]).
    pub fn take(&self, visit: &mut dyn FnMut(Range<u64>)) {
        let mut run = 0..0;
        let mut place = 0;
        while let Some((number, mut bits)) = self.take_word(place) {
            place = number + 1;
            while bits != 0 {
                let page = number as u64 * BITS + u64::from(bits.trailing_zeros());
                bits &= bits - 1;
                if run.end != page {
                    if !run.is_empty() {
                        visit(run);
                    }
                    run = page..page;
                }
                run.end = page + 1;
            }
        }
        if !run.is_empty() {
            visit(run);
        }
    }

    /// The first word from `place` on with a bit in it, and its number; it has none from then on.
    fn take_word(&self, place: usize) -> Option<(usize, u64)> {
        let mut words = self.pages.lock();
        let number = place + words.get(place..)?.iter().position(|word| *word != 0)?;
        Some((number, core::mem::take(&mut words[number])))
    }

    /// Whether programs may write without a fault, and so without anybody being woken: as
    /// [`Self::gather`] found it, or somebody has begun since.
    pub fn is_open(&self) -> bool {
        self.openings.load(Ordering::Acquire) & OPEN != 0
    }

    /// Gathers the notes from all mappings. Takes each address space that maps the object, one
    /// after the other; may sleep.
    pub fn gather(&self, pace: Pace) {
        let openings = self.openings.load(Ordering::Acquire);
        let mut is_open = false;
        // One that comes meanwhile may be missed: its first write says so.
        let mut next = 0;
        while let Some((address, space)) = self.mapper_from(next) {
            next = address + 1;
            // Each may take long, and a thousand of them must not keep a key waiting.
            process::yield_if_needed();
            let Some(space) = space.upgrade() else {
                self.forget(address);
                continue;
            };
            let mut state = space.lock();
            match state.gather_written(self, pace) {
                Some(found) => is_open |= found,
                // Still under its lock: it may map the object again as soon as that is free.
                None => self.forget(address),
            }
        }
        self.conclude(openings, is_open);
    }

    /// A look has ended that began at `openings` and found this.
    fn conclude(&self, openings: u64, is_open: bool) {
        if is_open {
            if self.openings.fetch_or(OPEN, Ordering::AcqRel) & OPEN == 0 {
                (self.wake)();
            }
            return;
        }
        // Who began since may have been passed already; then it stays open, for the next look.
        let _open = self.openings.compare_exchange(
            openings,
            openings & !OPEN,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }

    fn mapper_from(&self, first: usize) -> Option<(usize, Weak<AddressSpace>)> {
        let mappers = self.mappers.lock();
        let (address, space) = mappers.range(first..).next()?;
        Some((*address, Weak::clone(space)))
    }

    fn forget(&self, address: usize) {
        let forgotten = self.mappers.lock().remove(&address);
        drop(forgotten);
    }

    /// An address space has a mapping of the object. It must be locked.
    fn mapped_in(&self, space: &Weak<AddressSpace>) {
        let mut mappers = self.mappers.lock();
        let mapper = mappers.entry(space.as_ptr().addr());
        mapper.or_insert_with(|| Weak::clone(space));
    }

    /// A program is about to write through a mapping, without a fault from now on.
    pub(super) fn open(&self) {
        let more = |openings: u64| Some(openings.wrapping_add(OPENING) | OPEN);
        let update = self
            .openings
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        if update.is_ok_and(|before| before & OPEN == 0) {
            (self.wake)();
        }
    }

    /// Takes the notes out of what `area`, a mapping of the object, shows in `range`. Returns
    /// whether there were any.
    fn gather_from(&self, table: &mut PageTable, area: &Area, range: Range<usize>) -> bool {
        let mut any = false;
        table.take_written(range, |address| {
            self.set(area.page_index(address));
            any = true;
        });
        any
    }
}

impl Area {
    /// Who wants to know what is written through this mapping.
    pub(super) fn written(&self) -> Option<&Written> {
        match &self.backing {
            Backing::Object { pager, .. } if self.shared => pager.written(),
            _ => None,
        }
    }

    fn is_of(&self, written: &Written) -> bool {
        self.written()
            .is_some_and(|own| core::ptr::eq(own, written))
    }
}

/// The part of two ranges that they share; empty if there is none.
fn common(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.max(other.start)..one.end.min(other.end)
}

impl AddressSpaceState {
    /// To be called before pages of `range` are taken out of the page table.
    pub(super) fn keep_written(&mut self, range: &Range<usize>) {
        let Self {
            areas,
            table,
            watched,
            ..
        } = self;
        // Mappings do not overlap: behind the first that ends too early none reaches further.
        for start in watched.range(..range.end).rev() {
            let Some(area) = areas.get(start) else {
                continue;
            };
            let part = common(range, &area.range);
            if part.is_empty() {
                break;
            }
            if let Some(written) = area.written() {
                written.gather_from(table, area, part);
            }
        }
    }

    /// Gathers the notes of all mappings of one object; returns whether a program may write
    /// through one without a fault. None: there is no mapping of it.
    fn gather_written(&mut self, written: &Written, pace: Pace) -> Option<bool> {
        let Self {
            areas,
            table,
            watched,
            ..
        } = self;
        let mut is_open = None;
        let watched = watched.iter().filter_map(|start| areas.get(start));
        for area in watched.filter(|area| area.is_of(written)) {
            let any = written.gather_from(table, area, area.range.clone());
            let writable = area.protection.contains(Protection::WRITE);
            let rests = writable && !any && pace == Pace::Rest;
            if rests {
                table.protect(area.range.clone(), area.protection.read_only_flags());
            }
            is_open = Some(is_open.unwrap_or(false) || (writable && !rests));
        }
        is_open
    }

    /// The mapping at `start` is there now: who wants to know of it is told.
    pub(super) fn watch(&mut self, start: usize) {
        let written = self.areas.get(&start).and_then(Area::written);
        if let Some(written) = written {
            written.mapped_in(&self.this);
            self.watched.insert(start);
        }
    }

    /// As [`Self::watch`], for all mappings of a child of fork(2).
    pub(super) fn watch_as(&mut self, parent: &Self) {
        for start in &parent.watched {
            self.watch(*start);
        }
    }

    /// Shows the pages around a faulting one, as many as one table holds: all of them are there,
    /// and that one of them was written will be noted by the processor.
    ///
    /// # Errors
    /// See [`super::FaultError`].
    pub(super) fn supply_watched(
        table: &mut PageTable,
        area: &Area,
        written: &Written,
        page: usize,
        write: bool,
    ) -> core::result::Result<(), super::FaultError> {
        const TABLE_BYTES: usize = 512 * PAGE_SIZE;
        let Backing::Object { pager, .. } = &area.backing else {
            return Err(super::FaultError::NotMapped);
        };
        // Also when there is nothing at the page: that is told here.
        drop(pager.page(area.page_index(page), write)?);
        let start = page / TABLE_BYTES * TABLE_BYTES;
        let window = common(&(start..start + TABLE_BYTES), &area.range);
        let flags = if write {
            written.open();
            area.protection.flags()
        } else {
            area.protection.read_only_flags()
        };
        for shown in window.clone().step_by(PAGE_SIZE) {
            if table.get(shown).is_some() {
                continue;
            }
            let Some(frame) = pager.page_at_hand(area.page_index(shown)) else {
                break;
            };
            if table.map(shown, frame, flags).is_err() {
                break;
            }
        }
        if write {
            table.allow_writing(window);
        }
        // What the loop above could not do matters for this page alone.
        let is_shown = table.get(page).is_some();
        is_shown.then_some(()).ok_or(super::FaultError::OutOfMemory)
    }
}
