//! `init --exec`: runs one command line and hands its output and status to whoever booted the
//! machine, framed so that nothing else on the console can be taken for it.
//!
//! The file (`/etc/exec`) holds a nonce on its first line; the rest is the command line. On the
//! console appear `\x01BEGIN nonce\n`, the output as the program wrote it (the console is raw:
//! no carriage returns are added), and `\x01END nonce STATUS\n`; then the machine powers off.
//! STATUS is the exit status, or 128 and the signal, as a shell has it in `$?`. A file that
//! cannot be read leaves no BEGIN; the reader must take that as a failure.

use std::io::Write;
use std::path::Path;

use rustix::process::{Pid, WaitStatus};
use rustix::termios::{LocalModes, OptionalActions, OutputModes};

use crate::shutdown::{self, Goal};
use crate::signals::{Event, Signals};
use crate::{mounts, service, supervisor};

/// Where the command line is when no other file is named.
pub const PATH: &str = "/etc/exec";

/// What the file holds.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    nonce: &'a str,
    command_line: &'a str,
}

fn parse(text: &str) -> Result<Request<'_>, String> {
    let (nonce, command_line) = text
        .split_once('\n')
        .ok_or("the first line must be a nonce, the rest the command line")?;
    if nonce.is_empty() || !nonce.chars().all(|c| c.is_ascii_graphic()) {
        return Err("the nonce on the first line must be one word of visible characters".into());
    }
    Ok(Request {
        nonce,
        command_line,
    })
}

/// Runs the command line in `file` and powers off. Returns only the reason why it could not.
pub fn run(file: &Path) -> String {
    let signals = match Signals::block() {
        Ok(signals) => signals,
        Err(message) => return message,
    };
    mounts::prepare_machine();
    let goal = read_and_execute(file, &signals).unwrap_or_else(|message| {
        eprintln!("init: {}: {message}; powering off", file.display());
        Goal::PowerOff
    });
    shutdown::finish(goal)
}

/// Returns how the machine shall go down: off, unless the command line asked for something else.
/// In that case there is no END, for the command did not.
fn read_and_execute(file: &Path, signals: &Signals) -> Result<Goal, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let request = parse(&text)?;
    make_console_raw()?;
    frame(format_args!("\x01BEGIN {}\n", request.nonce))?;
    let words = ["/bin/sh".into(), "-c".into(), request.command_line.into()];
    let status = match service::start_deaf(&words).and_then(|shell| outcome(shell, signals)) {
        Ok(Outcome::Ended(status)) => shell_status(status),
        Ok(Outcome::GoDown(goal)) => return Ok(goal),
        Err(message) => {
            eprintln!("init: /bin/sh: {message}");
            127
        }
    };
    frame(format_args!("\x01END {} {status}\n", request.nonce))?;
    Ok(Goal::PowerOff)
}

/// What came first: the end of the shell, or a signal to bring the machine down.
enum Outcome {
    Ended(WaitStatus),
    GoDown(Goal),
}

fn outcome(shell: Pid, signals: &Signals) -> Result<Outcome, String> {
    loop {
        match signals.next()? {
            Event::Reboot => return Ok(Outcome::GoDown(Goal::Reboot)),
            Event::PowerOff => return Ok(Outcome::GoDown(Goal::PowerOff)),
            Event::Halt => return Ok(Outcome::GoDown(Goal::Halt)),
            Event::Child | Event::Alarm | Event::CtrlAltDel => {}
        }
        while let Some((process, status)) = supervisor::next_dead() {
            if process == shell {
                return Ok(Outcome::Ended(status));
            }
        }
    }
}

/// Written at once, and waited for: the next step may switch the machine off.
fn frame(line: std::fmt::Arguments) -> Result<(), String> {
    let console = std::io::stdout();
    let written = console.lock().write_all(line.to_string().as_bytes());
    written
        .and_then(|()| console.lock().flush())
        .map_err(|error| error.to_string())?;
    if rustix::termios::isatty(&console) {
        rustix::termios::tcdrain(&console)
            .map_err(|error| format!("cannot wait for the console: {error}"))?;
    }
    Ok(())
}

/// The output must arrive byte for byte, so the console adds nothing. Where it is no terminal
/// there is nothing to switch off.
fn make_console_raw() -> Result<(), String> {
    let console = std::io::stdout();
    if !rustix::termios::isatty(&console) {
        return Ok(());
    }
    let fail = |error| format!("cannot make the console raw: {error}");
    let mut modes = rustix::termios::tcgetattr(&console).map_err(fail)?;
    modes.output_modes.remove(OutputModes::OPOST);
    modes.local_modes.remove(LocalModes::ECHO);
    rustix::termios::tcsetattr(&console, OptionalActions::Now, &modes).map_err(fail)
}

fn shell_status(status: WaitStatus) -> i32 {
    status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal))
        .unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_nonce_and_the_rest_the_command_line() {
        let request = parse("7f3a\necho 'a\nb'\n").expect("well formed");
        assert_eq!(
            request,
            Request {
                nonce: "7f3a",
                command_line: "echo 'a\nb'\n"
            }
        );
    }

    #[test]
    fn a_nonce_is_one_visible_word() {
        assert!(parse("no newline").is_err());
        assert!(parse("\ntrue").is_err());
        assert!(parse("two words\ntrue").is_err());
    }
}
