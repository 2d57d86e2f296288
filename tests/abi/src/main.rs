//! `abi-tests [--list] [PART OF A NAME]`: checks each family of system calls against Linux.
//!
//! Prints `ok family::case`, with values worth comparing after a colon, or `FAILED family::case:
//! what was seen, what was expected`, and last `N passed, N failed`. Exits with 1 if a case failed.

use abi_tests::runner::{self, Family};

mod directories;
mod files;
mod helper;
mod memory;
mod metadata;
mod mounts;
mod namespaces;
mod pipes;
mod processes;
mod procfs;
mod signals;
mod system;
mod terminals;
mod threads;
mod time;

const FAMILIES: &[Family] = &[
    Family {
        name: "files",
        tables: files::TABLES,
    },
    Family {
        name: "directories",
        tables: directories::TABLES,
    },
    Family {
        name: "metadata",
        tables: metadata::TABLES,
    },
    Family {
        name: "mounts",
        tables: mounts::TABLES,
    },
    Family {
        name: "pipes",
        tables: pipes::TABLES,
    },
    Family {
        name: "memory",
        tables: memory::TABLES,
    },
    Family {
        name: "processes",
        tables: processes::TABLES,
    },
    Family {
        name: "namespaces",
        tables: namespaces::TABLES,
    },
    Family {
        name: "threads",
        tables: threads::TABLES,
    },
    Family {
        name: "signals",
        tables: signals::TABLES,
    },
    Family {
        name: "time",
        tables: time::TABLES,
    },
    Family {
        name: "terminals",
        tables: terminals::TABLES,
    },
    Family {
        name: "procfs",
        tables: procfs::TABLES,
    },
    Family {
        name: "system",
        tables: system::TABLES,
    },
];

fn main() {
    let mut arguments = std::env::args();
    // A case that tries to run this program with no arguments at all expects to be refused.
    if std::env::args().next().is_none_or(|name| name.is_empty()) {
        abi_tests::process::leave(helper::NO_COMMAND);
    }
    // A case runs this program again under this name to see what a new program is given.
    if arguments
        .next()
        .is_some_and(|name| name.ends_with("abi-helper"))
    {
        helper::main(&arguments.collect::<Vec<_>>());
    }
    let status = runner::main(FAMILIES);
    std::process::exit(status);
}
