//! The load averages: how many threads ran or wanted to, over 1, 5 and 15 minutes.
//!
//! Every five seconds the number is mixed into three averages that forget exponentially, in
//! fixed-point numbers, the way Linux and its ancestors do.
//!
//! Source: `proc(5)` (loadavg), `getloadavg(3)`.
use crate::process::scheduler;
use crate::sync::SpinLock;
use crate::time::{self, Expiry, Instant, Nanoseconds};
use alloc::sync::Arc;

/// Fractional bits of an average.
const FRACTION_BITS: u32 = 11;
const ONE: u64 = 1 << FRACTION_BITS;
/// What is left of an average after five seconds: 2048 / e^(5/60), 2048 / e^(5/300), ….
const DECAY: [u64; 3] = [1884, 2014, 2037];
const INTERVAL: Nanoseconds = Nanoseconds(5_000_000_000);

static AVERAGES: SpinLock<[u64; 3]> = SpinLock::new([0; 3]);

/// Begins to sample. To be called once, when timers work.
pub fn initialise() {
    sample_after(time::monotonic_now());
}

fn sample_after(moment: Instant) {
    time::add_timer(moment + INTERVAL, Expiry::Call(Arc::new(sample)));
}

fn sample(moment: Instant) {
    let active = scheduler::runnable_count() as u64 * ONE;
    for (average, decay) in AVERAGES.lock().iter_mut().zip(DECAY) {
        let rounding = if active >= *average { ONE - 1 } else { 0 };
        *average = (*average * decay + active * (ONE - decay) + rounding) / ONE;
    }
    sample_after(moment.max(time::monotonic_now() - INTERVAL));
}

/// The averages in hundredths, rounded.
pub(super) fn hundredths() -> [u64; 3] {
    AVERAGES
        .lock()
        .map(|average| (average * 100 + ONE / 2) / ONE)
}

/// The averages with 16 fractional bits, as `sysinfo(2)` gives them.
pub fn load_averages() -> [u64; 3] {
    AVERAGES
        .lock()
        .map(|average| average << (16 - FRACTION_BITS))
}
