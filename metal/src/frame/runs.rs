//! Many frames at once, in as few runs of neighbours as can be had: a device that reads memory by
//! itself is told runs, and the fewer they are the less it must be told.
//!
//! The free list is in no order, so the table of frames is looked through instead: first for runs
//! as long as all that is wanted, then for half of that, and so on. Meanwhile the free frames are
//! marked by a number of holders that no frame can have. What is left is linked again in the order
//! of addresses. That takes a look at each frame a few times over, which is little beside what the
//! frames are wanted for: they are cleared, and then drawn on.

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use super::{FREE, FREE_COUNT, Frame, FrameInformation, FreeList, TABLE, reserve_frames};
use crate::paging::PAGE_SIZE;

/// "Holders" of a frame that is free, while frames are chosen.
const IS_FREE: u32 = u32::MAX;

impl Frame {
    /// `count` frames of zeros, in the order of their addresses, with as few gaps as can be. None
    /// when memory is out (the reserve is left alone).
    pub fn zeroed_in_runs(count: usize) -> Option<Vec<Self>> {
        let mut frames = Vec::new();
        frames.try_reserve_exact(count).ok()?;
        take(count, &mut frames)?;
        frames.sort_unstable_by_key(Self::number);
        for frame in &frames {
            frame.zero(0, PAGE_SIZE);
        }
        Some(frames)
    }
}

/// Takes `count` frames out of the free list. `frames` has room for them.
fn take(count: usize, frames: &mut Vec<Frame>) -> Option<()> {
    let table = *TABLE.get()?;
    let mut free = FREE.lock();
    if FREE_COUNT.load(Ordering::Relaxed) < count.checked_add(reserve_frames())? {
        return None;
    }
    mark(table, &free);
    let mut shortest = count.max(1);
    while frames.len() < count {
        choose(table, shortest, count, frames);
        shortest = shortest.div_ceil(2).min((count - frames.len()).max(1));
    }
    link(table, &mut free);
    FREE_COUNT.fetch_sub(count, Ordering::Relaxed);
    Some(())
}

/// Marks all free frames.
fn mark(table: &[FrameInformation], free: &FreeList) {
    let mut next = free.first;
    while next != 0 {
        let information = &table[next as usize];
        information.holders.store(IS_FREE, Ordering::Relaxed);
        next = information.link.load(Ordering::Relaxed);
    }
}

/// Takes from each run of at least `shortest` free frames, until there are `count`.
fn choose(table: &[FrameInformation], shortest: usize, count: usize, frames: &mut Vec<Frame>) {
    let is_free =
        |information: &FrameInformation| information.holders.load(Ordering::Relaxed) == IS_FREE;
    let mut start = 0;
    for run in table.chunk_by(|one, next| is_free(one) == is_free(next)) {
        if run.len() >= shortest && is_free(&run[0]) {
            let wanted = run.len().min(count - frames.len());
            for (offset, information) in run[..wanted].iter().enumerate() {
                information.link.store(0, Ordering::Relaxed);
                information.holders.store(1, Ordering::Release);
                // SAFETY: the frame was free and its one hold is given here, under the free
                // list's lock; `link` does not find the mark on it any more.
                frames.push(unsafe { Frame::from_number((start + offset) as u32) });
            }
        }
        start += run.len();
    }
}

/// Makes the free list anew of what is still marked.
fn link(table: &[FrameInformation], free: &mut FreeList) {
    free.first = 0;
    for (number, information) in table.iter().enumerate().rev() {
        if information.holders.load(Ordering::Relaxed) == IS_FREE {
            information.link.store(free.first, Ordering::Relaxed);
            information.holders.store(0, Ordering::Relaxed);
            free.first = number as u32;
        }
    }
}
