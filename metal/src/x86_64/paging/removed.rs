//! Frames on their way out of a page table.
//!
//! A frame must not be given to anybody else before the processor has forgotten the way to it,
//! so what is removed is gathered and let go of in batches, after an invalidation. A table that
//! is removed is empty, all zeros: a few are kept to be tables again, since clearing a frame
//! costs more than most system calls.

use core::sync::atomic::Ordering;

use spin::Mutex;

use super::PageTable;
use crate::frame::{Frame, Holders};

const BATCH: usize = 32;
/// Enough for the tables of a small program, which a shell's next child will want.
const CLEAR_TABLES_MAX: usize = 16;

struct ClearTables {
    tables: [Option<Frame>; CLEAR_TABLES_MAX],
    count: usize,
}

static CLEAR_TABLES: Mutex<ClearTables> = Mutex::new(ClearTables {
    tables: [const { None }; CLEAR_TABLES_MAX],
    count: 0,
});

/// A frame of zeros for a table; none when memory is out.
pub(super) fn clear_table() -> Option<Frame> {
    let mut clear = CLEAR_TABLES.lock();
    if clear.count > 0 {
        clear.count -= 1;
        let last = clear.count;
        return clear.tables[last].take();
    }
    drop(clear);
    Frame::zeroed()
}

/// Frames taken out of a table, kept until the processor has forgotten them.
pub(super) struct Removed<'a> {
    table: &'a PageTable,
    /// Nobody has translations of a table that no processor uses.
    must_invalidate: bool,
    holders: Holders,
    pages: [Option<Frame>; BATCH],
    page_count: usize,
    /// Pages that were there for all to count, where somebody wants to know.
    gone: usize,
    tables: [Option<Frame>; BATCH],
    table_count: usize,
}

impl<'a> Removed<'a> {
    /// Nothing yet, from `table`.
    pub(super) fn new(table: &'a PageTable) -> Self {
        Self {
            table,
            must_invalidate: table.is_current(),
            holders: Holders::of_all(),
            pages: [const { None }; BATCH],
            page_count: 0,
            gone: 0,
            tables: [const { None }; BATCH],
            table_count: 0,
        }
    }

    /// Takes over the hold on a page.
    ///
    /// # Safety
    /// As [`Frame::from_number`].
    #[inline]
    pub(super) unsafe fn push_number(&mut self, number: u32) {
        if self.must_invalidate {
            // SAFETY: the caller vouches.
            self.push(unsafe { Frame::from_number(number) });
        } else {
            // SAFETY: the caller vouches.
            unsafe { self.holders.remove(number) };
        }
    }

    fn push(&mut self, frame: Frame) {
        if self.page_count == BATCH {
            self.flush();
        }
        self.pages[self.page_count] = Some(frame);
        self.page_count += 1;
    }

    /// So many of the pages did not show the one frame of zeros.
    pub(super) fn note_gone(&mut self, pages: usize) {
        self.gone += pages;
    }

    /// Takes over a table whose entries are all clear.
    pub(super) fn push_table(&mut self, table: Frame) {
        if self.table_count == BATCH {
            self.flush();
        }
        self.table.tables.fetch_sub(1, Ordering::Relaxed);
        self.tables[self.table_count] = Some(table);
        self.table_count += 1;
    }

    /// Lets go of all of them. Returns how many pages were noted.
    pub(super) fn finish(mut self) -> usize {
        self.flush();
        self.gone
    }

    /// Lets go of those gathered so far.
    fn flush(&mut self) {
        if self.must_invalidate && self.page_count + self.table_count > 0 {
            self.table.invalidate_all();
        }
        for page in &mut self.pages[..self.page_count] {
            drop(page.take());
        }
        self.page_count = 0;
        if self.table_count > 0 {
            self.keep_tables();
        }
    }

    fn keep_tables(&mut self) {
        let mut clear = CLEAR_TABLES.lock();
        for table in &mut self.tables[..self.table_count] {
            let table = table.take();
            if clear.count < CLEAR_TABLES_MAX {
                let next = clear.count;
                clear.tables[next] = table;
                clear.count += 1;
            }
        }
        self.table_count = 0;
    }
}
