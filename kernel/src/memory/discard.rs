//! Pages that an object no longer has: takes them out of every mapping.
//!
//! When a file is truncated, programs that have it mapped must find nothing where the file ends
//! (SIGBUS), and when a hole is punched they must see its zeros. There is no list from an object
//! to its mappings; truncating a mapped file is rare enough to look through all programs.

use alloc::sync::Arc;
use core::ops::Range;

use super::{AddressSpace, Backing, PAGE_SIZE, Pager};
use crate::process;

/// Takes the given pages of `pager` out of every mapping. No lock from an address space's on
/// may be held.
pub fn discard(pager: &dyn Pager, pages: Range<u64>) {
    let object = core::ptr::from_ref(pager).cast::<()>();
    for process in process::all() {
        let space = process.leader().and_then(|thread| thread.address_space());
        if let Some(space) = space {
            discard_in(&space, object, &pages);
        }
    }
}

fn discard_in(space: &AddressSpace, object: *const (), pages: &Range<u64>) {
    let mut state = space.lock();
    let gone: alloc::vec::Vec<Range<usize>> = state
        .areas()
        .filter_map(|area| {
            let Backing::Object {
                pager, first_page, ..
            } = &area.backing
            else {
                return None;
            };
            if Arc::as_ptr(pager).cast::<()>() != object {
                return None;
            }
            let count = (area.range.len() / PAGE_SIZE) as u64;
            let start = pages.start.clamp(*first_page, first_page + count) - first_page;
            let end = pages.end.clamp(*first_page, first_page + count) - first_page;
            let address = |page: u64| area.range.start + page as usize * PAGE_SIZE;
            Some(address(start)..address(end))
        })
        .collect();
    for range in gone.into_iter().filter(|range| !range.is_empty()) {
        state.table.unmap(range);
    }
}
