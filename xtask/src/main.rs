//! The commands of the project: `cargo xtask …`.
//!
//! Each command is a thin room over `qemu/` and cargo: [`options`] says what can be typed,
//! [`build`] makes the image, [`run`], [`screenshot`], [`demo`], [`debug`], [`size`], [`mod@bench`],
//! [`check`], [`on_linux`] and [`mod@test`] are the commands, [`toolchain`], [`install`] and
//! [`linux`] find (or fetch, on Debian as root) what they need.
//! A bare `cargo xtask` prints a menu that teaches; a misspelt command is answered with the one
//! that was probably meant.

mod bench;
mod build;
mod check;
mod debug;
mod demo;
mod house;
mod install;
mod kernel_words;
mod linux;
mod menu;
mod on_linux;
mod options;
mod report;
mod run;
mod running;
mod screenshot;
mod size;
mod symbols;
mod test;
mod toolchain;
mod window;

use std::process::ExitCode;

use clap::Parser;

use crate::house::House;
use crate::options::{Command, Options};

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => return menu::refuse(&error),
    };
    let house = House::find();
    match dispatch(&house, options.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(house: &House, command: Option<Command>) -> anyhow::Result<ExitCode> {
    match command {
        None => {
            print!("{}", menu::TEXT);
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Build(options)) => build::command(house, &options),
        Some(Command::Run(options)) => run::command(house, &options),
        Some(Command::Screenshot(options)) => screenshot::command(house, &options),
        Some(Command::Demo(options)) => demo::command(house, &options),
        Some(Command::Test(options)) => test::command(house, &options),
        Some(Command::Check) => check::command(house),
        Some(Command::Debug(board)) => debug::command(house, &board),
        Some(Command::Size) => size::command(house),
        Some(Command::Bench(options)) => bench::command(house, &options),
        Some(Command::Linux(options)) => on_linux::command(house, &options),
    }
}
