//! One mapping: a range of pages with the same rights and the same thing behind them.

use alloc::sync::Arc;
use core::ops::Range;

use abi::raw::general;
use bitflags::bitflags;
use metal::paging::PageFlags;

use super::{PAGE_SIZE, Pager};
use crate::file::OpenFile;

bitflags! {
    /// What a program may do with a mapping (PROT_READ …).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Protection: u32 {
        /// May be read.
        const READ = general::PROT_READ;
        /// May be written.
        const WRITE = general::PROT_WRITE;
        /// May be executed.
        const EXECUTE = general::PROT_EXEC;
    }
}

impl Protection {
    /// The rights of a page that is not to be written yet.
    pub fn read_only_flags(self) -> PageFlags {
        if self.contains(Self::EXECUTE) {
            PageFlags::EXECUTABLE
        } else {
            PageFlags::empty()
        }
    }

    /// The rights of a page that may be written if the mapping may.
    pub fn flags(self) -> PageFlags {
        let mut flags = self.read_only_flags();
        if self.contains(Self::WRITE) {
            flags |= PageFlags::WRITABLE;
        }
        flags
    }
}

/// What lies behind a mapping.
#[derive(Clone)]
pub enum Backing {
    /// Zeros, until written.
    Anonymous,
    /// The pages of an object; `first_page` is the one at the area's start.
    Object {
        /// The object.
        pager: Arc<dyn Pager>,
        /// The file it came from, for /proc/PID/maps; none for shared anonymous memory.
        file: Option<Arc<OpenFile>>,
        /// Index of the object's page at the start of the area.
        first_page: u64,
    },
}

/// Whether a mapping is locked in memory (mlock(2)). Pages that are there stay there anyway; what
/// a lock means is that they are brought in at once, that it counts against RLIMIT_MEMLOCK, and
/// that advice does not take them away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Locking {
    /// It is not.
    #[default]
    None,
    /// It is, and all of its pages are brought in when it is made so.
    Whole,
    /// It is, but its pages are brought in by faults (MLOCK_ONFAULT).
    OnFault,
}

/// A range of pages with the same rights and backing.
#[derive(Clone)]
pub struct Area {
    /// The addresses, whole pages.
    pub range: Range<usize>,
    /// What the program may do.
    pub protection: Protection,
    /// What mprotect(2) may grant: less than everything for a file opened without writing.
    pub allowed: Protection,
    /// Changes are seen by others (MAP_SHARED).
    pub shared: bool,
    /// A stack: a fault below it makes it grow.
    pub grows_down: bool,
    /// A child of fork(2) does not get it (MADV_DONTFORK).
    pub not_inherited: bool,
    /// A child of fork(2) gets it empty (MADV_WIPEONFORK).
    pub wiped_in_child: bool,
    /// It may be larger than memory (MAP_NORESERVE).
    pub unreserved: bool,
    /// It is locked in memory.
    pub locking: Locking,
    /// What lies behind it.
    pub backing: Backing,
}

impl Area {
    /// The part of the area in `range`, which must lie in it.
    pub fn part(&self, range: Range<usize>) -> Self {
        let mut part = self.clone();
        if let Backing::Object { first_page, .. } = &mut part.backing {
            *first_page += ((range.start - self.range.start) / PAGE_SIZE) as u64;
        }
        part.range = range;
        part
    }

    /// Whether it cannot grow: what it shows never does.
    pub fn is_of_fixed_size(&self) -> bool {
        let is_watched =
            matches!(&self.backing, Backing::Object { pager, .. } if pager.written().is_some());
        is_watched || self.is_special()
    }

    /// How many of its bytes count as locked.
    pub fn locked_bytes(&self) -> usize {
        match self.locking {
            Locking::None => 0,
            _ => self.range.len(),
        }
    }

    /// Whether the kernel itself made it (the vDSO).
    pub fn is_special(&self) -> bool {
        matches!(&self.backing, Backing::Object { pager, .. } if pager.special_name().is_some())
    }

    /// Index of the object's page at `address`.
    pub fn page_index(&self, address: usize) -> u64 {
        match &self.backing {
            Backing::Anonymous => 0,
            Backing::Object { first_page, .. } => {
                first_page + ((address - self.range.start) / PAGE_SIZE) as u64
            }
        }
    }

    /// Whether `next`, which starts where this ends, is its continuation.
    pub fn continues_in(&self, next: &Self) -> bool {
        let same_backing = match (&self.backing, &next.backing) {
            (Backing::Anonymous, Backing::Anonymous) => true,
            (
                Backing::Object { pager, .. },
                Backing::Object {
                    pager: other,
                    first_page,
                    ..
                },
            ) => Arc::ptr_eq(pager, other) && self.page_index(self.range.end) == *first_page,
            _ => false,
        };
        self.range.end == next.range.start
            && self.protection == next.protection
            && self.allowed == next.allowed
            && self.shared == next.shared
            && !self.grows_down
            && !next.grows_down
            && self.not_inherited == next.not_inherited
            && self.wiped_in_child == next.wiped_in_child
            && self.unreserved == next.unreserved
            && self.locking == next.locking
            && same_backing
    }
}
