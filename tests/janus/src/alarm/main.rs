//! `alarm [--list] [PART OF A NAME]`: Android's alarm device, by raw system calls.
//!
//! What is expected is what the specification of the device namespaces says. Where there is no
//! `/dev/alarm` every case is left out.

use abi_tests::runner::{self, Family};

mod alarms;
mod personas;

const FAMILIES: &[Family] = &[Family {
    name: "alarm",
    tables: &[alarms::CASES, personas::CASES],
}];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
