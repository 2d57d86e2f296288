//! Interrupts at a rate that a program chooses, made by a timer of the kernel's.
//!
//! The chip could make them, but at one rate for all; as Linux does, each clock gets a timer of
//! its own instead. The rate stays when the clock is closed; the interrupts end then. Who may ask
//! for many of them is the file's business; how many are many ([`Periodic::limit`]) is kept here.
//!
//! Source: rtc(4); Linux's `Documentation/admin-guide/rtc.rst`.

use abi::Errno;
use alloc::boxed::Box;
use alloc::sync::Arc;
use spin::mutex::SpinMutex;

/// Told how often a timer has expired since it was told last. Does not sleep.
pub type Expired = Arc<dyn Fn(u64) + Send + Sync>;

/// A timer that expires again and again.
pub trait Timer: Send + Sync {
    /// Expires each `nanoseconds` from now on, whatever it did before.
    fn start(&self, nanoseconds: u64);

    /// Expires no more.
    fn stop(&self);
}

/// Makes timers.
pub trait Timers: Send + Sync {
    /// A timer that is off.
    fn timer(&self, expired: Expired) -> Box<dyn Timer>;
}

/// No rate is above this.
const HERTZ_MAX: u32 = 8192;
/// A limit is below this.
const LIMIT_END: u64 = 4096;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The periodic interrupts of one clock.
pub struct Periodic {
    rate: SpinMutex<Rate>,
    timer: Box<dyn Timer>,
}

struct Rate {
    hertz: u32,
    limit: u32,
    on: bool,
}

impl Periodic {
    /// They are off, one a second, and anybody may have 64.
    pub(super) fn new(timer: Box<dyn Timer>) -> Self {
        let rate = Rate {
            hertz: 1,
            limit: 64,
            on: false,
        };
        Self {
            rate: SpinMutex::new(rate),
            timer,
        }
    }

    /// How many a second there are, or would be.
    pub fn hertz(&self) -> u32 {
        self.rate.lock().hertz
    }

    /// How many a second anybody may ask for.
    pub fn limit(&self) -> u32 {
        self.rate.lock().limit
    }

    /// Whether there are any.
    pub fn is_on(&self) -> bool {
        self.rate.lock().on
    }

    /// Sets their rate.
    ///
    /// # Errors
    /// EINVAL: it is 0, or more than 8192.
    pub fn set_hertz(&self, hertz: u32) -> Result<(), Errno> {
        if !(1..=HERTZ_MAX).contains(&hertz) {
            return Err(Errno::EINVAL);
        }
        let mut rate = self.rate.lock();
        rate.hertz = hertz;
        if rate.on {
            self.start(&rate);
        }
        Ok(())
    }

    /// Sets how many a second anybody may ask for.
    ///
    /// # Errors
    /// EINVAL: it is 0, or 4096 or more.
    pub fn set_limit(&self, limit: u64) -> Result<(), Errno> {
        if !(1..LIMIT_END).contains(&limit) {
            return Err(Errno::EINVAL);
        }
        self.rate.lock().limit = limit as u32;
        Ok(())
    }

    /// Turns them on or off. Turned on again, the first comes a whole period later.
    pub fn turn(&self, on: bool) {
        let mut rate = self.rate.lock();
        rate.on = on;
        if on {
            self.start(&rate);
        } else {
            self.timer.stop();
        }
    }

    fn start(&self, rate: &Rate) {
        self.timer
            .start(NANOSECONDS_PER_SECOND / u64::from(rate.hertz));
    }
}
