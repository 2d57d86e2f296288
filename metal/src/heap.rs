//! The kernel heap.
//!
//! Small objects (up to 2,016 bytes) come from frames cut into objects of one size, so that
//! the usual allocation is a pop from a list and an empty frame goes back to the allocator.
//! Objects of up to 32 KiB come from `linked_list_allocator` over arenas of pages
//! (`heap/arenas.rs`), larger ones are runs of pages of their own (`heap/runs.rs`); an arena or a
//! run that holds nothing any more goes back.
//!
//! All draw on the reserve of frames: a system call that asks for too much is refused before
//! the kernel itself runs out (see `frame.rs`). Contract: thread context only.

use alloc::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicUsize, Ordering};

mod arenas;
mod runs;

use arenas::Arenas;
use runs::Runs;
use spin::Mutex;

use crate::frame::Frame;
use crate::paging::{DIRECT_MAP, PAGE_SIZE};

const HEADER_BYTES: usize = 64;
const ALIGNMENT_MAX: usize = 16;
/// Object sizes; each but the first few divides what a frame holds with little left over.
const SIZES: [usize; 14] = [
    16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 672, 1008, 1344, 2016,
];
const SMALL_MAX: usize = SIZES[SIZES.len() - 1];
/// The class for each size, in units of 16 bytes, rounded up.
const CLASS_OF: [u8; SMALL_MAX / 16 + 1] = {
    let mut table = [0; SMALL_MAX / 16 + 1];
    let mut units = 0;
    while units < table.len() {
        let mut class = 0;
        while SIZES[class] < units * 16 {
            class += 1;
        }
        table[units] = class as u8;
        units += 1;
    }
    table
};
/// Objects of more bytes are runs of pages.
const RUN_MIN: usize = 32 * 1024;

/// A free object holds the address of the next one.
struct FreeObject {
    next: *mut FreeObject,
}

/// The head of a frame of small objects.
struct Page {
    free: *mut FreeObject,
    used: u32,
    class: u32,
    next: *mut Page,
    previous: *mut Page,
}

/// Frames with at least one free object, per class.
struct Small {
    pages: [*mut Page; SIZES.len()],
}

// SAFETY: the pointers lead to frames that only this allocator has.
unsafe impl Send for Small {}

struct KernelHeap {
    small: Mutex<Small>,
    arenas: Mutex<Arenas>,
    runs: Mutex<Runs>,
}

#[global_allocator]
static HEAP: KernelHeap = KernelHeap {
    small: Mutex::new(Small {
        pages: [null_mut(); SIZES.len()],
    }),
    arenas: Mutex::new(Arenas::new()),
    runs: Mutex::new(Runs::new()),
};

static USED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Frames cut into small objects.
static SMALL_FRAMES: AtomicUsize = AtomicUsize::new(0);

/// Bytes of memory that the heap holds, used or not.
pub fn held_bytes() -> usize {
    let small = SMALL_FRAMES.load(Ordering::Relaxed);
    (small + HEAP.arenas.lock().pages() + HEAP.runs.lock().pages()) * PAGE_SIZE
}

/// Bytes in use, by the sizes that were asked for.
pub fn used_bytes() -> usize {
    USED_BYTES.load(Ordering::Relaxed)
}

impl Small {
    /// # Safety
    /// `class` must be below the number of classes.
    unsafe fn allocate(&mut self, class: usize) -> *mut u8 {
        let mut page = self.pages[class];
        if page.is_null() {
            page = Self::new_page(class);
            if page.is_null() {
                return null_mut();
            }
            self.pages[class] = page;
        }
        // SAFETY: pages in the list are whole and have a free object.
        unsafe {
            let object = (*page).free;
            (*page).free = (*object).next;
            (*page).used += 1;
            if (*page).free.is_null() {
                self.unlink(page);
            }
            object.cast()
        }
    }

    /// A frame cut into free objects.
    fn new_page(class: usize) -> *mut Page {
        let Some(frame) = Frame::uninitialised_from_reserve() else {
            return null_mut();
        };
        let page: *mut Page = frame.pointer().cast();
        let _ = frame.into_number();
        SMALL_FRAMES.fetch_add(1, Ordering::Relaxed);
        let size = SIZES[class];
        let mut free = null_mut();
        for index in (0..(PAGE_SIZE - HEADER_BYTES) / size).rev() {
            let object = (page as usize + HEADER_BYTES + index * size) as *mut FreeObject;
            // SAFETY: the object lies in the frame that was just taken.
            unsafe { object.write(FreeObject { next: free }) };
            free = object;
        }
        // SAFETY: as above; the header fits into HEADER_BYTES.
        unsafe {
            page.write(Page {
                free,
                used: 0,
                class: class as u32,
                next: null_mut(),
                previous: null_mut(),
            });
        }
        page
    }

    /// # Safety
    /// `object` must have come from [`Self::allocate`] and be given back once.
    unsafe fn free(&mut self, object: *mut u8) {
        let page = (object as usize / PAGE_SIZE * PAGE_SIZE) as *mut Page;
        let object: *mut FreeObject = object.cast();
        // SAFETY: the object's frame starts with its header.
        unsafe {
            let was_full = (*page).free.is_null();
            object.write(FreeObject { next: (*page).free });
            (*page).free = object;
            (*page).used -= 1;
            if was_full {
                self.link(page);
            }
            let alone = (*page).next.is_null() && (*page).previous.is_null();
            if (*page).used == 0 && !alone {
                self.unlink(page);
                let number = (page as usize - DIRECT_MAP) / PAGE_SIZE;
                drop(Frame::from_number(number as u32));
                SMALL_FRAMES.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// # Safety
    /// `page` must be a whole page that is not in the list.
    unsafe fn link(&mut self, page: *mut Page) {
        // SAFETY: the caller vouches; the list holds whole pages.
        unsafe {
            let first = &mut self.pages[(*page).class as usize];
            (*page).previous = null_mut();
            (*page).next = *first;
            if !(*first).is_null() {
                (**first).previous = page;
            }
            *first = page;
        }
    }

    /// # Safety
    /// `page` must be in the list.
    unsafe fn unlink(&mut self, page: *mut Page) {
        // SAFETY: the caller vouches; neighbours are in the list too.
        unsafe {
            let Page {
                next,
                previous,
                class,
                ..
            } = page.read();
            if previous.is_null() {
                self.pages[class as usize] = next;
            } else {
                (*previous).next = next;
            }
            if !next.is_null() {
                (*next).previous = previous;
            }
            (*page).next = null_mut();
            (*page).previous = null_mut();
        }
    }
}

fn is_small(layout: Layout) -> bool {
    layout.size() <= SMALL_MAX && layout.align() <= ALIGNMENT_MAX
}

fn is_run(layout: Layout) -> bool {
    layout.size() > RUN_MIN && layout.align() <= PAGE_SIZE
}

// SAFETY: objects are disjoint, of at least the asked size and alignment, and stay until freed.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let object = if is_small(layout) {
            let class = usize::from(CLASS_OF[layout.size().div_ceil(16)]);
            // SAFETY: the table holds classes.
            unsafe { self.small.lock().allocate(class) }
        } else if is_run(layout) {
            self.runs.lock().allocate(layout.size())
        } else {
            self.arenas.lock().allocate(layout)
        };
        if !object.is_null() {
            USED_BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        }
        object
    }

    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        USED_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        if is_small(layout) {
            // SAFETY: the caller gives back what `alloc` gave.
            unsafe { self.small.lock().free(object) };
        } else if is_run(layout) {
            // SAFETY: as above.
            unsafe { self.runs.lock().free(object, layout.size()) };
        } else if let Some(object) = NonNull::new(object) {
            // SAFETY: as above.
            unsafe { self.arenas.lock().free(object, layout) };
        }
    }
}
