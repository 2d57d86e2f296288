//! The kernel's log: a ring of records, and the two texts that programs see of it.
//!
//! [`Ring`] keeps the newest records in a fixed piece of memory, so it works before there is a
//! heap and never needs one. [`format`] writes records as `/dev/kmsg` and `syslog(2)` show them.
//!
//! [`rate`] keeps programs from filling it.
//!
//! Source: Linux's `Documentation/ABI/testing/dev-kmsg`, `syslog(2)`.
pub mod format;
pub mod rate;
mod ring;

pub use ring::{Record, Ring, TEXT_LIMIT};

/// How urgent a record is, as `syslog(3)` numbers it: smaller is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// Action must be taken at once; also what a panic says.
    pub const EMERGENCY: Self = Self(0);
    /// Something failed.
    pub const ERROR: Self = Self(3);
    /// Something is not as it should be.
    pub const WARNING: Self = Self(4);
    /// What happens in the ordinary course of things.
    pub const INFORMATION: Self = Self(6);
    /// For those who look for a fault.
    pub const DEBUG: Self = Self(7);

    /// The number, 0 to 7.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Who wrote a record and how urgent it is: the number in angle brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority(u16);

/// The facility of records that programs write without naming one.
const FACILITY_USER: u16 = 1;

impl Priority {
    /// The kernel's own records.
    pub const fn of_kernel(level: Level) -> Self {
        Self(level.0 as u16)
    }

    /// What a program named, or the default level for programs. A program cannot speak as the
    /// kernel: facility 0 becomes that of users.
    pub fn of_program(named: Option<u32>) -> Self {
        let named = named.unwrap_or(Level::WARNING.0.into());
        // A facility has eight bits, whatever a program names.
        let facility = match (named >> 3) as u8 {
            0 => FACILITY_USER,
            facility => facility.into(),
        };
        Self(facility << 3 | (named & 7) as u16)
    }

    /// The number programs see: facility times 8, plus the level.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The level alone.
    pub const fn level(self) -> Level {
        Level((self.0 & 7) as u8)
    }
}

/// Splits what a program wrote to `/dev/kmsg` into its priority and its text, which a NUL byte ends
/// and a line feed may.
pub fn parse_written(written: &[u8]) -> (Priority, &[u8]) {
    let end = written.iter().position(|byte| *byte == 0);
    let text = &written[..end.unwrap_or(written.len())];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    match split_priority(text) {
        Some((named, text)) => (Priority::of_program(Some(named)), text),
        None => (Priority::of_program(None), text),
    }
}

/// The number and the rest of `<number>rest`. No digits are 0, and of too many only the lower bits
/// count, as with Linux.
fn split_priority(text: &[u8]) -> Option<(u32, &[u8])> {
    let rest = text.strip_prefix(b"<")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = rest.split_at(end);
    let rest = rest.strip_prefix(b">")?;
    let number = digits.iter().fold(0_u32, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(u32::from(digit - b'0'))
    });
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_name_a_priority_or_get_one() {
        let parsed = |written: &'static [u8]| {
            let (priority, text) = parse_written(written);
            (priority.number(), text)
        };
        assert_eq!(parsed(b"hello\n"), (12, b"hello".as_slice()));
        assert_eq!(parsed(b"<6>hello"), (14, b"hello".as_slice()));
        assert_eq!(
            parsed(b"<30>from a daemon"),
            (30, b"from a daemon".as_slice())
        );
        assert_eq!(parsed(b"<x>hello"), (12, b"<x>hello".as_slice()));
        assert_eq!(parsed(b"<99999>hello"), (1695, b"hello".as_slice()));
        assert_eq!(parsed(b"<2048>hello"), (8, b"hello".as_slice()));
        assert_eq!(parsed(b"<4294967300>hello"), (12, b"hello".as_slice()));
        assert_eq!(parsed(b"<>hello"), (8, b"hello".as_slice()));
        assert_eq!(parsed(b"< 6>hello"), (12, b"< 6>hello".as_slice()));
        assert_eq!(parsed(b"<-1>hello"), (12, b"<-1>hello".as_slice()));
        assert_eq!(parsed(b"one\0two\n"), (12, b"one".as_slice()));
        assert_eq!(parsed(b"two\n\n"), (12, b"two\n".as_slice()));
        assert_eq!(parsed(b"<6"), (12, b"<6".as_slice()));
        assert_eq!(parsed(b""), (12, b"".as_slice()));
    }
}
