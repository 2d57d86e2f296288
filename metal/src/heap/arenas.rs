//! The kernel heap's middle objects: above the small sizes, and up to half an arena.
//!
//! An arena is 64 KiB of pages with a `linked_list_allocator` in it. Where an object lies tells
//! its arena, and an arena without objects goes back to the frame allocator, but for the last
//! one, so that a single object made and freed in turn does not map pages each time.

use core::alloc::Layout;
use core::ptr::{NonNull, null_mut};

use linked_list_allocator::Heap;

use super::SMALL_MAX;
use crate::frame::Frame;
use crate::kernel_space;
use crate::paging::PAGE_SIZE;

const ARENA_BYTES: usize = 64 * 1024;
const RANGE_END: usize = kernel_space::HEAP_RUNS;

/// The head of an arena; its objects lie behind.
struct Arena {
    heap: Heap,
    /// Objects of so many bytes found no place since something was freed here.
    refused_bytes: usize,
    next: *mut Arena,
    previous: *mut Arena,
}

const HEADER_BYTES: usize = size_of::<Arena>().next_multiple_of(64);

pub(super) struct Arenas {
    /// Arenas in which an object may still find a place, the newest first.
    open: *mut Arena,
    /// No unused slot for an arena lies below.
    lowest: usize,
    count: usize,
}

// SAFETY: the pointers lead to pages that only this allocator has.
unsafe impl Send for Arenas {}

impl Arenas {
    pub(super) const fn new() -> Self {
        Self {
            open: null_mut(),
            lowest: kernel_space::HEAP,
            count: 0,
        }
    }

    /// Pages mapped.
    pub(super) fn pages(&self) -> usize {
        self.count * (ARENA_BYTES / PAGE_SIZE)
    }

    /// An object, or null when there is no memory or when no arena could hold it.
    pub(super) fn allocate(&mut self, layout: Layout) -> *mut u8 {
        // What the object needs at worst: itself, its alignment and a list node.
        if layout.size().saturating_add(layout.align()) > ARENA_BYTES - HEADER_BYTES - 64 {
            return null_mut();
        }
        let mut arena = self.open;
        while !arena.is_null() {
            // SAFETY: the list holds whole arenas.
            let next = unsafe { (*arena).next };
            // SAFETY: as above.
            let object = unsafe { self.allocate_in(arena, layout) };
            if !object.is_null() {
                return object;
            }
            arena = next;
        }
        let arena = self.new_arena();
        if arena.is_null() {
            return null_mut();
        }
        // SAFETY: the arena was just made and linked.
        unsafe { self.allocate_in(arena, layout) }
    }

    /// # Safety
    /// `arena` must be whole and in the list.
    unsafe fn allocate_in(&mut self, arena: *mut Arena, layout: Layout) -> *mut u8 {
        // SAFETY: the caller vouches.
        unsafe {
            if layout.size() >= (*arena).refused_bytes {
                return null_mut();
            }
            if let Ok(object) = (*arena).heap.allocate_first_fit(layout) {
                return object.as_ptr();
            }
            // One that must lie on a page's border may fail where others of its size do not.
            if layout.align() < PAGE_SIZE {
                (*arena).refused_bytes = layout.size();
                if layout.size() <= SMALL_MAX + 32 {
                    self.unlink(arena);
                }
            }
        }
        null_mut()
    }

    fn new_arena(&mut self) -> *mut Arena {
        let mut slot = self.lowest;
        while slot < RANGE_END && kernel_space::is_mapped(slot) {
            slot += ARENA_BYTES;
        }
        if slot == RANGE_END {
            return null_mut();
        }
        self.lowest = slot;
        for page in (slot..slot + ARENA_BYTES).step_by(PAGE_SIZE) {
            let mapped = Frame::uninitialised_from_reserve()
                // SAFETY: the range belongs to this allocator, and the slot shows nothing.
                .is_some_and(|frame| unsafe { kernel_space::map_frame(page, frame) });
            if !mapped {
                // SAFETY: mapped above, and nobody was told of it.
                unsafe { unmap(slot, page) };
                return null_mut();
            }
        }
        let arena: *mut Arena = slot as *mut Arena;
        let objects = (slot + HEADER_BYTES) as *mut u8;
        // SAFETY: the slot's pages are mapped and this allocator's own.
        unsafe {
            arena.write(Arena {
                heap: Heap::new(objects, ARENA_BYTES - HEADER_BYTES),
                refused_bytes: usize::MAX,
                next: null_mut(),
                previous: null_mut(),
            });
            self.link(arena);
        }
        self.count += 1;
        arena
    }

    /// # Safety
    /// `object` must have come from [`Self::allocate`] with this `layout` and be freed once.
    pub(super) unsafe fn free(&mut self, object: NonNull<u8>, layout: Layout) {
        let slot = object.as_ptr() as usize / ARENA_BYTES * ARENA_BYTES;
        let arena: *mut Arena = slot as *mut Arena;
        // SAFETY: the slot of an object starts with its arena's head.
        unsafe {
            (*arena).heap.deallocate(object, layout);
            if !self.is_linked(arena) {
                self.link(arena);
            }
            (*arena).refused_bytes = usize::MAX;
            if (*arena).heap.used() == 0 && self.count > 1 {
                self.unlink(arena);
                unmap(slot, slot + ARENA_BYTES);
                self.lowest = self.lowest.min(slot);
                self.count -= 1;
            }
        }
    }

    /// # Safety
    /// `arena` must be whole.
    unsafe fn is_linked(&self, arena: *mut Arena) -> bool {
        // SAFETY: the caller vouches.
        self.open == arena || unsafe { !(*arena).previous.is_null() }
    }

    /// # Safety
    /// `arena` must be whole and not in the list.
    unsafe fn link(&mut self, arena: *mut Arena) {
        // SAFETY: the caller vouches; the list holds whole arenas.
        unsafe {
            (*arena).previous = null_mut();
            (*arena).next = self.open;
            if !self.open.is_null() {
                (*self.open).previous = arena;
            }
        }
        self.open = arena;
    }

    /// # Safety
    /// `arena` must be whole and in the list.
    unsafe fn unlink(&mut self, arena: *mut Arena) {
        // SAFETY: the caller vouches; the list holds whole arenas.
        unsafe {
            let (next, previous) = ((*arena).next, (*arena).previous);
            if previous.is_null() {
                self.open = next;
            } else {
                (*previous).next = next;
            }
            if !next.is_null() {
                (*next).previous = previous;
            }
            (*arena).next = null_mut();
            (*arena).previous = null_mut();
        }
    }
}

/// # Safety
/// The pages from `start` to `end` must be an arena's, and nobody may use them any more.
unsafe fn unmap(start: usize, end: usize) {
    for page in (start..end).step_by(PAGE_SIZE) {
        // SAFETY: the caller vouches.
        drop(unsafe { kernel_space::unmap_frame(page) });
    }
}
