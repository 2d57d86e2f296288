//! Whether an expression holds for a file, and what its actions do.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use super::expression::{Expression, Permissions, Stamp};
use super::glob;
use crate::own::calendar::{Date, Zone};
use crate::own::ls::mode_text;
use crate::own::names::Names;
use crate::own::{moment, reason};

/// As many bytes of paths go into one command of `-exec … +`; far from the limit of execve(2).
const BATCH_BYTES: usize = 32 << 10;

/// Evaluates expressions and remembers what they asked of the walk.
pub struct Evaluator<W: Write> {
    /// Where paths are printed to.
    pub output: W,
    /// The directory just looked at is not to be entered.
    pub pruned: bool,
    /// The walk is to end.
    pub quit: bool,
    /// The status of find if it is to be other than 0.
    pub status: i32,
    now_seconds: i64,
    batches: BTreeMap<usize, Vec<OsString>>,
}

impl<W: Write> Evaluator<W> {
    /// An evaluator that prints to `output`.
    pub fn new(output: W) -> Evaluator<W> {
        let now_seconds = moment::now().0;
        Evaluator {
            output,
            pruned: false,
            quit: false,
            status: 0,
            now_seconds,
            batches: BTreeMap::new(),
        }
    }

    /// Evaluates `expression` for the file at `path`.
    ///
    /// # Errors
    /// What an action could not do, for a person to read.
    pub fn holds(
        &mut self,
        expression: &Expression,
        path: &Path,
        data: &Metadata,
    ) -> Result<bool, String> {
        match expression {
            Expression::And(left, right) => {
                Ok(self.holds(left, path, data)? && self.holds(right, path, data)?)
            }
            Expression::Or(left, right) => {
                Ok(self.holds(left, path, data)? || self.holds(right, path, data)?)
            }
            Expression::Not(inner) => Ok(!self.holds(inner, path, data)?),
            Expression::Print(end) => self.print(path, *end),
            Expression::List => self.list(path, data),
            Expression::Execute(command) => self.execute(command, path),
            Expression::ExecuteMany(number, command) => self.collect(*number, command, path),
            Expression::Delete => delete(path, data),
            Expression::Prune => {
                self.pruned = true;
                Ok(true)
            }
            Expression::Quit => {
                self.quit = true;
                Ok(true)
            }
            test => self.test(test, path, data),
        }
    }

    fn test(&self, test: &Expression, path: &Path, data: &Metadata) -> Result<bool, String> {
        Ok(match test {
            Expression::Constant(value) => *value,
            Expression::Name(pattern, any_case) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                fits(pattern, name, *any_case)
            }
            Expression::Path(pattern, any_case) => fits(pattern, path.as_os_str(), *any_case),
            Expression::Type(letters) => letters.contains(&type_letter(data)),
            Expression::Size(compare, unit) => compare.holds(data.size().div_ceil(*unit)),
            Expression::Empty if data.is_dir() => is_empty(path)?,
            Expression::Empty => data.is_file() && data.len() == 0,
            Expression::Permissions(wanted) => {
                let mode = data.mode() & 0o7777;
                match wanted {
                    Permissions::Exactly(bits) => mode == *bits,
                    Permissions::All(bits) => mode & bits == *bits,
                    Permissions::Any(bits) => *bits == 0 || mode & bits != 0,
                }
            }
            Expression::Number(compare, number) => compare.holds(number(data)),
            Expression::Age(stamp, compare, unit) => {
                let seconds = match stamp {
                    Stamp::Access => data.atime(),
                    Stamp::Modification => data.mtime(),
                    Stamp::Change => data.ctime(),
                };
                let age = self.now_seconds.saturating_sub(seconds).max(0) / unit;
                compare.holds(age.unsigned_abs())
            }
            Expression::NewerThan(seconds, nanoseconds) => {
                (data.mtime(), data.mtime_nsec()) > (*seconds, *nanoseconds)
            }
            Expression::Access(access) => rustix::fs::access(path, *access).is_ok(),
            // The rest are actions, which `holds` has taken.
            _ => false,
        })
    }

    fn print(&mut self, path: &Path, end: char) -> Result<bool, String> {
        let mut line = path.as_os_str().as_bytes().to_vec();
        line.extend(end.encode_utf8(&mut [0; 4]).bytes());
        self.output
            .write_all(&line)
            .map_err(|error| format!("write error: {}", reason(&error)))?;
        Ok(true)
    }

    fn list(&mut self, path: &Path, data: &Metadata) -> Result<bool, String> {
        let line = format!(
            "{:9} {:6} {} {:3} {:8} {:8} {:8} {} ",
            data.ino(),
            data.blocks().div_ceil(2),
            mode_text(data.mode()),
            data.nlink(),
            Names::users().of(data.uid()),
            Names::groups().of(data.gid()),
            data.size(),
            Date::new(data.mtime(), 0, &Zone::local()).format("%b %e %H:%M"),
        );
        self.output
            .write_all(line.as_bytes())
            .map_err(|error| format!("write error: {}", reason(&error)))?;
        self.print(path, '\n')
    }

    fn execute(&mut self, command: &[String], path: &Path) -> Result<bool, String> {
        let words: Vec<OsString> = command.iter().map(|word| put_in(word, path)).collect();
        Ok(self.run(&words)? == 0)
    }

    fn collect(&mut self, number: usize, command: &[String], path: &Path) -> Result<bool, String> {
        let batch = self.batches.entry(number).or_default();
        batch.push(path.as_os_str().to_os_string());
        if batch.iter().map(|word| word.len() + 1).sum::<usize>() >= BATCH_BYTES {
            self.run_batch(number, command)?;
        }
        Ok(true)
    }

    fn run_batch(&mut self, number: usize, command: &[String]) -> Result<(), String> {
        let paths = self.batches.remove(&number).unwrap_or_default();
        if paths.is_empty() {
            return Ok(());
        }
        let words: Vec<OsString> = command.iter().map(OsString::from).chain(paths).collect();
        if self.run(&words)? != 0 {
            self.status = 1;
        }
        Ok(())
    }

    /// Runs what `-exec … +` has still kept back.
    pub fn finish(&mut self, expression: &Expression) -> Result<(), String> {
        match expression {
            Expression::And(left, right) | Expression::Or(left, right) => {
                self.finish(left)?;
                self.finish(right)
            }
            Expression::Not(inner) => self.finish(inner),
            Expression::ExecuteMany(number, command) => self.run_batch(*number, command),
            _ => Ok(()),
        }
    }

    /// What was printed so far must come before what the command prints.
    fn run(&mut self, words: &[OsString]) -> Result<i32, String> {
        self.output
            .flush()
            .map_err(|error| format!("write error: {}", reason(&error)))?;
        let [program, arguments @ ..] = words else {
            return Ok(0);
        };
        let status = Command::new(program)
            .args(arguments)
            .status()
            .map_err(|error| format!("'{}': {}", program.display(), reason(&error)))?;
        Ok(status.code().unwrap_or(1))
    }
}

fn fits(pattern: &str, text: &OsStr, any_case: bool) -> bool {
    let text = text.to_string_lossy();
    if any_case {
        glob::matches(pattern, &text.to_lowercase())
    } else {
        glob::matches(pattern, &text)
    }
}

/// Replaces each `{}` in a word by the path.
fn put_in(word: &str, path: &Path) -> OsString {
    let mut text = OsString::new();
    for (index, piece) in word.split("{}").enumerate() {
        if index > 0 {
            text.push(path);
        }
        text.push(piece);
    }
    text
}

fn type_letter(data: &Metadata) -> char {
    let kind = data.file_type();
    if kind.is_dir() {
        'd'
    } else if kind.is_symlink() {
        'l'
    } else if kind.is_block_device() {
        'b'
    } else if kind.is_char_device() {
        'c'
    } else if kind.is_fifo() {
        'p'
    } else if kind.is_socket() {
        's'
    } else {
        'f'
    }
}

fn is_empty(path: &Path) -> Result<bool, String> {
    let mut entries = std::fs::read_dir(path)
        .map_err(|error| format!("'{}': {}", path.display(), reason(&error)))?;
    Ok(entries.next().is_none())
}

fn delete(path: &Path, data: &Metadata) -> Result<bool, String> {
    // The operand `.` cannot be removed, and never is.
    if path == Path::new(".") {
        return Ok(true);
    }
    let removed = if data.is_dir() {
        std::fs::remove_dir(path)
    } else {
        std::fs::remove_file(path)
    };
    removed
        .map(|()| true)
        .map_err(|error| format!("cannot delete '{}': {}", path.display(), reason(&error)))
}
