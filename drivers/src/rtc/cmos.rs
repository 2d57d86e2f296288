//! The clock in the CMOS memory of a PC (Motorola MC146818 and its heirs): reading the time.
//!
//! Contract: the answer is a consistent moment or an error that says why there is none; every
//! wait is bounded, for a machine without the clock answers 0xff to everything, which looks like
//! an update that never ends.
//!
//! Source: MC146818A data sheet; the century register is the one PC firmware uses (0x32).
use super::Date;
use core::fmt;

/// The clock's registers, one behind an index.
pub trait Port {
    /// Reads the register at `index` (0 to 127).
    fn read(&self, index: u8) -> u8;
}

const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY_OF_MONTH: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;
const CENTURY: u8 = 0x32;

const UPDATE_IN_PROGRESS: u8 = 0x80;
const TWENTY_FOUR_HOURS: u8 = 0x02;
const BINARY: u8 = 0x04;
const AFTERNOON: u8 = 0x80;
const ABSENT: u8 = 0xff;

/// Status reads to wait for an update to end: it takes 2 ms at most, a read about 1 µs.
const UPDATE_WAIT_LIMIT: usize = 20_000;
/// How often two readings may differ before we give up; a second passes between differences.
const READ_LIMIT: usize = 8;

/// Why there is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// No clock answers.
    Absent,
    /// It is always being updated, or never reads the same twice.
    Unsteady,
    /// It holds a date that the calendar does not have.
    Invalid(Date),
}

impl fmt::Display for ClockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("no CMOS clock answers; time starts at 1970"),
            Self::Unsteady => formatter
                .write_str("the CMOS clock never reads the same twice; time starts at 1970"),
            Self::Invalid(date) => write!(
                formatter,
                "the CMOS clock holds an impossible date ({date}); time starts at 1970"
            ),
        }
    }
}

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

/// Reads the time.
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
    let number = |value| {
        if format & BINARY != 0 {
            value
        } else {
            from_bcd(value)
        }
    };
    Date {
        year: year(number(reading.year), number(reading.century)),
        month: number(reading.month),
        day: number(reading.day),
        hour: hour(reading.hour, format, number),
        minute: number(reading.minute),
        second: number(reading.second),
    }
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
        19..=21 => century,
        _ if year < 70 => 20,
        _ => 19,
    };
    u16::from(century) * 100 + u16::from(year)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A clock whose registers are given; `updates` status reads find an update in progress, and
    /// the seconds move on at the reads of them that are listed.
    struct Fake {
        registers: [u8; 128],
        updates: Cell<usize>,
        ticks_left: Cell<u8>,
    }

    fn fake(format: u8, fields: [u8; 6], century: u8) -> Fake {
        let mut registers = [0; 128];
        let indexes = [SECONDS, MINUTES, HOURS, DAY_OF_MONTH, MONTH, YEAR];
        for (index, value) in indexes.into_iter().zip(fields) {
            registers[usize::from(index)] = value;
        }
        registers[usize::from(STATUS_B)] = format;
        registers[usize::from(CENTURY)] = century;
        Fake {
            registers,
            updates: Cell::new(0),
            ticks_left: Cell::new(0),
        }
    }

    impl Port for Fake {
        fn read(&self, index: u8) -> u8 {
            if index == STATUS_A && self.updates.get() > 0 {
                self.updates.set(self.updates.get() - 1);
                return UPDATE_IN_PROGRESS;
            }
            if index == SECONDS && self.ticks_left.get() > 0 {
                self.ticks_left.set(self.ticks_left.get() - 1);
                return self.registers[0] + self.ticks_left.get() + 1;
            }
            self.registers[usize::from(index)]
        }
    }

    const MOMENT: Date = Date {
        year: 2026,
        month: 11,
        day: 23,
        hour: 17,
        minute: 5,
        second: 42,
    };

    #[test]
    fn reads_decimal_digits_and_binary() {
        let digits = fake(
            TWENTY_FOUR_HOURS,
            [0x42, 0x05, 0x17, 0x23, 0x11, 0x26],
            0x20,
        );
        assert_eq!(read_time(&digits), Ok(MOMENT));
        let binary = fake(TWENTY_FOUR_HOURS | BINARY, [42, 5, 17, 23, 11, 26], 20);
        assert_eq!(read_time(&binary), Ok(MOMENT));
    }

    #[test]
    fn reads_twelve_hours() {
        let hours = |value| {
            let clock = fake(0, [0x42, 0x05, value, 0x23, 0x11, 0x26], 0x20);
            read_time(&clock).map(|date| date.hour)
        };
        assert_eq!(hours(0x12), Ok(0));
        assert_eq!(hours(0x01), Ok(1));
        assert_eq!(hours(0x12 | AFTERNOON), Ok(12));
        assert_eq!(hours(0x05 | AFTERNOON), Ok(17));
        assert!(hours(0x13).is_err());
    }

    #[test]
    fn guesses_the_century_where_there_is_none() {
        let clock = |digits, century| {
            let clock = fake(TWENTY_FOUR_HOURS, [0, 0, 0, 1, 1, digits], century);
            read_time(&clock).unwrap().year
        };
        assert_eq!(clock(0x26, 0), 2026);
        assert_eq!(clock(0x99, 0xff), 1999);
        assert_eq!(clock(0x05, 0x21), 2105);
    }

    #[test]
    fn waits_for_an_update_to_end() {
        let clock = fake(
            TWENTY_FOUR_HOURS,
            [0x42, 0x05, 0x17, 0x23, 0x11, 0x26],
            0x20,
        );
        clock.updates.set(100);
        clock.ticks_left.set(3);
        assert_eq!(read_time(&clock), Ok(MOMENT));
    }

    #[test]
    fn gives_up_on_a_clock_that_never_settles() {
        let clock = fake(TWENTY_FOUR_HOURS, [0; 6], 0x20);
        clock.updates.set(usize::MAX);
        assert_eq!(read_time(&clock), Err(ClockError::Unsteady));
        let clock = fake(TWENTY_FOUR_HOURS, [0; 6], 0x20);
        clock.ticks_left.set(200);
        assert_eq!(read_time(&clock), Err(ClockError::Unsteady));
    }

    #[test]
    fn says_when_there_is_no_clock_or_no_date() {
        struct Nothing;
        impl Port for Nothing {
            fn read(&self, _: u8) -> u8 {
                ABSENT
            }
        }
        assert_eq!(read_time(&Nothing), Err(ClockError::Absent));
        let broken = fake(TWENTY_FOUR_HOURS, [0x7a, 0, 0, 0x31, 0x02, 0x26], 0x20);
        assert!(matches!(read_time(&broken), Err(ClockError::Invalid(_))));
    }
}
