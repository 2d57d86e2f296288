//! Physical memory in frames of 4 KiB, each with a count of its holders.
//!
//! A [`Frame`] is one hold on a frame: cloning takes another, dropping gives it back, and the
//! last one returns the frame to the free list. A page table entry, a page cache and a pipe
//! each keep a `Frame`, so memory can be shared between them without anyone owning it, and
//! "may I write to it in place?" is the question whether the count is one.
//!
//! User programs may have a frame mapped while the kernel reads or writes it. Its bytes are
//! therefore never lent out as a slice; they are copied by instructions that Rust's memory
//! model does not look into (`copy.rs`).
//!
//! A part of memory is a reserve that [`Frame::zeroed`] does not touch: page tables and the
//! kernel heap draw on it, so that a system call which asks for too much gets ENOMEM while
//! the kernel itself can go on.
//!
//! Contract: frames are allocated and freed in thread context only, never in an interrupt
//! handler.

mod runs;

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use spin::{Mutex, Once};

use crate::copy::{self, Fault, UserAddress};
use crate::paging::{DIRECT_MAP, PAGE_SIZE, PhysicalAddress};

/// What is known of each frame of RAM.
struct FrameInformation {
    /// Number of holders; 0 while free.
    holders: AtomicU32,
    /// While free: the next free frame, 0 at the end. While a page table: its live entries.
    link: AtomicU32,
}

struct FreeList {
    first: u32,
}

static TABLE: Once<&'static [FrameInformation]> = Once::new();
static FREE: Mutex<FreeList> = Mutex::new(FreeList { first: 0 });
static FREE_COUNT: AtomicUsize = AtomicUsize::new(0);
static TOTAL_COUNT: AtomicUsize = AtomicUsize::new(0);
static RESERVE_COUNT: AtomicUsize = AtomicUsize::new(0);
static SHORTAGE: AtomicBool = AtomicBool::new(false);
static ON_SHORTAGE: Once<fn()> = Once::new();
static ZERO_FRAME: Once<Frame> = Once::new();

/// One hold on one frame of physical memory.
pub struct Frame(NonZeroU32);

/// Frames that are free, the reserve included.
pub fn free_frames() -> usize {
    FREE_COUNT.load(Ordering::Relaxed)
}

/// Frames that were free when the system started.
pub fn total_frames() -> usize {
    TOTAL_COUNT.load(Ordering::Relaxed)
}

/// Frames kept back for the kernel itself.
pub fn reserve_frames() -> usize {
    RESERVE_COUNT.load(Ordering::Relaxed)
}

/// Whether so many bytes can be had without the kernel going far into the reserve.
pub fn has_room(bytes: usize) -> bool {
    let frames = bytes.div_ceil(PAGE_SIZE);
    free_frames() >= frames.saturating_add(reserve_frames() / 2)
}

/// Names what is called each time the kernel itself goes far into the reserve. It is called
/// in the middle of an allocation, so it may do no more than leave word. To be called once.
pub fn on_shortage(function: fn()) {
    ON_SHORTAGE.call_once(|| function);
}

/// Whether the kernel itself has gone far into the reserve. Stays so until [`end_shortage`].
pub fn is_short() -> bool {
    SHORTAGE.load(Ordering::Relaxed)
}

/// Takes the alarm back when enough frames are free again; returns whether they are.
pub fn end_shortage() -> bool {
    let enough = free_frames() >= reserve_frames() / 2;
    if enough {
        SHORTAGE.store(false, Ordering::Relaxed);
    }
    enough
}

/// # Safety
/// `table` must be zeroed memory for `count` entries that nothing else uses, ever; it covers
/// the frames with numbers below `count`.
pub(crate) unsafe fn install_table(table: usize, count: usize) {
    // SAFETY: the caller vouches; all-zero is a valid FrameInformation.
    TABLE.call_once(|| unsafe {
        core::slice::from_raw_parts(table as *const FrameInformation, count)
    });
}

pub(crate) const fn table_bytes(frames: usize) -> usize {
    frames * size_of::<FrameInformation>()
}

/// # Safety
/// The frames must be RAM that nothing uses, given once.
pub(crate) unsafe fn give(frames: core::ops::Range<u32>) {
    let mut free = FREE.lock();
    let count = frames.len();
    for frame in frames.rev() {
        information(frame).link.store(free.first, Ordering::Relaxed);
        free.first = frame;
    }
    FREE_COUNT.fetch_add(count, Ordering::Relaxed);
    let total = TOTAL_COUNT.fetch_add(count, Ordering::Relaxed) + count;
    RESERVE_COUNT.store((total / 32).min(4096), Ordering::Relaxed);
}

fn information(frame: u32) -> &'static FrameInformation {
    // Set before the first frame is given out.
    &TABLE
        .get()
        .expect("frames are used before memory is initialised")[frame as usize]
}

impl Frame {
    /// A frame whose bytes are whatever they were. None when not more than `reserve` frames
    /// are free.
    fn allocate(reserve: usize) -> Option<Self> {
        let mut free = FREE.lock();
        if FREE_COUNT.load(Ordering::Relaxed) <= reserve {
            return None;
        }
        let frame = NonZeroU32::new(free.first)?;
        let information = information(frame.get());
        free.first = information.link.load(Ordering::Relaxed);
        FREE_COUNT.fetch_sub(1, Ordering::Relaxed);
        drop(free);
        information.link.store(0, Ordering::Relaxed);
        information.holders.store(1, Ordering::Release);
        Some(Self(frame))
    }

    /// A frame of zeros, or none when memory is out (the reserve is left alone).
    pub fn zeroed() -> Option<Self> {
        let frame = Self::allocate(reserve_frames())?;
        frame.zero(0, PAGE_SIZE);
        Some(frame)
    }

    /// A frame with the contents of `source`, or none when memory is out.
    pub fn copy_of(source: &Self) -> Option<Self> {
        let frame = Self::allocate(reserve_frames())?;
        copy::copy(frame.pointer(), source.pointer(), PAGE_SIZE);
        Some(frame)
    }

    /// A frame of zeros for the kernel's own needs, from the reserve if need be.
    pub(crate) fn zeroed_from_reserve() -> Option<Self> {
        let frame = Self::uninitialised_from_reserve()?;
        frame.zero(0, PAGE_SIZE);
        Some(frame)
    }

    /// A frame for the kernel heap: not zeroed, from the reserve if need be.
    pub(crate) fn uninitialised_from_reserve() -> Option<Self> {
        if free_frames() < reserve_frames() / 2 {
            SHORTAGE.store(true, Ordering::Relaxed);
            if let Some(function) = ON_SHORTAGE.get() {
                function();
            }
        }
        Self::allocate(0)
    }

    /// The one frame of zeros that all untouched anonymous memory shows. Nobody may write to
    /// it: it always has a holder more than its page table entries, so it is never "unique".
    pub fn shared_zeros() -> Self {
        ZERO_FRAME
            .call_once(|| Self::zeroed().expect("no memory for one frame at boot"))
            .clone()
    }

    /// The number of that frame; 0, which is no frame's, before anybody asked for it.
    #[inline]
    pub(crate) fn zeros_number() -> u32 {
        ZERO_FRAME.get().map_or(0, Self::number)
    }

    /// Whether this is the only hold, so that the frame may be changed in place.
    pub fn is_unique(&self) -> bool {
        self.holders() == 1
    }

    /// How many holds there are on the frame.
    pub fn holders(&self) -> u32 {
        information(self.0.get()).holders.load(Ordering::Acquire)
    }

    /// The physical address of the first byte.
    pub fn address(&self) -> PhysicalAddress {
        u64::from(self.0.get()) * PAGE_SIZE as u64
    }

    /// The frame's number: its address divided by the page size.
    pub fn number(&self) -> u32 {
        self.0.get()
    }

    pub(crate) fn pointer(&self) -> *mut u8 {
        (DIRECT_MAP + self.address() as usize) as *mut u8
    }

    /// The pointer to `length` bytes at `offset`.
    fn range(&self, offset: usize, length: usize) -> *mut u8 {
        assert!(
            offset <= PAGE_SIZE && length <= PAGE_SIZE - offset,
            "{length} bytes at offset {offset} do not lie in one frame"
        );
        self.pointer().wrapping_add(offset)
    }

    /// Copies bytes out, from `offset` on.
    pub fn read(&self, offset: usize, destination: &mut [u8]) {
        let source = self.range(offset, destination.len());
        copy::copy(destination.as_mut_ptr(), source, destination.len());
    }

    /// Copies bytes in, from `offset` on.
    pub fn write(&self, offset: usize, source: &[u8]) {
        let destination = self.range(offset, source.len());
        copy::copy(destination, source.as_ptr(), source.len());
    }

    /// Fills `length` bytes from `offset` on with zeros.
    pub fn zero(&self, offset: usize, length: usize) {
        copy::zero(self.range(offset, length), length);
    }

    /// Copies the whole of another frame here.
    pub fn copy_from(&self, source: &Self) {
        copy::copy(self.pointer(), source.pointer(), PAGE_SIZE);
    }

    /// Copies `length` bytes from `offset` on to a user program's memory.
    ///
    /// # Errors
    /// With the number of bytes that were copied before the fault.
    pub fn read_to_user(
        &self,
        offset: usize,
        destination: UserAddress,
        length: usize,
    ) -> Result<(), Fault> {
        copy::to_user_from(destination, self.range(offset, length), length)
    }

    /// Copies `length` bytes of a user program's memory here, from `offset` on.
    ///
    /// # Errors
    /// With the number of bytes that were copied before the fault.
    pub fn write_from_user(
        &self,
        offset: usize,
        source: UserAddress,
        length: usize,
    ) -> Result<(), Fault> {
        copy::from_user_to(self.range(offset, length), source, length)
    }

    /// Gives the hold to whoever keeps the number (a page table entry).
    pub(crate) fn into_number(self) -> u32 {
        let number = self.0.get();
        core::mem::forget(self);
        number
    }

    /// # Safety
    /// The number must stand for a hold that [`Self::into_number`] gave and nobody took back.
    pub(crate) unsafe fn from_number(number: u32) -> Self {
        Self(NonZeroU32::new(number).expect("frame 0 is never given out"))
    }

    /// One more hold on a frame that something else is known to hold.
    ///
    /// # Safety
    /// The frame must have a holder that lasts at least until this returns.
    pub(crate) unsafe fn another(number: u32) -> Self {
        information(number).holders.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the hold was taken in the line above.
        unsafe { Self::from_number(number) }
    }

    /// Counts entries of a frame that is a page table.
    pub(crate) fn change_live_entries(number: u32, difference: i32) -> u32 {
        let link = &information(number).link;
        let now = link.load(Ordering::Relaxed).wrapping_add_signed(difference);
        link.store(now, Ordering::Relaxed);
        now
    }
}

impl Clone for Frame {
    fn clone(&self) -> Self {
        // SAFETY: `self` holds the frame.
        unsafe { Self::another(self.0.get()) }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        Holders::of_all().let_go(self.0.get());
    }
}

/// Who holds what, looked up once for a loop over many frames: fork(2) and exit(2) go through
/// all pages of a program.
#[derive(Clone, Copy)]
pub(crate) struct Holders(&'static [FrameInformation]);

impl Holders {
    /// Those of all frames.
    #[inline]
    pub(crate) fn of_all() -> Self {
        // Set before the first frame is given out.
        Self(
            TABLE
                .get()
                .expect("frames are used before memory is initialised"),
        )
    }

    /// One more hold, for whoever keeps the number.
    ///
    /// # Safety
    /// The frame must have a holder that lasts at least until this returns.
    #[inline]
    pub(crate) unsafe fn add(self, number: u32) {
        self.0[number as usize]
            .holders
            .fetch_add(1, Ordering::Relaxed);
    }

    /// Takes back a hold that somebody kept the number of.
    ///
    /// # Safety
    /// As [`Frame::from_number`].
    #[inline]
    pub(crate) unsafe fn remove(self, number: u32) {
        self.let_go(number);
    }

    #[inline]
    fn let_go(self, number: u32) {
        let information = &self.0[number as usize];
        if information.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            free(number, information);
        }
    }
}

/// Puts a frame without holders onto the free list.
fn free(number: u32, information: &FrameInformation) {
    let mut free = FREE.lock();
    information.link.store(free.first, Ordering::Relaxed);
    free.first = number;
    FREE_COUNT.fetch_add(1, Ordering::Relaxed);
}

impl core::fmt::Debug for Frame {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "Frame({:#x})", self.address())
    }
}
