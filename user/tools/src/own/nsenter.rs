//! nsenter: runs a command in the namespaces of another process.
//!
//! Source: nsenter(1) of util-linux, setns(2). `-d` is ours: the device namespace.

use std::ffi::OsString;
use std::os::fd::AsFd;

use lexopt::prelude::*;
use persona::namespaces::{self, Kinds};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{Context, Failure, reason, unshare};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: nsenter -t PID [-p] [-m] [-u] [-d] [-a] [-F] [COMMAND [ARG...]]
Run COMMAND (a shell) in namespaces that process PID is in.
  -t, --target PID  that process
  -p, --pid         numbers of processes
  -m, --mount       what is mounted where
  -u, --uts         the host name
  -d, --dev         devices: who is in the foreground, which input is ours
  -a, --all         all of these
  -F, --no-fork     with -p: do not run COMMAND as a child; its own children join then
For a persona there is 'persona run NAME COMMAND'.
";

#[derive(Default)]
struct Request {
    target: Option<i32>,
    kinds: Kinds,
    no_fork: bool,
    command: Vec<OsString>,
}

/// Enters and runs the command.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    let target = request
        .target
        .ok_or_else(|| Failure::Usage("which process? -t PID says it".into()))?;
    let about =
        |error: std::io::Error| Failure::Message(format!("process {target}: {}", reason(&error)));
    let pid = Pid::from_raw(target).filter(|_| target > 0);
    let pid = pid.ok_or_else(|| Failure::Usage(format!("{target} is no process number")))?;
    // All is opened first: after a change of mounts /proc may show other processes.
    let device = if request.kinds.device {
        Some(namespaces::open_device(target).map_err(about)?)
    } else {
        None
    };
    let held = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| about(error.into()))?;
    namespaces::enter(held.as_fd(), request.kinds, device).map_err(|error| {
        Failure::Message(format!(
            "cannot enter the namespaces of process {target}: {}",
            reason(&error)
        ))
    })?;
    unshare::start(&request.command, request.kinds.pid && !request.no_fork)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request::default();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('t') | Long("target") => request.target = Some(arguments.value()?.parse()?),
            Short('p') | Long("pid") => request.kinds.pid = true,
            Short('m') | Long("mount") => request.kinds.mount = true,
            Short('u') | Long("uts") => request.kinds.uts = true,
            Short('d') | Long("dev") => request.kinds.device = true,
            Short('a') | Long("all") => {
                request.kinds = Kinds {
                    device: true,
                    ..Kinds::PERSONA
                };
            }
            Short('F') | Long("no-fork") => request.no_fork = true,
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
