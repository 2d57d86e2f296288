//! `framebuffer [--list] [PART OF A NAME]`: `/dev/fb0`, by raw system calls.
//!
//! The Linux that the tests run on has no such device, so these cases run in the guest only, with
//! a display; what they expect is what Linux's own drivers answer (`Documentation/fb/`), and, of
//! personas, that nothing crosses. The structures are spelt out here once more, word by word, so
//! that a wrong one in the kernel is not taken for right.

use abi_tests::runner::{self, Family};
use janus_tests::persona;

mod bytes;
mod device;
mod information;
mod lights;
mod maps;
mod modes;
mod pan;
mod personas;

const FAMILIES: &[Family] = &[Family {
    name: "fb",
    tables: &[
        information::CASES,
        modes::CASES,
        pan::CASES,
        bytes::CASES,
        maps::CASES,
        personas::CASES,
        lights::CASES,
    ],
}];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
