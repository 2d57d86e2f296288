//! unshare: runs a command in new namespaces.
//!
//! Source: unshare(1) of util-linux, unshare(2).

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use lexopt::prelude::*;
use persona::namespaces::{self, Kinds};

use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: unshare [-p] [-m] [-u] [-f] [--mount-proc[=DIR]] [COMMAND [ARG...]]
Run COMMAND (a shell) in new namespaces.
  -p, --pid           numbers of processes, and with them devices; the first child is process 1
  -m, --mount         what is mounted where
  -u, --uts           the host name
  -f, --fork          run COMMAND as a child, so that -p makes it process 1
  --mount-proc[=DIR]  mount a new /proc on DIR (/proc); implies -m
The first child of -p is the first process of a persona too; 'persona create' does all this at once.
";

#[derive(Default)]
struct Request {
    kinds: Kinds,
    fork: bool,
    proc: Option<String>,
    command: Vec<OsString>,
}

/// Makes the namespaces and runs the command.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    namespaces::create(request.kinds)
        .map_err(|error| Failure::Message(format!("unshare failed: {}", reason(&error))))?;
    if let Some(folder) = &request.proc {
        if request.fork {
            return start_inside(folder, &request.command);
        }
        namespaces::mount_proc(folder).map_err(|error| {
            Failure::Message(format!("mount {folder} failed: {}", reason(&error)))
        })?;
    }
    start(&request.command, request.fork)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request::default();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('p') | Long("pid") => request.kinds.pid = true,
            Short('m') | Long("mount") => request.kinds.mount = true,
            Short('u') | Long("uts") => request.kinds.uts = true,
            Short('f') | Long("fork") => request.fork = true,
            Long("mount-proc") => {
                request.kinds.mount = true;
                request.proc = Some(match arguments.optional_value() {
                    Some(folder) => folder.string()?,
                    None => "/proc".into(),
                });
            }
            Long("help") => return Err(Failure::Help),
            Value(program) => {
                request.command = vec![program];
                request.command.extend(arguments.raw_args()?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

/// A /proc shows the pid namespace of whoever mounts it, so the child does that: this tool again,
/// with nothing else left to do.
fn start_inside(folder: &str, command: &[OsString]) -> Result<i32, Failure> {
    let ourselves = std::env::current_exe()?;
    let again = [
        "unshare".into(),
        format!("--mount-proc={folder}").into(),
        "--".into(),
    ];
    wait_for(ourselves.as_os_str(), &[&again, command].concat())
}

fn wait_for(program: &OsStr, words: &[OsString]) -> Result<i32, Failure> {
    persona::run_command("unshare", program, words)
        .map_err(|failure| Failure::Trouble(failure.status, failure.text))
}

/// Becomes the command, or runs it as a child, where `fork` says so. Without a command it is a
/// shell.
pub fn start(command: &[OsString], fork: bool) -> Result<i32, Failure> {
    let shell = || vec![std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into())];
    let words = if command.is_empty() {
        shell()
    } else {
        command.to_vec()
    };
    let Some((program, rest)) = words.split_first() else {
        return Err(Failure::Usage("which command?".into()));
    };
    if fork {
        return wait_for(program, rest);
    }
    let error = Command::new(program).args(rest).exec();
    let status = match error.kind() {
        std::io::ErrorKind::NotFound => 127,
        _ => 126,
    };
    let text = format!(
        "failed to execute {}: {}",
        program.display(),
        reason(&error)
    );
    Err(Failure::Trouble(status, text))
}
