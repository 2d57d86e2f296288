//! The vDSO: code of the kernel's that programs call without entering the kernel, to ask for
//! the time.
//!
//! Every program has two pages of it: one with the code, a small shared object
//! (`image.rs`), and below it one with what the code needs to know ([`Data`]). Both
//! are the same frames in all programs. The clock is the time-stamp counter, here as in the
//! kernel ([`super::clock`]), so what programs read in the data page are the numbers that
//! the kernel itself uses. They are fixed at boot, but for one word, the time of day at
//! monotonic time 0. A word is read and written whole: no lock is needed for a reader to see a
//! time that somebody sets at once, and never half of it. While the time of day runs faster or
//! slower than the counter, that word says so, and the code asks the kernel.
//!
//! Source: vdso(7).

mod image;

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use spin::Once;

use super::clock;
use crate::frame::Frame;

/// What lies in the data page. The code names the fields by their offsets.
#[repr(C)]
struct Data {
    /// 1: the time-stamp counter of whichever processor a program runs on is the clock. 0, as
    /// on a machine whose processors' counters differ: the code makes system calls.
    counter_is_clock: AtomicU32,
    /// The counter at monotonic time 0.
    start: AtomicU64,
    /// Nanoseconds per tick, with 32 fractional bits.
    scale: AtomicU64,
    /// The time of day at monotonic time 0, in nanoseconds since 1970; or [`ASK`].
    realtime_offset: AtomicU64,
}

/// The time of day is not the monotonic time and a number: the code makes system calls for it.
const ASK: u64 = u64::MAX;

/// The two pages.
struct Pages {
    data: Frame,
    code: Frame,
}

static PAGES: Once<Pages> = Once::new();

impl Pages {
    fn data(&self) -> &Data {
        // SAFETY: the frame is a page of zeros that lives for ever, `Data` is atomics, for which
        // all zeros are values, and nothing else writes to the frame.
        unsafe { &*self.data.pointer().cast::<Data>() }
    }
}

/// Makes the pages. To be called once, when the clock runs.
///
/// # Panics
/// When there is no memory for two pages.
pub fn initialise() {
    PAGES.call_once(|| {
        let frame = || Frame::zeroed().expect("no memory for the vDSO at boot");
        let pages = Pages {
            data: frame(),
            code: frame(),
        };
        pages.code.write(0, image::bytes());
        let (start, scale) = clock::parameters();
        let data = pages.data();
        data.start.store(start, Ordering::Relaxed);
        data.scale.store(scale, Ordering::Relaxed);
        data.counter_is_clock.store(1, Ordering::Release);
        pages
    });
}

/// Tells programs the time of day at monotonic time 0, in nanoseconds since 1970; none while it
/// runs at a pace of its own.
pub fn set_realtime_offset(nanoseconds: Option<u64>) {
    if let Some(pages) = PAGES.get() {
        let offset = &pages.data().realtime_offset;
        offset.store(nanoseconds.unwrap_or(ASK), Ordering::Release);
    }
}

/// The page with the data, for programs to read; none before [`initialise`].
pub fn data_page() -> Option<Frame> {
    PAGES.get().map(|pages| pages.data.clone())
}

/// The page with the code, for programs to execute; none before [`initialise`].
pub fn code_page() -> Option<Frame> {
    PAGES.get().map(|pages| pages.code.clone())
}
