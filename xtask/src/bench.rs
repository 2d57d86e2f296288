//! `cargo xtask bench`: runs `/bin/bench` in the guest, where virtual time counts instructions,
//! and prints its table: figures that are the same on every host. Below it, unless something else
//! is asked for, stands the table of a kernel without device namespaces: what they cost is the
//! difference. It is measured whole, since what came before shows in some figures.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use qemu::machine::Panel;
use qemu::{Desk, Ending, Kind, Machine, exec};

use crate::build::{self, Flavour, Programs};
use crate::house::House;
use crate::install;
use crate::options::Bench;

/// A table takes well below a minute; a busy host may take longer.
const LIMIT: Duration = Duration::from_secs(900);

/// Memory of a machine with two large screens.
const SCREENS_MIB: u32 = 512;

/// Runs the command.
pub fn command(house: &House, options: &Bench) -> Result<ExitCode> {
    install::ensure(&[install::QEMU])?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let flavour = Flavour::without(options.without);
    measure(house, options, flavour, &Desk::EMPTY, &words)?;
    if options.without.is_none() && words.is_empty() {
        println!("\nThe same without device namespaces (--without devns):");
        measure(house, options, Flavour::WithoutDevns, &Desk::EMPTY, &[])?;
        measure_screens(house, options)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a switch between two screens costs: on a display that reads the guest's memory, small and
/// large, and beside it on one whose pictures the processor must copy (PCI only).
fn measure_screens(house: &House, options: &Bench) -> Result<()> {
    let mut displays = vec![
        ("virtio-gpu", Panel::Virtio, (640, 480)),
        ("virtio-gpu", Panel::Virtio, (3840, 2160)),
    ];
    if options.machine == Kind::Q35 {
        displays.push((
            "bochs-display, which is copied to",
            Panel::Bochs,
            (1024, 768),
        ));
    }
    for (name, panel, (width, height)) in displays {
        println!("\nWith a display of {width}x{height} ({name}):");
        let desk = Desk {
            panel: Some(panel),
            ..Desk::EMPTY
        };
        let desk = desk.sized(width, height);
        measure(
            house,
            options,
            Flavour::Plain,
            &desk,
            &["persona switch, screens"],
        )?;
    }
    Ok(())
}

/// Boots a kernel of this flavour and lets the benchmark program measure.
fn measure(
    house: &House,
    options: &Bench,
    flavour: Flavour,
    desk: &Desk,
    words: &[&str],
) -> Result<()> {
    let kernel = build::kernel(house, flavour)?;
    let mut ramdisk = build::ramdisk(&Programs::build(house)?)?;
    for program in build::test_programs(house, "tests/bench")? {
        ramdisk.add_host(&program.at(&format!("/bin/{}", program.name)))?;
    }
    let mut machine = Machine::new(options.machine, kernel);
    machine.icount = true;
    machine.desk = desk.clone();
    if !desk.is_empty() {
        machine.memory_mib = SCREENS_MIB;
    }
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
