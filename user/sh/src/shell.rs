//! The state of a shell, and how it speaks.
//!
//! Contract: one `Shell` is one POSIX shell execution environment (XCU 2.12). A subshell is a fork
//! of the process, so it has a copy of all of this and cannot change its parent's.

use crate::ast::{Bytes, Command};
use crate::error::{Outcome, Unwind};
use crate::job::Jobs;
use crate::lexer::Aliases;
use crate::options::{Flag, Options};
use crate::trap::{Traps, die_by};
use crate::variables::{ReadOnly, Variables};
use crate::{signal, trap};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A shell.
pub struct Shell {
    /// Variables, and through them the environment of programs.
    pub variables: Variables,
    /// Functions by name.
    pub functions: BTreeMap<String, Rc<Command>>,
    /// Aliases by name.
    pub aliases: Rc<Aliases>,
    /// `$1` and on.
    pub arguments: Vec<Bytes>,
    /// `$0`.
    pub name: Bytes,
    /// The options of `set`.
    pub options: Options,
    /// `$?`.
    pub status: i32,
    /// `$$`: the first shell's process, also in subshells.
    pub pid: i32,
    /// `$!`.
    pub last_background: Option<i32>,
    /// Children.
    pub jobs: Jobs,
    /// Traps.
    pub traps: Traps,
    /// Where `getopts` stands inside an argument such as `-abc`.
    pub getopts_offset: usize,
    /// The file being run, if the program is in one: errors name it and the line.
    pub script: Option<String>,
    /// The line of the command being run.
    pub line: u32,
    /// How many conditions we are in, where `set -e` does not count.
    pub conditions: u32,
    /// How many loops `break` can leave.
    pub loops: u32,
    /// How many functions and sourced files `return` can leave.
    pub returns: u32,
    /// How deep functions, sourced files, `eval` and traps are nested.
    pub calls: u32,
    /// Whether this process was forked from another shell.
    pub is_subshell: bool,
    /// Where the output of built-in commands goes while `$(…)` is evaluated without a fork.
    pub capture: Option<Bytes>,
    /// Whether the last command was an `exit` that warned of stopped jobs.
    pub warned_of_jobs: bool,
    /// The status of the last `$(…)`, which is that of a command of assignments only.
    pub substitution_status: Option<i32>,
}

impl Shell {
    /// A shell with the environment of this process.
    pub fn new(name: Bytes) -> Shell {
        Shell {
            variables: Variables::from_environment(std::env::vars_os()),
            functions: BTreeMap::new(),
            aliases: Rc::default(),
            arguments: Vec::new(),
            name,
            options: Options::default(),
            status: 0,
            pid: rustix::process::getpid().as_raw_nonzero().get(),
            last_background: None,
            jobs: Jobs::default(),
            traps: Traps::default(),
            getopts_offset: 0,
            script: None,
            line: 1,
            conditions: 0,
            loops: 0,
            returns: 0,
            calls: 0,
            is_subshell: false,
            capture: None,
            warned_of_jobs: false,
            substitution_status: None,
        }
    }

    /// Whether an option is on.
    pub fn has(&self, flag: Flag) -> bool {
        self.options.has(flag)
    }

    /// Whether a person types the commands.
    pub fn is_interactive(&self) -> bool {
        self.has(Flag::Interactive) && !self.is_subshell
    }

    /// Tells the user what went wrong, on standard error.
    pub fn complain(&self, message: impl AsRef<str>) {
        let place = match &self.script {
            Some(file) => format!("{file}:{}", self.line),
            None => "sh".to_owned(),
        };
        write_error(format!("{place}: {}\n", message.as_ref()).as_bytes());
    }

    /// Complains and gives up the command being run, with a status.
    pub fn fail<T>(&mut self, status: i32, message: impl AsRef<str>) -> Outcome<T> {
        self.complain(message);
        self.status = status;
        Err(Unwind::Abandon)
    }

    /// Assigns a variable; a read-only one ends the command.
    pub fn assign(&mut self, name: &str, value: Bytes) -> Outcome {
        let export = self.has(Flag::AllExport);
        match self.variables.set(name, value, export) {
            Ok(()) => {
                if name == "OPTIND" {
                    self.getopts_offset = 0;
                }
                Ok(())
            }
            Err(ReadOnly(name)) => self.fail(2, format!("{name}: is read-only")),
        }
    }

    /// Writes the output of a built-in command; gives the command's status.
    pub fn write_out(&mut self, text: &[u8]) -> i32 {
        if let Some(capture) = &mut self.capture {
            capture.extend_from_slice(text);
            return 0;
        }
        match write_all(rustix::stdio::stdout(), text) {
            Ok(()) => 0,
            Err(rustix::io::Errno::PIPE)
                if !self.is_interactive() && self.traps.get(signal::PIPE).is_none() =>
            {
                // The runtime made us ignore the signal that ends every other program here.
                die_by(signal::PIPE)
            }
            Err(error) => {
                self.complain(format!("write error: {}", error_text(error)));
                1
            }
        }
    }

    /// Runs the traps of signals that came; an interrupt gives up an interactive command.
    pub fn run_traps(&mut self) -> Outcome {
        if !self.traps.any_pending() {
            return Ok(());
        }
        for number in self.traps.take_pending() {
            match self.traps.get(number).cloned() {
                Some(trap::Action::Run(text)) => self.run_trap(&text)?,
                Some(trap::Action::Ignore) => {}
                None if number == signal::INT && self.is_interactive() => {
                    self.status = 128 + number;
                    return Err(Unwind::Abandon);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Runs the text of a trap; `$?` is the same after it.
    pub fn run_trap(&mut self, text: &[u8]) -> Outcome {
        let status = self.status;
        self.run_text(text.to_vec(), "trap")?;
        self.status = status;
        Ok(())
    }

    /// Runs the exit trap, once, and gives the status to exit with.
    pub fn finish(&mut self) -> i32 {
        let action = self.traps.get(0).cloned();
        if let Some(trap::Action::Run(text)) = action
            && self.traps.reset(0, true).is_ok()
        {
            let status = self.status;
            match self.run_text(text, "trap") {
                Err(Unwind::Exit) => {}
                _ => self.status = status,
            }
        }
        self.status
    }
}

/// Writes all of `text`, whatever the sizes the kernel takes it in.
pub fn write_all(to: impl std::os::fd::AsFd, mut text: &[u8]) -> rustix::io::Result<()> {
    while !text.is_empty() {
        match rustix::io::write(&to, text) {
            Ok(written) => text = &text[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes to standard error; there is nowhere to report a failure of that.
pub fn write_error(text: &[u8]) {
    let _ = write_all(rustix::stdio::stderr(), text);
}

/// The sentence for an error number, without the number.
pub fn error_text(error: impl Into<std::io::Error>) -> String {
    let text = error.into().to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
