//! Waiting for children.
//!
//! Contract: every child is waited for exactly once, and what it did is noted in the job table;
//! with job control, waiting for a foreground job also ends when it stops.

use super::{End, State};
use crate::error::{Outcome, Unwind};
use crate::options::Flag;
use crate::shell::{Shell, write_error};
use crate::signal;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait, waitpid};
use rustix::termios::Termios;

impl Shell {
    /// Waits for a child that is not a job and gives its status.
    pub fn wait_for(&mut self, pid: i32) -> i32 {
        self.wait_for_end(pid).status()
    }

    /// Waits for the end of a child that is not a job.
    pub fn wait_for_end(&mut self, pid: i32) -> End {
        if let Some(end) = self.jobs.take_stray(pid) {
            return end;
        }
        loop {
            match waitpid(Pid::from_raw(pid), WaitOptions::empty()) {
                Ok(Some((_, status))) => match state_of(status) {
                    State::Done(end) => return end,
                    State::Running | State::Stopped(_) => {}
                },
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                // Somebody else has taken its status; POSIX gives 127 to an unknown child.
                Err(_) => return End::Exited(127),
            }
        }
    }

    /// Waits for a foreground job to end or stop, takes the terminal back and gives the status.
    /// `settings` are those the terminal gets back if the job was stopped or killed.
    pub fn wait_foreground(&mut self, number: usize, settings: Option<&Termios>) -> Outcome<i32> {
        while let Some(job) = self.jobs.get(number)
            && job.state() == State::Running
        {
            if !self.wait_any() {
                break;
            }
        }
        let any_failure = self.has(Flag::PipeFail);
        let Some(job) = self.jobs.get(number) else {
            return Ok(127);
        };
        let (state, status, text) = (job.state(), job.status(any_failure), job.text.clone());
        let grouped = job.group.is_some();
        let last = job.processes.last().map(|process| process.state);
        if grouped && self.has(Flag::Monitor) {
            let by_itself = matches!(last, Some(State::Done(End::Exited(_))));
            self.take_terminal(number, settings.filter(|_| !by_itself));
        }
        match state {
            State::Stopped(_) => self.announce_stop(number),
            _ => self.jobs.remove(number),
        }
        if let Some(State::Done(End::Killed(signal))) = last {
            self.report_killed(signal, &text)?;
        }
        Ok(status)
    }

    /// Waits until some child changes state; false if there is none.
    pub fn wait_any(&mut self) -> bool {
        let options = if self.has(Flag::Monitor) {
            WaitOptions::UNTRACED
        } else {
            WaitOptions::empty()
        };
        loop {
            match wait(options) {
                Ok(Some((pid, status))) => {
                    self.jobs.note(pid.as_raw_nonzero().get(), state_of(status));
                    return true;
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Takes note of all that children did meanwhile, without waiting.
    pub fn poll_children(&mut self) {
        let options = WaitOptions::UNTRACED | WaitOptions::CONTINUED | WaitOptions::NOHANG;
        while let Ok(Some((pid, status))) = wait(options) {
            self.jobs.note(pid.as_raw_nonzero().get(), state_of(status));
        }
    }

    /// Says how a signal ended a foreground program, and ends what an interrupt must end.
    pub fn report_killed(&mut self, number: i32, text: &[u8]) -> Outcome {
        match number {
            signal::INT if self.is_interactive() => {
                self.status = 128 + number;
                Err(Unwind::Abandon)
            }
            signal::INT | signal::PIPE => Ok(()),
            _ if self.is_interactive() => {
                write_error(format!("{}\n", signal::describe(number)).as_bytes());
                Ok(())
            }
            _ => {
                let text = String::from_utf8_lossy(text);
                self.complain(format!("{}: {text}", signal::describe(number)));
                Ok(())
            }
        }
    }
}

/// What a wait status says.
pub fn state_of(status: WaitStatus) -> State {
    if let Some(code) = status.exit_status() {
        State::Done(End::Exited(code))
    } else if let Some(signal) = status.terminating_signal() {
        State::Done(End::Killed(signal))
    } else if let Some(signal) = status.stopping_signal() {
        State::Stopped(signal)
    } else {
        State::Running
    }
}
