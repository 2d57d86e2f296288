//! `palette`: colours that change, until a key is pressed.

use std::process::ExitCode;

use pictures::{Palette, stage};

const HELP: &str = "\
Usage: palette

Fills the screen (/dev/fb0) with colours that change, until a key is pressed.";

fn main() -> ExitCode {
    stage::main("palette", HELP, &mut Palette::default())
}
