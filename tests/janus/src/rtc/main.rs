//! `rtc [--list] [PART OF A NAME]`: the real-time clock, by raw system calls.
//!
//! What is expected is what Linux 6.1 answers (rtc(4)), and for personas what the specification
//! of the device namespaces says. Where there is no `/dev/rtc0` that can be opened every case is
//! left out.

use abi_tests::runner::{self, Family};

mod adjust;
mod alarms;
mod periodic;
mod personas;
mod times;

const FAMILIES: &[Family] = &[Family {
    name: "rtc",
    tables: &[
        times::CASES,
        adjust::CASES,
        alarms::CASES,
        periodic::CASES,
        personas::CASES,
    ],
}];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
