//! The kernels that are measured, each ready to boot: Debian's Linux, Janus, and Janus without
//! device namespaces; and the one way in which the benchmark program runs on all of them.
//!
//! Contract: the same static program, on the same machine with the same devices and memory, and
//! under the same options of QEMU. What differs is the kernel and who starts the program: on Janus
//! init and its shell, on Linux the init of tests/linux, which mounts, loads the modules of
//! [`MODULES`] and starts it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu::exec::{self, Outcome};
use qemu::{Desk, Ending, Kind, Linux, Machine, Ramdisk};
use serde::Deserialize;

use super::KEYS;
use super::hand::Hand;
use super::record::Unit;
use crate::build::{self, Built, Flavour};
use crate::house::House;
use crate::linux;

/// A boot takes well below a minute; a busy host may take longer.
const LIMIT: Duration = Duration::from_secs(900);

/// Memory of a machine with a desk, in MiB: there may be two large screens, and Debian's kernel
/// needs more than ours.
const MIB_AT_A_DESK: u32 = 512;

/// Where the program is.
const PROGRAM: &str = "/bin/bench";

/// What Debian's kernel needs to drive the devices that ours drives by itself. virtio's devices are
/// reached over PCI, which none of the others names as what it depends on.
const MODULES: [&str; 5] = [
    "binder_linux",
    "evdev",
    "virtio_pci",
    "virtio_input",
    "bochs",
];

/// Who is measured, in the order of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Debian's Linux.
    Linux,
    /// Janus as it is.
    Janus,
    /// Janus without device namespaces.
    WithoutDevns,
}

impl Side {
    /// Every side.
    pub const ALL: [Self; 3] = [Self::Linux, Self::Janus, Self::WithoutDevns];

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Janus => "Janus",
            Self::WithoutDevns => "without devns",
        }
    }
}

/// A kernel, with the benchmark program in its ramdisk.
pub struct Kernel {
    machine: Machine,
    ramdisk: Ramdisk,
}

/// How it is booted.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The devices.
    pub desk: &'a Desk,
    /// Whether virtual time counts instructions.
    pub icount: bool,
}

/// What the program says of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reading {
    /// The operation.
    pub operation: String,
    /// How much it takes.
    pub value: i64,
    /// Of what: bytes, or what the clock counts, whichever that is; none where the program leaves
    /// that to its name.
    pub unit: Option<Unit>,
}

/// What one boot gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// The figures, in the program's order.
    pub figures: Vec<Reading>,
    /// What could not be measured and why, a line each.
    pub problems: Vec<String>,
}

impl Kernel {
    /// Builds Janus in this flavour.
    ///
    /// # Errors
    /// When something does not build.
    pub fn janus(house: &House, kind: Kind, flavour: Flavour) -> Result<Self> {
        let Built { kernel, ramdisk } = build::image(house, flavour)?;
        Self::with_program(house, Machine::new(kind, kernel), ramdisk)
    }

    /// Debian's, with an init of ours.
    ///
    /// # Errors
    /// When something does not build, or the package lacks a module.
    pub fn debian(house: &House, debian: &Linux) -> Result<Self> {
        let ramdisk = debian.ramdisk(&linux::init(house)?, &MODULES)?;
        Self::with_program(house, debian.machine(Kind::Q35), ramdisk)
    }

    fn with_program(house: &House, machine: Machine, mut ramdisk: Ramdisk) -> Result<Self> {
        let programs = build::test_programs(house, "tests/bench")?;
        let program = programs.first().context("tests/bench has no program")?;
        ramdisk.add_host(&program.at(PROGRAM))?;
        Ok(Self { machine, ramdisk })
    }

    /// One that nobody boots.
    #[cfg(test)]
    pub fn none() -> Self {
        Self {
            machine: Machine::new(Kind::Q35, ""),
            ramdisk: Ramdisk::new(),
        }
    }

    /// Boots it and lets the program measure the operations with one of `words` in their names, or
    /// all.
    ///
    /// # Errors
    /// When the machine does not come to the end of the program, or the program's figures are none.
    pub fn measure(&self, setting: Setting<'_>, words: &[&str]) -> Result<Readings> {
        let mut output = Vec::new();
        let outcome = self.boot(setting, &[&["--json"], words].concat(), &mut output)?;
        match (outcome.status, outcome.ending) {
            // Of what could not be measured the program tells, and ends with 1.
            (Some(0 | 1), Ending::PowerOff) => Readings::parse(&String::from_utf8_lossy(&output)),
            (status, ending) => bail!(
                "the benchmark program ended with status {status:?}, and {ending}; it said:\n{}{}",
                String::from_utf8_lossy(&output),
                outcome.aside
            ),
        }
    }

    /// Boots it and runs the program with `words`, with a hand at the keyboard if they say so; what
    /// it prints goes to `output`.
    ///
    /// # Errors
    /// When the machine cannot be started, or takes too long.
    fn boot(
        &self,
        setting: Setting<'_>,
        words: &[&str],
        output: &mut dyn std::io::Write,
    ) -> Result<Outcome> {
        let mut machine = self.machine.clone();
        machine.icount = setting.icount;
        machine.desk = setting.desk.clone();
        if !setting.desk.is_empty() {
            machine.memory_mib = MIB_AT_A_DESK;
        }
        let line = [&[PROGRAM], words].concat();
        let line = shlex::try_join(line).context("a name of an operation has a NUL in it")?;
        let outcome = if words.contains(&KEYS) {
            let mut hand = Hand::at(&mut machine, output);
            exec::run(&machine, &self.ramdisk, &line, LIMIT, &mut hand)?
        } else {
            exec::run(&machine, &self.ramdisk, &line, LIMIT, output)?
        };
        Ok(outcome)
    }
}

impl Readings {
    /// Reads a list in JSON, and lines after it about what could not be measured.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self> {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter();
        let figures: Vec<Reading> = stream
            .next()
            .context("the benchmark program printed nothing")?
            .with_context(|| format!("the benchmark program printed no JSON list:\n{text}"))?;
        let rest = text.get(stream.byte_offset()..).unwrap_or_default();
        let problems = rest.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Self {
            figures,
            problems: problems.map(str::to_owned).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_what_is_behind_them_too() {
        let text = "[\n  {\"operation\": \"stat\", \"value\": 1850, \"linux\": 7400},\n  \
                    {\"operation\": \"memory in use\", \"value\": 9, \"unit\": \"bytes\"}\n]\n\
                    fork: not measured: clone: EAGAIN\n";
        let readings = Readings::parse(text).expect("a list");
        let reading = |operation: &str, value, unit| Reading {
            operation: operation.into(),
            value,
            unit,
        };
        assert_eq!(
            readings.figures,
            [
                reading("stat", 1850, None),
                reading("memory in use", 9, Some(Unit::Bytes))
            ]
        );
        assert_eq!(readings.problems, ["fork: not measured: clone: EAGAIN"]);
        assert_eq!(
            Readings::parse("[\n\n]\n").expect("empty"),
            Readings::default()
        );
    }

    #[test]
    fn what_is_no_list_is_shown() {
        let error = Readings::parse("panicked at 5").expect_err("no list");
        assert!(format!("{error:#}").contains("panicked at 5"));
        assert!(Readings::parse("").is_err());
    }
}
