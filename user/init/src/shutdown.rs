//! The way down: the table's `shutdown` entries, SIGTERM to everyone, a moment to obey, SIGKILL
//! to who is left, sync(2), reboot(2).
//!
//! Source: reboot(2), kill(2) (process -1 is everyone but the caller and process 1).

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::system::RebootCommand;

use crate::supervisor::{next_dead, run_in_turn};
use crate::table::{Action, Entry};

/// How long processes have to end after SIGTERM, and again after SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(10);

/// What the machine does at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Start anew.
    Reboot,
    /// Switch off.
    PowerOff,
    /// Stop the processors and stay on.
    Halt,
}

/// Ends everything in a persona, so that its process 1 may end. `kill(-1)` reaches who is in
/// its pid namespace.
pub fn end_persona(entries: &[Entry]) {
    run_in_turn(entries, Action::Shutdown);
    end_everyone();
}

/// Ends everything and brings the machine down. Returns only the reason why it could not.
pub fn bring_down(goal: Goal, entries: &[Entry]) -> String {
    run_in_turn(entries, Action::Shutdown);
    eprintln!(
        "init: {}",
        match goal {
            Goal::Reboot => "restarting",
            Goal::PowerOff => "powering off",
            Goal::Halt => "halting",
        }
    );
    end_everyone();
    finish(goal)
}

/// Writes back what is cached and makes the last call. Returns only the reason of its failure.
pub fn finish(goal: Goal) -> String {
    rustix::fs::sync();
    let command = match goal {
        Goal::Reboot => RebootCommand::Restart,
        Goal::PowerOff => RebootCommand::PowerOff,
        Goal::Halt => RebootCommand::Halt,
    };
    match rustix::system::reboot(command) {
        Ok(()) => format!("reboot({command:?}) returned; the machine is still up"),
        Err(error) => format!("reboot({command:?}): {error}"),
    }
}

fn end_everyone() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        signal_everyone(signal);
        // A stopped process gets SIGTERM only when it goes on.
        signal_everyone(Signal::SIGCONT);
        if everyone_ended(Instant::now() + GRACE) {
            return;
        }
    }
    eprintln!("init: some processes did not end; going down without them");
}

fn signal_everyone(signal: Signal) {
    match kill(Pid::from_raw(-1), signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => eprintln!("init: cannot send {signal} to all processes: {error}"),
    }
}

/// Buries children until `deadline` or until there is nobody left to send a signal to.
fn everyone_ended(deadline: Instant) -> bool {
    loop {
        while next_dead().is_some() {}
        if kill(Pid::from_raw(-1), None) == Err(Errno::ESRCH) {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
}
