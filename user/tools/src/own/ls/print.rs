//! How ls lays out what it found: lines, columns, or the long form.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use super::entry::{Entry, mode_text};
use super::options::{Layout, Options};
use crate::own::calendar::{Date, Zone};
use crate::own::moment;
use crate::own::names::Names;
use crate::own::sizes::human;

/// Times older than half a year show the year in place of the time of day.
const HALF_A_YEAR_SECONDS: i64 = 31_556_952 / 2;

/// Prints lists of entries in one form.
pub struct Printer<'a> {
    options: &'a Options,
    users: Names,
    groups: Names,
    zone: Zone,
    /// Asked for only in the long form, where the age of a file matters.
    now_seconds: i64,
    terminal: bool,
    width: usize,
}

impl Printer<'_> {
    /// A printer for what `options` ask. The files of names are read only if names are shown.
    pub fn new(options: &Options) -> Printer<'_> {
        let wants_names = options.layout == Layout::Long && !options.numeric;
        let (users, groups) = if wants_names {
            (Names::users(), Names::groups())
        } else {
            (Names::none(), Names::none())
        };
        let terminal = rustix::termios::isatty(std::io::stdout());
        Printer {
            options,
            users,
            groups,
            zone: Zone::local(),
            now_seconds: if options.layout == Layout::Long {
                moment::now().0
            } else {
                0
            },
            terminal,
            width: crate::own::screen::width(),
        }
    }

    /// Prints them.
    pub fn entries(&self, entries: &[Entry], output: &mut dyn Write) -> io::Result<()> {
        match self.options.layout {
            Layout::Long => self.long(entries, output),
            Layout::Columns => self.columns(entries, output),
            Layout::Lines => {
                let widths = self.prefix_widths(entries);
                for entry in entries {
                    output.write_all(self.prefix(entry, widths).as_bytes())?;
                    output.write_all(&self.name(entry))?;
                    output.write_all(b"\n")?;
                }
                Ok(())
            }
        }
    }

    /// The space of all entries together, in the unit asked for.
    pub fn total(&self, entries: &[Entry]) -> String {
        self.space(entries.iter().map(|entry| entry.data.blocks()).sum())
    }

    /// `blocks` are of 512 bytes, as stat(2) counts; people read units of 1024.
    fn space(&self, blocks: u64) -> String {
        if self.options.human {
            human(blocks.saturating_mul(512))
        } else {
            blocks.div_ceil(2).to_string()
        }
    }

    /// The widths of the inode and the block columns.
    fn prefix_widths(&self, entries: &[Entry]) -> (usize, usize) {
        let widest = |text: &dyn Fn(&Entry) -> String| {
            entries
                .iter()
                .map(|entry| text(entry).len())
                .max()
                .unwrap_or(0)
        };
        let inode = if self.options.inodes {
            widest(&|entry| entry.data.ino().to_string())
        } else {
            0
        };
        let blocks = if self.options.blocks {
            widest(&|entry| self.space(entry.data.blocks()))
        } else {
            0
        };
        (inode, blocks)
    }

    fn prefix(&self, entry: &Entry, (inode, blocks): (usize, usize)) -> String {
        let mut text = String::new();
        if self.options.inodes {
            text += &format!("{:>inode$} ", entry.data.ino());
        }
        if self.options.blocks {
            text += &format!("{:>blocks$} ", self.space(entry.data.blocks()));
        }
        text
    }

    /// The name with its colour and mark.
    fn name(&self, entry: &Entry) -> Vec<u8> {
        let mut text = Vec::new();
        let color = if self.options.color { color(entry) } else { "" };
        text.extend(color.as_bytes());
        text.extend(self.visible(entry.name.as_bytes()));
        if !color.is_empty() {
            text.extend(b"\x1b[0m");
        }
        // In the long form the arrow says that it is a link.
        let arrow = self.options.layout == Layout::Long && entry.target.is_some();
        let mark = entry.mark();
        if (self.options.mark_kinds && !arrow) || (self.options.mark_directories && mark == "/") {
            text.extend(mark.as_bytes());
        }
        text
    }

    /// A name must not steer the terminal it is shown on.
    fn visible(&self, name: &[u8]) -> Vec<u8> {
        if !self.terminal {
            return name.to_vec();
        }
        name.iter()
            .map(|byte| {
                if *byte < 32 || *byte == 127 {
                    b'?'
                } else {
                    *byte
                }
            })
            .collect()
    }

    fn name_width(&self, entry: &Entry) -> usize {
        let marked = self.options.mark_kinds || self.options.mark_directories;
        let mark = if marked { entry.mark().len() } else { 0 };
        String::from_utf8_lossy(&self.visible(entry.name.as_bytes()))
            .chars()
            .count()
            + mark
    }

    fn columns(&self, entries: &[Entry], output: &mut dyn Write) -> io::Result<()> {
        let prefixes = self.prefix_widths(entries);
        let prefix_width = entries
            .first()
            .map_or(0, |entry| self.prefix(entry, prefixes).len());
        let widths: Vec<usize> = entries
            .iter()
            .map(|entry| prefix_width + self.name_width(entry))
            .collect();
        let (rows, columns) = arrange(&widths, self.width);
        for row in 0..rows {
            for (column, column_width) in columns.iter().enumerate() {
                let Some(entry) = entries.get(column * rows + row) else {
                    break;
                };
                output.write_all(self.prefix(entry, prefixes).as_bytes())?;
                output.write_all(&self.name(entry))?;
                if (column + 1) * rows + row < entries.len() {
                    let gap = column_width - widths[column * rows + row] + 2;
                    write!(output, "{:gap$}", "")?;
                }
            }
            output.write_all(b"\n")?;
        }
        Ok(())
    }

    fn long(&self, entries: &[Entry], output: &mut dyn Write) -> io::Result<()> {
        let device_widths = device_widths(entries);
        let rows: Vec<[String; 4]> = entries
            .iter()
            .map(|entry| self.cells(entry, device_widths))
            .collect();
        let width = |cell: usize| rows.iter().map(|row| row[cell].len()).max().unwrap_or(0);
        let (links, owner, group, size) = (width(0), width(1), width(2), width(3));
        let prefixes = self.prefix_widths(entries);
        for (entry, cells) in entries.iter().zip(&rows) {
            output.write_all(self.prefix(entry, prefixes).as_bytes())?;
            write!(
                output,
                "{} {:>links$} ",
                mode_text(entry.data.mode()),
                cells[0]
            )?;
            if self.options.owner {
                write!(output, "{:owner$} ", cells[1])?;
            }
            if self.options.group {
                write!(output, "{:group$} ", cells[2])?;
            }
            write!(output, "{:>size$} {} ", cells[3], self.time(entry))?;
            output.write_all(&self.name(entry))?;
            if let Some(target) = &entry.target {
                output.write_all(b" -> ")?;
                output.write_all(&self.visible(target.as_os_str().as_bytes()))?;
            }
            output.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Links, owner, group and size. The size of a device is its number, whose parts stand in
    /// columns of their own.
    fn cells(&self, entry: &Entry, device_widths: (usize, usize)) -> [String; 4] {
        let data = &entry.data;
        let size = if let Some((major, minor)) = device_number(entry) {
            let (major_width, minor_width) = device_widths;
            format!("{major:>major_width$}, {minor:>minor_width$}")
        } else if self.options.human {
            human(data.size())
        } else {
            data.size().to_string()
        };
        let (owner, group) = (self.users.of(data.uid()), self.groups.of(data.gid()));
        [data.nlink().to_string(), owner, group, size]
    }

    fn time(&self, entry: &Entry) -> String {
        let (seconds, nanoseconds) = entry.time(self.options.stamp);
        let date = Date::new(seconds, u32::try_from(nanoseconds).unwrap_or(0), &self.zone);
        let age_seconds = self.now_seconds.saturating_sub(seconds);
        date.format(if self.options.full_time {
            "%Y-%m-%d %H:%M:%S.%N %z"
        } else if (0..HALF_A_YEAR_SECONDS).contains(&age_seconds) {
            "%b %e %H:%M"
        } else {
            "%b %e  %Y"
        })
    }
}

fn device_number(entry: &Entry) -> Option<(u32, u32)> {
    let device = entry.data.rdev();
    matches!(entry.data.mode() & 0o170_000, 0o020_000 | 0o060_000)
        .then(|| (rustix::fs::major(device), rustix::fs::minor(device)))
}

/// How wide the two parts of device numbers are at most.
fn device_widths(entries: &[Entry]) -> (usize, usize) {
    let numbers: Vec<_> = entries.iter().filter_map(device_number).collect();
    let widest = |part: &dyn Fn(&(u32, u32)) -> u32| {
        numbers
            .iter()
            .map(|number| part(number).to_string().len())
            .max()
            .unwrap_or(0)
    };
    (widest(&|number| number.0), widest(&|number| number.1))
}

/// The colours people know from GNU ls without a configuration.
fn color(entry: &Entry) -> &'static str {
    match entry.mark() {
        "/" => "\x1b[01;34m",
        "@" if entry.is_dangling() => "\x1b[40;31;01m",
        "@" => "\x1b[01;36m",
        "|" => "\x1b[40;33m",
        "=" => "\x1b[01;35m",
        "*" => "\x1b[01;32m",
        _ if matches!(entry.data.mode() & 0o170_000, 0o020_000 | 0o060_000) => "\x1b[40;33;01m",
        _ => "",
    }
}

/// How many rows names of these widths take in `screen` characters, filled column by column,
/// and how wide each column is.
fn arrange(widths: &[usize], screen: usize) -> (usize, Vec<usize>) {
    for rows in 1..=widths.len() {
        let columns: Vec<usize> = widths
            .chunks(rows)
            .map(|chunk| chunk.iter().copied().max().unwrap_or(0))
            .collect();
        if columns.iter().map(|width| width + 2).sum::<usize>() <= screen + 2 {
            return (rows, columns);
        }
    }
    (
        widths.len(),
        vec![widths.iter().copied().max().unwrap_or(0)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_screen_and_no_more() {
        assert_eq!(arrange(&[3, 3, 3], 13), (1, vec![3, 3, 3]));
        assert_eq!(arrange(&[3, 3, 3], 12), (2, vec![3, 3]));
        assert_eq!(arrange(&[100], 10), (1, vec![100]));
        assert_eq!(arrange(&[], 10), (0, vec![0]));
    }
}
