//! dmesg: shows what the kernel said.
//!
//! Contract: reads /dev/kmsg from what was last cleared, and prints its records.
//!
//! Source: dmesg(1) of util-linux; Linux, Documentation/ABI/testing/dev-kmsg; proc(5),
//! sys/kernel/printk; syslog(2).

mod record;

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use device_commands::kernel_log::{Action, act};
use lexopt::prelude::*;
use rustix::fs::{Mode, OFlags, SeekFrom};
use rustix::time::{ClockId, clock_gettime};

use self::record::{FACILITIES, Form, LEVELS, Record, Time};
use super::calendar::Zone;
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: dmesg [-r | -x] [-t | -T] [-k | -u | -f FACILITY,...] [-l LEVEL,...] [-c | -w | -W]
       dmesg -C | -D | -E | -n LEVEL
Show what the kernel said.
  -r        as it stands in the buffer, with <priority>
  -x        with facility and level in words
  -t        without times
  -T        with the time of day instead of that since the start
  -l LEVEL  only of these levels: emerg alert crit err warn notice info debug
  -f FACILITY  only of these: kern user mail daemon auth syslog ... local7
  -k, -u    only what the kernel said; only what programs said
  -w        go on: show what is added
  -W        show only what is added
  -c        and clear it
  -C        clear it: it is not shown again
  -D, -E    let no messages reach the console; let them again
  -n LEVEL  let only messages more urgent than that (1 to 8) reach the console
";

const KMSG: &str = "/dev/kmsg";
const CONSOLE_LEVEL: &str = "/proc/sys/kernel/printk";
/// No record is longer (CONSOLE_EXT_LOG_MAX of Linux).
const RECORD_BYTES: usize = 8192;

/// What to show of the log.
#[derive(Default)]
struct Request {
    form: Form,
    levels: Option<Vec<usize>>,
    facilities: Option<Vec<usize>>,
    /// From the end on.
    only_new: bool,
    follows: bool,
    /// What is done besides, and whether that is all.
    act: Option<Act>,
}

/// What can be done besides showing; one of them at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// After it was shown.
    ShownAndCleared,
    Only(Action),
    ConsoleLevel(usize),
}

/// Shows the records.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    match request.act {
        Some(Act::Only(action)) => act(action)?,
        Some(Act::ConsoleLevel(level)) => std::fs::write(CONSOLE_LEVEL, format!("{level}\n"))
            .map_err(|error| Failure::of(Path::new(CONSOLE_LEVEL), &error))?,
        Some(Act::ShownAndCleared) => {
            show(&request)?;
            act(Action::Clear)?;
        }
        None => show(&request)?,
    }
    Ok(0)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request::default();
    let mut acts = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('r') | Long("raw") => request.form.raw = true,
            Short('x') | Long("decode") => request.form.words = true,
            Short('t') | Long("notime") => request.form.time = Time::Hidden,
            Short('T') | Long("ctime") => request.form.time = time_of_day(),
            Short('l') | Long("level") => {
                request.levels = Some(list(&arguments.value()?.string()?, "level", &LEVELS)?);
            }
            Short('f') | Long("facility") => {
                let text = arguments.value()?.string()?;
                request.facilities = Some(list(&text, "facility", &FACILITIES)?);
            }
            Short('k') | Long("kernel") => request.facilities = Some(vec![0]),
            Short('u') | Long("userspace") => {
                request.facilities = Some((1..FACILITIES.len()).collect());
            }
            Short('w') | Long("follow") => request.follows = true,
            Short('W') | Long("follow-new") => {
                (request.follows, request.only_new) = (true, true);
            }
            Short('c') | Long("read-clear") => acts.push(Act::ShownAndCleared),
            Short('C') | Long("clear") => acts.push(Act::Only(Action::Clear)),
            Short('D') | Long("console-off") => acts.push(Act::Only(Action::ConsoleOff)),
            Short('E') | Long("console-on") => acts.push(Act::Only(Action::ConsoleOn)),
            Short('n') | Long("console-level") => {
                acts.push(Act::ConsoleLevel(console_level(
                    &arguments.value()?.string()?,
                )?));
            }
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let exclude = acts.len() > 1 || request.follows && !acts.is_empty();
    request.act = acts.first().copied();
    if exclude {
        let text = "the options -c, -C, -D, -E, -n and -w exclude each other";
        return Err(Failure::Usage(text.into()));
    }
    Ok(request)
}

fn place(text: &str, what: &str, names: &[&str]) -> Result<usize, Failure> {
    let known = names.iter().position(|name| *name == text);
    known.ok_or_else(|| Failure::Usage(format!("unknown {what} '{text}'")))
}

fn list(text: &str, what: &str, names: &[&str]) -> Result<Vec<usize>, Failure> {
    text.split(',')
        .map(|name| place(name, what, names))
        .collect()
}

fn console_level(text: &str) -> Result<usize, Failure> {
    match text.parse() {
        Ok(number) if (1..=8).contains(&number) => Ok(number),
        Ok(_) => Err(Failure::Usage(format!(
            "level '{text}' is not between 1 and 8"
        ))),
        // Messages of the level itself are shown too.
        Err(_) => place(text, "level", &LEVELS).map(|number| number + 1),
    }
}

/// The time of day, by a clock that may have been set since.
fn time_of_day() -> Time {
    let microseconds = |clock| {
        let now = clock_gettime(clock);
        now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    };
    let boot = microseconds(ClockId::Realtime) - microseconds(ClockId::Boottime);
    Time::OfDay(boot, Zone::local())
}

fn open(request: &Request) -> io::Result<File> {
    let waits = if request.follows {
        OFlags::empty()
    } else {
        OFlags::NONBLOCK
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | waits;
    let kmsg = rustix::fs::open(KMSG, flags, Mode::empty())?;
    let start = if request.only_new {
        SeekFrom::End(0)
    } else {
        SeekFrom::Data(0)
    };
    rustix::fs::seek(&kmsg, start)?;
    Ok(kmsg.into())
}

fn show(request: &Request) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::of(Path::new(KMSG), &error);
    let mut kmsg = open(request).map_err(failed)?;
    let mut output = BufWriter::new(io::stdout().lock());
    let mut bytes = vec![0; RECORD_BYTES];
    let is_in =
        |list: &Option<Vec<usize>>, number| list.as_ref().is_none_or(|list| list.contains(&number));
    loop {
        let length = match kmsg.read(&mut bytes) {
            Ok(0) => break,
            Ok(length) => length,
            // Non-blocking: that was all.
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // Overwritten while it was being read; the next read finds the oldest left.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => continue,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        let record = Record::parse(&bytes[..length]).filter(|record| {
            is_in(&request.levels, record.level) && is_in(&request.facilities, record.facility)
        });
        if let Some(record) = record {
            output.write_all(record.show(&request.form).as_bytes())?;
        }
        if request.follows {
            output.flush()?;
        }
    }
    Ok(output.flush()?)
}
