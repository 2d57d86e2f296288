//! Work that an interrupt asks for and a thread does.
//!
//! An interrupt handler runs between any two instructions, so it may not allocate, take the
//! kernel's locks or wake a thread. It does what cannot wait (acknowledge the device, take its
//! bytes into a fixed ring) and raises a bit here. The bit's function runs soon after in
//! thread context with interrupts on: before the interrupted program goes on, before a thread
//! goes to sleep, or in the idle loop.

use core::sync::atomic::{AtomicU32, Ordering};

use bitflags::bitflags;
use spin::Once;

bitflags! {
    /// The kinds of deferred work.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Work: u32 {
        /// The running thread should give way. No function: the scheduler looks at the bit.
        const RESCHEDULE = 1 << 31;
        /// The kernel's own memory is going. No function: each thread looks into it before
        /// its program goes on.
        const SHORTAGE = 1 << 30;
        /// The timer interrupt came.
        const TIMER = 1 << 0;
        /// A serial line has received bytes or can take more.
        const SERIAL = 1 << 1;
        /// The kernel log has new records for its readers.
        const LOG = 1 << 2;
        /// A virtio device may have something to say.
        const VIRTIO = 1 << 3;
        /// An input device has something to say.
        const INPUT = 1 << 4;
        /// The real-time clock has interrupted.
        const RTC = 1 << 5;
    }
}

static RAISED: AtomicU32 = AtomicU32::new(0);
static FUNCTIONS: [Once<fn()>; 32] = [const { Once::new() }; 32];

/// Names the function for one kind of work. To be called once for each.
pub fn register(work: Work, function: fn()) {
    FUNCTIONS[work.bits().trailing_zeros() as usize].call_once(|| function);
}

/// Asks for work. May be called in an interrupt handler.
pub fn raise(work: Work) {
    RAISED.fetch_or(work.bits(), Ordering::Release);
}

/// Whether there is work to do.
#[inline]
pub fn is_raised() -> bool {
    RAISED.load(Ordering::Acquire) != 0
}

/// Whether this kind of work is asked for.
pub fn contains(work: Work) -> bool {
    RAISED.load(Ordering::Acquire) & work.bits() != 0
}

/// Takes a request back.
pub fn clear(work: Work) {
    RAISED.fetch_and(!work.bits(), Ordering::AcqRel);
}

/// Does all work that was asked for. Thread context, interrupts on, no lock held.
pub fn run() {
    let kept = Work::RESCHEDULE.bits();
    let mut raised = RAISED.fetch_and(kept, Ordering::AcqRel) & !kept;
    while raised != 0 {
        let bit = raised.trailing_zeros() as usize;
        raised &= raised - 1;
        if let Some(function) = FUNCTIONS[bit].get() {
            function();
        }
    }
}
