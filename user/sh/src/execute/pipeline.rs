//! Processes: forks for subshells, pipelines and background commands.
//!
//! Contract: a fork runs its body and exits; it never returns into the caller's code. With job
//! control each pipeline has a process group of its own.

use super::After;
use crate::ast::{AndOr, Bytes, Command, Pipeline};
use crate::descriptor;
use crate::error::Outcome;
use crate::job::{End, State};
use crate::options::Flag;
use crate::print;
use crate::shell::{Shell, error_text, write_error};
use crate::{signal, trap};
use fork::Fork;
use rustix::fs::{Mode, OFlags, open};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsRawFd, OwnedFd};

/// Background jobs of a script that nobody waits for are forgotten beyond this number.
const REMEMBERED_JOBS: usize = 256;

impl Shell {
    /// Forks a subshell that runs `body` and exits; gives its process number.
    pub fn fork_subshell(&mut self, body: impl FnOnce(&mut Shell) -> Outcome) -> Outcome<i32> {
        // Until the child has its own actions, our handlers would swallow a signal meant for it.
        let held = self.traps.catches_any().then(trap::hold_all).flatten();
        let forked = fork::fork();
        if let Ok(Fork::Child) = forked {
            self.enter_subshell();
        }
        if let Some(mask) = held {
            trap::release(mask);
        }
        match forked {
            Ok(Fork::Parent(pid)) => {
                self.jobs.forget_stray(pid);
                Ok(pid)
            }
            Ok(Fork::Child) => {
                // Whatever ended the body, its status is ours.
                let _ = body(self);
                let status = self.finish();
                std::process::exit(status & 0xff)
            }
            Err(error) => self.fail(2, format!("cannot start a process: {}", error_text(error))),
        }
    }

    fn enter_subshell(&mut self) {
        self.traps.enter_subshell();
        self.jobs.enter_subshell();
        self.options.set(Flag::Monitor, false);
        self.is_subshell = true;
        self.capture = None;
        self.loops = 0;
    }

    /// Runs `body` in a subshell in the foreground and waits for it.
    pub(super) fn run_foreground(
        &mut self,
        text: Bytes,
        body: impl FnOnce(&mut Shell) -> Outcome,
    ) -> Outcome {
        if !self.has(Flag::Monitor) {
            let pid = self.fork_subshell(body)?;
            self.status = self.wait_for_child(pid, &text)?;
            return Ok(());
        }
        let pid = self.fork_subshell_in_group(0, true, body)?;
        self.finish_job(Some(pid), &[pid], text)
    }

    /// Waits for a child without a job; says how a signal ended it.
    pub(super) fn wait_for_child(&mut self, pid: i32, text: &[u8]) -> Outcome<i32> {
        let status = self.wait_for_end(pid);
        if let End::Killed(number) = status {
            self.report_killed(number, text)?;
        }
        Ok(status.status())
    }

    /// Forks into a process group: that of process `group`, or a new one if it is 0.
    pub(super) fn fork_subshell_in_group(
        &mut self,
        group: i32,
        foreground: bool,
        body: impl FnOnce(&mut Shell) -> Outcome,
    ) -> Outcome<i32> {
        let monitor = self.has(Flag::Monitor);
        let pid = self.fork_subshell(|shell| {
            if monitor {
                let own = rustix::process::getpid().as_raw_nonzero().get();
                shell.join_group(own, group, foreground);
            }
            body(shell)
        })?;
        if monitor {
            self.join_group(pid, group, foreground);
        }
        Ok(pid)
    }

    /// Enters a foreground job, waits for it and takes the terminal back.
    pub(super) fn finish_job(&mut self, group: Option<i32>, pids: &[i32], text: Bytes) -> Outcome {
        let settings = if group.is_some() {
            rustix::termios::tcgetattr(rustix::stdio::stdin()).ok()
        } else {
            None
        };
        let number = self.jobs.add(group, pids, text);
        let result = self.wait_foreground(number, settings.as_ref());
        self.status = result?;
        Ok(())
    }

    /// Runs the commands of a pipeline, each in a process of its own, and waits for all.
    pub(super) fn run_pipeline(&mut self, pipeline: &Pipeline, commands: &[Command]) -> Outcome {
        let monitor = self.has(Flag::Monitor);
        let mut pids: Vec<i32> = Vec::with_capacity(commands.len());
        let mut input: Option<OwnedFd> = None;
        for (index, command) in commands.iter().enumerate() {
            let last = index + 1 == commands.len();
            let ends = if last { None } else { Some(self.pipe()?) };
            let (next_input, output) = ends.map_or((None, None), |(reader, writer)| {
                (Some(reader), Some(writer))
            });
            let group = pids.first().copied().unwrap_or(0);
            let own_input = input.take();
            // A reader left open in the writer's process would keep the pipe from ever breaking.
            let unused = next_input.as_ref().map(AsRawFd::as_raw_fd);
            let pid = self.fork_subshell_in_group(group, true, |shell| {
                unused.into_iter().for_each(descriptor::close);
                connect(shell, own_input, 0)?;
                connect(shell, output, 1)?;
                shell.command(command, After::Exit)
            })?;
            pids.push(pid);
            input = next_input;
        }
        let group = if monitor { pids.first().copied() } else { None };
        self.finish_job(group, &pids, print::pipeline(pipeline))?;
        if pipeline.negated {
            Ok(())
        } else {
            self.check_failure()
        }
    }

    fn pipe(&mut self) -> Outcome<(OwnedFd, OwnedFd)> {
        match pipe_with(PipeFlags::CLOEXEC) {
            Ok(ends) => Ok(ends),
            Err(error) => self.fail(2, format!("cannot make a pipe: {}", error_text(error))),
        }
    }

    /// Starts a command in the background.
    pub(super) fn background(&mut self, and_or: &AndOr) -> Outcome {
        let monitor = self.has(Flag::Monitor);
        let pid = self.fork_subshell_in_group(0, false, |shell| {
            if !monitor {
                shell.detach()?;
            }
            shell.and_or(and_or, After::Exit)
        })?;
        self.forget_old_jobs();
        let number = self
            .jobs
            .add(monitor.then_some(pid), &[pid], print::and_or(and_or));
        self.last_background = Some(pid);
        if self.is_interactive() {
            write_error(format!("[{number}] {pid}\n").as_bytes());
        }
        self.status = 0;
        Ok(())
    }

    /// What POSIX asks of background commands without job control: they do not read our input and
    /// the keyboard's signals do not reach them.
    fn detach(&mut self) -> Outcome {
        for number in [signal::INT, signal::QUIT] {
            // Blocked is what ignored means in this shell, see `trap.rs`.
            let _ = trap::mask_of(number).thread_block();
        }
        match open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(null) => connect(self, Some(null), 0),
            Err(error) => self.fail(2, format!("/dev/null: {}", error_text(error))),
        }
    }

    fn forget_old_jobs(&mut self) {
        if self.jobs.iter().count() < REMEMBERED_JOBS {
            return;
        }
        self.poll_children();
        let done: Vec<usize> = self
            .jobs
            .iter()
            .filter(|job| matches!(job.state(), State::Done(_)))
            .map(|job| job.number)
            .collect();
        for number in done {
            self.jobs.remove(number);
        }
    }
}

/// Puts an end of a pipe at a descriptor.
fn connect(shell: &mut Shell, end: Option<OwnedFd>, number: i32) -> Outcome {
    match end.map(|end| descriptor::place(end, number)) {
        Some(Err(error)) => shell.fail(2, format!("cannot set up a pipe: {}", error.desc())),
        _ => Ok(()),
    }
}
