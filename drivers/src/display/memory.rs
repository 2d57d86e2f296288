//! The memory of a screen: page frames that programs map, that a panel may read, and that know
//! what programs have written.
//!
//! Whoever supplies it counts references to the frames: they are the screen's, of every mapping
//! of them, and of the panel until the device has confirmed that it lets go of them.

use alloc::sync::Arc;
use core::any::Any;
use core::ops::Range;

/// Frames that lie side by side in physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRun {
    /// Physical address of the first byte.
    pub address: u64,
    /// Bytes in it, a multiple of the page size.
    pub bytes: u64,
}

/// A stretch of screen memory, whole page frames. It never moves and never becomes shorter.
///
/// Offsets are in bytes from its beginning; callers stay within [`ScreenMemory::length`].
pub trait ScreenMemory: Any + Send + Sync {
    /// Its length in bytes, a multiple of the page size.
    fn length(&self) -> usize;

    /// Adds zeros at the end until it has at least `bytes`; what is there stays where it is, for
    /// mappings and for a device that was told of it. May sleep. False: there is no memory for
    /// that, and nothing has changed.
    #[must_use]
    fn grow(&self, bytes: usize) -> bool;

    /// Copies the bytes at `offset`.
    fn read(&self, offset: usize, into: &mut [u8]);

    /// Changes the bytes at `offset`. This makes nothing dirty: the writer knows what it wrote.
    fn write(&self, offset: usize, from: &[u8]);

    /// For a panic: whether [`Self::read`] and [`Self::write`] would wait for nobody now.
    fn is_at_hand(&self) -> bool;

    /// Shows the frames in the order of their offsets, neighbours joined to one run.
    fn frames(&self, visit: &mut dyn FnMut(FrameRun));

    /// Shows the bytes (whole pages, ascending) that programs have written through mappings since
    /// this was last called, and forgets them. A write that comes meanwhile is shown now or the
    /// next time. May sleep; costs what the mappings cost.
    fn take_dirty(&self, visit: &mut dyn FnMut(Range<usize>));
}

/// Where screen memory comes from.
pub trait MemorySource: Send + Sync {
    /// At least `bytes` of zeros, in as few runs as there are. None: there is no memory.
    fn zeroed(&self, bytes: usize) -> Option<Arc<dyn ScreenMemory>>;
}
