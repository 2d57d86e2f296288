//! How much processor time a thread has used, and how much of it in the kernel.
//!
//! The time-stamp counter is read where a thread enters and leaves the kernel and where the
//! processor changes hands; a system call pays a dozen instructions for it. All is kept in
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
    /// Of it, in the kernel, up to the last time it left.
    system: AtomicU64,
    /// When it got the processor; 0 while it has none.
    running_since: AtomicU64,
    /// When it entered the kernel, or got the processor there.
    in_kernel_since: AtomicU64,
}

fn add(counter: &AtomicU64, ticks: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(ticks);
    counter.store(sum, Ordering::Relaxed);
}

impl ThreadClock {
    /// That of a thread that has not run.
    pub const fn new() -> Self {
        Self {
            total: AtomicU64::new(0),
            system: AtomicU64::new(0),
            running_since: AtomicU64::new(0),
            in_kernel_since: AtomicU64::new(0),
        }
    }

    /// The thread's program has called the kernel or was interrupted.
    pub fn enter_kernel(&self) {
        self.in_kernel_since.store(time_stamp(), Ordering::Relaxed);
    }

    /// The thread goes back to its program.
    pub fn leave_kernel(&self) {
        self.count_system(time_stamp());
    }

    fn count_system(&self, now: u64) {
        let since = self.in_kernel_since.load(Ordering::Relaxed);
        add(&self.system, now.wrapping_sub(since));
    }

    /// The thread gets the processor, inside the kernel.
    pub fn switched_to(&self, now: u64) {
        self.running_since.store(now, Ordering::Relaxed);
        self.in_kernel_since.store(now, Ordering::Relaxed);
    }

    /// The thread gives the processor up, inside the kernel; returns how long it had it.
    pub fn switched_from(&self, now: u64) -> u64 {
        let ran = now.wrapping_sub(self.running_since.load(Ordering::Relaxed));
        self.running_since.store(0, Ordering::Relaxed);
        add(&self.total, ran);
        self.count_system(now);
        ran
    }

    /// The time so far.
    pub fn times(&self) -> Times {
        let total = self.total.load(Ordering::Relaxed);
        let system = self.system.load(Ordering::Relaxed);
        let (total, system) = match self.running_since.load(Ordering::Relaxed) {
            0 => (total, system),
            since => {
                // Whoever runs and is asked is in the kernel to ask.
                let now = time_stamp();
                let entered = self.in_kernel_since.load(Ordering::Relaxed);
                let total = total.wrapping_add(now.wrapping_sub(since));
                (total, system.wrapping_add(now.wrapping_sub(entered)))
            }
        };
        let (total, system) = (nanoseconds_of(total), nanoseconds_of(system));
        let system = system.min(total);
        Times {
            user: Nanoseconds(total - system),
            system: Nanoseconds(system),
        }
    }
}
