//! One entry of the table while it runs: its process, and when it may be started again.
//!
//! Contract: a process that ends as soon as it is started does not get the whole machine. After
//! `QUICK_ENDS` lives shorter than `SHORT_LIFE` in a row the entry rests for `REST`.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::table::{Action, Entry};

const SHORT_LIFE: Duration = Duration::from_secs(2);
const QUICK_ENDS: u32 = 5;
const REST: Duration = Duration::from_secs(30);

/// Starts `words` through the session helper on `terminal` (a path, or `-` for none).
pub fn start(terminal: &str, ask: bool, words: &[String]) -> Result<Pid, String> {
    let mut command = own_program();
    command.arg("--session").arg(terminal);
    if ask {
        command.arg("--ask");
    }
    command.args(words);
    spawn(&mut command)
}

/// Starts `words` without a terminal to read from; what they write goes where init's goes.
pub fn start_deaf(words: &[String]) -> Result<Pid, String> {
    let mut command = own_program();
    command
        .arg("--session")
        .arg("-")
        .args(words)
        .stdin(Stdio::null());
    spawn(&mut command)
}

fn spawn(command: &mut Command) -> Result<Pid, String> {
    let child = command
        .spawn()
        .map_err(|error| format!("cannot start a process: {error}"))?;
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| format!("{} is no process id", child.id()))
}

/// This program once more, by its name: it may be one of several in one file. The link in /proc
/// holds even where the file was moved; without /proc only the usual place is left.
fn own_program() -> Command {
    const LINK: &str = "/proc/self/exe";
    let file = if std::fs::metadata(LINK).is_ok() {
        LINK
    } else {
        "/bin/init"
    };
    let mut command = Command::new(file);
    command.arg0("init");
    command
}

/// An entry that is kept running or runs once.
pub struct Service {
    entry: Entry,
    process: Option<Pid>,
    started: Instant,
    quick_ends: u32,
    due: Option<Instant>,
}

impl Service {
    /// An entry that is to be started now.
    pub fn new(entry: Entry) -> Service {
        let now = Instant::now();
        Service {
            entry,
            process: None,
            started: now,
            quick_ends: 0,
            due: Some(now),
        }
    }

    /// When it is to be started, if it is not running and shall be.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Starts it. A failure counts as a very short life.
    pub fn start(&mut self, now: Instant) {
        self.due = None;
        self.started = now;
        let ask = self.entry.action == Action::AskFirst;
        match start(&self.entry.terminal, ask, &self.entry.command()) {
            Ok(process) => self.process = Some(process),
            Err(message) => {
                eprintln!("init: {}: {message}", self.entry.process);
                self.ended(now);
            }
        }
    }

    /// Whether `process` is the one that runs for this entry.
    pub fn runs_as(&self, process: Pid) -> bool {
        self.process == Some(process)
    }

    /// Notes that the process has ended, and decides when to start it again.
    pub fn ended(&mut self, now: Instant) {
        self.process = None;
        if !matches!(self.entry.action, Action::Respawn | Action::AskFirst) {
            return;
        }
        if now.duration_since(self.started) >= SHORT_LIFE {
            self.quick_ends = 0;
        } else {
            self.quick_ends += 1;
        }
        if self.quick_ends < QUICK_ENDS {
            self.due = Some(now);
            return;
        }
        self.quick_ends = 0;
        self.due = Some(now + REST);
        eprintln!(
            "init: '{}' ended {QUICK_ENDS} times within {} s of its start; next try in {} s",
            self.entry.process,
            SHORT_LIFE.as_secs(),
            REST.as_secs()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(action: Action) -> Service {
        let entry = Entry {
            terminal: "-".into(),
            action,
            process: "x".into(),
        };
        let mut service = Service::new(entry);
        service.due = None;
        service
    }

    #[test]
    fn five_quick_ends_in_a_row_bring_a_rest() {
        let mut service = service(Action::Respawn);
        let now = service.started;
        for _ in 1..QUICK_ENDS {
            service.ended(now);
            assert_eq!(service.due(), Some(now));
        }
        service.ended(now);
        assert_eq!(service.due(), Some(now + REST));
        service.ended(now);
        assert_eq!(service.due(), Some(now));
    }

    #[test]
    fn a_long_life_wipes_the_slate() {
        let mut service = service(Action::Respawn);
        let start = service.started;
        for _ in 1..QUICK_ENDS {
            service.ended(start);
        }
        service.ended(start + SHORT_LIFE);
        service.ended(start);
        assert_eq!(service.due(), Some(start));
    }

    #[test]
    fn what_runs_once_is_not_started_again() {
        let mut service = service(Action::Once);
        service.ended(service.started);
        assert_eq!(service.due(), None);
    }
}
