//! `term`: a terminal on the screen. What it does is in the library.

use std::process::ExitCode;

use term::options::{Options, Wish};
use term::{desk, shell};

fn main() -> ExitCode {
    if let Some(failure) = shell::become_command(std::env::args_os()) {
        eprintln!("term: {failure}");
        return ExitCode::from(127);
    }
    let ended = match Options::parse(std::env::args_os().skip(1)) {
        Ok(Wish::Help(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Ok(Wish::Run(options)) => desk::run(&options),
        Err(message) => Err(message),
    };
    if let Err(message) = ended {
        eprintln!("term: {message}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
