//! The time of day: a clock beside the monotonic one, which may be set and made to run faster or
//! slower, while the monotonic one goes on as before.
//!
//! [`TimeOfDay`] says what time it is at a moment of the monotonic clock. In each second the rate
//! is constant; it is what programs ask for by adjtimex(2) ([`mod@timex`]): a steady correction of
//! the frequency, and what of an offset is made up for in this second. So the clock never jumps
//! and never goes back for it. A clock that is not steered is the monotonic one plus a number,
//! and whoever uses this may keep that number and look no further ([`TimeOfDay::offset`]).
//!
//! Source: adjtimex(2), adjtime(3); D. L. Mills, RFC 1589 and RFC 5905 (the loops), with the
//! constants of Linux.

mod steering;
#[cfg(test)]
mod tests;
pub mod timex;

use steering::{Portion, Steering};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// Rates and offsets have so many bits behind the point.
const FRACTION_BITS: u32 = 16;

/// The clock.
#[derive(Clone, Debug)]
pub struct TimeOfDay {
    /// When the second began in which the rate is what it is, on the monotonic clock.
    began: u64,
    /// The time of day then, in nanoseconds since 1970, with [`FRACTION_BITS`].
    time: i128,
    /// Up to when errors were counted, on the monotonic clock.
    aged: u64,
    /// What is made up for in this second.
    portion: Portion,
    steering: Steering,
}

impl TimeOfDay {
    /// A clock that starts with 1970.
    pub const fn new() -> Self {
        Self {
            began: 0,
            time: 0,
            aged: 0,
            portion: Portion::NONE,
            steering: Steering::new(),
        }
    }

    /// The time at a moment of the monotonic clock, in nanoseconds since 1970.
    pub fn at(&self, monotonic: u64) -> u64 {
        let mut clock = self.clone();
        clock.advance(monotonic);
        clock.within(monotonic)
    }

    /// The time at a moment of the second that began last.
    fn within(&self, monotonic: u64) -> u64 {
        let elapsed = monotonic.saturating_sub(self.began);
        let time = self.time + self.steps(elapsed);
        u64::try_from(time >> FRACTION_BITS).unwrap_or(0)
    }

    /// How far it goes in a part of this second, with [`FRACTION_BITS`].
    fn steps(&self, elapsed: u64) -> i128 {
        let elapsed = i128::from(elapsed);
        let extra = i128::from(self.rate()) * elapsed / i128::from(SECOND);
        (elapsed << FRACTION_BITS) + extra
    }

    /// How much more than a second it goes in this one, with [`FRACTION_BITS`].
    fn rate(&self) -> i64 {
        self.steering.steady_rate() + self.portion.sum()
    }

    /// Goes on to a moment of the monotonic clock: each second that has ended meanwhile had the
    /// rate that it should have.
    pub fn advance(&mut self, monotonic: u64) {
        while let Some(left) = monotonic.checked_sub(self.began + SECOND) {
            // Where nothing changes from second to second, all of them are one step.
            let more = if self.steering.is_settled() && self.portion == Portion::NONE {
                left / SECOND
            } else {
                0
            };
            let seconds = 1 + more;
            self.time += self.steps(SECOND) * i128::from(seconds);
            self.began += SECOND * seconds;
            self.portion = self.steering.take_portion();
        }
        let seconds = monotonic.saturating_sub(self.aged) / SECOND;
        self.steering.age(seconds);
        self.aged += seconds * SECOND;
    }

    /// Begins a second at a moment of the monotonic clock. What was not yet made up for in the
    /// one that is cut short is to be made up for later.
    fn begin_second(&mut self, monotonic: u64) {
        self.advance(monotonic);
        let elapsed = monotonic.saturating_sub(self.began);
        self.time += self.steps(elapsed);
        self.began = monotonic;
        self.steering.give_back(self.portion, elapsed);
        self.portion = Portion::NONE;
    }

    /// Sets the time. What was to be made up for is forgotten, and nobody knows how good it is.
    pub fn set(&mut self, monotonic: u64, time: u64) {
        self.begin_second(monotonic);
        self.time = i128::from(time) << FRACTION_BITS;
        self.steering.forget();
    }

    /// The time of day at monotonic time 0, as long as the clock runs as fast as the monotonic
    /// one. None: it does not.
    pub fn offset(&self) -> Option<u64> {
        let steady = self.rate() == 0 && self.steering.is_settled();
        let time = u64::try_from(self.time >> FRACTION_BITS).ok()?;
        time.checked_sub(self.began).filter(|_| steady)
    }

    /// How many seconds TAI, which has no leap seconds, is ahead.
    pub fn tai_offset(&self) -> i32 {
        self.steering.tai_offset
    }
}

impl Default for TimeOfDay {
    fn default() -> Self {
        Self::new()
    }
}
