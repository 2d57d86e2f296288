//! The files of records: each run leaves one in target/bench/, named after its date and commit. A
//! run of every operation is also `latest.json`, or `latest-wall.json` by the wall clock.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use qemu::Kind;

use super::record::{Clock, FORMAT, Record};
use crate::house::House;

/// The folder below target/.
const FOLDER: &str = "bench";

impl Record {
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

#[cfg(test)]
mod tests {
    use super::super::record::tests::{record, row};
    use super::*;
    use qemu::TemporaryFile;

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
