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
        /// The timer interrupt came.
        const TIMER = 1 << 0;
        /// A serial line has received bytes or can take more.
        const SERIAL = 1 << 1;
        /// The kernel log has new records for its readers.
        const LOG = 1 << 2;
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
pub fn is_raised() -> bool {
    RAISED.load(Ordering::Acquire) != 0
}

/// Does all work that was asked for. Thread context, interrupts on, no lock held.
pub fn run() {
    let mut raised = RAISED.swap(0, Ordering::AcqRel);
    while raised != 0 {
        let bit = raised.trailing_zeros() as usize;
        raised &= raised - 1;
        if let Some(function) = FUNCTIONS[bit].get() {
            function();
        }
    }
}
