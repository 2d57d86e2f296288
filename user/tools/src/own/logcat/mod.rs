//! logcat: shows what programs wrote to their logs.
//!
//! Contract: the root persona sees the entries of all, with whose they are, and may pick one;
//! another sees its own. Several logs are shown as one, in the order of the times of what is there
//! when it looks.
//!
//! Source: Android's logcat, whose options these are but for -p; `abi::logger`.

mod entry;
mod output;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use abi::logger::{
    LOGGER_FLUSH_LOG, LOGGER_GET_LOG_BUF_SIZE, LOGGER_GET_LOG_LEN, NAMESPACE_HEADER, PAYLOAD_MAX,
};
use device_commands::command;
use lexopt::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use self::entry::Entry;
pub use self::entry::PRIORITIES;
use self::output::{Output, Shown};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: logcat [-b LOG]... [-d] [-t COUNT] [-p PERSONA] [-f FILE]
       logcat [-b LOG]... -c | -g
Show what programs wrote to their logs, and go on with what they add.
  -b LOG      main, system, radio or events; may be given several times (main and system)
  -d          show what is there, and end
  -t COUNT    show the last COUNT entries, and end
  -p PERSONA  only those of one persona: its name, or the pid of its init; from the root
  -f FILE     append to FILE instead
  -c          empty the logs: in a persona, of its own entries
  -g          tell how much they hold
";

/// The logs that there are.
pub const LOGS: [&str; 4] = ["main", "system", "radio", "events"];
/// No entry is longer, its headers included.
const ENTRY_MAX: usize = NAMESPACE_HEADER + 24 + PAYLOAD_MAX;

/// The file of a log.
///
/// # Errors
/// There is none of this name.
pub fn path_of(log: &str) -> Result<PathBuf, Failure> {
    if !LOGS.contains(&log) {
        let all = LOGS.join(", ");
        return Err(Failure::Usage(format!(
            "there is no log '{log}' (there are {all})"
        )));
    }
    Ok(Path::new("/dev/log").join(log))
}

#[derive(Default)]
struct Request {
    logs: Vec<String>,
    ends: bool,
    last: Option<usize>,
    persona: Option<i32>,
    file: Option<PathBuf>,
    clears: bool,
    measures: bool,
}

/// Shows the logs.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    if request.clears {
        request.logs.iter().try_for_each(|log| clear(log))?;
        return Ok(0);
    }
    let mut output = Output::to(request.file.as_deref())?;
    let mut readers = Vec::new();
    for log in &request.logs {
        readers.push(Reader::open(log)?);
    }
    if request.measures {
        for reader in &readers {
            writeln!(output, "{}", reader.measure()?)?;
        }
        output.flush()?;
        return Ok(0);
    }
    if request.persona.is_some() && readers.iter().any(|reader| !reader.aware) {
        return Err(Failure::Message(
            "only the root persona can pick another's entries".into(),
        ));
    }
    show(&request, &mut readers, &mut output)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request::default();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('b') | Long("buffer") => {
                let log = arguments.value()?.string()?;
                path_of(&log)?;
                request.logs.push(log);
            }
            Short('d') => request.ends = true,
            Short('t') => {
                request.ends = true;
                request.last = Some(arguments.value()?.parse()?);
            }
            Short('p') | Long("persona") => {
                request.persona = Some(init_of(&arguments.value()?.string()?)?);
            }
            Short('f') | Long("file") => request.file = Some(arguments.value()?.into()),
            Short('c') | Long("clear") => request.clears = true,
            Short('g') | Long("buffer-size") => request.measures = true,
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    if request.logs.is_empty() {
        request.logs = ["main", "system"].map(String::from).to_vec();
    }
    Ok(request)
}

/// The pid of a persona's init.
fn init_of(persona: &str) -> Result<i32, Failure> {
    if let Ok(pid) = persona.parse() {
        return Ok(pid);
    }
    persona::init_pid(persona).map_err(|failure| Failure::Message(failure.to_string()))
}

fn clear(log: &str) -> Result<(), Failure> {
    let path = path_of(log)?;
    let opened = rustix::fs::open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
    let cleared = opened.and_then(|file| command(file, LOGGER_FLUSH_LOG));
    cleared.map_err(|error| Failure::of(&path, &error.into()))?;
    Ok(())
}

/// One log, being read.
struct Reader {
    log: String,
    file: File,
    /// Whether entries tell whose they are.
    aware: bool,
}

impl Reader {
    fn open(log: &str) -> Result<Self, Failure> {
        let path = path_of(log)?;
        let usual = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = |flags| rustix::fs::open(&path, usual | flags, Mode::empty());
        let opened = match open(OFlags::DIRECT) {
            // We are in a persona, and see its own.
            Err(Errno::PERM) => open(OFlags::empty()).map(|file| (file, false)),
            opened => opened.map(|file| (file, true)),
        };
        let (file, aware) = opened.map_err(|error| Failure::of(&path, &error.into()))?;
        Ok(Self {
            log: log.into(),
            file: file.into(),
            aware,
        })
    }

    /// What it holds, in a sentence.
    fn measure(&self) -> Result<String, Failure> {
        let tell = |number| {
            command(&self.file, number)
                .map_err(|error| Failure::Message(format!("{}: {error}", self.log)))
        };
        let (size, readable) = (tell(LOGGER_GET_LOG_BUF_SIZE)?, tell(LOGGER_GET_LOG_LEN)?);
        Ok(format!(
            "{}: ring buffer is {}KiB ({readable} bytes to read), max payload is {PAYLOAD_MAX} bytes",
            self.log,
            size / 1024
        ))
    }

    /// What there is to read now.
    fn read(&self) -> Result<Vec<Shown>, Failure> {
        let mut entries = Vec::new();
        let mut bytes = [0; ENTRY_MAX];
        loop {
            match rustix::io::read(&self.file, &mut bytes) {
                Ok(count) => {
                    let entry = Entry::parse(&bytes[..count], self.aware);
                    let entry = entry.ok_or_else(|| {
                        Failure::Message(format!("{}: an entry has no header", self.log))
                    })?;
                    entries.push(Shown::new(&self.log, entry));
                }
                Err(Errno::AGAIN) => return Ok(entries),
                Err(Errno::INTR) => {}
                Err(error) => return Err(Failure::Message(format!("{}: {error}", self.log))),
            }
        }
    }
}

fn show(request: &Request, readers: &mut [Reader], output: &mut Output) -> Result<i32, Failure> {
    let is_wanted = |shown: &Shown| {
        let wanted = request.persona;
        wanted.is_none_or(|pid| shown.entry.origin.is_some_and(|from| from.init_pid == pid))
    };
    loop {
        let mut entries = Vec::new();
        for reader in &*readers {
            entries.extend(reader.read()?.into_iter().filter(is_wanted));
        }
        entries.sort_by_key(|shown| shown.entry.moment());
        let skipped = request
            .last
            .map_or(0, |last| entries.len().saturating_sub(last));
        for shown in &entries[skipped..] {
            output.show(shown)?;
        }
        output.flush()?;
        if request.ends {
            return Ok(0);
        }
        wait(readers)?;
    }
}

/// Waits until there is more in any of them.
fn wait(readers: &[Reader]) -> Result<(), Failure> {
    let wanted = |reader| PollFd::new(reader, PollFlags::IN);
    let mut files: Vec<PollFd<'_>> = readers.iter().map(|reader| wanted(&reader.file)).collect();
    match poll(&mut files, None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
