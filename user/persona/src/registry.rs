//! The names of personas: `/run/persona/NAME` holds the pid of its init and when that started.
//!
//! Contract: a record is believed only while that very process lives, so nothing here can lie
//! for long: what is out of date is ignored, and removed by the next who looks. Whoever changes
//! something holds the lock. A persona gets a /run of its own and does not see all this.
//! What its processes print is in `/run/persona/NAME.log`; names have no dots.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::name;
use crate::process;

/// Where the records are on the machine.
const FOLDER: &str = "/run/persona";
const LOCK: &str = ".lock";
/// The pid of the init of the persona that was in the foreground before the last switch.
const PREVIOUS: &str = ".previous";

/// The folder with the records.
#[derive(Debug)]
pub struct Registry(PathBuf);

/// Leave to change the records, until it is dropped.
pub struct Lock {
    /// The lock ends when this is closed.
    _file: File,
}

/// The first process of a persona.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its pid.
    pub init_pid: i32,
    /// When it started, in clock ticks after boot.
    pub start_ticks: u64,
}

impl Record {
    /// The record of a process that lives.
    pub fn of(init_pid: i32) -> Option<Self> {
        let start_ticks = process::start_ticks(init_pid)?;
        Some(Self {
            init_pid,
            start_ticks,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (init_pid, start_ticks) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self {
            init_pid: init_pid.parse().ok()?,
            start_ticks: start_ticks.parse().ok()?,
        })
    }

    /// Whether that process still lives.
    pub fn is_true(self) -> bool {
        process::start_ticks(self.init_pid) == Some(self.start_ticks)
    }
}

impl Registry {
    /// That of the machine.
    pub fn of_machine() -> Self {
        Self(FOLDER.into())
    }

    /// Waits for leave to change something. Makes the folder if need be.
    pub fn lock(&self) -> io::Result<Lock> {
        let file = self.lock_file()?;
        file.lock()?;
        Ok(Lock { _file: file })
    }

    fn lock_file(&self) -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.0)?;
        File::create(self.0.join(LOCK))
    }

    /// The file that the output of the persona `name` goes to.
    pub fn log(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.log"))
    }

    /// The names of all personas that live, with their records, by name.
    pub fn living(&self) -> Vec<(String, Record)> {
        // Without a folder there has been none yet.
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut living = Vec::new();
        for name in names.filter(|text| name::check(text).is_ok()) {
            match self.read(&name) {
                Some(record) if record.is_true() => living.push((name, record)),
                _ => self.forget(&name),
            }
        }
        living.sort_by(|one, other| one.0.cmp(&other.0));
        living
    }

    fn read(&self, name: &str) -> Option<Record> {
        Record::parse(&fs::read_to_string(self.0.join(name)).ok()?)
    }

    /// Removes a record that is out of date, unless someone is changing the records just now:
    /// then it stays for the next who looks, as it does where it cannot be removed.
    fn forget(&self, name: &str) {
        let Ok(file) = self.lock_file() else { return };
        if file.try_lock().is_ok() && !self.read(name).is_some_and(Record::is_true) {
            let _ = fs::remove_file(self.0.join(name));
        }
    }

    /// Notes the name of a persona. The caller has seen to it that no other has it.
    pub fn note(&self, _lock: &Lock, name: &str, record: Record) -> io::Result<()> {
        let text = format!("{} {}\n", record.init_pid, record.start_ticks);
        replace(&self.0.join(name), &text)
    }

    /// Which persona, by the pid of its init, was left at the last switch made here.
    pub fn previous(&self) -> Option<i32> {
        let text = fs::read_to_string(self.0.join(PREVIOUS)).ok()?;
        text.trim_end().parse().ok()
    }

    /// Notes that one.
    pub fn note_previous(&self, init_pid: i32) -> io::Result<()> {
        let _lock = self.lock()?;
        replace(&self.0.join(PREVIOUS), &format!("{init_pid}\n"))
    }
}

/// Writes a file so that readers see all of the old or all of the new.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(test: &str) -> Registry {
        let folder = std::env::temp_dir().join(format!("persona-{test}-{}", std::process::id()));
        Registry(folder)
    }

    #[test]
    fn a_record_holds_while_its_process_lives() {
        let registry = registry("record");
        let own = Record::of(std::process::id().cast_signed()).expect("this process lives");
        let lock = registry.lock().expect("the folder can be made");
        registry.note(&lock, "demo", own).expect("it is ours");
        let other = Record {
            start_ticks: own.start_ticks + 1,
            ..own
        };
        registry.note(&lock, "stale", other).expect("it is ours");
        fs::write(registry.0.join("rubbish"), "x").expect("it is ours");
        assert_eq!(registry.living(), [("demo".to_owned(), own)]);
        assert!(
            registry.0.join("stale").exists(),
            "removed under another's lock"
        );
        drop(lock);
        assert_eq!(registry.living(), [("demo".to_owned(), own)]);
        assert!(!registry.0.join("stale").exists());
        assert!(!registry.0.join("rubbish").exists());
        fs::remove_dir_all(&registry.0).expect("it is ours");
    }

    #[test]
    fn the_one_before_is_remembered() {
        let registry = registry("previous");
        assert_eq!(registry.previous(), None);
        registry.note_previous(41).expect("it is ours");
        assert_eq!(registry.previous(), Some(41));
        assert_eq!(registry.living(), []);
        fs::remove_dir_all(&registry.0).expect("it is ours");
    }
}
