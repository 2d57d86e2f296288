//! Process 1. It mounts what every program expects, starts what `/etc/inittab` says, buries
//! every process whose parent is gone, and brings the machine down in good order.
//!
//! Contract: `init` as process 1 never returns; the machine goes down through reboot(2).
//! `init --exec` runs the one command line of `/etc/exec` instead of the table and powers off
//! (see `exec.rs`). `init --session` is the helper through which every other program is started
//! (see `session.rs`); it needs no privilege and is not process 1. `init --persona` is process 1
//! of a persona: it finds the machine as the root's init made it, and ends with status 0.
//!
//! Source: init(8) of System V and BusyBox for the table and the meaning of the signals;
//! reboot(2), setsid(2), tty_ioctl(4).

mod exec;
mod mounts;
mod personas;
mod service;
mod session;
mod shutdown;
mod signals;
mod supervisor;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;

const HELP: &str = "\
Usage: init [--table FILE]       run as process 1: start what FILE (/etc/inittab) says
       init --exec [FILE]        run as process 1: run the command line in FILE (/etc/exec),
                                 report its status on the console, power off
       init --persona [FILE]     run as process 1 of a persona: start what FILE
                                 (/etc/persona.inittab) says, end when asked to
       init --session TTY [--ask] COMMAND [ARG...]
                                 run COMMAND as leader of a session on the terminal TTY
                                 ('-' for none)
Signals to process 1: TERM reboots, USR2 powers off, USR1 halts, INT runs the
'ctrlaltdel' entries of the table. In a persona each but INT ends the persona.
";

/// What the command line asks for.
enum Mode {
    Table(PathBuf),
    Exec(PathBuf),
    Persona(PathBuf),
    Session(Vec<OsString>),
    Help,
}

fn mode(arguments: Vec<OsString>) -> Result<Mode, String> {
    let mut rest = arguments.into_iter();
    let Some(first) = rest.next() else {
        return Ok(Mode::Table(table::PATH.into()));
    };
    match first.to_str() {
        Some("--table") => match rest.next() {
            Some(file) => Ok(Mode::Table(file.into())),
            None => Err("--table needs the name of a file after it".into()),
        },
        Some("--exec") => Ok(Mode::Exec(
            rest.next().map_or(exec::PATH.into(), PathBuf::from),
        )),
        Some("--persona") => Ok(Mode::Persona(
            rest.next()
                .map_or(table::PERSONA_PATH.into(), PathBuf::from),
        )),
        Some("--session") => Ok(Mode::Session(rest.collect())),
        Some("--help") => Ok(Mode::Help),
        // What a kernel hands on from its command line (`single`, `splash` …) is no reason to
        // stay down: process 1 that ends is a panic.
        _ if std::process::id() == 1 => {
            eprintln!("init: ignoring the argument '{}'", first.display());
            Ok(Mode::Table(table::PATH.into()))
        }
        _ => Err(format!(
            "unknown argument '{}', see init --help",
            first.display()
        )),
    }
}

/// Does what the command line asks for; `words` holds the program's own name first. Returns its
/// status.
pub fn main(words: Vec<OsString>) -> i32 {
    let failure = match mode(words.into_iter().skip(1).collect()) {
        Ok(Mode::Help) => {
            print!("{HELP}");
            return 0;
        }
        Ok(Mode::Session(arguments)) => session::become_command(arguments),
        Ok(Mode::Table(_) | Mode::Exec(_) | Mode::Persona(_)) if std::process::id() != 1 => {
            "this is not process 1, so there is nothing to start; \
             use poweroff, reboot or halt to bring the machine down"
                .into()
        }
        Ok(Mode::Table(file)) => supervisor::run_table(&file),
        Ok(Mode::Exec(file)) => exec::run(&file),
        Ok(Mode::Persona(file)) => match supervisor::run_persona(&file) {
            Ok(()) => return 0,
            Err(message) => message,
        },
        Err(message) => message,
    };
    eprintln!("init: {failure}");
    1
}
