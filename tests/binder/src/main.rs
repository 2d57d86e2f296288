//! `binder [--list] [PART OF A NAME]`: the binder protocol, by raw ioctls.
//!
//! Each case says what it expects, and Linux 6.1 must pass it. What it notes (error numbers, the
//! order of answers) stands in its line, so that two kernels can be compared line by line.

use abi_tests::runner::{self, Family};

mod binderfs;
mod buffers;
mod commands;
mod context;
mod dead;
mod death;
mod descriptors;
mod device;
mod endpoint;
mod ends;
mod exchange;
mod expect;
mod freeze;
mod information;
mod load;
mod malformed;
mod manager;
mod mapping;
mod nested;
mod objects;
mod one_way;
mod outdated;
mod pair;
mod parcel;
mod personas;
mod polling;
mod protocol;
mod references;
mod returns;
mod scatter;
mod senders;
mod threads;
mod transactions;

const FAMILIES: &[Family] = &[
    Family {
        name: "device",
        tables: &[device::CASES],
    },
    Family {
        name: "exchange",
        tables: &[exchange::CASES],
    },
    Family {
        name: "mapping",
        tables: &[mapping::CASES],
    },
    Family {
        name: "context",
        tables: &[context::CASES],
    },
    Family {
        name: "transactions",
        tables: &[transactions::CASES],
    },
    Family {
        name: "buffers",
        tables: &[buffers::CASES],
    },
    Family {
        name: "senders",
        tables: &[senders::CASES],
    },
    Family {
        name: "one_way",
        tables: &[one_way::CASES],
    },
    Family {
        name: "references",
        tables: &[references::CASES],
    },
    Family {
        name: "objects",
        tables: &[objects::CASES],
    },
    Family {
        name: "malformed",
        tables: &[malformed::CASES],
    },
    Family {
        name: "descriptors",
        tables: &[descriptors::CASES],
    },
    Family {
        name: "scatter",
        tables: &[scatter::CASES],
    },
    Family {
        name: "death",
        tables: &[death::CASES],
    },
    Family {
        name: "dead",
        tables: &[dead::CASES],
    },
    Family {
        name: "threads",
        tables: &[threads::CASES],
    },
    Family {
        name: "ends",
        tables: &[ends::CASES],
    },
    Family {
        name: "nested",
        tables: &[nested::CASES],
    },
    Family {
        name: "freeze",
        tables: &[freeze::CASES],
    },
    Family {
        name: "outdated",
        tables: &[outdated::CASES],
    },
    Family {
        name: "polling",
        tables: &[polling::CASES],
    },
    Family {
        name: "information",
        tables: &[information::CASES],
    },
    Family {
        name: "load",
        tables: &[load::CASES],
    },
    Family {
        name: "binderfs",
        tables: &[binderfs::CASES],
    },
    Family {
        name: "personas",
        tables: &[personas::CASES],
    },
];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}
