//! The robust list: locks that a program wants marked when the thread that holds them ends.
//!
//! The list lies in the program's memory, so it may be anything: too long, circular, or no
//! list at all. The walk is bounded, and ends at the first thing that cannot be read.
//!
//! Source: get_robust_list(2).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::general as linux;
use metal::copy;

use crate::memory::user;
use crate::process::{Thread, scheduler};

/// Entries that are looked at (ROBUST_LIST_LIMIT).
const ENTRIES_MAX: usize = 2048;
/// The low bit of a pointer says that the lock is of the priority-inheritance kind.
const INHERITS_PRIORITY: usize = 1;

/// `struct robust_list_head`: the first entry, the distance from an entry to its word, and the
/// entry that is being added or removed.
type Head = [usize; 3];

struct Entry {
    address: usize,
    inherits_priority: bool,
}

impl Entry {
    fn new(pointer: usize) -> Self {
        Self {
            address: pointer & !INHERITS_PRIORITY,
            inherits_priority: pointer & INHERITS_PRIORITY != 0,
        }
    }
}

/// Marks the robust futexes that the thread holds as abandoned and wakes one waiter of each.
pub fn release_robust_list(thread: &Arc<Thread>) {
    let head = thread.robust_list.swap(0, Ordering::Relaxed);
    if head == 0 {
        return;
    }
    let Ok([first, offset, pending]) = user::read::<Head>(head) else {
        return;
    };
    let pending = Entry::new(pending);
    if walk(thread, head, first, offset, &pending).is_some() && pending.address != 0 {
        abandon(thread, pending.address.wrapping_add(offset), &pending, true);
    }
}

/// Goes through the list; none when something in it was bad, and then the rest is not
/// believed either.
fn walk(
    thread: &Arc<Thread>,
    head: usize,
    first: usize,
    offset: usize,
    pending: &Entry,
) -> Option<()> {
    let mut entry = Entry::new(first);
    for _ in 0..ENTRIES_MAX {
        if entry.address == head {
            break;
        }
        // Read before the word is marked: the next owner may free the entry.
        let next = user::read::<usize>(entry.address);
        if entry.address != pending.address {
            let word = entry.address.wrapping_add(offset);
            abandon(thread, word, &entry, false)?;
        }
        entry = Entry::new(next.ok()?);
        scheduler::yield_if_needed();
    }
    Some(())
}

/// Marks one word, if the thread is its owner. None for a bad address.
fn abandon(thread: &Arc<Thread>, word: usize, entry: &Entry, pending: bool) -> Option<()> {
    let mut value = copy::load_u32(word).ok()?;
    loop {
        if pending && !entry.inherits_priority && value == 0 {
            // It was released, but the thread may have ended before it could wake anybody.
            super::wake_word(thread, word);
            return Some(());
        }
        if value & linux::FUTEX_TID_MASK != thread.local_tid() {
            return Some(());
        }
        let marked = value & linux::FUTEX_WAITERS | linux::FUTEX_OWNER_DIED;
        let found = copy::compare_exchange_u32(word, value, marked).ok()?;
        if found == value {
            break;
        }
        value = found;
    }
    if !entry.inherits_priority && value & linux::FUTEX_WAITERS != 0 {
        super::wake_word(thread, word);
    }
    Some(())
}
