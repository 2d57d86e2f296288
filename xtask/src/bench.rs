//! `cargo xtask bench`: runs `/bin/bench` in the guest, where virtual time counts instructions,
//! and prints its table: figures that are the same on every host. Below it, unless something else
//! is asked for, stands the table of a kernel without device namespaces: what they cost is the
//! difference. It is measured whole, since what came before shows in some figures.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use qemu::{Ending, Machine, exec};

use crate::build::{self, Flavour, Programs};
use crate::house::House;
use crate::install;
use crate::options::Bench;

/// A table takes well below a minute; a busy host may take longer.
const LIMIT: Duration = Duration::from_secs(900);

/// Runs the command.
pub fn command(house: &House, options: &Bench) -> Result<ExitCode> {
    install::ensure(&[install::QEMU])?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    measure(house, options, Flavour::without(options.without), &words)?;
    if options.without.is_none() && words.is_empty() {
        println!("\nThe same without device namespaces (--without devns):");
        measure(house, options, Flavour::WithoutDevns, &[])?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Boots a kernel of this flavour and lets the benchmark program measure.
fn measure(house: &House, options: &Bench, flavour: Flavour, words: &[&str]) -> Result<()> {
    let kernel = build::kernel(house, flavour)?;
    let mut ramdisk = build::ramdisk(&Programs::build(house)?)?;
    for program in build::test_programs(house, "tests/bench")? {
        ramdisk.add_host(&program.at(&format!("/bin/{}", program.name)))?;
    }
    let mut machine = Machine::new(options.machine, kernel);
    machine.icount = true;
    let mut line = String::from("bench");
    for word in words {
        // In quotes, since names of operations have spaces in them.
        line.push_str(&format!(" '{}'", word.replace('\'', "'\\''")));
    }
    let outcome = exec::run(
        &machine,
        &ramdisk,
        &line,
        LIMIT,
        &mut std::io::stdout().lock(),
    )?;
    match (outcome.status, outcome.ending) {
        (Some(0), Ending::PowerOff) => Ok(()),
        (status, ending) => bail!(
            "the benchmark ended with status {status:?}, and {ending}:\n{}",
            outcome.aside
        ),
    }
}
