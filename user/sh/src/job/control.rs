//! Job control: process groups and who owns the terminal.
//!
//! Contract: while the shell prompts, its own group owns the terminal; while a foreground job
//! runs, the job's does. Both parent and child set the group, so that neither can be too early
//! (glibc manual, "Implementing a Job Control Shell").

use super::State;
use crate::options::Flag;
use crate::shell::{Shell, write_error};
use crate::{signal, trap};
use rustix::process::{Pid, Signal, getpgrp, kill_process_group, setpgid};
use rustix::termios::{OptionalActions, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp};

/// How often a shell in the background stops itself before it does without job control.
const MOST_STOPS: u32 = 10;

impl Shell {
    /// Starts job control: takes the terminal for a process group of our own. Gives an explanation
    /// if there is no terminal to control.
    pub fn start_job_control(&mut self) -> Result<(), &'static str> {
        let terminal = rustix::stdio::stdin();
        let Ok(mut owner) = tcgetpgrp(terminal) else {
            return Err("job control is off: standard input is not our terminal");
        };
        // Started in the background: stop until somebody brings us forward. The stop has no effect
        // if there is nobody to do that, so it is not tried for ever.
        let mut tries = 0;
        while owner != getpgrp() {
            if tries == MOST_STOPS {
                return Err("job control is off: another group owns the terminal");
            }
            tries += 1;
            let _ = rustix::process::kill_current_process_group(Signal::TTIN);
            match tcgetpgrp(terminal) {
                Ok(group) => owner = group,
                Err(_) => return Err("job control is off: the terminal is gone"),
            }
        }
        for number in [signal::TSTP, signal::TTIN, signal::TTOU] {
            self.traps.catch(number)?;
        }
        let own = Pid::from_raw(self.pid);
        // A session leader is its own group already and may not be moved.
        if Some(getpgrp()) != own && setpgid(None, own).is_err() {
            return Err("job control is off: no process group of our own");
        }
        self.give_terminal(getpgrp());
        self.options.set(Flag::Monitor, true);
        Ok(())
    }

    /// Puts a forked child into its job's group; the child calls it too. `group` 0 begins one.
    pub fn join_group(&self, pid: i32, group: i32, foreground: bool) {
        let leader = if group == 0 { pid } else { group };
        // An error means that the child is gone or has exec'd, having done this itself.
        let _ = setpgid(Pid::from_raw(pid), Pid::from_raw(leader));
        if foreground && let Some(leader) = Pid::from_raw(leader) {
            self.give_terminal(leader);
        }
    }

    /// Makes a group the owner of the terminal.
    pub fn give_terminal(&self, group: Pid) {
        // From the background this call would stop us, were the signal not blocked.
        let result = trap::with_blocked(signal::TTOU, || tcsetpgrp(rustix::stdio::stdin(), group));
        // It fails when the group has ended already: then there is nobody to give it to.
        let _ = result;
    }

    /// Takes the terminal back after a foreground job.
    pub fn take_terminal(&mut self, job: usize, settings: Option<&rustix::termios::Termios>) {
        self.give_terminal(getpgrp());
        if let Some(job) = self.jobs.get_mut(job) {
            job.terminal = tcgetattr(rustix::stdio::stdin()).ok();
        }
        if let Some(settings) = settings {
            restore_settings(settings);
        }
    }

    /// Lets a stopped job go on, before us or behind us.
    pub fn resume(&mut self, number: usize, foreground: bool) -> Result<(), String> {
        let Some(job) = self.jobs.get_mut(number) else {
            return Err(format!("%{number}: no such job"));
        };
        let Some(group) = job.group.and_then(Pid::from_raw) else {
            return Err(format!("%{number}: was started without job control"));
        };
        for process in &mut job.processes {
            if let State::Stopped(_) = process.state {
                process.state = State::Running;
            }
        }
        let settings = job.terminal.take();
        if foreground {
            self.give_terminal(group);
            if let Some(settings) = settings {
                restore_settings(&settings);
            }
        }
        kill_process_group(group, Signal::CONT).map_err(|_| format!("%{number}: has ended"))
    }

    /// Says that a foreground job has stopped.
    pub fn announce_stop(&mut self, number: usize) {
        self.jobs.touch(number);
        let mark = self.jobs.mark(number);
        if let Some(job) = self.jobs.get_mut(number) {
            job.announced = true;
            write_error(&[b"\n".as_slice(), &job.line(mark, false)].concat());
        }
    }

    /// Says what became of background jobs, and forgets those that have ended.
    pub fn announce_jobs(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        self.poll_children();
        let news: Vec<usize> = self
            .jobs
            .iter()
            .filter(|job| !job.announced)
            .map(|job| job.number)
            .collect();
        for number in news {
            let mark = self.jobs.mark(number);
            let Some(job) = self.jobs.get_mut(number) else {
                continue;
            };
            job.announced = true;
            let (line, state) = (job.line(mark, false), job.state());
            if state != State::Running {
                write_error(&line);
            }
            if let State::Done(_) = state {
                self.jobs.remove(number);
            }
        }
    }
}

fn restore_settings(settings: &rustix::termios::Termios) {
    // A terminal that hung up has no settings to restore.
    let _ = trap::with_blocked(signal::TTOU, || {
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, settings)
    });
}
