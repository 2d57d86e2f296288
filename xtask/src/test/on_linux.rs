//! The programs of tests/binder, run on Debian's Linux kernel and on ours, both in QEMU; what
//! they print must be the same, line by line.
//!
//! This Linux here need not have the driver that they test, so the host's kernel is no measure
//! for them. Where Debian's kernel cannot be had, each case still says by itself whether it is
//! well on ours, and one line says that nothing was compared. In the end, `cargo xtask bench
//! --vs-linux` is tried with two operations.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use qemu::{Ending, Kind, Linux, Machine, exec};

use super::abi;
use crate::bench;
use crate::build::{self, Built, Flavour};
use crate::house::{House, Product};
use crate::linux::{self, Availability};
use crate::report::Report;

/// How long a program may take on Debian's kernel, its boot included.
const LIMIT: Duration = Duration::from_secs(300);
/// The families of cases that Debian's kernel cannot run: it has no personas, and is built without
/// binderfs.
const ONLY_OURS: [&str; 2] = ["binderfs::", "personas::"];
/// What Debian's kernel needs for the programs.
const MODULES: [&str; 1] = ["binder_linux"];

/// Runs them and compares.
///
/// # Errors
/// When something does not build, or a machine cannot be started.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let programs = build::test_programs(house, "tests/binder")?;
    let debian = match linux::fetch(house)? {
        Availability::Here(linux) => Some((linux, linux::init(house)?)),
        Availability::Not(reason) => {
            println!("skipped the comparison: Debian's Linux 6.1 cannot be had: {reason}");
            None
        }
    };
    let Built { kernel, ramdisk } = build::image(house, Flavour::Plain)?;
    let machine = Machine::new(Kind::Q35, kernel);
    for program in &programs {
        let mut janus = abi::in_guest(&machine, &ramdisk, program)?;
        match &debian {
            Some((linux, init)) => {
                let start = Instant::now();
                let theirs = on_debian(linux, init, program)?;
                let (release, seconds) = (linux.release(), start.elapsed().as_secs());
                println!("{}: Linux {release} took {seconds} s", program.name);
                let alone = take_those_of_ours(&mut janus.output);
                abi::compare_and_report(program, &theirs, &janus, filter, report);
                let well = abi::judge_cases(program, &alone, filter, report);
                println!(
                    "{}: {well} cases that Linux has nothing for are well",
                    program.name
                );
            }
            None => abi::judge(program, &janus, filter, report),
        }
    }
    bench::versus::test(house, filter, report)
}

/// Takes the lines of the cases that only ours can run out of its output.
fn take_those_of_ours(output: &mut String) -> String {
    let is_ours = |line: &&str| ONLY_OURS.iter().any(|family| line.contains(family));
    let (ours, both): (Vec<&str>, Vec<&str>) = output.lines().partition(is_ours);
    let (ours, both) = (ours.join("\n"), both.join("\n"));
    *output = both;
    ours
}

/// What `program` prints on Debian's kernel.
fn on_debian(linux: &Linux, init: &std::path::Path, program: &Product) -> Result<String> {
    let path = format!("/abi/{}", program.name);
    let mut ramdisk = linux.ramdisk(init, &MODULES)?;
    ramdisk.add_host(&program.at(&path))?;
    let machine = linux.machine(Kind::Q35);
    let mut output = Vec::new();
    let outcome = exec::run(&machine, &ramdisk, &path, LIMIT, &mut output)?;
    if outcome.status.is_none() || outcome.ending != Ending::PowerOff {
        bail!(
            "on Linux, `{}` ended with status {:?}, and {}; the machine said:\n{}",
            program.name,
            outcome.status,
            outcome.ending,
            outcome.aside
        );
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_of_ours_are_set_apart() {
        let mut output =
            String::from("ok a::b\nok binderfs::c\nok personas::d\n3 passed, 0 failed\n");
        assert_eq!(
            take_those_of_ours(&mut output),
            "ok binderfs::c\nok personas::d"
        );
        assert_eq!(output, "ok a::b\n3 passed, 0 failed");
    }
}
