//! Personas for the person at the shell: made, listed, entered, brought to the foreground, ended.
//!
//! A persona is a set of processes in a device namespace of its own. The kernel knows each by
//! the pid of its first process and by a tag of four bytes (`/proc/dev_ns`); here they get names
//! (`registry`), and commands that take names (`menu` has the table).
//!
//! Contract: the shell's built-in command and the program `/bin/persona` are both this crate.
//! [`run`] does what needs no process of its own. The subcommands for which [`runs_apart`] says
//! so start and wait for others, so they run in a process of their own: [`main`], which is also
//! the whole program. It starts itself again through `/proc/self/exe` under the name
//! [`PROGRAM`], so whoever links this crate must hand over to [`main`] when called by that name.
//!
//! Source: the ABI of `/proc/dev_ns` as `devns` describes it; namespaces(7), setns(2).

mod birth;
mod complete;
mod create;
mod device;
mod enter;
mod failure;
mod known;
mod menu;
mod name;
pub mod namespaces;
mod process;
mod registry;
mod stop;
pub mod suggest;
mod switch;
mod table;
mod terminal;

use std::ffi::OsString;
use std::io::Write;

pub use complete::{Candidates, complete};
pub use failure::Failure;
pub use terminal::run_command;

/// The name under which a program is this one.
pub const PROGRAM: &str = "persona";

/// What came of a subcommand that did not fail.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What there is to say, whole lines.
    pub text: String,
    /// The exit status.
    pub status: i32,
}

impl Done {
    /// Success, with something to say.
    fn said(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            status: 0,
        }
    }
}

/// Whether a subcommand starts or waits for other processes and so wants one of its own.
pub fn runs_apart(arguments: &[OsString]) -> bool {
    let first = arguments.first().and_then(|word| word.to_str());
    first
        .and_then(menu::find)
        .is_some_and(|command| command.apart)
}

/// Runs `persona` with these arguments (its own name not among them).
///
/// # Errors
/// What went wrong, in a sentence, with the exit status for it.
pub fn run(arguments: &[OsString]) -> Result<Done, Failure> {
    let Some((first, rest)) = arguments.split_first() else {
        return Ok(Done::said(menu::text()));
    };
    match first.to_str() {
        Some("-h" | "--help") => Ok(Done::said(menu::text())),
        word => menu::look_up(word.unwrap_or("?")).and_then(|command| (command.run)(rest)),
    }
}

/// The pid of the init of the persona that is called `name`.
///
/// # Errors
/// There is none of this name; the running process is not in the root persona.
pub fn init_pid(name: &str) -> Result<i32, Failure> {
    let all = known::all()?;
    known::find(&all, name).map(|persona| persona.device.init_pid)
}

/// The program: runs `persona` with these arguments, says what there is to say, and gives the
/// exit status.
pub fn main(arguments: &[OsString]) -> i32 {
    if let Some(status) = birth::run(arguments).or_else(|| terminal::become_job(arguments)) {
        return status;
    }
    let done = match run(arguments) {
        Ok(done) => done,
        Err(failure) => {
            eprintln!("{PROGRAM}: {failure}");
            return failure.status;
        }
    };
    let mut output = std::io::stdout().lock();
    let written = output.write_all(done.text.as_bytes());
    match written.and_then(|()| output.flush()) {
        Ok(()) => done.status,
        Err(error) => {
            eprintln!("{PROGRAM}: write error: {}", failure::reason(&error));
            done.status.max(1)
        }
    }
}
