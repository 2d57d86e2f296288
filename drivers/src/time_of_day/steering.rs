//! How a clock is steered: the state that adjtimex(2) shows and changes, and what of it is done in
//! a second.
//!
//! There are three ways to have an error made up for. `adjtime(3)` does half a thousandth of a
//! second in each second until it is done. The phase-locked loop does a fixed part of what is
//! left in each second, and learns from each offset how wrong the frequency is. The frequency can
//! also be told outright.
//!
//! Source: RFC 5905, section 11.3 and appendix A.5.5.6; adjtimex(2).

use super::timex::{STA_FLL, STA_FREQHOLD, STA_MODE, STA_NANO, STA_PLL, STA_READ_ONLY, STA_UNSYNC};
use super::{FRACTION_BITS, SECOND};

/// What adjtime(3) makes up for in a second, in nanoseconds.
const ADJTIME_RATE: i64 = 500_000;
/// The largest correction of the frequency: 500 parts in a million.
const FREQUENCY_MAX: i64 = 500_000 << FRACTION_BITS;
/// The largest offset the loop takes, in nanoseconds.
const OFFSET_MAX: i64 = 500_000_000;
/// Errors are not counted further than this, in microseconds.
pub(super) const ERROR_MAX: i64 = 16_000_000;
/// What the largest error grows by in each second, in microseconds.
const ERROR_GROWTH: i64 = 500;
/// The loop makes up for a part in `2^(LOOP_SHIFT + constant)` in each second.
const LOOP_SHIFT: u32 = 2;
/// The largest time constant.
const CONSTANT_MAX: i64 = 10;
/// Of updates closer than this, in seconds, the frequency-locked loop learns nothing.
const FREQUENCY_LOOP_FROM: i64 = 256;
/// Of updates further apart it learns even where it was not asked for.
const FREQUENCY_LOOP_BEYOND: i64 = 2048;
/// A tick lasts so long by itself, in microseconds; there are a hundred in a second.
pub(super) const TICK: i64 = 10_000;
const TICKS_PER_SECOND: i64 = 100;

/// What is made up for in one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    /// Of adjtime(3)'s, in nanoseconds.
    adjustment: i64,
    /// Of the loop's offset, in nanoseconds with [`FRACTION_BITS`].
    offset: i64,
}

impl Portion {
    pub(super) const NONE: Self = Self {
        adjustment: 0,
        offset: 0,
    };

    /// All of it, in nanoseconds with [`FRACTION_BITS`].
    pub(super) fn sum(self) -> i64 {
        (self.adjustment << FRACTION_BITS) + self.offset
    }
}

/// The state.
#[derive(Clone, Debug)]
pub(super) struct Steering {
    /// In nanoseconds a second, with [`FRACTION_BITS`].
    pub(super) frequency: i64,
    /// What a tick is to last, in microseconds.
    pub(super) tick: i64,
    /// What adjtime(3) has yet to make up for, in nanoseconds.
    pub(super) adjustment: i64,
    /// What the loop has yet to make up for, in nanoseconds with [`FRACTION_BITS`].
    pub(super) offset: i64,
    /// `STA_*`.
    pub(super) status: i32,
    pub(super) constant: i64,
    /// In microseconds.
    pub(super) max_error: i64,
    /// In microseconds.
    pub(super) estimated_error: i64,
    /// In seconds.
    pub(super) tai_offset: i32,
    /// When the loop last heard of an offset, in seconds since 1970.
    pub(super) reference: i64,
}

impl Steering {
    pub(super) const fn new() -> Self {
        Self {
            frequency: 0,
            tick: TICK,
            adjustment: 0,
            offset: 0,
            status: STA_UNSYNC,
            constant: 2,
            max_error: ERROR_MAX,
            estimated_error: ERROR_MAX,
            tai_offset: 0,
            reference: 0,
        }
    }

    /// How much more than a second the clock goes in each, with [`FRACTION_BITS`].
    pub(super) fn steady_rate(&self) -> i64 {
        let ticks = (self.tick - TICK) * TICKS_PER_SECOND * 1000;
        (ticks << FRACTION_BITS) + self.frequency
    }

    /// Whether nothing is left to be made up for.
    pub(super) fn is_settled(&self) -> bool {
        self.adjustment == 0 && self.offset == 0
    }

    /// Takes what is to be made up for in the second that begins.
    pub(super) fn take_portion(&mut self) -> Portion {
        let adjustment = self.adjustment.clamp(-ADJTIME_RATE, ADJTIME_RATE);
        let shift = LOOP_SHIFT + self.constant as u32;
        // Towards zero; what the shift would leave over for ever is done at once.
        let offset = match self.offset / (1 << shift) {
            0 => self.offset,
            part => part,
        };
        self.adjustment -= adjustment;
        self.offset -= offset;
        Portion { adjustment, offset }
    }

    /// Of a second's portion only what `elapsed` of it could do was done.
    pub(super) fn give_back(&mut self, portion: Portion, elapsed: u64) {
        let left = i128::from(SECOND - elapsed.min(SECOND));
        let part = |whole: i64| (i128::from(whole) * left / i128::from(SECOND)) as i64;
        self.adjustment += part(portion.adjustment);
        self.offset += part(portion.offset);
    }

    /// So many seconds have passed.
    pub(super) fn age(&mut self, seconds: u64) {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let error = seconds.saturating_mul(ERROR_GROWTH);
        self.max_error = self.max_error.saturating_add(error);
        if self.max_error > ERROR_MAX {
            self.max_error = ERROR_MAX;
            self.status |= STA_UNSYNC;
        }
    }

    /// The time was set.
    pub(super) fn forget(&mut self) {
        self.adjustment = 0;
        self.offset = 0;
        self.status |= STA_UNSYNC;
        self.max_error = ERROR_MAX;
        self.estimated_error = ERROR_MAX;
    }

    /// Changes the bits of the status that programs may; `seconds` since 1970.
    pub(super) fn set_status(&mut self, wanted: i32, seconds: i64) {
        let (had_loop, has_loop) = (self.status & STA_PLL != 0, wanted & STA_PLL != 0);
        if had_loop && !has_loop {
            self.status = STA_UNSYNC;
        }
        if !had_loop && has_loop {
            self.reference = seconds;
        }
        self.status = self.status & STA_READ_ONLY | wanted & !STA_READ_ONLY;
    }

    /// Sets the loop's time constant, which older programs count from 4 on.
    pub(super) fn set_constant(&mut self, constant: i64) {
        let older = if self.status & STA_NANO == 0 { 4 } else { 0 };
        self.constant = constant.saturating_add(older).clamp(0, CONSTANT_MAX);
    }

    /// Tells the frequency outright, in nanoseconds a second with [`FRACTION_BITS`].
    pub(super) fn set_frequency(&mut self, frequency: i64) {
        self.frequency = frequency.clamp(-FREQUENCY_MAX, FREQUENCY_MAX);
    }

    /// The loop hears of an offset, in nanoseconds; `seconds` since 1970.
    pub(super) fn hear_offset(&mut self, nanoseconds: i64, seconds: i64) {
        if self.status & STA_PLL == 0 {
            return;
        }
        let offset = nanoseconds.clamp(-OFFSET_MAX, OFFSET_MAX);
        let interval = if self.status & STA_FREQHOLD != 0 {
            0
        } else {
            seconds.saturating_sub(self.reference)
        };
        self.reference = seconds;
        let correction = self.learn_slowly(offset, interval) + self.learn(offset, interval);
        self.set_frequency(self.frequency.saturating_add(correction));
        self.offset = offset << FRACTION_BITS;
    }

    /// What the frequency-locked loop learns from an offset.
    fn learn_slowly(&mut self, offset: i64, interval: i64) -> i64 {
        self.status &= !STA_MODE;
        let asked = self.status & STA_FLL != 0;
        if interval < FREQUENCY_LOOP_FROM || !asked && interval <= FREQUENCY_LOOP_BEYOND {
            return 0;
        }
        self.status |= STA_MODE;
        (offset << FRACTION_BITS >> LOOP_SHIFT) / interval
    }

    /// What the phase-locked loop learns from it. Of a long silence it learns no more than of one
    /// that fits its time constant.
    fn learn(&self, offset: i64, interval: i64) -> i64 {
        let constant = self.constant as u32;
        let interval = interval.clamp(0, 1 << (LOOP_SHIFT + 1 + constant));
        let product = i128::from(offset) * i128::from(interval);
        ((product << FRACTION_BITS) >> (2 * (LOOP_SHIFT + 2 + constant))) as i64
    }
}
