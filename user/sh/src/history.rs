//! The lines entered before.
//!
//! Contract: at most [`KEPT`] lines in memory; blank lines and repetitions of the last one are not
//! kept. If HISTFILE names a file when the shell starts, its lines are there from the start and
//! new ones are added to it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// How many lines are kept.
const KEPT: usize = 500;

/// The lines entered before.
#[derive(Debug, Default)]
pub struct History {
    lines: Vec<String>,
    file: Option<File>,
}

impl History {
    /// Reads the lines of a file and adds to it from now on. A file that is not there yet is made
    /// with the first line.
    pub fn open(path: &Path) -> std::io::Result<History> {
        let mut history = History::default();
        let text = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .for_each(|line| history.add(line));
        history.file = Some(OpenOptions::new().append(true).create(true).open(path)?);
        Ok(history)
    }

    /// Remembers a line.
    pub fn add(&mut self, line: &str) {
        if line.trim().is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
        if let Some(file) = &mut self.file
            && file.write_all(format!("{line}\n").as_bytes()).is_err()
        {
            // The disk is full or gone: remember in memory only.
            self.file = None;
        }
    }

    /// The line entered so many lines before, from 1.
    pub fn back(&self, count: usize) -> Option<&str> {
        let index = self.lines.len().checked_sub(count)?;
        self.lines.get(index).map(String::as_str)
    }

    /// The nearest line that holds a text, at least `from` lines before, and how far back it is.
    pub fn find(&self, text: &str, from: usize) -> Option<(usize, &str)> {
        (from.max(1)..=self.lines.len())
            .filter_map(|back| Some((back, self.back(back)?)))
            .find(|(_, line)| line.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{History, KEPT};

    #[test]
    fn repetitions_and_blanks_are_not_kept() {
        let mut history = History::default();
        ["ls", "ls", " ", "cd", "ls"]
            .into_iter()
            .for_each(|line| history.add(line));
        assert_eq!(
            [history.back(1), history.back(2), history.back(3)],
            [Some("ls"), Some("cd"), Some("ls")]
        );
        assert_eq!(history.back(4), None);
    }

    #[test]
    fn it_forgets_the_oldest() {
        let mut history = History::default();
        (0..KEPT + 10).for_each(|number| history.add(&number.to_string()));
        assert_eq!(history.back(KEPT), Some("10"));
        assert_eq!(history.back(KEPT + 1), None);
    }

    #[test]
    fn a_file_brings_lines_and_takes_them() {
        let path = std::env::temp_dir().join(format!("sh-history-{}", std::process::id()));
        std::fs::write(&path, "one\ntwo\n").expect("the temporary folder takes files");
        let mut history = History::open(&path).expect("the file is there");
        assert_eq!(history.find("ne", 1), Some((2, "one")));
        history.add("three");
        assert_eq!(
            std::fs::read_to_string(&path).expect("it is still there"),
            "one\ntwo\nthree\n"
        );
        std::fs::remove_file(&path).expect("it can be removed");
    }
}
