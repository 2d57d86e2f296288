//! Process 1 where a test program of ours runs on Debian's own Linux kernel: mounts, loads the
//! modules it was given, runs the program, powers off.
//!
//! It speaks the protocol of `init --exec`, so that the host need not know which kernel runs:
//! `/etc/exec` holds a nonce and the command line, and on the console, which is raw, appear
//! `\x01BEGIN nonce`, the program's output and `\x01END nonce STATUS`. There is no shell: the
//! command line is divided into words as one would, quotes included, and expands nothing. The
//! first word is the program's path; it runs in /tmp with nothing to read and next to no
//! environment.

mod mounts;
mod program;

use std::io::Write;
use std::process::ExitCode;

use rustix::system::RebootCommand;
use rustix::termios::{LocalModes, OptionalActions, OutputModes};

/// Where the nonce and the command line are.
const REQUEST: &str = "/etc/exec";

/// Comes back only where the machine could not be switched off. Process 1 must not end, says
/// Linux, and panics; which ends the machine too, so nothing is left to wait for.
fn main() -> ExitCode {
    if let Err(message) = prepare_and_run() {
        eprintln!("linux-init: {message}; powering off");
    }
    rustix::fs::sync();
    match rustix::system::reboot(RebootCommand::PowerOff) {
        Ok(()) => eprintln!("linux-init: the machine is still up"),
        Err(error) => eprintln!("linux-init: cannot power off: {error}"),
    }
    ExitCode::FAILURE
}

/// Everything between the kernel's start and its end.
fn prepare_and_run() -> Result<(), String> {
    mounts::before_modules()?;
    mounts::load_modules()?;
    mounts::after_modules()?;
    let text = std::fs::read_to_string(REQUEST)
        .map_err(|error| format!("cannot read {REQUEST}: {error}"))?;
    let (nonce, command_line) = text
        .split_once('\n')
        .ok_or_else(|| format!("{REQUEST} must hold a nonce and a command line"))?;
    make_console_raw()?;
    frame(&format!("\x01BEGIN {nonce}\n"))?;
    let status = program::run(command_line).unwrap_or_else(|message| {
        eprintln!("linux-init: {message}");
        127
    });
    frame(&format!("\x01END {nonce} {status}\n"))
}

/// The output must arrive byte for byte, so the console adds nothing.
fn make_console_raw() -> Result<(), String> {
    let console = std::io::stdout();
    let fail = |error| format!("cannot make the console raw: {error}");
    let mut modes = rustix::termios::tcgetattr(&console).map_err(fail)?;
    modes.output_modes.remove(OutputModes::OPOST);
    modes.local_modes.remove(LocalModes::ECHO);
    rustix::termios::tcsetattr(&console, OptionalActions::Now, &modes).map_err(fail)
}

/// Written at once, and waited for: the next step may switch the machine off.
fn frame(line: &str) -> Result<(), String> {
    let mut console = std::io::stdout().lock();
    console
        .write_all(line.as_bytes())
        .and_then(|()| console.flush())
        .map_err(|error| format!("cannot write to the console: {error}"))?;
    rustix::termios::tcdrain(&console)
        .map_err(|error| format!("cannot wait for the console: {error}"))
}
