//! The kernel's log: a ring of records, and the two texts that programs see of it.
//!
//! [`Ring`] keeps the newest records in a fixed piece of memory, so it works before there is a
//! heap and never needs one. [`format`] writes records as `/dev/kmsg` and `syslog(2)` show them.
//!
//! Source: Linux's `Documentation/ABI/testing/dev-kmsg`, `syslog(2)`.
pub mod format;
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
    pub fn of_program(named: Option<u16>) -> Self {
        let named = named.unwrap_or(Level::WARNING.0.into());
        let facility = if named >> 3 == 0 {
            FACILITY_USER
        } else {
            named >> 3
        };
        Self(facility << 3 | named & 7)
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

/// Splits what a program wrote to `/dev/kmsg` into its priority and its text.
pub fn parse_written(written: &[u8]) -> (Priority, &[u8]) {
    let text = written.strip_suffix(b"\n").unwrap_or(written);
    match split_priority(text) {
        Some((named, text)) => (Priority::of_program(Some(named)), text),
        None => (Priority::of_program(None), text),
    }
}

/// The number and the rest of `<number>rest`.
fn split_priority(text: &[u8]) -> Option<(u16, &[u8])> {
    let rest = text.strip_prefix(b"<")?;
    let end = rest.iter().position(|&byte| byte == b'>')?;
    let number = core::str::from_utf8(&rest[..end])
        .ok()?
        .parse::<u16>()
        .ok()?;
    // Eight bits of facility and three of level are all there are.
    (number < 1 << 11).then_some((number, &rest[end + 1..]))
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
        assert_eq!(parsed(b"<99999>hello"), (12, b"<99999>hello".as_slice()));
        assert_eq!(parsed(b"<6"), (12, b"<6".as_slice()));
        assert_eq!(parsed(b""), (12, b"".as_slice()));
    }
}
