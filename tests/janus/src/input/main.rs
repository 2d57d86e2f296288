//! `input [--list] [PART OF A NAME]`: input devices, by raw system calls.
//!
//! The machine must have a PS/2 keyboard and mouse and a virtio tablet. Events are written into
//! the devices' own files, which hand them to all readers as if a finger had made them, so nobody
//! outside is needed; keys that really come from outside are the scenarios' business. What is
//! expected is what Linux 6.1 answers (`Documentation/input/`, evdev and mousedev), and for
//! personas what the specification of the device namespaces says. On a Linux without such devices
//! every case is left out.

use abi_tests::runner::{self, Family};

mod background;
mod commands;
mod held;
mod keymap;
mod lamps;
mod listed;
mod mice;
mod player;
mod readers;
mod reading;
mod wanted;

const FAMILIES: &[Family] = &[Family {
    name: "input",
    tables: &[
        commands::CASES,
        keymap::CASES,
        reading::CASES,
        readers::CASES,
        wanted::CASES,
        held::CASES,
        listed::CASES,
        mice::CASES,
        background::CASES,
        lamps::CASES,
    ],
}];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
