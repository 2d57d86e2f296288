//! What a run of the benchmark measured, kept as JSON in target/bench/, so that a later run can be
//! held against it.
//!
//! Each run leaves a file named after its date and commit. A run of every operation is also
//! `latest.json`, or `latest-wall.json` by the wall clock.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use chrono::{SecondsFormat, Utc};
use qemu::Kind;
use serde::{Deserialize, Serialize};

use super::kernels::Side;
use super::spread;
use crate::house::House;

/// What [`Record::format`] is. Who changes what a field means counts it up.
const FORMAT: u32 = 1;

/// The folder below target/.
const FOLDER: &str = "bench";

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

    /// Reads one.
    ///
    /// # Errors
    /// When `file` cannot be read or is none.
    pub fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text = std::fs::read_to_string(file).with_context(|| {
            format!(
                "could not read {name}, a record of `cargo xtask bench`: they are in target/bench/"
            )
        })?;
        let refused = || {
            format!(
                "{name} is no record of `cargo xtask bench`: give --compare a file of target/bench/"
            )
        };
        let value: serde_json::Value = serde_json::from_str(&text).with_context(refused)?;
        match &value["format"] {
            format if *format == FORMAT || format.is_null() => {}
            format => bail!(
                "{name} has form {format}, and this program reads form {FORMAT} only: make it again \
                 with the `cargo xtask bench` of this checkout"
            ),
        }
        serde_json::from_value(value).with_context(refused)
    }

    /// Refuses to hold a run of this kind against what is counted otherwise.
    ///
    /// # Errors
    /// When they differ in what they count, or in the kind of machine.
    pub fn must_be_of(&self, file: &Path, kind: Kind, clock: Clock) -> Result<()> {
        let name = file.display();
        if self.clock != clock {
            let wall = match self.clock {
                Clock::Nanoseconds => "give --wall too",
                Clock::Instructions => "leave --wall out",
            };
            let (theirs, ours) = (self.clock.name(), clock.name());
            bail!(
                "{name} is in {theirs}, and this run would be in {ours}: {wall}, or give another file"
            );
        }
        if self.machine != kind.name() {
            bail!(
                "{name} is of a {0}, and this run would be of a {kind}: give --machine {0}, or \
                 another file",
                self.machine
            );
        }
        Ok(())
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

    /// Keeps it in target/bench/; gives the file.
    ///
    /// # Errors
    /// When the folder or a file of it cannot be written.
    pub fn keep(&self, house: &House) -> Result<PathBuf> {
        let folder = house.target_apart(FOLDER);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        let json = self.json()?;
        let file = folder.join(self.file_name());
        let also = self.latest().map(|name| folder.join(name));
        for file in [Some(&file), also.as_ref()].into_iter().flatten() {
            std::fs::write(file, &json)
                .with_context(|| format!("could not write {}", file.display()))?;
        }
        Ok(also.unwrap_or(file))
    }

    /// The name of its own file: no sign in it needs quotes in a shell.
    fn file_name(&self) -> String {
        format!("{}-{}.json", self.date.replace(':', "-"), self.commit)
    }

    /// The name of the file that a run of everything takes over from the one before.
    fn latest(&self) -> Option<&'static str> {
        let name = match self.clock {
            Clock::Instructions => "latest.json",
            Clock::Nanoseconds => "latest-wall.json",
        };
        self.words.is_empty().then_some(name)
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
    use qemu::TemporaryFile;

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

    /// A file with this in it.
    fn file_with(text: &str) -> TemporaryFile {
        let file = TemporaryFile::new("bench.json");
        std::fs::write(file.path(), text).expect("a temporary file can be written");
        file
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let made = record(vec![
            row("stat", &[400, 400], &[100, 100], &[80, 80]),
            row("memory in use", &[], &[7], &[]),
        ]);
        assert_eq!(
            (made.rows[0].ratio, made.rows[0].devns_percent),
            (Some(0.25), Some(25.0))
        );
        assert_eq!(made.rows[1].unit, Unit::Bytes);
        let file = file_with(&made.json().expect("JSON"));
        assert_eq!(Record::read(file.path()).expect("our own"), made);
        assert_eq!(made.file_name(), "2026-11-30T22-25-03Z-7c9388dcafe1.json");
    }

    #[test]
    fn only_a_run_of_everything_is_the_latest() {
        let mut made = record(Vec::new());
        assert_eq!(made.latest(), Some("latest.json"));
        made.clock = Clock::Nanoseconds;
        assert_eq!(made.latest(), Some("latest-wall.json"));
        made.words = vec!["stat".into()];
        assert_eq!(made.latest(), None);
    }

    #[test]
    fn a_bad_file_is_named_with_what_to_do() {
        let missing = Record::read(Path::new("/no/such.json")).expect_err("not there");
        let said = format!("{missing:#}");
        assert!(
            said.contains("/no/such.json") && said.contains("target/bench/"),
            "{said}"
        );
        for text in ["no JSON", "[]", "{}", "{\"format\": 1, \"date\": 5}"] {
            let file = file_with(text);
            let said = format!("{:#}", Record::read(file.path()).expect_err(text));
            let name = file.path().display().to_string();
            assert!(said.contains(&name) && said.contains("--compare"), "{said}");
        }
        let file = file_with("{\"format\": 99}");
        let said = format!("{:#}", Record::read(file.path()).expect_err("newer"));
        assert!(
            said.contains("form 99") && said.contains("make it again"),
            "{said}"
        );
    }

    #[test]
    fn like_is_held_against_like() {
        let (made, file) = (record(Vec::new()), Path::new("a.json"));
        made.must_be_of(file, Kind::Q35, Clock::Instructions)
            .expect("alike");
        let wall = made.must_be_of(file, Kind::Q35, Clock::Nanoseconds);
        assert!(
            wall.expect_err("differs")
                .to_string()
                .contains("leave --wall out")
        );
        let other = made.must_be_of(file, Kind::Microvm, Clock::Instructions);
        assert!(
            other
                .expect_err("differs")
                .to_string()
                .contains("--machine q35")
        );
    }
}
