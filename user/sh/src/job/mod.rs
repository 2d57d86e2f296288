//! The children of a shell: what `jobs` lists and `wait`, `fg` and `bg` work on.
//!
//! Contract: every asynchronous command, and every foreground one that has stopped, has a number
//! until its end has been reported. Source: POSIX.1-2017 XBD 3.204 (job control), XCU `jobs`.

pub mod control;
pub mod wait;

use crate::ast::Bytes;
use crate::signal;

/// For so many children without a job it is remembered how they ended.
const REMEMBERED_ENDS: usize = 64;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with a status.
    Exited(i32),
    /// By a signal.
    Killed(i32),
}

impl End {
    /// The status `$?` shows for it.
    pub fn status(self) -> i32 {
        match self {
            End::Exited(status) => status,
            End::Killed(signal) => 128 + signal,
        }
    }
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It runs, or waits for something.
    Running,
    /// A signal stopped it.
    Stopped(i32),
    /// It has ended.
    Done(End),
}

/// One process of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// What it is doing, as far as we were told.
    pub state: State,
}

/// A pipeline that was started.
#[derive(Debug)]
pub struct Job {
    /// The number for `%n`.
    pub number: usize,
    /// Its process group, if job control gave it one.
    pub group: Option<i32>,
    /// Its processes, the last one last.
    pub processes: Vec<Process>,
    /// The command, for the reader.
    pub text: Bytes,
    /// Whether its state has been told since it last changed.
    pub announced: bool,
    /// The terminal's settings when it stopped, to be put back by `fg`.
    pub terminal: Option<rustix::termios::Termios>,
}

impl Job {
    /// The state of the whole: running if anything in it runs.
    pub fn state(&self) -> State {
        let mut state = self
            .processes
            .last()
            .map_or(State::Done(End::Exited(0)), |last| last.state);
        for process in &self.processes {
            match process.state {
                State::Running => return State::Running,
                State::Stopped(_) => state = process.state,
                State::Done(_) => {}
            }
        }
        state
    }

    /// The status: of the last process, or with `pipefail` of the last that failed.
    pub fn status(&self, any_failure: bool) -> i32 {
        let status = |process: &Process| match process.state {
            State::Done(end) => end.status(),
            State::Stopped(signal) => 128 + signal,
            State::Running => 0,
        };
        let last = self.processes.last().map_or(0, status);
        let failed = || {
            self.processes
                .iter()
                .rev()
                .map(status)
                .find(|status| *status != 0)
        };
        if any_failure {
            failed().unwrap_or(0)
        } else {
            last
        }
    }

    /// A line of `jobs`; `mark` is `+` for the current job, `-` for the one before.
    pub fn line(&self, mark: char, with_pids: bool) -> Bytes {
        let state = match self.state() {
            State::Running => "Running".to_owned(),
            State::Stopped(number) => signal::describe(number),
            State::Done(End::Exited(0)) => "Done".to_owned(),
            State::Done(End::Exited(status)) => format!("Exit {status}"),
            State::Done(End::Killed(number)) => signal::describe(number),
        };
        let pid = self.processes.first().map_or(0, |process| process.pid);
        let pid = if with_pids {
            format!("{pid} ")
        } else {
            String::new()
        };
        let mut line = format!("[{}]{mark}  {pid}{state:<24}", self.number).into_bytes();
        line.extend_from_slice(&self.text);
        if self.state() == State::Running {
            line.extend_from_slice(b" &");
        }
        line.push(b'\n');
        line
    }
}

/// All jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    list: Vec<Job>,
    /// Numbers, the most recently started or stopped last: the last is `%+`.
    recent: Vec<usize>,
    /// In a subshell, whether these are the parent's jobs, which can be listed but not waited for.
    foreign: bool,
    /// How children that have no job ended, for `wait PID` to find.
    strays: Vec<(i32, End)>,
}

impl Jobs {
    /// Adds a job and gives its number.
    pub fn add(&mut self, group: Option<i32>, pids: &[i32], text: Bytes) -> usize {
        if self.foreign {
            *self = Jobs::default();
        }
        let number = self.list.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        let processes = pids
            .iter()
            .map(|&pid| Process {
                pid,
                state: State::Running,
            })
            .collect();
        self.list.push(Job {
            number,
            group,
            processes,
            text,
            announced: true,
            terminal: None,
        });
        self.recent.push(number);
        number
    }

    /// The jobs in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Job> {
        self.list.iter()
    }

    /// Whether there is no job.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A job by its number.
    pub fn get(&self, number: usize) -> Option<&Job> {
        self.list.iter().find(|job| job.number == number)
    }

    /// A job by its number, to be changed.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut Job> {
        self.list.iter_mut().find(|job| job.number == number)
    }

    /// Forgets a job, but for a while not how it ended: `wait PID` may still ask.
    pub fn remove(&mut self, number: usize) {
        if let Some(Process {
            pid,
            state: State::Done(end),
        }) = self
            .get(number)
            .and_then(|job| job.processes.last().copied())
        {
            self.remember(pid, end);
        }
        self.list.retain(|job| job.number != number);
        self.recent.retain(|&recent| recent != number);
    }

    /// A subshell begins: what is here belongs to its parent.
    pub fn enter_subshell(&mut self) {
        self.foreign = true;
    }

    /// Whether these are jobs of the parent.
    pub fn are_foreign(&self) -> bool {
        self.foreign
    }

    /// Makes a job the current one.
    pub fn touch(&mut self, number: usize) {
        self.recent.retain(|&recent| recent != number);
        self.recent.push(number);
    }

    /// `%+` (0 back) or `%-` (1 back).
    pub fn recent(&self, back: usize) -> Option<usize> {
        self.recent.iter().rev().nth(back).copied()
    }

    /// The mark `jobs` puts beside a number.
    pub fn mark(&self, number: usize) -> char {
        match number {
            _ if self.recent(0) == Some(number) => '+',
            _ if self.recent(1) == Some(number) => '-',
            _ => ' ',
        }
    }

    /// The job a process belongs to.
    pub fn of_process(&self, pid: i32) -> Option<usize> {
        let has = |job: &&Job| job.processes.iter().any(|process| process.pid == pid);
        self.list.iter().find(has).map(|job| job.number)
    }

    /// Notes what a process did.
    pub fn note(&mut self, pid: i32, state: State) {
        for job in &mut self.list {
            if let Some(process) = job.processes.iter_mut().find(|process| process.pid == pid) {
                process.state = state;
                job.announced = false;
                return;
            }
        }
        if let State::Done(end) = state {
            self.remember(pid, end);
        }
    }

    fn remember(&mut self, pid: i32, end: End) {
        if self.strays.len() == REMEMBERED_ENDS {
            self.strays.remove(0);
        }
        self.strays.push((pid, end));
    }

    /// A child was started: what is remembered of an older one of the same number is not its.
    pub fn forget_stray(&mut self, pid: i32) {
        self.strays.retain(|(stray, _)| *stray != pid);
    }

    /// How a child without a job ended; told once.
    pub fn take_stray(&mut self, pid: i32) -> Option<End> {
        let index = self.strays.iter().position(|(stray, _)| *stray == pid)?;
        Some(self.strays.swap_remove(index).1)
    }

    /// The job a `%…` names, or an explanation.
    pub fn find(&self, name: &[u8]) -> Result<usize, String> {
        let shown = String::from_utf8_lossy(name);
        let wanted = name.strip_prefix(b"%").unwrap_or(name);
        let found = match wanted {
            b"" | b"%" | b"+" => self.recent(0),
            b"-" => self.recent(1).or_else(|| self.recent(0)),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                crate::text::number(digits).filter(|number| self.get(*number).is_some())
            }
            text => {
                return self
                    .find_by_text(text)
                    .map_err(|problem| format!("{shown}: {problem}"));
            }
        };
        found.ok_or_else(|| format!("{shown}: no such job; `jobs` lists them"))
    }

    fn find_by_text(&self, text: &[u8]) -> Result<usize, &'static str> {
        let fits = |job: &&Job| match text.strip_prefix(b"?") {
            Some(part) => job
                .text
                .windows(part.len().max(1))
                .any(|window| window == part),
            None => job.text.starts_with(text),
        };
        let mut found = self.list.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(job), None) => Ok(job.number),
            (Some(_), Some(_)) => Err("more than one job fits; use its number"),
            _ => Err("no such job; `jobs` lists them"),
        }
    }
}
