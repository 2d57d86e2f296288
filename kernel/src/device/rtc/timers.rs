//! The kernel's timers, for clocks that interrupt at a rate of their own.

use alloc::boxed::Box;
use alloc::sync::Arc;

use drivers::rtc::periodic::{Expired, Timer, Timers};

use crate::process::timer::wall::WallTimer;
use crate::time::{Deadline, Nanoseconds};

/// Makes them.
pub(super) struct KernelTimers;

impl Timers for KernelTimers {
    fn timer(&self, expired: Expired) -> Box<dyn Timer> {
        Box::new(PeriodicTimer(WallTimer::new(expired)))
    }
}

struct PeriodicTimer(Arc<WallTimer>);

impl Timer for PeriodicTimer {
    fn start(&self, nanoseconds: u64) {
        let period = Nanoseconds(nanoseconds);
        self.0.set(Some(Deadline::after(period)), period);
    }

    fn stop(&self) {
        self.0.set(None, Nanoseconds(0));
    }
}

impl Drop for PeriodicTimer {
    fn drop(&mut self) {
        self.stop();
    }
}
