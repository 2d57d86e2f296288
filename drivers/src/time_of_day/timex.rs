//! `adjtimex(2)`: what programs read of a clock's steering, and what they change.
//!
//! Source: adjtimex(2), with the answers of Linux.

use abi::Errno;
pub use abi::time::Timex;
use abi::time::{
    ADJ_ADJTIME, ADJ_ESTERROR, ADJ_FREQUENCY, ADJ_MAXERROR, ADJ_MICRO, ADJ_NANO, ADJ_OFFSET,
    ADJ_OFFSET_READONLY, ADJ_SETOFFSET, ADJ_STATUS, ADJ_TAI, ADJ_TICK, ADJ_TIMECONST,
};
pub use abi::time::{STA_FLL, STA_FREQHOLD, STA_MODE, STA_NANO, STA_PLL, STA_UNSYNC};

use super::steering::{ERROR_MAX, TICK};
use super::{FRACTION_BITS, SECOND, TimeOfDay};

/// What the clock is in: nothing is wrong, or nobody has said how good it is.
const TIME_OK: usize = 0;
const TIME_ERROR: usize = 5;
/// A clock error was found (by nobody here).
const STA_CLOCKERR: i32 = 0x1000;
/// The bits of the status that programs cannot change: those of a pulse each second, of errors, of
/// the unit, and of the loop and the clock that are at work.
pub(super) const STA_READ_ONLY: i32 = 0x0f00 | STA_CLOCKERR | STA_NANO | STA_MODE | 0x8000;
/// Programs tell frequencies in parts in a million, with 16 bits behind the point.
const NANOSECONDS_PER_MILLIONTH: i64 = 1000;
/// The largest correction of the frequency, as programs have it.
const TOLERANCE: i64 = 500 << 16;
const TAI_MAX: i64 = 100_000;

/// Answers whether a program may ask for this.
///
/// # Errors
/// EPERM: to change something one `may_set` the time, EINVAL: it makes no sense.
pub fn check(timex: &Timex, may_set: bool) -> Result<(), Errno> {
    let has = |mode| timex.modes & mode != 0;
    if has(ADJ_ADJTIME) {
        // It goes with nothing else, by its very number.
        if !has(ADJ_OFFSET) {
            return Err(Errno::EINVAL);
        }
        if !has(ADJ_OFFSET_READONLY) && !may_set {
            return Err(Errno::EPERM);
        }
    } else {
        if timex.modes != 0 && !may_set {
            return Err(Errno::EPERM);
        }
        let sane = TICK * 9 / 10..=TICK * 11 / 10;
        if has(ADJ_TICK) && !sane.contains(&timex.tick) {
            return Err(Errno::EINVAL);
        }
    }
    if has(ADJ_SETOFFSET) {
        if !may_set {
            return Err(Errno::EPERM);
        }
        let whole = if has(ADJ_NANO) {
            1_000_000_000
        } else {
            1_000_000
        };
        if !(0..whole).contains(&timex.fraction) {
            return Err(Errno::EINVAL);
        }
    }
    // As far as Linux can count.
    let scale = NANOSECONDS_PER_MILLIONTH << 16;
    if has(ADJ_FREQUENCY) && timex.freq.checked_mul(scale).is_none() {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

/// By how many nanoseconds ADJ_SETOFFSET moves the time; none if it is not asked for.
pub fn jump(timex: &Timex) -> Option<i128> {
    let unit = if timex.modes & ADJ_NANO != 0 { 1 } else { 1000 };
    let whole = i128::from(timex.seconds) * i128::from(SECOND);
    (timex.modes & ADJ_SETOFFSET != 0).then(|| whole + i128::from(timex.fraction) * unit)
}

impl TimeOfDay {
    /// Does what was asked for and was [`check`]ed, but for a [`jump`], and fills in what there is
    /// to read. Returns the state of the clock: `TIME_*`.
    pub fn adjust(&mut self, monotonic: u64, timex: &mut Timex) -> usize {
        self.begin_second(monotonic);
        if timex.modes & ADJ_ADJTIME != 0 {
            let before = self.steering.adjustment / 1000;
            if timex.modes & ADJ_OFFSET_READONLY == 0 {
                self.steering.adjustment = timex.offset.saturating_mul(1000);
            }
            timex.offset = before;
        } else {
            self.change(monotonic, timex);
            let nanoseconds = self.steering.offset / (1 << FRACTION_BITS);
            timex.offset = nanoseconds / self.unit();
        }
        self.portion = self.steering.take_portion();
        self.tell(monotonic, timex);
        let wrong = self.steering.status & (STA_UNSYNC | STA_CLOCKERR) != 0;
        if wrong { TIME_ERROR } else { TIME_OK }
    }

    fn change(&mut self, monotonic: u64, timex: &Timex) {
        let has = |mode| timex.modes & mode != 0;
        let seconds = (self.within(monotonic) / SECOND) as i64;
        let steering = &mut self.steering;
        if has(ADJ_STATUS) {
            steering.set_status(timex.status, seconds);
        }
        if has(ADJ_NANO) {
            steering.status |= STA_NANO;
        }
        if has(ADJ_MICRO) {
            steering.status &= !STA_NANO;
        }
        if has(ADJ_FREQUENCY) {
            let frequency = timex.freq.saturating_mul(NANOSECONDS_PER_MILLIONTH);
            steering.set_frequency(frequency);
        }
        if has(ADJ_MAXERROR) {
            steering.max_error = timex.maxerror.clamp(0, ERROR_MAX);
        }
        if has(ADJ_ESTERROR) {
            steering.estimated_error = timex.esterror.clamp(0, ERROR_MAX);
        }
        if has(ADJ_TIMECONST) {
            steering.set_constant(timex.constant);
        }
        if has(ADJ_TAI) && (0..=TAI_MAX).contains(&timex.constant) {
            steering.tai_offset = timex.constant as i32;
        }
        if has(ADJ_OFFSET) {
            let unit = self.unit();
            let offset = timex.offset.saturating_mul(unit);
            self.steering.hear_offset(offset, seconds);
        }
        if has(ADJ_TICK) {
            self.steering.tick = timex.tick;
        }
    }

    /// Nanoseconds in the unit that offsets and times are told in.
    fn unit(&self) -> i64 {
        if self.steering.status & STA_NANO != 0 {
            1
        } else {
            1000
        }
    }

    fn tell(&self, monotonic: u64, timex: &mut Timex) {
        let steering = &self.steering;
        let now = self.within(monotonic);
        timex.freq = steering.frequency / NANOSECONDS_PER_MILLIONTH;
        timex.maxerror = steering.max_error;
        timex.esterror = steering.estimated_error;
        timex.status = steering.status;
        timex.constant = steering.constant;
        timex.precision = 1;
        timex.tolerance = TOLERANCE;
        timex.tick = steering.tick;
        timex.tai = steering.tai_offset;
        timex.seconds = (now / SECOND) as i64;
        timex.fraction = (now % SECOND) as i64 / self.unit();
        timex.pulse = [0; 8];
    }
}
