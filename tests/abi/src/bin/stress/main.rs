//! `stress [--list] [PART OF A NAME]`: an ordinary Rust program that uses the standard library
//! hard: 32 threads, channels, timers, files and processes. What it prints depends on nothing
//! but right answers.

use abi_tests::runner::{self, Family};

mod files;
mod threads;

const FAMILIES: &[Family] = &[Family {
    name: "stress",
    tables: &[threads::CASES, files::CASES],
}];

fn main() {
    // A case runs this program again to see a child's output.
    if std::env::args().nth(1).is_some_and(|word| word == "echo") {
        files::echo();
        return;
    }
    std::process::exit(runner::main(FAMILIES));
}
