//! Programs: found along PATH and started.
//!
//! Contract: 127 for a program that is not there, 126 for one that cannot be run (XCU 2.8.2). A
//! text file without `#!` is run by this shell. Starting from a script needs no fork of our own:
//! the standard library starts programs without copying our memory.

use crate::ast::Bytes;
use crate::complete;
use crate::error::Outcome;
use crate::options::Flag;
use crate::print;
use crate::shell::{Shell, error_text};
use crate::text::{os, shown};
use persona::suggest::hint;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Where programs are looked for when PATH is unset.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin:/sbin:/usr/sbin";

/// This shell's own file.
const OWN_PROGRAM: &[u8] = b"/proc/self/exe";

/// `ENOEXEC`: a file the kernel has no loader for.
const NOT_A_PROGRAM: i32 = 8;

/// How much of a file is looked at to tell what it is.
const BLOCK: usize = 128;

/// Why a program cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// There is none of that name.
    NotFound,
    /// There is a file, but it may not be executed.
    NotExecutable,
    /// A directory has this name.
    Directory,
}

impl Shell {
    /// The folders of PATH.
    pub fn path_folders(&self) -> Vec<Bytes> {
        let path = self.variables.get("PATH").unwrap_or(DEFAULT_PATH);
        path.split(|&byte| byte == b':')
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// The file a command name stands for.
    pub fn find_program(&self, name: &[u8]) -> Result<Bytes, Missing> {
        if name.contains(&b'/') {
            return check(name).map(|()| name.to_vec());
        }
        let mut problem = Missing::NotFound;
        for folder in self.path_folders() {
            let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") {
                b""
            } else {
                b"/"
            };
            let file = [folder.as_slice(), slash, name].concat();
            match check(&file) {
                Ok(()) if !name.is_empty() => return Ok(file),
                Err(Missing::NotExecutable) => problem = Missing::NotExecutable,
                // A directory in a folder of PATH is no command; only a path can mean one.
                _ => {}
            }
        }
        Err(problem)
    }

    /// Starts a program as a child; nothing, with the status set, if that fails.
    pub(super) fn spawn(&mut self, arguments: &[Bytes]) -> Option<i32> {
        let file = self.find_or_complain(arguments)?;
        let mut result = self.prepare(&file, arguments).spawn();
        if is_script(&file, &result) {
            result = self.prepare_script(&file, arguments).spawn();
        }
        match result {
            Ok(child) => {
                let pid = i32::try_from(child.id()).ok()?;
                self.jobs.forget_stray(pid);
                Some(pid)
            }
            Err(error) => {
                self.status = self.explain(&file, error);
                None
            }
        }
    }

    /// Becomes a program; gives the status for the reason why not.
    pub fn replace(&mut self, arguments: &[Bytes]) -> i32 {
        let Some(file) = self.find_or_complain(arguments) else {
            return self.status;
        };
        let mut error = self.prepare(&file, arguments).exec();
        if error.raw_os_error() == Some(NOT_A_PROGRAM) && content(&file) == Content::Text {
            error = self.prepare_script(&file, arguments).exec();
        }
        self.explain(&file, error)
    }

    fn prepare(&self, file: &[u8], arguments: &[Bytes]) -> Command {
        let mut command = Command::new(os(file));
        if let Some((name, rest)) = arguments.split_first() {
            command
                .arg0(os(name))
                .args(rest.iter().map(|argument| os(argument)));
        }
        command.env_clear().envs(
            self.variables
                .environment()
                .map(|(name, value)| (name, os(value))),
        );
        command
    }

    /// This shell again, to run a file as its script.
    fn prepare_script(&self, file: &[u8], arguments: &[Bytes]) -> Command {
        let rest = arguments.get(1..).unwrap_or_default();
        let own = [vec![b"sh".to_vec(), file.to_vec()], rest.to_vec()].concat();
        self.prepare(OWN_PROGRAM, &own)
    }

    /// Runs a built-in command as a job of its own: this program once more, called by the command's
    /// name.
    pub fn run_apart(&mut self, words: &[Bytes]) -> Outcome {
        let text = print::arguments(words);
        if self.has(Flag::Monitor) {
            return self.run_foreground(text, |shell| {
                let error = shell.prepare(OWN_PROGRAM, words).exec();
                shell.status = shell.explain(OWN_PROGRAM, error);
                Ok(())
            });
        }
        self.status = match self.prepare(OWN_PROGRAM, words).spawn() {
            Ok(child) => {
                let pid = child.id().cast_signed();
                self.jobs.forget_stray(pid);
                self.wait_for_child(pid, &text)?
            }
            Err(error) => self.explain(OWN_PROGRAM, error),
        };
        Ok(())
    }

    fn find_or_complain(&mut self, arguments: &[Bytes]) -> Option<Bytes> {
        let name = arguments.first()?;
        match self.find_program(name) {
            Ok(file) => Some(file),
            Err(Missing::Directory) => {
                self.complain(format!("{}: is a directory (see cd)", shown(name)));
                self.status = 126;
                None
            }
            Err(Missing::NotExecutable) => {
                self.complain(format!("{}: is not executable (see chmod)", shown(name)));
                self.status = 126;
                None
            }
            Err(Missing::NotFound) => {
                let hint = self.hint(name);
                self.complain(format!("{}: not found{hint}", shown(name)));
                self.status = 127;
                None
            }
        }
    }

    /// For a person, the nearest command to a misspelt one, as the end of a sentence.
    fn hint(&self, typed: &[u8]) -> String {
        if !self.has(Flag::Interactive) || typed.contains(&b'/') {
            return String::new();
        }
        let names = complete::command_names(self);
        let names = names
            .iter()
            .filter_map(|name| std::str::from_utf8(name).ok());
        hint(&shown(typed), names)
    }

    /// Says why a file could not be run; gives the status.
    fn explain(&self, file: &[u8], error: io::Error) -> i32 {
        let gone = error.kind() == io::ErrorKind::NotFound;
        // The file was there a moment ago: what is missing is something it names.
        let reason = match (content(file), error.raw_os_error()) {
            (Content::Elf, _) if gone => {
                "the loader of shared libraries it needs is not there; link it statically"
                    .to_owned()
            }
            (_, _) if gone => "the interpreter its first line names is not there".to_owned(),
            (Content::Elf | Content::Binary, Some(NOT_A_PROGRAM)) => {
                "is not a program for this machine".to_owned()
            }
            _ => error_text(error),
        };
        self.complain(format!("{}: {reason}", shown(file)));
        if gone { 127 } else { 126 }
    }
}

/// Whether a file can be run, as far as its kind and mode tell.
fn check(file: &[u8]) -> Result<(), Missing> {
    match Path::new(os(file)).metadata() {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => Ok(()),
        Ok(found) if found.is_dir() => Err(Missing::Directory),
        Ok(_) => Err(Missing::NotExecutable),
        Err(_) => Err(Missing::NotFound),
    }
}

/// Whether a file the kernel refused is one that this shell can run.
fn is_script<T>(file: &[u8], result: &io::Result<T>) -> bool {
    let refused = |error: &io::Error| error.raw_os_error() == Some(NOT_A_PROGRAM);
    result.as_ref().is_err_and(refused) && content(file) == Content::Text
}

/// What a file looks like from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A program for this or another machine.
    Elf,
    /// Neither a program we know nor text.
    Binary,
    /// Perhaps a script.
    Text,
}

impl Content {
    /// Looks at the first line, as far as the first block goes: a script has no NUL bytes there.
    pub fn of(text: &[u8]) -> Content {
        let start = &text[..text.len().min(BLOCK)];
        let line = start
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        if start.starts_with(b"\x7fELF") {
            Content::Elf
        } else if line.contains(&0) {
            Content::Binary
        } else {
            Content::Text
        }
    }
}

/// What a file looks like; one that cannot be read looks like text.
fn content(file: &[u8]) -> Content {
    let mut start = [0; BLOCK];
    let read = File::open(os(file)).and_then(|mut file| file.read(&mut start));
    Content::of(&start[..read.unwrap_or(0)])
}
