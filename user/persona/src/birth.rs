//! `persona __birth NAME LOG COMMAND...`: the processes that make a persona.
//!
//! New namespaces are for ever: whoever makes them has them. So this process takes them, spawns
//! the first of the new pid namespace, and is gone; nobody waits for that one but the machine's
//! process 1. The first (`persona __first LOG COMMAND...`) mounts /proc, which must be done from
//! inside to show the inside, and becomes COMMAND. No step stands between fork and exec, so none
//! needs unsafe code.
//!
//! What they print goes to `persona create`: the line `pid N`, the number by which the root
//! knows the first process, and if something goes wrong, `failed STATUS TEXT`. The end comes
//! when this process has ended and the other has become COMMAND.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::SigSet;
use rustix::mount::{MountFlags, mount};

use crate::failure::{Failure, cannot};
use crate::namespaces::{self, Kinds};
use crate::{Done, PROGRAM, menu};

/// What the processes are called by; not for people.
const BIRTH: &str = "__birth";
const FIRST: &str = "__first";

/// Runs one of the two, if it is what these arguments call; gives its exit status.
pub fn run(arguments: &[OsString]) -> Option<i32> {
    let (word, rest) = arguments.split_first()?;
    let result = match word.to_str()? {
        BIRTH => give_birth(rest),
        FIRST => become_first(rest),
        _ => return None,
    };
    let text = match &result {
        Ok(done) => done.text.clone(),
        Err(failure) => format!("failed {} {failure}\n", failure.status),
    };
    // Where nobody listens any more, nobody wants to know.
    let _ = io::stdout().write_all(text.as_bytes());
    Some(result.map_or_else(|failure| failure.status, |done| done.status))
}

/// Has a persona made that is called `name` and whose first process runs `command` with its
/// output in `log`. Gives the pid of that process.
pub fn of(name: &str, log: &Path, command: &[OsString]) -> Result<i32, Failure> {
    let output = ourselves(BIRTH)
        .args([OsStr::new(name), log.as_os_str()])
        .args(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(cannot("cannot start the process that makes it"))?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn ourselves(word: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(PROGRAM).arg(word);
    command
}

fn parse(text: &str) -> Result<i32, Failure> {
    if let Some((status, text)) = text
        .lines()
        .find_map(|line| line.strip_prefix("failed ")?.split_once(' '))
    {
        return Err(Failure {
            status: status.parse().unwrap_or(1),
            text: text.into(),
        });
    }
    let pid = text
        .lines()
        .find_map(|line| line.strip_prefix("pid ")?.parse().ok());
    pid.ok_or_else(|| Failure::new("the process that makes it ended without a word"))
}

fn give_birth(arguments: &[OsString]) -> Result<Done, Failure> {
    let [name, log, program, words @ ..] = arguments else {
        return Err(menu::misused("create"));
    };
    let program = in_place(program).map_err(|error| Failure::start(program, &error))?;
    leave_session()?;
    namespaces::create(Kinds::PERSONA).map_err(cannot("cannot make the namespaces"))?;
    rustix::system::sethostname(name.as_encoded_bytes())
        .map_err(cannot("cannot set its host name"))?;
    let first = ourselves(FIRST)
        .args([log, &program])
        .args(words)
        .process_group(0)
        .spawn()
        .map_err(cannot("cannot start its first process"))?;
    Ok(Done::said(format!("pid {}\n", first.id())))
}

/// A path of a program that begins in the caller's folder, as one from the root: the persona
/// begins there.
fn in_place(program: &OsStr) -> io::Result<OsString> {
    if program.as_encoded_bytes().contains(&b'/') {
        return std::path::absolute(program).map(OsString::from);
    }
    Ok(program.to_owned())
}

/// The persona outlives the terminal it was made from, holds no folder, and gets all signals.
fn leave_session() -> Result<(), Failure> {
    std::env::set_current_dir("/").map_err(cannot("/"))?;
    rustix::process::setsid().map_err(cannot("cannot begin a session"))?;
    SigSet::empty()
        .thread_set_mask()
        .map_err(cannot("cannot clear the signal mask"))
}

/// Comes back only with the reason why not.
fn become_first(arguments: &[OsString]) -> Result<Done, Failure> {
    let [log, program, words @ ..] = arguments else {
        return Err(menu::misused("create"));
    };
    let output = File::create(log).map_err(cannot(log.display()))?;
    let errors = output.try_clone().map_err(cannot(log.display()))?;
    namespaces::mount_proc("/proc").map_err(cannot("cannot mount its /proc"))?;
    // Empty: what the machine keeps there is not this persona's business.
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", "/run", "tmpfs", flags, c"mode=0755")
        .map_err(cannot("cannot mount its /run"))?;
    // The way back to `persona create`: the command does not get it, so its end means success.
    let report = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)
        .map_err(cannot("cannot keep a way to report"))?;
    let mut command = Command::new(program);
    command.args(words).stdout(output).stderr(errors);
    let failure = Failure::start(program, &command.exec());
    // The failed attempt has put the log in our standard output's place.
    rustix::stdio::dup2_stdout(&report).map_err(cannot("cannot report"))?;
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_wherever_it_stands() {
        assert_eq!(parse("pid 41\n"), Ok(41));
        let expected = Failure {
            status: 127,
            text: "nosuch: No such file".into(),
        };
        assert_eq!(
            parse("pid 41\nfailed 127 nosuch: No such file\n"),
            Err(expected)
        );
        assert!(parse("failed 1 x\npid 41\n").is_err());
        assert!(parse("").is_err());
    }
}
