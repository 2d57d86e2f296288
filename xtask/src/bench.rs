//! `cargo xtask bench`: runs `/bin/bench` in the guest, where virtual time counts instructions,
//! and prints its table: figures that are the same on every host. Below it, unless something else
//! is asked for, stands the table of a kernel without device namespaces: what they cost is the
//! difference. It is measured whole, since what came before shows in some figures.
//!
//! With `--check`, and as a part of `cargo xtask test`, the figures are held against the ceilings
//! of tests/bench/ceilings.txt (see [`ceilings`]).

mod ceilings;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu::machine::Panel;
use qemu::{Desk, Ending, Kind, Machine, exec};

use self::ceilings::{Ceilings, Figure};
use crate::build::{self, Built, Flavour};
use crate::house::House;
use crate::install;
use crate::options::Bench;
use crate::report::Report;

/// A table takes well below a minute; a busy host may take longer.
const LIMIT: Duration = Duration::from_secs(900);

/// The operation that wants a display.
const SCREENS: &str = "persona switch, screens";

/// The sizes of screens between which it must not make a difference.
const SIZES: [(u32, u32); 2] = [(640, 480), (3840, 2160)];

/// Memory of a machine with two large screens.
const SCREENS_MIB: u32 = 512;

/// Runs the command.
pub fn command(house: &House, options: &Bench) -> Result<ExitCode> {
    install::ensure(&[install::QEMU])?;
    if options.check {
        let mut report = Report::default();
        run(house, None, &mut report)?;
        print!("{}", report.closing());
        return Ok(report.code());
    }
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let flavour = Flavour::without(options.without);
    let (kind, none) = (options.machine, Desk::EMPTY);
    let mut output = std::io::stdout().lock();
    measure(house, kind, flavour, &none, &words, &mut output)?;
    if options.without.is_none() && words.is_empty() {
        heading(
            &mut output,
            "The same without device namespaces (--without devns):",
        )?;
        let flavour = Flavour::WithoutDevns;
        measure(house, kind, flavour, &none, &[], &mut output)?;
    }
    let asked = |word: &&str| SCREENS.contains(*word);
    if options.without.is_none() && (words.is_empty() || words.iter().any(asked)) {
        measure_screens(house, kind, &mut output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what the next table is of.
fn heading(output: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(output, "\n{text}").context("could not print the table")
}

/// What a switch between two screens costs: on a display that reads the guest's memory, small and
/// large, and beside it on one whose pictures the processor must copy (PCI only).
fn measure_screens(house: &House, kind: Kind, output: &mut dyn Write) -> Result<()> {
    let mut displays = SIZES
        .map(|size| ("virtio-gpu", Panel::Virtio, size))
        .to_vec();
    if kind == Kind::Q35 {
        displays.push((
            "bochs-display, which is copied to",
            Panel::Bochs,
            (1024, 768),
        ));
    }
    for (name, panel, (width, height)) in displays {
        heading(
            output,
            &format!("With a display of {width}x{height} ({name}):"),
        )?;
        let desk = screen_of(panel, (width, height));
        measure(house, kind, Flavour::Plain, &desk, &[SCREENS], output)?;
    }
    Ok(())
}

/// Holds every operation against its ceiling, one result each: those with `filter` in their names.
///
/// # Errors
/// When something does not build, the ceilings cannot be read, or the machine prints no figures.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let ceilings = Ceilings::read(house.root())?;
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    if !ceilings.names().any(wanted) {
        return Ok(());
    }
    let (flavour, desk, words) = (Flavour::Plain, Desk::EMPTY, ["--json"]);
    let mut json = Vec::new();
    measure(house, Kind::Q35, flavour, &desk, &words, &mut json)?;
    let mut figures = Figure::list(&json)?;
    for size in SIZES {
        figures.push(switch_of_screens(house, size)?);
    }
    for verdict in ceilings.judge(&figures) {
        if !wanted(&verdict.operation) {
            continue;
        }
        println!("cost of {} ... {}", verdict.operation, verdict.text);
        match verdict.has_failed {
            false => report.pass(1),
            true => report.fail(format!("cost of {}: {}", verdict.operation, verdict.text)),
        }
    }
    Ok(())
}

/// What a switch between two screens of this size costs.
fn switch_of_screens(house: &House, (width, height): (u32, u32)) -> Result<Figure> {
    let desk = screen_of(Panel::Virtio, (width, height));
    let (flavour, words) = (Flavour::Plain, [SCREENS, "--json"]);
    let mut json = Vec::new();
    measure(house, Kind::Q35, flavour, &desk, &words, &mut json)?;
    let figures = Figure::list(&json)?;
    let figure = figures.into_iter().next();
    let figure = figure.context("the benchmark program printed no figure for screens")?;
    let operation = format!("persona switch, {width}x{height}");
    Ok(Figure {
        operation,
        ..figure
    })
}

/// A desk with this panel and nothing else.
fn screen_of(panel: Panel, (width, height): (u32, u32)) -> Desk {
    let desk = Desk {
        panel: Some(panel),
        ..Desk::EMPTY
    };
    desk.sized(width, height)
}

/// Boots a kernel of this flavour at a desk and lets the benchmark program measure; what it prints
/// goes to `output`.
fn measure(
    house: &House,
    kind: Kind,
    flavour: Flavour,
    desk: &Desk,
    words: &[&str],
    output: &mut dyn Write,
) -> Result<()> {
    let Built {
        kernel,
        mut ramdisk,
    } = build::image(house, flavour)?;
    for program in build::test_programs(house, "tests/bench")? {
        ramdisk.add_host(&program.at(&format!("/bin/{}", program.name)))?;
    }
    let mut machine = Machine::new(kind, kernel);
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
    let outcome = exec::run(&machine, &ramdisk, &line, LIMIT, output)?;
    match (outcome.status, outcome.ending) {
        (Some(0), Ending::PowerOff) => Ok(()),
        (status, ending) => bail!(
            "the benchmark ended with status {status:?}, and {ending}:\n{}",
            outcome.aside
        ),
    }
}
