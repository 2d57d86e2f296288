//! A terminal on the screen.
//!
//! A shell runs on a pty; what it writes is parsed into a grid of cells (`emulator`), and those
//! that changed are drawn on `/dev/fb0` (`view`) below a bar that tells which persona this is
//! (`bar`). Keys come from `/dev/input` and become the bytes that the shell reads (`keyboard`).
//! `session` is all of that on plain memory; `desk` puts the devices around it and waits.
//!
//! Contract: the terminal sleeps in poll(2) while nothing happens. It ends when its shell does,
//! and whoever started it starts it again if they like. It does not draw while a program has the
//! screen to itself, and draws everything when that one is gone.
//!
//! Source: xterm's ctlseqs, ECMA-48, pty(7).

mod bar;
mod colours;
pub mod desk;
mod emulator;
pub mod keyboard;
pub mod options;
pub mod session;
pub mod shell;
mod view;

use std::ffi::OsString;

use options::{Options, Wish};

/// Does what the command line asks for; `words` holds the program's own name first. Returns its
/// status.
pub fn main(words: Vec<OsString>) -> i32 {
    if let Some(failure) = shell::become_command(words.iter().cloned()) {
        eprintln!("term: {failure}");
        return 127;
    }
    let ended = match Options::parse(words.into_iter().skip(1)) {
        Ok(Wish::Help(text)) => {
            print!("{text}");
            return 0;
        }
        Ok(Wish::Run(options)) => desk::run(&options),
        Err(message) => Err(message),
    };
    match ended {
        Ok(()) => 0,
        Err(message) => {
            eprintln!("term: {message}");
            1
        }
    }
}
