//! A record of the kernel log, and the forms in which it is shown.
//!
//! Source: Linux, Documentation/ABI/testing/dev-kmsg; dmesg(1).

use crate::own::calendar::{Date, Zone};

/// The levels, by number.
pub const LEVELS: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
];
/// The facilities, by number.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "res0", "res1", "res2", "res3", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// How the time of a record is shown.
#[derive(Clone, Debug, Default)]
pub enum Time {
    /// Seconds since the machine started.
    #[default]
    SinceBoot,
    /// The time of day; the machine started at this moment, in microseconds since 1970.
    OfDay(i64, Zone),
    /// Not at all.
    Hidden,
}

/// How records are shown.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The time.
    pub time: Time,
    /// As it stands in the buffer, with `<priority>`.
    pub raw: bool,
    /// With facility and level in words.
    pub words: bool,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// A number of [`FACILITIES`], or none.
    pub facility: usize,
    /// A number of [`LEVELS`].
    pub level: usize,
    /// When, since the machine started.
    pub microseconds: u64,
    /// What was said, as it was written.
    pub text: String,
}

impl Record {
    /// Takes a record apart: `priority,sequence,microseconds,flags;text`, and further lines that
    /// begin with a blank hold keys and values, which are not shown. None: it is no record.
    pub fn parse(record: &[u8]) -> Option<Self> {
        let record = String::from_utf8_lossy(record);
        let (head, text) = record.split_once(';')?;
        let mut fields = head.split(',');
        let priority: usize = fields.next()?.parse().ok()?;
        let microseconds = fields.nth(1)?.parse().ok()?;
        Some(Self {
            facility: priority >> 3,
            level: priority & 7,
            microseconds,
            text: unescape(text.lines().next().unwrap_or("")),
        })
    }

    /// Its lines.
    pub fn show(&self, form: &Form) -> String {
        let time = self.time(&form.time);
        let head = if form.raw {
            format!("<{}>{time}", self.facility << 3 | self.level)
        } else if form.words {
            let facility = FACILITIES.get(self.facility).unwrap_or(&"?");
            format!("{facility:<6}:{:<6}: {time}", LEVELS[self.level])
        } else {
            time
        };
        // What follows a line feed stands below what is before it.
        let indent = " ".repeat(head.chars().count());
        let mut lines = String::new();
        for (number, line) in self.text.split('\n').enumerate() {
            lines += if number == 0 { &head } else { &indent };
            lines += &visible(line);
            lines.push('\n');
        }
        lines
    }

    fn time(&self, time: &Time) -> String {
        let (seconds, microseconds) =
            (self.microseconds / 1_000_000, self.microseconds % 1_000_000);
        match time {
            Time::SinceBoot => format!("[{seconds:5}.{microseconds:06}] "),
            Time::OfDay(boot, zone) => {
                let since = i64::try_from(self.microseconds).unwrap_or(i64::MAX);
                let moment = boot.saturating_add(since).div_euclid(1_000_000);
                let date = Date::new(moment, 0, zone);
                format!("[{}] ", date.format("%a %b %e %H:%M:%S %Y"))
            }
            Time::Hidden => String::new(),
        }
    }
}

/// The text with each `\xNN` as the byte that it stands for.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.strip_prefix(b"x").and_then(|rest| rest.get(..2));
        let byte = digits
            .filter(|_| *first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[3..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A line with nothing in it that would act on a terminal.
fn visible(line: &str) -> String {
    let mut safe = String::new();
    for character in line.chars() {
        if character.is_control() && character != '\t' {
            safe += &format!("\\x{:02x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str, form: &Form) -> String {
        Record::parse(record.as_bytes()).unwrap().show(form)
    }

    #[test]
    fn records_become_lines() {
        let record = "6,339,5140900,-;hello; world\n SUBSYSTEM=x\n";
        let usual = Form::default();
        assert_eq!(shown(record, &usual), "[    5.140900] hello; world\n");
        let raw = Form {
            raw: true,
            ..usual.clone()
        };
        assert_eq!(shown(record, &raw), "<6>[    5.140900] hello; world\n");
        let words = Form {
            words: true,
            ..usual
        };
        let expected = "daemon:info  : [    5.140900] hi\n";
        assert_eq!(shown("30,1,5140900,-;hi\n", &words), expected);
        assert_eq!(Record::parse(b"rubbish"), None);
    }

    #[test]
    fn the_time_of_day_counts_from_the_start_of_the_machine() {
        let boot = 1_000_000_000_500_000;
        let form = Form {
            time: Time::OfDay(boot, Zone::utc()),
            ..Form::default()
        };
        let expected = "[Sun Sep  9 01:46:46 2001] hi\n";
        assert_eq!(shown("6,1,5600000,-;hi\n", &form), expected);
        let hidden = Form {
            time: Time::Hidden,
            ..Form::default()
        };
        assert_eq!(shown("6,1,5600000,-;hi\n", &hidden), "hi\n");
    }

    #[test]
    fn what_the_kernel_escaped_is_shown_but_for_what_a_terminal_would_obey() {
        let form = Form::default();
        let text = shown("6,1,0,-;a\\x5cb \\xc3\\xa9\\x0anext\\x1b[2J\\xq\n", &form);
        let indent = " ".repeat(15);
        assert_eq!(
            text,
            format!("[    0.000000] a\\b \u{e9}\n{indent}next\\x1b[2J\\xq\n")
        );
    }
}
