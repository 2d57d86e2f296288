//! `cargo xtask bench`: runs `/bin/bench` in the guest, where virtual time counts instructions,
//! and prints its table: figures that are the same on every host.

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
    let kernel = build::kernel(house, Flavour::Plain)?;
    let mut ramdisk = build::ramdisk(&Programs::build(house)?)?;
    for program in build::test_programs(house, "tests/bench")? {
        ramdisk.add_host(&program.at(&format!("/bin/{}", program.name)))?;
    }
    let mut machine = Machine::new(options.machine, kernel);
    machine.icount = true;
    let line = ["bench"]
        .into_iter()
        .chain(options.words.iter().map(String::as_str));
    let line = line.collect::<Vec<_>>().join(" ");
    let outcome = exec::run(
        &machine,
        &ramdisk,
        &line,
        LIMIT,
        &mut std::io::stdout().lock(),
    )?;
    match (outcome.status, outcome.ending) {
        (Some(0), Ending::PowerOff) => Ok(ExitCode::SUCCESS),
        (status, ending) => bail!(
            "the benchmark ended with status {status:?}, and {ending}:\n{}",
            outcome.aside
        ),
    }
}
