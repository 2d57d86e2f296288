//! A command in another pid namespace, and the terminal while it runs there, so that Ctrl-C and
//! Ctrl-Z reach it.
//!
//! A process group is seen inside a pid namespace only if its leader is in there: a shell in a
//! persona that should control jobs needs a group of its own from us, and the terminal with it.
//! So where we alone have the terminal, the command becomes a job, as a shell would have it:
//! it is in front while it runs; when it stops, we stop, and when we go on, it does. Everywhere
//! else (a pipeline, a script, no terminal) it stays in our group and gets what the group gets.
//!
//! Source: the glibc manual, "Implementing a Job Control Shell"; pid_namespaces(7).

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{SigSet, Signal};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal as RustixSignal, WaitOptions, WaitStatus, getpgrp, getpid,
    kill_current_process_group, kill_process_group, waitpid,
};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{isatty, tcgetpgrp, tcsetpgrp};

use crate::PROGRAM;
use crate::failure::{Failure, cannot};

/// What the process is called by that takes the terminal and becomes the command; not for people.
const JOB: &str = "__job";

/// Runs a command from this terminal and waits for its end. Gives its status as a shell has it:
/// its own, or 128 and the signal that ended it. `name` is in front of what it complains about.
///
/// # Errors
/// The command could not be started (the status says why, as a shell has it).
pub fn run_command(name: &str, program: &OsStr, words: &[OsString]) -> Result<i32, Failure> {
    if Supervision::choose() == Supervision::Job {
        let mut job = Command::new("/proc/self/exe");
        job.arg0(PROGRAM)
            .args([OsStr::new(JOB), OsStr::new(name), program])
            .args(words)
            .process_group(0);
        match job.spawn() {
            Ok(child) => return Supervision::Job.wait(child.id()),
            // There need not be a /proc where it runs; then it goes without job control.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::start(program, &error)),
        }
    }
    let started = Command::new(program).args(words).spawn();
    let child = started.map_err(|error| Failure::start(program, &error))?;
    Supervision::Companion.wait(child.id())
}

/// Takes the terminal and becomes the command, if these arguments call for that; gives the exit
/// status if it could not. Its own process does this, so that the command never runs without.
pub fn become_job(arguments: &[OsString]) -> Option<i32> {
    let [word, name, program, words @ ..] = arguments else {
        return None;
    };
    if word != JOB {
        return None;
    }
    give_terminal(getpgrp());
    let error = Command::new(program).args(words).exec();
    let failure = Failure::start(program, &error);
    eprintln!("{}: {failure}", name.display());
    Some(failure.status)
}

/// How we stand to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supervision {
    /// It is in our group.
    Companion,
    /// It has a group of its own and the terminal.
    Job,
}

impl Supervision {
    /// What suits this process: whether it leads the group that has the terminal, and nobody
    /// else in a pipeline might want to read from it.
    fn choose() -> Self {
        let alone = isatty(stdin()) && isatty(stdout()) && getpgrp() == getpid();
        match tcgetpgrp(stdin()) {
            Ok(owner) if alone && owner == getpgrp() => Self::Job,
            _ => Self::Companion,
        }
    }

    fn wait(self, pid: u32) -> Result<i32, Failure> {
        let no_pid = || Failure::new(format!("{pid} is no pid"));
        let child = pid.cast_signed();
        let child = Pid::from_raw(child).ok_or_else(no_pid)?;
        match self {
            Self::Companion => {
                // What the keyboard sends is for the command; its status tells what came of it.
                let keyboard: SigSet = [Signal::SIGINT, Signal::SIGQUIT].into_iter().collect();
                keyboard
                    .thread_block()
                    .map_err(cannot("cannot block signals"))?;
                loop {
                    if let Some(status) = end(wait(child, WaitOptions::empty())?) {
                        return Ok(status);
                    }
                }
            }
            Self::Job => {
                let status = supervise(child);
                give_terminal(getpgrp());
                status
            }
        }
    }
}

fn supervise(child: Pid) -> Result<i32, Failure> {
    loop {
        let status = wait(child, WaitOptions::UNTRACED)?;
        if let Some(status) = end(status) {
            return Ok(status);
        }
        give_terminal(getpgrp());
        kill_current_process_group(RustixSignal::STOP)
            .map_err(cannot("cannot stop beside the command"))?;
        // Here we have been told to go on, by fg or by bg.
        if tcgetpgrp(stdin()) == Ok(getpgrp()) {
            give_terminal(child);
        }
        match kill_process_group(child, RustixSignal::CONT) {
            // It may have been killed while it was stopped; wait tells.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(cannot("cannot let the command go on")(error)),
        }
    }
}

fn wait(child: Pid, options: WaitOptions) -> Result<WaitStatus, Failure> {
    loop {
        match waitpid(Some(child), options) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(cannot("cannot wait for the command")(error)),
        }
    }
}

fn end(status: WaitStatus) -> Option<i32> {
    let signal = || status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or_else(signal)
}

/// From the background the call would stop us, were the signal not blocked. It fails when the
/// group has ended or the terminal is gone: then there is nobody to give it to.
fn give_terminal(group: Pid) {
    let mut ttou = SigSet::empty();
    ttou.add(Signal::SIGTTOU);
    let blocked = ttou.thread_block();
    let _ = tcsetpgrp(stdin(), group);
    if blocked.is_ok() {
        // Unblocking what was just blocked cannot fail.
        let _ = ttou.thread_unblock();
    }
}
