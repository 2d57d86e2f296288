//! poweroff, reboot, halt: bring the machine down.
//!
//! Without `-f` process 1 is asked to (the signals of BusyBox init), so that everyone may end
//! in good order; with it the kernel is called at once.
//!
//! Source: reboot(2), halt(8).

use lexopt::prelude::*;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use rustix::system::RebootCommand;

use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: poweroff|reboot|halt [-f] [-n]
Switch the machine off, start it anew, or stop it.
  -f, --force   do not ask process 1, call the kernel at once
  -n, --no-sync with -f: do not write back what is cached
";

/// Runs the tool the context is named after.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut force, mut sync) = (false, true);
    while let Some(argument) = context.arguments.next()? {
        match argument {
            Short('f') | Long("force") => force = true,
            Short('n') | Long("no-sync") => sync = false,
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let (signal, command) = match context.name {
        "poweroff" => (Signal::USR2, RebootCommand::PowerOff),
        "reboot" => (Signal::TERM, RebootCommand::Restart),
        _ => (Signal::USR1, RebootCommand::Halt),
    };
    if !force {
        return match kill_process(Pid::INIT, signal) {
            Ok(()) => Ok(0),
            Err(Errno::PERM) => Err(Failure::Message("must be superuser".into())),
            Err(error) => Err(error.into()),
        };
    }
    if sync {
        rustix::fs::sync();
    }
    rustix::system::reboot(command)?;
    Ok(0)
}
