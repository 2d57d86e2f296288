//! The kernel heap's largest objects: each is a run of pages of its own.
//!
//! The pages of a run are mapped when it is made and go back to the frame allocator when it is
//! freed, so what one program made the kernel need is everybody's again afterwards. Runs lie
//! where the first gap in an address range of their own is, a page apart; the page tables say
//! where gaps are.

use core::ptr::null_mut;

use crate::frame::{Frame, free_frames, has_room, reserve_frames};
use crate::kernel_space;
use crate::paging::PAGE_SIZE;

/// What the range of addresses spans; more than there can be of memory.
const RANGE_BYTES: usize = 1 << 36;
const RANGE_END: usize = kernel_space::HEAP_RUNS + RANGE_BYTES;

/// Runs of more bytes leave more of the reserve alone.
const LARGE_MIN: usize = 256 * 1024;

pub(super) struct Runs {
    /// No gap lies below.
    lowest: usize,
    pages: usize,
}

impl Runs {
    pub(super) const fn new() -> Self {
        Self {
            lowest: kernel_space::HEAP_RUNS,
            pages: 0,
        }
    }

    /// Pages mapped.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// A run of at least `bytes` bytes. Null when that would go far into the reserve: what is
    /// not large may be a list that cannot do without (of all processes, say), and goes farther.
    pub(super) fn allocate(&mut self, bytes: usize) -> *mut u8 {
        let count = bytes.div_ceil(PAGE_SIZE);
        let may = if bytes > LARGE_MIN {
            has_room(bytes)
        } else {
            free_frames() >= count + reserve_frames() / 4
        };
        if !may {
            return null_mut();
        }
        let Some(start) = self.find_gap(count) else {
            return null_mut();
        };
        for place in 0..count {
            let mapped = Frame::uninitialised_from_reserve()
                // SAFETY: the range belongs to this allocator, and the page shows nothing.
                .is_some_and(|frame| unsafe {
                    kernel_space::map_frame(start + place * PAGE_SIZE, frame)
                });
            if !mapped {
                // SAFETY: mapped above, and nobody was told of it.
                unsafe { unmap(start, place) };
                return null_mut();
            }
        }
        if start == self.lowest {
            self.lowest += (count + 1) * PAGE_SIZE;
        }
        self.pages += count;
        start as *mut u8
    }

    /// Where `count` pages and one more show nothing.
    fn find_gap(&self, count: usize) -> Option<usize> {
        let mut start = self.lowest;
        let mut page = start;
        while page - start <= count * PAGE_SIZE {
            if page >= RANGE_END {
                return None;
            }
            if kernel_space::is_mapped(page) {
                // The page behind a run stays free.
                start = page + 2 * PAGE_SIZE;
                page = start;
            } else {
                page += PAGE_SIZE;
            }
        }
        Some(start)
    }

    /// # Safety
    /// The run must have come from [`Self::allocate`] with the same `bytes` and be freed once.
    pub(super) unsafe fn free(&mut self, run: *mut u8, bytes: usize) {
        let count = bytes.div_ceil(PAGE_SIZE);
        // SAFETY: the caller vouches.
        unsafe { unmap(run as usize, count) };
        self.lowest = self.lowest.min(run as usize);
        self.pages -= count;
    }
}

/// # Safety
/// The pages must have been mapped by [`Runs::allocate`], and nobody may use them any more.
unsafe fn unmap(start: usize, count: usize) {
    for place in 0..count {
        // SAFETY: the caller vouches.
        drop(unsafe { kernel_space::unmap_frame(start + place * PAGE_SIZE) });
    }
}
