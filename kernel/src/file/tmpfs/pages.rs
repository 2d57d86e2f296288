//! The contents of a regular file: frames by page index, with holes where nothing was written.
//!
//! Invariants: no page lies wholly past the size, except those that fallocate(2) with
//! FALLOC_FL_KEEP_SIZE put there; bytes of a page past the size are zero. A frame
//! is shared with every program that maps the page.
//!
//! The lock over this is short: a caller clones the frame it needs, lets go, and copies then, because
//! copying may fault and the fault handler may need this lock.

use super::Account;
use crate::error::Result;
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc};
use metal::memory::{Frame, PAGE_SIZE};

/// Bytes in a page, for positions in files.
pub const PAGE_BYTES: u64 = PAGE_SIZE as u64;

/// Frames by page index.
pub struct Pages {
    account: Arc<Account>,
    frames: BTreeMap<u64, Frame>,
    size: u64,
}

impl Pages {
    /// No contents, size 0.
    pub fn new(account: Arc<Account>) -> Pages {
        Pages {
            account,
            frames: BTreeMap::new(),
            size: 0,
        }
    }

    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many pages have a frame.
    pub fn allocated(&self) -> u64 {
        self.frames.len() as u64
    }

    /// The frame of a page, unless it is a hole.
    pub fn get(&self, index: u64) -> Option<Frame> {
        self.frames.get(&index).cloned()
    }

    /// The frame of a page, made if it is a hole. `ENOSPC`: the file system is full; `ENOMEM`: the
    /// machine is.
    pub fn get_or_make(&mut self, index: u64) -> Result<Frame> {
        if let Some(frame) = self.frames.get(&index) {
            return Ok(frame.clone());
        }
        self.account.reserve_page()?;
        let Some(frame) = Frame::zeroed() else {
            self.account.release_pages(1);
            return Err(Errno::ENOMEM);
        };
        self.frames.insert(index, frame.clone());
        Ok(frame)
    }

    /// Takes back a page that was made for bytes that never came, if it lies past the end.
    pub fn drop_if_past_end(&mut self, index: u64) {
        if index >= self.size.div_ceil(PAGE_BYTES) && self.frames.remove(&index).is_some() {
            self.account.release_pages(1);
        }
    }

    /// Lets the file end no earlier than at `end`.
    pub fn grow(&mut self, end: u64) {
        self.size = self.size.max(end);
    }

    /// Sets the size; what was past the new one is gone and reads as zeros if it comes back.
    pub fn set_size(&mut self, size: u64) {
        if size < self.size {
            self.drop_from(size.div_ceil(PAGE_BYTES));
            self.zero(size, size.next_multiple_of(PAGE_BYTES));
        }
        self.size = size;
    }

    fn drop_from(&mut self, first: u64) {
        let dropped = self.frames.split_off(&first);
        self.account.release_pages(dropped.len() as u64);
    }

    /// Zeroes the bytes from `start` to `end` where there are frames.
    fn zero(&self, start: u64, end: u64) {
        let first = start / PAGE_BYTES;
        for (&index, frame) in self.frames.range(first..end.div_ceil(PAGE_BYTES)) {
            let base = index * PAGE_BYTES;
            let from = start.saturating_sub(base) as usize;
            let to = (end - base).min(PAGE_BYTES) as usize;
            frame.zero(from, to - from);
        }
    }

    /// Makes a hole from `start` to `end`: whole pages go, parts of pages are zeroed.
    pub fn punch(&mut self, start: u64, end: u64) {
        let whole = start.div_ceil(PAGE_BYTES)..end / PAGE_BYTES;
        if whole.start < whole.end {
            let mut later = self.frames.split_off(&whole.start);
            let mut after = later.split_off(&whole.end);
            self.frames.append(&mut after);
            self.account.release_pages(later.len() as u64);
        }
        self.zero(start, end);
    }

    /// Where the first page with a frame at or after `offset` is.
    pub fn next_data(&self, offset: u64) -> Result<u64> {
        let (&index, _) = self
            .frames
            .range(offset / PAGE_BYTES..)
            .next()
            .ok_or(Errno::ENXIO)?;
        let found = (index * PAGE_BYTES).max(offset);
        if found < self.size {
            Ok(found)
        } else {
            Err(Errno::ENXIO)
        }
    }

    /// Where the first page without a frame at or after `offset` is, or the end.
    pub fn next_hole(&self, offset: u64) -> u64 {
        let mut expected = offset / PAGE_BYTES;
        for &index in self.frames.range(expected..).map(|(index, _)| index) {
            if index != expected {
                break;
            }
            expected += 1;
        }
        (expected * PAGE_BYTES).max(offset).min(self.size)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.account.release_pages(self.allocated());
    }
}
