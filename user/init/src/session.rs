//! The helper `init --session TTY [--ask] COMMAND…`: turns itself into the leader of a new
//! session on a terminal and then into the command.
//!
//! A program of its own (this one, run again) does it because the steps between fork and exec
//! cannot be written in safe Rust inside process 1.
//!
//! Source: setsid(2), tty_ioctl(4) TIOCSCTTY, credentials(7).

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::signals;

/// The environment every program starts with unless the kernel or the parent set it already.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("PATH", "/bin:/sbin:/usr/bin:/usr/sbin"),
    ("HOME", "/root"),
    ("SHELL", "/bin/sh"),
    ("TERM", "linux"),
    ("USER", "root"),
    ("LOGNAME", "root"),
];

/// Executes the command in `arguments` (`TTY [--ask] COMMAND ARG…`). Returns only with the
/// reason why it could not.
pub fn become_command(arguments: Vec<OsString>) -> String {
    match prepare(&arguments) {
        Ok(mut command) => {
            let error = command.exec();
            format!("{}: {error}", command.get_program().display())
        }
        Err(message) => message,
    }
}

fn prepare(arguments: &[OsString]) -> Result<Command, String> {
    let (terminal, rest) = arguments
        .split_first()
        .ok_or("--session needs a terminal and a command, see init --help")?;
    let (ask, rest) = match rest.split_first() {
        Some((word, rest)) if word == "--ask" => (true, rest),
        _ => (false, rest),
    };
    let (program, words) = rest
        .split_first()
        .ok_or("--session needs a command after the terminal")?;
    lead_session()?;
    if terminal != "-" {
        take_terminal(terminal)?;
    }
    signals::clear_mask()?;
    if ask {
        ask_first(program).map_err(|error| format!("{}: {error}", terminal.display()))?;
    }
    let mut command = Command::new(program);
    command.args(words);
    for (name, value) in ENVIRONMENT {
        // The kernel hands process 1 the root as its home, which nobody wants to live in.
        let given = std::env::var_os(name).filter(|given| name != "HOME" || given != "/");
        if given.is_none() {
            command.env(name, value);
        }
    }
    if terminal != "-" {
        start_at_home(&mut command);
    }
    Ok(command)
}

/// Someone sits at that terminal, and there is no login(1) that would take them home. Without a
/// home the folder stays as it is, `/`.
fn start_at_home(command: &mut Command) {
    let set = command.get_envs().find(|(name, _)| *name == "HOME");
    let home = set
        .and_then(|(_, home)| home.map(OsString::from))
        .or(std::env::var_os("HOME"));
    if let Some(home) = home.filter(|home| Path::new(home).is_dir()) {
        command.current_dir(home);
    }
}

/// setsid(2) fails only where this process leads a group already, as when it was typed into a
/// shell; then the session that exists must do.
fn lead_session() -> Result<(), String> {
    match rustix::process::setsid() {
        Ok(_) | Err(Errno::PERM) => Ok(()),
        Err(error) => Err(format!("cannot start a session: {error}")),
    }
}

/// Opens the terminal, makes it the controlling one and puts it on descriptors 0, 1 and 2.
fn take_terminal(path: &OsStr) -> Result<(), String> {
    let fail = |what: &str, error: Errno| format!("{}: {what}: {error}", path.display());
    let terminal = rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| fail("cannot open the terminal", error))?;
    rustix::process::ioctl_tiocsctty(&terminal)
        .map_err(|error| fail("cannot make it the controlling terminal", error))?;
    rustix::stdio::dup2_stdin(&terminal)
        .and_then(|()| rustix::stdio::dup2_stdout(&terminal))
        .and_then(|()| rustix::stdio::dup2_stderr(&terminal))
        .map_err(|error| fail("cannot use it for input and output", error))
}

fn ask_first(program: &OsStr) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    write!(output, "\nPress Enter to start {}. ", program.display())?;
    output.flush()?;
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(std::io::Error::other("the terminal was hung up"));
    }
    Ok(())
}
