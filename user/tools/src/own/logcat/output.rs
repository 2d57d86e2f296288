//! The lines of logcat: `MM-DD HH:MM:SS.mmm PERSONA PID TID PRIORITY TAG: MESSAGE`.
//!
//! They are those of Android's `-v threadtime`, with the persona where one sees all.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::entry::Entry;
use crate::own::calendar::{Date, Zone};
use crate::own::{Failure, reason};

/// An entry, and which log it is from.
pub struct Shown {
    /// Whether it is an event.
    is_event: bool,
    /// It.
    pub entry: Entry,
}

impl Shown {
    /// An entry of `log`.
    pub fn new(log: &str, entry: Entry) -> Self {
        Self {
            is_event: log == "events",
            entry,
        }
    }

    /// Its lines: one for each line of the message.
    fn lines(&self, zone: &Zone) -> String {
        let entry = &self.entry;
        let (seconds, nanoseconds) = entry.moment();
        // The kernel writes no negative ones.
        let nanoseconds = u32::try_from(nanoseconds).unwrap_or(0);
        let date = Date::new(seconds.into(), nanoseconds, zone);
        let milliseconds = nanoseconds / 1_000_000;
        let time = format!("{}.{milliseconds:03}", date.format("%m-%d %H:%M:%S"));
        let persona = entry
            .persona()
            .map_or(String::new(), |name| format!(" {name:>9}"));
        let (pid, tid) = entry.writer();
        let said = entry.said(self.is_event);
        let head = format!(
            "{time}{persona} {pid:5} {tid:5} {} {:<8}: ",
            said.priority, said.tag
        );
        let lines = said
            .message
            .split('\n')
            .map(|line| format!("{head}{line}\n"));
        lines.collect()
    }
}

/// Where they go.
pub struct Output {
    to: BufWriter<Box<dyn Write>>,
    zone: Zone,
}

impl Output {
    /// To a file, which is made if need be, or to the standard output.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn to(file: Option<&Path>) -> Result<Self, Failure> {
        let to: Box<dyn Write> = match file {
            None => Box::new(io::stdout()),
            Some(path) => {
                let opened = OpenOptions::new().append(true).create(true).open(path);
                Box::new(opened.map_err(|error| Failure::of(path, &error))?)
            }
        };
        let (to, zone) = (BufWriter::new(to), Zone::local());
        Ok(Self { to, zone })
    }

    /// Shows an entry.
    ///
    /// # Errors
    /// It could not be written.
    pub fn show(&mut self, shown: &Shown) -> Result<(), Failure> {
        let lines = shown.lines(&self.zone);
        let written = self.to.write_all(lines.as_bytes());
        written.map_err(|error| Failure::Message(format!("write error: {}", reason(&error))))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_message_has_a_line() {
        let mut bytes = [7_i32, 8, 9].map(i32::to_le_bytes).concat();
        bytes.extend(b"demo\0\0\0\0");
        bytes.extend([1_i32, 1, 86_400, 5_000_000].map(i32::to_le_bytes).concat());
        bytes.extend(b"\x04tag\0one\ntwo\n\0");
        let entry = Entry::parse(&bytes, true).unwrap();
        let lines = Shown::new("main", entry).lines(&Zone::utc());
        let head = "01-02 00:00:00.005    7:demo     8     9 I tag     : ";
        assert_eq!(lines, format!("{head}one\n{head}two\n"));
    }
}
