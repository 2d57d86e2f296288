//! What a run of the benchmark measured, kept as JSON in target/bench/, so that a later run can be
//! held against it. [`super::keep`] has the files.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use chrono::{SecondsFormat, Utc};
use qemu::Kind;
use serde::{Deserialize, Serialize};

use super::kernels::Side;
use super::spread;
use crate::house::House;

/// What [`Record::format`] is. Who changes what a field means counts it up.
pub const FORMAT: u32 = 1;

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this form: 1.
    pub format: u32,
    /// When it began, in UTC, as RFC 3339 has it.
    pub date: String,
    /// The commit that Janus was built from, with `-dirty` where files had been changed since.
    pub commit: String,
    /// What was typed.
    pub command: String,
    /// The kind of machine.
    pub machine: String,
    /// The emulator with its version, as it says it itself.
    pub emulator: String,
    /// The release of Debian's Linux that was measured, if it was.
    pub linux_release: Option<String>,
    /// What was counted.
    pub clock: Clock,
    /// Parts of the names of operations that were asked for; none: all.
    pub words: Vec<String>,
    /// The operations.
    pub rows: Vec<Row>,
}

/// What a time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Instructions, the same on every host.
    Instructions,
    /// The host's time.
    Nanoseconds,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Instructions.
    Instructions,
    /// Nanoseconds of the host's time.
    Nanoseconds,
    /// Bytes of memory.
    Bytes,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub operation: String,
    /// What the figures count.
    pub unit: Unit,
    /// What it takes on Debian's Linux: of several runs the one in the middle.
    pub linux: Option<i64>,
    /// What it takes on Janus.
    pub janus: Option<i64>,
    /// What it takes on Janus without device namespaces.
    pub without_devns: Option<i64>,
    /// Janus in parts of Linux.
    pub ratio: Option<f64>,
    /// What device namespaces add, in percent.
    pub devns_percent: Option<f64>,
    /// What each run gave.
    pub runs: Runs,
}

/// The figures of one operation, in the order of the runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// On Debian's Linux.
    pub linux: Vec<i64>,
    /// On Janus.
    pub janus: Vec<i64>,
    /// On Janus without device namespaces.
    pub without_devns: Vec<i64>,
}

impl Clock {
    /// The unit of an operation that does not name its own: this one, but of memory, bytes.
    pub fn unit_of(self, operation: &str) -> Unit {
        match self {
            _ if operation.contains("memory") => Unit::Bytes,
            Self::Instructions => Unit::Instructions,
            Self::Nanoseconds => Unit::Nanoseconds,
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

impl Row {
    /// The row of an operation of which the runs gave this.
    pub fn new(operation: String, unit: Unit, runs: Runs) -> Self {
        let cost = spread::ratio_of(&runs.janus, &runs.without_devns);
        Self {
            operation,
            unit,
            linux: spread::median(&runs.linux),
            janus: spread::median(&runs.janus),
            without_devns: spread::median(&runs.without_devns),
            ratio: spread::ratio_of(&runs.janus, &runs.linux),
            devns_percent: cost.map(|ratio| (ratio - 1.0) * 100.0),
            runs,
        }
    }

    /// The figure of a side.
    pub fn figure(&self, side: Side) -> Option<i64> {
        match side {
            Side::Linux => self.linux,
            Side::Janus => self.janus,
            Side::WithoutDevns => self.without_devns,
        }
    }

    /// What the runs of a side gave.
    pub fn runs(&self, side: Side) -> &[i64] {
        match side {
            Side::Linux => &self.runs.linux,
            Side::Janus => &self.runs.janus,
            Side::WithoutDevns => &self.runs.without_devns,
        }
    }
}

impl Record {
    /// The record of a run that begins now, with nothing in it yet.
    ///
    /// # Errors
    /// When the emulator cannot be asked for its version.
    pub fn now(house: &House, kind: Kind, clock: Clock, words: &[String]) -> Result<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let words_typed = arguments.iter().map(String::as_str);
        let line = shlex::try_join(words_typed).context("an argument has a NUL in it")?;
        Ok(Self {
            format: FORMAT,
            date: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            commit: commit(house),
            command: format!("cargo xtask {line}"),
            machine: kind.name().to_owned(),
            emulator: emulator()?,
            linux_release: None,
            clock,
            words: words.to_vec(),
            rows: Vec::new(),
        })
    }

    /// The record as JSON.
    ///
    /// # Errors
    /// When it cannot be put so, which would be a fault of this program.
    pub fn json(&self) -> Result<String> {
        let text =
            serde_json::to_string_pretty(self).context("could not make JSON of the figures")?;
        Ok(text + "\n")
    }
}

/// The commit that is checked out; `unknown` where this is no checkout of git.
fn commit(house: &House) -> String {
    let mut git = Command::new("git");
    git.args([
        "describe",
        "--always",
        "--dirty",
        "--exclude=*",
        "--abbrev=12",
    ])
    .current_dir(house.root())
    .stderr(Stdio::null());
    let said = git.output().ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.filter(|said| !said.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

/// The first line of what QEMU says of its version.
fn emulator() -> Result<String> {
    let program = qemu::process::PROGRAM;
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("could not run {program} --version"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next().map(str::to_owned);
    line.with_context(|| format!("{program} --version says nothing"))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A record with these rows.
    pub fn record(rows: Vec<Row>) -> Record {
        Record {
            format: FORMAT,
            date: "2026-11-30T22:25:03Z".into(),
            commit: "7c9388dcafe1".into(),
            command: "cargo xtask bench --vs-linux".into(),
            machine: "q35".into(),
            emulator: "QEMU emulator version 7.2.22".into(),
            linux_release: Some("6.1.0-57-amd64".into()),
            clock: Clock::Instructions,
            words: Vec::new(),
            rows,
        }
    }

    /// A row with these runs on Linux, on Janus and on Janus without device namespaces.
    pub fn row(operation: &str, linux: &[i64], janus: &[i64], without_devns: &[i64]) -> Row {
        let runs = Runs {
            linux: linux.to_vec(),
            janus: janus.to_vec(),
            without_devns: without_devns.to_vec(),
        };
        let unit = Clock::Instructions.unit_of(operation);
        Row::new(operation.into(), unit, runs)
    }

    #[test]
    fn what_follows_from_the_runs_is_in_the_row() {
        let stat = row("stat", &[400, 400], &[100, 100], &[80, 80]);
        assert_eq!((stat.ratio, stat.devns_percent), (Some(0.25), Some(25.0)));
        assert_eq!(stat.unit, Unit::Instructions);
        assert_eq!(row("memory in use", &[], &[7], &[]).unit, Unit::Bytes);
    }
}
