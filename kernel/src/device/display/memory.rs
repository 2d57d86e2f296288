//! The memory of a screen: page frames that programs map and that a display may read by itself.
//!
//! The frames are the same from the screen's first use to its end, whatever is switched, so a
//! mapping of them never changes; for a larger mode more are added behind them. They go when the
//! screen, all mappings and the display have let go of them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};

use drivers::display::memory::{FrameRun, MemorySource, ScreenMemory};

use crate::error::{Errno, Result};
use crate::memory::io;
use crate::memory::{Frame, PAGE_SIZE, Pace, Pager, Written};
use crate::sync::SpinLock;

/// After so many looks in a row that found nothing, the next write is waited for instead: half a
/// second at 60 looks a second.
const LOOKS_BEFORE_REST: u32 = 30;

/// The frames of one screen.
pub(super) struct ScreenFrames {
    /// Replaced as a whole by one that has more.
    frames: SpinLock<Arc<Vec<Frame>>>,
    written: Written,
    /// How many looks for changes, up to now, have found none.
    empty_looks: AtomicU32,
}

impl ScreenFrames {
    /// At least `bytes` of zeros; `wake` is called when a program begins to write. None: there is
    /// no memory.
    pub(super) fn zeroed(bytes: usize, wake: fn()) -> Option<Arc<Self>> {
        let count = bytes.div_ceil(PAGE_SIZE);
        let written = Written::new(count as u64, wake)?;
        let frames = Frame::zeroed_in_runs(count)?;
        let empty_looks = AtomicU32::new(0);
        Some(Arc::new(Self {
            frames: SpinLock::new(Arc::new(frames)),
            written,
            empty_looks,
        }))
    }

    /// Whether programs can write without anybody being woken, so that somebody must look.
    pub(super) fn is_open(&self) -> bool {
        self.written.is_open()
    }

    /// The frames there are now.
    fn all(&self) -> Arc<Vec<Frame>> {
        Arc::clone(&self.frames.lock())
    }

    /// Copies `length` bytes at `offset`, which lie in one frame, to where `sink` leads, without a
    /// stop in between. Returns how many.
    ///
    /// # Errors
    /// EFAULT when not even the first could be copied.
    pub(super) fn read_to(
        &self,
        sink: &mut io::Sink<'_>,
        offset: usize,
        length: usize,
    ) -> Result<usize> {
        let frame = self.page(offset as u64 / PAGE_SIZE as u64, false)?;
        sink.write_frame(&frame, offset % PAGE_SIZE, length)
    }

    /// The same the other way.
    ///
    /// # Errors
    /// As [`Self::read_to`].
    pub(super) fn write_from(
        &self,
        source: &mut io::Source<'_>,
        offset: usize,
        length: usize,
    ) -> Result<usize> {
        let frame = self.page(offset as u64 / PAGE_SIZE as u64, true)?;
        source.read_into_frame(&frame, offset % PAGE_SIZE, length)
    }

    /// Goes through the frames that `length` bytes at `offset` lie in: calls `each` with a frame,
    /// where in it they begin, and which of the bytes they are. Behind the last frame there is
    /// nothing to call it with.
    fn for_each_part(
        &self,
        offset: usize,
        length: usize,
        mut each: impl FnMut(&Frame, usize, Range<usize>),
    ) {
        let frames = self.all();
        let mut done = 0;
        while done < length {
            let (page, start) = ((offset + done) / PAGE_SIZE, (offset + done) % PAGE_SIZE);
            let part = (PAGE_SIZE - start).min(length - done);
            let Some(frame) = frames.get(page) else {
                return;
            };
            each(frame, start, done..done + part);
            done += part;
        }
    }
}

impl ScreenMemory for ScreenFrames {
    fn length(&self) -> usize {
        self.frames.lock().len() * PAGE_SIZE
    }

    fn grow(&self, bytes: usize) -> bool {
        let count = bytes.div_ceil(PAGE_SIZE);
        loop {
            let old = self.all();
            if count <= old.len() {
                return true;
            }
            let Some(new) = Frame::zeroed_in_runs(count - old.len()) else {
                return false;
            };
            let mut frames = Vec::new();
            if frames.try_reserve_exact(count).is_err() || !self.written.grow(count as u64) {
                return false;
            }
            frames.extend(old.iter().cloned());
            frames.extend(new);
            let frames = Arc::new(frames);
            let mut current = self.frames.lock();
            // Unless somebody else was quicker.
            if Arc::ptr_eq(&current, &old) {
                let replaced = core::mem::replace(&mut *current, frames);
                drop(current);
                drop(replaced);
                return true;
            }
        }
    }

    fn read(&self, offset: usize, into: &mut [u8]) {
        self.for_each_part(offset, into.len(), |frame, start, bytes| {
            frame.read(start, &mut into[bytes]);
        });
    }

    fn write(&self, offset: usize, from: &[u8]) {
        self.for_each_part(offset, from.len(), |frame, start, bytes| {
            frame.write(start, &from[bytes]);
        });
    }

    fn is_at_hand(&self) -> bool {
        !self.frames.is_locked()
    }

    fn frames(&self, visit: &mut dyn FnMut(FrameRun)) {
        let frames = self.all();
        let runs = frames.chunk_by(|one, next| one.number() + 1 == next.number());
        for run in runs {
            visit(FrameRun {
                address: run[0].address(),
                bytes: (run.len() * PAGE_SIZE) as u64,
            });
        }
    }

    fn take_dirty(&self, visit: &mut dyn FnMut(Range<usize>)) {
        let empty_looks = self.empty_looks.load(Ordering::Relaxed);
        let pace = if empty_looks < LOOKS_BEFORE_REST {
            Pace::Watch
        } else {
            Pace::Rest
        };
        self.written.gather(pace);
        let mut any = false;
        self.written.take(&mut |pages| {
            any = true;
            visit(pages.start as usize * PAGE_SIZE..pages.end as usize * PAGE_SIZE);
        });
        let looks = if any {
            0
        } else {
            empty_looks.saturating_add(1)
        };
        self.empty_looks.store(looks, Ordering::Relaxed);
    }
}

impl Pager for ScreenFrames {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        self.page_at_hand(index).ok_or(Errno::EFAULT)
    }

    fn page_at_hand(&self, index: u64) -> Option<Frame> {
        let index = usize::try_from(index).ok()?;
        self.frames.lock().get(index).cloned()
    }

    fn written(&self) -> Option<&Written> {
        Some(&self.written)
    }

    fn length_limit(&self) -> Option<u64> {
        Some(self.length() as u64)
    }
}

/// Where all screens get their frames.
pub(super) struct Source {
    /// Called when a program begins to write on one of them.
    pub(super) wake: fn(),
}

impl MemorySource for Source {
    fn zeroed(&self, bytes: usize) -> Option<Arc<dyn ScreenMemory>> {
        let frames = ScreenFrames::zeroed(bytes, self.wake)?;
        Some(frames as Arc<dyn ScreenMemory>)
    }
}
