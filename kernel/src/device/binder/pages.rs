//! The memory of a process's room: frames that come when something is delivered into them, that
//! the program may read, and that go when nothing far into the room is in use any more.
//!
//! # Locks
//! `layout` is slept for, and taken before an address space: whoever gives frames back or brings
//! new ones holds it, so that no new frame comes to a page before the program has stopped seeing
//! the old one. `table` is a spin lock, taken under a context's and, in a page fault, under an
//! address space.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::ops::Range;

use drivers::binder::Pages;
use spin::Once;

use crate::error::{Errno, Result};
use crate::memory::{AddressSpace, Frame, PAGE_SIZE, Pager, pager};
use crate::sync::{Mutex, SpinLock};

/// The frames of a room.
pub(super) struct RoomFrames {
    layout: Mutex<()>,
    table: SpinLock<Table>,
    /// Where the program sees them.
    mapping: Once<Mapping>,
}

#[derive(Default)]
struct Table {
    /// By page.
    frames: Vec<Option<Frame>>,
    /// Frames that nobody needs, and which pages they were.
    leaving: Vec<(usize, Frame)>,
}

/// A mapping of the room.
struct Mapping {
    space: Weak<AddressSpace>,
    pager: Weak<dyn Pager>,
}

impl RoomFrames {
    /// No room yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            layout: Mutex::new(()),
            table: SpinLock::new(Table::default()),
            mapping: Once::new(),
        })
    }

    /// Makes place for the frames of so many bytes.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn set_length(&self, bytes: usize) -> Result<()> {
        let pages = bytes.div_ceil(PAGE_SIZE);
        let frames = &mut self.table.lock().frames;
        frames.try_reserve_exact(pages).map_err(|_| Errno::ENOMEM)?;
        frames.resize_with(pages, || None);
        Ok(())
    }

    /// Where the program sees them.
    pub(super) fn set_mapping(
        &self,
        space: &Weak<AddressSpace>,
        pager: &Weak<impl Pager + 'static>,
    ) {
        self.mapping.call_once(|| Mapping {
            space: Weak::clone(space),
            pager: Weak::clone(pager) as Weak<dyn Pager>,
        });
    }

    /// The frame of a page, if there is one.
    pub(super) fn frame(&self, page: usize) -> Option<Frame> {
        self.table.lock().frames.get(page)?.clone()
    }

    /// Goes through the pages that some bytes lie in: calls `each` with the frame of one, where in
    /// it they begin, and which of the bytes they are. Where there is none, the bytes are passed
    /// over.
    fn for_each_part(
        &self,
        bytes: Range<usize>,
        mut each: impl FnMut(&Frame, usize, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let mut at = bytes.start;
        while at < bytes.end {
            let start = at % PAGE_SIZE;
            let part = (PAGE_SIZE - start).min(bytes.end - at);
            let done = at - bytes.start;
            if let Some(frame) = self.frame(at / PAGE_SIZE) {
                each(&frame, start, done..done + part)?;
            }
            at += part;
        }
        Ok(())
    }

    /// Gives frames back that nobody needs. The layout is held.
    fn reclaim_held(&self) {
        let leaving = core::mem::take(&mut self.table.lock().leaving);
        let mapping = self.mapping.get();
        let seen =
            mapping.and_then(|mapping| Some((mapping.space.upgrade()?, mapping.pager.upgrade()?)));
        if let Some((space, pager)) = seen {
            for run in leaving.chunk_by(|one, next| one.0 + 1 == next.0) {
                let first = run[0].0 as u64;
                pager::discard_in(&space, &*pager, first..first + run.len() as u64);
            }
        }
    }
}

fn pages_of(bytes: &Range<usize>) -> Range<usize> {
    bytes.start / PAGE_SIZE..bytes.end.div_ceil(PAGE_SIZE)
}

impl Pages for RoomFrames {
    fn supply(&self, bytes: Range<usize>) -> Result<()> {
        let pages = pages_of(&bytes);
        let has_all = |table: &Table| {
            let frames = table.frames.get(pages.clone());
            frames.is_some_and(|frames| frames.iter().all(Option::is_some))
        };
        if has_all(&self.table.lock()) {
            return Ok(());
        }
        let _layout = self.layout.lock();
        self.reclaim_held();
        for page in pages {
            if self.frame(page).is_some() {
                continue;
            }
            let frame = Frame::zeroed().ok_or(Errno::ENOMEM)?;
            let mut table = self.table.lock();
            *table.frames.get_mut(page).ok_or(Errno::EFAULT)? = Some(frame);
        }
        Ok(())
    }

    fn read(&self, offset: usize, into: &mut [u8]) {
        let bytes = offset..offset + into.len();
        let copied = self.for_each_part(bytes, |frame, start, part| {
            frame.read(start, &mut into[part]);
            Ok(())
        });
        debug_assert!(copied.is_ok());
    }

    fn write(&self, offset: usize, from: &[u8]) {
        let bytes = offset..offset + from.len();
        let copied = self.for_each_part(bytes, |frame, start, part| {
            frame.write(start, &from[part]);
            Ok(())
        });
        debug_assert!(copied.is_ok());
    }

    fn zero(&self, bytes: Range<usize>) {
        let zeroed = self.for_each_part(bytes, |frame, start, part| {
            frame.zero(start, part.len());
            Ok(())
        });
        debug_assert!(zeroed.is_ok());
    }

    fn copy_from_caller(&self, offset: usize, address: usize, length: usize) -> Result<()> {
        let mut done = 0;
        while done < length {
            let (page, start) = ((offset + done) / PAGE_SIZE, (offset + done) % PAGE_SIZE);
            let part = (PAGE_SIZE - start).min(length - done);
            let frame = match self.frame(page) {
                Some(frame) => frame,
                None => {
                    self.supply(offset + done..offset + done + part)?;
                    self.frame(page).ok_or(Errno::ENOMEM)?
                }
            };
            let copied = frame.write_from_user(start, address.wrapping_add(done), part);
            copied.map_err(crate::error::bad_address)?;
            done += part;
        }
        Ok(())
    }

    fn release(&self, pages: Range<usize>) -> bool {
        let mut table = self.table.lock();
        let Table { frames, leaving } = &mut *table;
        // Without memory to remember them by, they stay.
        if leaving.try_reserve(pages.len()).is_err() {
            return false;
        }
        for page in pages {
            if let Some(frame) = frames.get_mut(page).and_then(Option::take) {
                leaving.push((page, frame));
            }
        }
        !leaving.is_empty()
    }

    fn reclaim(&self) {
        let _layout = self.layout.lock();
        self.reclaim_held();
    }
}
