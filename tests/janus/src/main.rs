//! `dev_ns [--list] [PART OF A NAME]`: device namespaces, by raw system calls.
//!
//! Linux has none, so these cases run in the guest only, and what they expect is written down
//! here: the lines of the original's documentation and of `devns::proc`, and for each class of
//! devices what `drivers` says of it. The output is as that of
//! the programs in tests/abi.

use abi_tests::runner::{self, Family};
use janus_tests::persona;

mod ends;
mod kernel_log;
mod logs;
mod many;
mod membership;
mod reads;
mod rights;
mod system_request;
mod writes;

const FAMILIES: &[Family] = &[
    Family {
        name: "dev_ns",
        tables: &[
            writes::CASES,
            reads::CASES,
            rights::CASES,
            membership::CASES,
            ends::CASES,
            many::CASES,
        ],
    },
    Family {
        name: "kernel_log",
        tables: &[kernel_log::CASES],
    },
    Family {
        name: "logger",
        tables: logs::TABLES,
    },
    Family {
        name: "system_request",
        tables: &[system_request::CASES],
    },
];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
