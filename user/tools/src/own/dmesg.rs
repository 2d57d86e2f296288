//! dmesg: shows what the kernel said.
//!
//! Contract: reads /dev/kmsg, whose records it prints one a line. The records cannot be cleared
//! through that file, so there is no -c.
//!
//! Source: dmesg(1); Linux, Documentation/ABI/testing/dev-kmsg; proc(5), sys/kernel/printk.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use lexopt::prelude::*;
use rustix::fs::{Mode, OFlags};

use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: dmesg [-r | -x | -t] [-l LEVEL,...] [-w]
       dmesg -n LEVEL
Show what the kernel said.
  -r        as it stands in the buffer, with <priority>
  -x        with facility and level in words
  -t        without times
  -l LEVEL  only of these levels: emerg alert crit err warn notice info debug
  -w        go on: show what is added
  -n LEVEL  let only messages more urgent than that (1 to 8) reach the console
";

const KMSG: &str = "/dev/kmsg";
const CONSOLE_LEVEL: &str = "/proc/sys/kernel/printk";
const LEVELS: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
];
const FACILITIES: [&str; 12] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp",
];
/// No record is longer (CONSOLE_EXT_LOG_MAX of Linux).
const RECORD_BYTES: usize = 8192;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Usual,
    Raw,
    Words,
    WithoutTime,
}

/// Shows the records.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut form = Form::Usual;
    let mut levels: Option<Vec<usize>> = None;
    let mut wait = false;
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('r') | Long("raw") => form = Form::Raw,
            Short('x') | Long("decode") => form = Form::Words,
            Short('t') | Long("notime") => form = Form::WithoutTime,
            Short('l') | Long("level") => {
                let text = arguments.value()?.string()?;
                levels = Some(text.split(',').map(level).collect::<Result<_, _>>()?);
            }
            Short('w') | Long("follow") => wait = true,
            Short('n') | Long("console-level") => {
                let level = level_number(&arguments.value()?.string()?)?;
                std::fs::write(CONSOLE_LEVEL, format!("{level}\n"))
                    .map_err(|error| Failure::of(Path::new(CONSOLE_LEVEL), &error))?;
                return Ok(0);
            }
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let flags = if wait {
        OFlags::empty()
    } else {
        OFlags::NONBLOCK
    };
    let kmsg = rustix::fs::open(
        KMSG,
        OFlags::RDONLY | OFlags::CLOEXEC | flags,
        Mode::empty(),
    )
    .map_err(|error| Failure::of(Path::new(KMSG), &error.into()))?;
    show(File::from(kmsg), form, levels.as_deref(), wait)
}

fn level(text: &str) -> Result<usize, Failure> {
    let known = LEVELS.iter().position(|name| *name == text);
    known.ok_or_else(|| Failure::Usage(format!("unknown level '{text}'")))
}

fn level_number(text: &str) -> Result<usize, Failure> {
    match text.parse() {
        Ok(number) if (1..=8).contains(&number) => Ok(number),
        Ok(_) => Err(Failure::Usage(format!(
            "level '{text}' is not between 1 and 8"
        ))),
        // Messages of the level itself are shown too.
        Err(_) => level(text).map(|number| number + 1),
    }
}

fn show(mut kmsg: File, form: Form, levels: Option<&[usize]>, wait: bool) -> Result<i32, Failure> {
    let mut output = BufWriter::new(io::stdout().lock());
    let mut record = vec![0; RECORD_BYTES];
    loop {
        let length = match kmsg.read(&mut record) {
            Ok(0) => break,
            Ok(length) => length,
            // Non-blocking: that was all.
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // Overwritten while it was being read; the next read finds the oldest left.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => continue,
            Err(error) => return Err(Failure::of(Path::new(KMSG), &error)),
        };
        let text = String::from_utf8_lossy(&record[..length]);
        if let Some(line) = format_record(&text, form, levels) {
            writeln!(output, "{line}")?;
        }
        if wait {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(0)
}

/// A record is `priority,sequence,microseconds,flags;text`, and further lines that begin with a
/// blank hold key and value pairs, which are not shown.
fn format_record(record: &str, form: Form, levels: Option<&[usize]>) -> Option<String> {
    let (head, text) = record.split_once(';')?;
    let text = text.lines().next().unwrap_or("");
    let mut fields = head.split(',');
    let priority: usize = fields.next()?.parse().ok()?;
    let microseconds: u64 = fields.nth(1)?.parse().ok()?;
    let (facility, level) = (priority >> 3, priority & 7);
    if levels.is_some_and(|levels| !levels.contains(&level)) {
        return None;
    }
    let time = format!(
        "[{:5}.{:06}]",
        microseconds / 1_000_000,
        microseconds % 1_000_000
    );
    Some(match form {
        Form::Usual => format!("{time} {text}"),
        Form::Raw => format!("<{priority}>{time} {text}"),
        Form::WithoutTime => text.to_string(),
        Form::Words => {
            let facility = FACILITIES.get(facility).unwrap_or(&"user");
            format!("{facility:6}:{:6}: {time} {text}", LEVELS[level])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_lines() {
        let record = "6,339,5140900,-;hello; world\n SUBSYSTEM=x\n";
        assert_eq!(
            format_record(record, Form::Usual, None).as_deref(),
            Some("[    5.140900] hello; world")
        );
        assert_eq!(
            format_record(record, Form::Raw, Some(&[6])).as_deref(),
            Some("<6>[    5.140900] hello; world")
        );
        assert_eq!(format_record(record, Form::Usual, Some(&[3])), None);
        assert_eq!(format_record("rubbish", Form::Usual, None), None);
    }
}
