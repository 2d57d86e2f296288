//! The clock in the CMOS memory of a PC (Motorola MC146818 and its heirs).
//!
//! Contract: a reading is a consistent moment or an error that says why there is none; every
//! wait is bounded, for a machine without the clock answers 0xff to everything, which looks like
//! an update that never ends. The chip counts in decimal digits or binary, in 12 or 24 hours, as
//! the firmware has left it.
//!
//! An alarm is a time of day, with a wildcard for a field that may be anything; the chip compares
//! at the beginning of each second. Reading register C says which interrupts there were, and is
//! what makes the next one possible.
//!
//! Source: MC146818A data sheet; the century register is the one PC firmware uses (0x32).
use super::{ClockError, Condition, Date, Rtc};

/// The clock's registers, one behind an index.
pub trait Port {
    /// Reads the register at `index` (0 to 127).
    fn read(&self, index: u8) -> u8;

    /// Writes it.
    fn write(&self, index: u8, value: u8);
}

const SECONDS: u8 = 0x00;
const SECONDS_ALARM: u8 = 0x01;
const MINUTES: u8 = 0x02;
const MINUTES_ALARM: u8 = 0x03;
const HOURS: u8 = 0x04;
const HOURS_ALARM: u8 = 0x05;
/// Counted from 1, which is Sunday.
const DAY_OF_WEEK: u8 = 0x06;
const DAY_OF_MONTH: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;
const STATUS_C: u8 = 0x0c;
const STATUS_D: u8 = 0x0d;
const CENTURY: u8 = 0x32;

const UPDATE_IN_PROGRESS: u8 = 0x80;
const TWENTY_FOUR_HOURS: u8 = 0x02;
const BINARY: u8 = 0x04;
/// In status B: an hour is added in spring and taken away in autumn.
const SUMMER_TIME: u8 = 0x01;
/// In status D: neither time nor memory was lost.
const VALID: u8 = 0x80;
/// In status B: the time is being set and does not run.
const SET: u8 = 0x80;
/// In status B: interrupt for alarms; in status C: there was one.
const ALARM: u8 = 0x20;
/// The same for the end of each update.
const UPDATE_ENDED: u8 = 0x10;
/// In status B: interrupt again and again, at a rate that nobody has chosen.
const PERIODIC: u8 = 0x40;
const AFTERNOON: u8 = 0x80;
const ABSENT: u8 = 0xff;
/// An alarm's field with both these bits may be anything.
const WILDCARD: u8 = 0xc0;
const SECONDS_PER_DAY: i64 = 86_400;

/// Status reads to wait for an update to end: it takes 2 ms at most, a read about 1 µs.
const UPDATE_WAIT_LIMIT: usize = 20_000;
/// The centuries that the register tells of; other values are something else's.
const CENTURIES: core::ops::RangeInclusive<u8> = 19..=21;
/// How often two readings may differ before we give up; a second passes between differences.
const READ_LIMIT: usize = 8;

/// The registers of one moment, as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    second: u8,
    minute: u8,
    hour: u8,
    day: u8,
    month: u8,
    year: u8,
    century: u8,
}

/// The interrupts that there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The alarm came.
    pub alarm: bool,
    /// A second began.
    pub update: bool,
}

/// Asks the chip which interrupts there were, and lets it interrupt again.
pub fn acknowledge(port: &impl Port) -> Events {
    let flags = port.read(STATUS_C);
    Events {
        alarm: flags & ALARM != 0,
        update: flags & UPDATE_ENDED != 0,
    }
}

/// The chip.
pub struct Cmos<P> {
    port: P,
}

impl<P: Port> Cmos<P> {
    /// Finds it, and has it interrupt for alarms only, if at all.
    ///
    /// # Errors
    /// [`ClockError::Absent`], [`ClockError::Unsteady`]. A date that is impossible can be set.
    pub fn find(port: P) -> Result<Self, ClockError> {
        match read_time(&port) {
            Ok(_) | Err(ClockError::Invalid(_)) => {}
            Err(error) => return Err(error),
        }
        let chip = Self { port };
        chip.change(PERIODIC | UPDATE_ENDED | SET, false);
        Ok(chip)
    }

    /// Sets bits of status B, or clears them.
    fn change(&self, bits: u8, on: bool) {
        let status = self.port.read(STATUS_B);
        let status = if on { status | bits } else { status & !bits };
        self.port.write(STATUS_B, status);
    }

    /// Seconds, minutes and hours as the chip counts them.
    fn encoded_time(&self, date: &Date) -> [u8; 3] {
        let format = self.port.read(STATUS_B);
        [
            encode(date.second, format),
            encode(date.minute, format),
            encode_hour(date.hour, format),
        ]
    }
}

impl<P: Port + Send + Sync> Rtc for Cmos<P> {
    fn name(&self) -> &'static str {
        "rtc_cmos"
    }

    fn time(&self) -> Result<i64, ClockError> {
        read_time(&self.port).map(|date| date.unix_seconds())
    }

    fn set_time(&self, seconds: i64) -> Result<(), ClockError> {
        let date = Date::from_unix_seconds(seconds).ok_or(ClockError::OutOfRange)?;
        let century = (date.year / 100) as u8;
        if !CENTURIES.contains(&century) {
            return Err(ClockError::OutOfRange);
        }
        let format = self.port.read(STATUS_B);
        let [second, minute, hour] = self.encoded_time(&date);
        self.change(SET, true);
        for (index, value) in [
            (SECONDS, second),
            (MINUTES, minute),
            (HOURS, hour),
            (DAY_OF_WEEK, date.day_of_week() + 1),
            (DAY_OF_MONTH, encode(date.day, format)),
            (MONTH, encode(date.month, format)),
            (YEAR, encode((date.year % 100) as u8, format)),
            (CENTURY, encode(century, format)),
        ] {
            self.port.write(index, value);
        }
        self.change(SET, false);
        Ok(())
    }

    fn alarm(&self) -> Option<i64> {
        let format = self.port.read(STATUS_B);
        if format & ALARM == 0 {
            return None;
        }
        let number = |value| decode_number(value, format);
        let field = |index, decode: &dyn Fn(u8) -> u8| match self.port.read(index) {
            value if value & WILDCARD == WILDCARD => None,
            value => Some(i64::from(decode(value))),
        };
        let second = field(SECONDS_ALARM, &number);
        let minute = field(MINUTES_ALARM, &number);
        let hour = field(HOURS_ALARM, &|value| hour(value, format, number));
        let now = self.time().ok()?;
        let matches = |moment: &i64| {
            let agrees = |field: Option<i64>, value| field.is_none_or(|field| field == value);
            let of_day = moment.rem_euclid(SECONDS_PER_DAY);
            agrees(second, of_day % 60)
                && agrees(minute, of_day / 60 % 60)
                && agrees(hour, of_day / 3600)
        };
        (now + 1..=now + SECONDS_PER_DAY).find(matches)
    }

    fn set_alarm(&self, moment: Option<i64>) -> Result<(), ClockError> {
        self.change(ALARM, false);
        let Some(moment) = moment else { return Ok(()) };
        let date = Date::from_unix_seconds(moment).ok_or(ClockError::OutOfRange)?;
        let registers = [SECONDS_ALARM, MINUTES_ALARM, HOURS_ALARM];
        for (index, value) in registers.into_iter().zip(self.encoded_time(&date)) {
            self.port.write(index, value);
        }
        self.change(ALARM, true);
        Ok(())
    }

    /// A day, less the second that begins now.
    fn alarm_span(&self) -> i64 {
        SECONDS_PER_DAY - 1
    }

    fn set_update_interrupts(&self, on: bool) {
        self.change(UPDATE_ENDED, on);
    }

    fn condition(&self) -> Condition {
        let status = self.port.read(STATUS_B);
        Condition {
            decimal: status & BINARY == 0,
            summer_time: status & SUMMER_TIME != 0,
            battery: self.port.read(STATUS_D) & VALID != 0,
        }
    }
}

/// Reads the time.
///
/// # Errors
/// [`ClockError`].
pub fn read_time(port: &impl Port) -> Result<Date, ClockError> {
    let format = port.read(STATUS_B);
    if format == ABSENT && port.read(STATUS_A) == ABSENT {
        return Err(ClockError::Absent);
    }
    let date = decode(steady_reading(port)?, format);
    if date.is_valid() {
        Ok(date)
    } else {
        Err(ClockError::Invalid(date))
    }
}

/// Reads until two readings in a row agree, each taken outside an update.
fn steady_reading(port: &impl Port) -> Result<Reading, ClockError> {
    let mut last = reading(port)?;
    for _ in 0..READ_LIMIT {
        let next = reading(port)?;
        if next == last {
            return Ok(next);
        }
        last = next;
    }
    Err(ClockError::Unsteady)
}

fn reading(port: &impl Port) -> Result<Reading, ClockError> {
    let mut polls = 0..UPDATE_WAIT_LIMIT;
    if !polls.any(|_| port.read(STATUS_A) & UPDATE_IN_PROGRESS == 0) {
        return Err(ClockError::Unsteady);
    }
    Ok(Reading {
        second: port.read(SECONDS),
        minute: port.read(MINUTES),
        hour: port.read(HOURS),
        day: port.read(DAY_OF_MONTH),
        month: port.read(MONTH),
        year: port.read(YEAR),
        century: port.read(CENTURY),
    })
}

fn decode(reading: Reading, format: u8) -> Date {
    let number = |value| decode_number(value, format);
    Date {
        year: year(number(reading.year), number(reading.century)),
        month: number(reading.month),
        day: number(reading.day),
        hour: hour(reading.hour, format, number),
        minute: number(reading.minute),
        second: number(reading.second),
    }
}

fn decode_number(value: u8, format: u8) -> u8 {
    if format & BINARY != 0 {
        value
    } else {
        from_bcd(value)
    }
}

/// A number below 100 as the chip counts.
fn encode(value: u8, format: u8) -> u8 {
    if format & BINARY != 0 {
        value
    } else {
        ((value / 10) << 4) | (value % 10)
    }
}

fn encode_hour(hour: u8, format: u8) -> u8 {
    if format & TWENTY_FOUR_HOURS != 0 {
        return encode(hour, format);
    }
    let of_half = (hour + 11) % 12 + 1;
    encode(of_half, format) | if hour >= 12 { AFTERNOON } else { 0 }
}

/// Two decimal digits; a digit above 9 gives a number that no field allows.
fn from_bcd(value: u8) -> u8 {
    let (tens, ones) = (value >> 4, value & 0x0f);
    if tens > 9 || ones > 9 {
        ABSENT
    } else {
        tens * 10 + ones
    }
}

fn hour(value: u8, format: u8, number: impl Fn(u8) -> u8) -> u8 {
    if format & TWENTY_FOUR_HOURS != 0 {
        return number(value);
    }
    let hour = number(value & !AFTERNOON);
    if !(1..=12).contains(&hour) {
        return ABSENT;
    }
    hour % 12 + if value & AFTERNOON != 0 { 12 } else { 0 }
}

/// The full year; where the century register holds no century (not all machines have it), years
/// below 70 are those after 2000.
fn year(year: u8, century: u8) -> u16 {
    let century = match century {
        _ if CENTURIES.contains(&century) => century,
        _ if year < 70 => 20,
        _ => 19,
    };
    u16::from(century) * 100 + u16::from(year)
}

#[cfg(test)]
#[path = "cmos_tests.rs"]
mod tests;
