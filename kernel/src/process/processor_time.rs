//! How much processor time a thread has used, and how much of it in the kernel.
//!
//! The time-stamp counter is read where a thread enters and leaves the kernel and where the
//! processor changes hands; a system call pays eight instructions for it. All is kept in
//! ticks, and made nanoseconds only for who asks. Only the processor that a thread runs on
//! writes; others may read a moment late.

use core::sync::atomic::{AtomicU64, Ordering};

use metal::clock::{nanoseconds_of, time_stamp};

use super::Times;
use crate::time::Nanoseconds;

/// A thread's processor time, in ticks of the time-stamp counter.
pub struct ThreadClock {
    /// Up to the last time it gave the processor up.
    total: AtomicU64,
    /// The sum of the moments at which it left the kernel, less the sum of those at which it
    /// entered. So outside this is the time it spent in the kernel, and inside it is that less
    /// the moment of entry, which shows by its being negative: no thread has been in the kernel
    /// for longer than the counter counts.
    system: AtomicU64,
    /// When it got the processor; 0 while it has none.
    running_since: AtomicU64,
}

fn add(counter: &AtomicU64, ticks: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(ticks);
    counter.store(sum, Ordering::Relaxed);
}

fn subtract(counter: &AtomicU64, ticks: u64) {
    let difference = counter.load(Ordering::Relaxed).wrapping_sub(ticks);
    counter.store(difference, Ordering::Relaxed);
}

impl ThreadClock {
    /// That of a thread that has not run.
    pub const fn new() -> Self {
        Self {
            total: AtomicU64::new(0),
            system: AtomicU64::new(0),
            running_since: AtomicU64::new(0),
        }
    }

    /// The thread's program has called the kernel or was interrupted.
    #[inline]
    pub fn enter_kernel(&self) {
        subtract(&self.system, time_stamp());
    }

    /// The thread goes back to its program.
    #[inline]
    pub fn leave_kernel(&self) {
        add(&self.system, time_stamp());
    }

    /// The thread gets the processor, inside the kernel.
    pub fn switched_to(&self, now: u64) {
        self.running_since.store(now, Ordering::Relaxed);
        subtract(&self.system, now);
    }

    /// The thread gives the processor up, inside the kernel; returns how long it had it.
    pub fn switched_from(&self, now: u64) -> u64 {
        let ran = now.wrapping_sub(self.running_since.load(Ordering::Relaxed));
        self.running_since.store(0, Ordering::Relaxed);
        add(&self.total, ran);
        add(&self.system, now);
        ran
    }

    /// The time so far.
    pub fn times(&self) -> Times {
        let total = self.total.load(Ordering::Relaxed);
        let system = self.system.load(Ordering::Relaxed);
        let now = time_stamp();
        let total = match self.running_since.load(Ordering::Relaxed) {
            0 => total,
            since => total.wrapping_add(now.wrapping_sub(since)),
        };
        let is_in_kernel = (system as i64) < 0;
        let system = if is_in_kernel {
            system.wrapping_add(now)
        } else {
            system
        };
        let (total, system) = (nanoseconds_of(total), nanoseconds_of(system));
        let system = system.min(total);
        Times {
            user: Nanoseconds(total - system),
            system: Nanoseconds(system),
        }
    }
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{ThreadClock, Times, nanoseconds_of, time_stamp};
    use crate::time::Nanoseconds;

    /// Lets some time go by.
    fn wait() {
        let start = time_stamp();
        while time_stamp().wrapping_sub(start) < 100_000 {
            core::hint::spin_loop();
        }
    }

    fn grew(from: Nanoseconds, to: Nanoseconds) -> bool {
        to.0 - from.0 >= nanoseconds_of(100_000)
    }

    metal::ktest! {
        fn time_counts_for_the_side_that_it_is_spent_on() {
            let clock = ThreadClock::new();
            clock.switched_to(time_stamp());
            wait();
            let in_kernel = clock.times();
            assert!(grew(Nanoseconds(0), in_kernel.system));
            clock.leave_kernel();
            let left = clock.times();
            wait();
            let outside = clock.times();
            assert_eq!(outside.system, left.system);
            assert!(grew(left.user, outside.user));
            clock.enter_kernel();
            wait();
            assert!(grew(outside.system, clock.times().system));
        }

        fn no_time_counts_without_the_processor() {
            let clock = ThreadClock::new();
            clock.switched_to(time_stamp());
            wait();
            clock.switched_from(time_stamp());
            let Times { user, system } = clock.times();
            wait();
            assert_eq!((clock.times().user, clock.times().system), (user, system));
            assert!(grew(Nanoseconds(0), system));
        }
    }
}
