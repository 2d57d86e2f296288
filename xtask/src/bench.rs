//! `cargo xtask bench`: runs `/bin/bench` in the guest and prints one table: an operation a row, a
//! kernel a column. Virtual time counts instructions, so that the figures are the same on every
//! host; with `--wall` it is the host's, and the figures are medians.
//!
//! The rooms: [`kernels`], of which [`versus`] fetches one, are booted by [`rounds`] in several
//! [`places`]; the figures make a [`record`], of which [`show`] makes the table, and which
//! [`compare`] holds against an earlier one. [`keep`] has the files of records, [`table`] and
//! [`spread`] are tools of the others.
//!
//! With `--check`, and as a part of `cargo xtask test`, the figures are held against the ceilings
//! of tests/bench/ceilings.txt (see [`ceilings`]).

mod ceilings;
mod compare;
mod hand;
mod keep;
mod kernels;
mod places;
mod record;
mod rounds;
mod show;
mod spread;
mod table;
pub mod versus;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use qemu::Kind;

use self::ceilings::Ceilings;
use self::compare::Comparison;
use self::kernels::{Kernel, Reading, Readings, Setting, Side};
use self::places::Place;
use self::record::{Clock, Record};
use self::rounds::Plan;
use self::table::Table;
use crate::build::Flavour;
use crate::house::House;
use crate::install;
use crate::options::Bench;
use crate::report::Report;

/// The operation that wants a display, and others that begin with this.
const SCREENS: &str = "persona switch, screens";

/// The operations that want somebody to press keys too, and what tells the program that somebody
/// does. Nobody does during the others, since a switch would be in their way.
const BY_KEY: [&str; 2] = ["persona switch by key, screens", KEYS];
const KEYS: &str = "--keys";

/// Parts of the names of the operations that want a keyboard and a display.
const AT_DESK: [&str; 2] = ["evdev", "fb "];

/// The sizes of screens between which it must not make a difference.
const SIZES: [(u32, u32); 2] = [(640, 480), (3840, 2160)];

/// How often each kernel is measured in instructions: enough to see whether two runs agree.
const RUNS: u8 = 2;

/// How often by the wall clock: enough for quartiles.
const RUNS_BY_THE_WALL: u8 = 5;

/// Runs the command.
pub fn command(house: &House, options: &Bench) -> Result<ExitCode> {
    install::ensure(&[install::QEMU])?;
    if options.check {
        let mut report = Report::default();
        run(house, None, &mut report)?;
        print!("{}", report.closing());
        return Ok(report.code());
    }
    if options.vs_linux && options.machine != Kind::Q35 {
        bail!(
            "Debian's kernel has no display on a {}: give --machine q35, or leave --vs-linux out",
            options.machine
        );
    }
    let (clock, runs) = match options.wall {
        true => (Clock::Nanoseconds, RUNS_BY_THE_WALL),
        false => (Clock::Instructions, RUNS),
    };
    // Before all that takes minutes.
    let before = earlier(options, clock)?;
    let mut record = Record::now(house, options.machine, clock, &options.words)?;
    let kernels = kernels_for(house, options, &mut record)?;
    let plan = Plan {
        kernels: &kernels,
        kind: options.machine,
        clock,
        rounds: options.runs.unwrap_or(runs).into(),
        words: &options.words,
    };
    let is_whole = measure(&plan, &mut record)?;
    let sides: Vec<Side> = kernels.iter().map(|(side, _)| *side).collect();
    print(&record, &sides, before.as_ref(), options)?;
    let file = record.keep(house)?;
    eprintln!("kept in {}", file.display());
    Ok(match is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The record that this run is to be compared with, if there is to be one.
fn earlier(options: &Bench, clock: Clock) -> Result<Option<Record>> {
    let Some(file) = &options.compare else {
        return Ok(None);
    };
    let before = Record::read(file)?;
    before.must_be_of(file, options.machine, clock)?;
    Ok(Some(before))
}

/// Carries the plan out and puts the figures into the record. What could not be measured it says,
/// and returns whether there was nothing of that kind.
fn measure(plan: &Plan<'_>, record: &mut Record) -> Result<bool> {
    let gathered = plan.run()?;
    for problem in &gathered.problems {
        eprintln!("{problem}");
    }
    if gathered.rows.is_empty() {
        bail!(
            "there is no figure of `{}`: `cargo xtask bench` shows every operation",
            plan.words.join("`, `")
        );
    }
    record.rows = gathered.rows;
    Ok(gathered.problems.is_empty())
}

/// The kernels that are asked for, Linux if it can be had.
fn kernels_for(house: &House, options: &Bench, record: &mut Record) -> Result<Vec<(Side, Kernel)>> {
    let janus = |flavour| Kernel::janus(house, options.machine, flavour);
    let mut kernels = Vec::new();
    if options.vs_linux {
        let debian = versus::debian(house)?;
        kernels.extend(debian.map(|(release, kernel)| {
            record.linux_release = Some(release);
            (Side::Linux, kernel)
        }));
    }
    kernels.push((Side::Janus, janus(Flavour::Plain)?));
    if options.without.is_some() || options.words.is_empty() {
        kernels.push((Side::WithoutDevns, janus(Flavour::WithoutDevns)?));
    }
    Ok(kernels)
}

/// Prints the figures, and what changed since `before`.
fn print(record: &Record, sides: &[Side], before: Option<&Record>, options: &Bench) -> Result<()> {
    let mut output = std::io::stdout().lock();
    let text = if options.json {
        record.json()?
    } else {
        let as_asked = |table: &Table| match options.markdown {
            true => table.markdown(),
            false => table.text(),
        };
        let closed = |table: String, notes: Vec<String>| format!("{table}\n{}\n", notes.join("\n"));
        let now = closed(
            as_asked(&show::table(record, sides)),
            show::notes(record, sides),
        );
        let since = before.map(|before| {
            let Comparison { table, notes } = Comparison::of(before, record);
            let (date, commit) = (&before.date, &before.commit);
            let heading = format!("\nSince {date} ({commit}):\n\n");
            let changes = match table.is_empty() {
                true => String::from("nothing changed\n"),
                false => as_asked(&table),
            };
            heading + &closed(changes, notes)
        });
        now + &since.unwrap_or_default()
    };
    output
        .write_all(text.as_bytes())
        .context("could not print the table")
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
    let kernel = Kernel::janus(house, Kind::Q35, Flavour::Plain)?;
    let mut figures = figures_of(&kernel, &Place::without_display(), &[])?;
    for place in SIZES.map(Place::with_display) {
        figures.extend(figures_of(&kernel, &place, &[SCREENS])?);
        figures.extend(figures_of(&kernel, &place, &BY_KEY)?);
    }
    let usual = Place::usual(Kind::Q35);
    figures.extend(figures_of(&kernel, &usual, &AT_DESK)?);
    // What a switch costs where the processor must copy the picture, however many there are.
    let copied = usual.named(SCREENS);
    let figure = figures_of(&kernel, &usual, &[SCREENS])?.into_iter();
    figures.extend(figure.filter(|figure| figure.operation == copied));
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

/// What the program measures in a place when it is given these words.
fn figures_of(kernel: &Kernel, place: &Place, words: &[&str]) -> Result<Vec<Reading>> {
    let setting = Setting {
        desk: &place.desk,
        icount: true,
    };
    let Readings {
        mut figures,
        problems,
    } = kernel.measure(setting, words)?;
    if !problems.is_empty() {
        bail!("not all could be measured:\n{}", problems.join("\n"));
    }
    for figure in &mut figures {
        figure.operation = place.named(&figure.operation);
    }
    Ok(figures)
}
