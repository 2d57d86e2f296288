//! The search of one file, line by line.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::options::{Options, Report};

/// Searches files one after another and prints what was asked for.
pub struct Search<'a, W: Write> {
    options: &'a Options,
    with_names: bool,
    /// Where it is printed to.
    pub output: W,
    /// Whether a line has been selected in any file.
    pub any_selected: bool,
    /// Some lines with context have been printed, so a gap is marked by `--`.
    printed_context: bool,
}

/// How far one file has come.
struct Progress {
    number: u64,
    selected: u64,
    /// Lines that a selected one may still ask for: number and text.
    before: VecDeque<(u64, Vec<u8>)>,
    /// How many lines after the last selected one are still to be printed.
    owed_after: usize,
    last_printed: u64,
    /// A file with NUL bytes is no text for a terminal.
    binary: bool,
}

impl<W: Write> Search<'_, W> {
    /// A search that prints to `output`.
    pub fn new(options: &Options, with_names: bool, output: W) -> Search<'_, W> {
        Search {
            options,
            with_names,
            output,
            any_selected: false,
            printed_context: false,
        }
    }

    /// Searches `input`, which goes by the name `path`.
    pub fn file(&mut self, input: impl Read, path: &Path) -> io::Result<()> {
        let mut input = BufReader::new(input);
        let mut progress = Progress {
            number: 0,
            selected: 0,
            before: VecDeque::new(),
            owed_after: 0,
            last_printed: 0,
            binary: input.fill_buf()?.contains(&0),
        };
        let mut line = Vec::new();
        while progress.selected < self.options.limit || progress.owed_after > 0 {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            progress.number += 1;
            self.line(&line, &mut progress, path)?;
            let enough = progress.selected > 0
                && (self.options.quiet
                    || matches!(
                        self.options.report,
                        Report::NamesWith | Report::NamesWithout
                    ));
            if enough {
                break;
            }
        }
        self.any_selected |= progress.selected > 0;
        self.close(&progress, path)
    }

    fn line(&mut self, line: &[u8], progress: &mut Progress, path: &Path) -> io::Result<()> {
        let text = String::from_utf8_lossy(line);
        let matches = self.options.find(&text, 0).is_some();
        let selected = matches != self.options.invert && progress.selected < self.options.limit;
        progress.selected += u64::from(selected);
        let prints = !self.options.quiet
            && matches!(self.options.report, Report::Lines | Report::Matches)
            && !progress.binary;
        if !prints {
            return Ok(());
        }
        match (selected, self.options.report) {
            (true, Report::Matches) => self.matches(&text, progress.number, path),
            (true, _) => self.selected(line, progress, path),
            (false, _) => self.context(line, progress, path),
        }
    }

    fn matches(&mut self, text: &str, number: u64, path: &Path) -> io::Result<()> {
        let mut from = 0;
        while from <= text.len()
            && let Some((start, end)) = self.options.find(text, from)
        {
            if end > start {
                self.print(&text.as_bytes()[start..end], number, path, ':')?;
                from = end;
            } else {
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        Ok(())
    }

    fn selected(&mut self, line: &[u8], progress: &mut Progress, path: &Path) -> io::Result<()> {
        let wants_context = self.options.before + self.options.after > 0;
        let first = progress
            .before
            .front()
            .map_or(progress.number, |(number, _)| *number);
        if wants_context && self.printed_context && first != progress.last_printed + 1 {
            self.output.write_all(b"--\n")?;
        }
        while let Some((number, text)) = progress.before.pop_front() {
            self.print(&text, number, path, '-')?;
        }
        self.print(line, progress.number, path, ':')?;
        self.printed_context = true;
        progress.last_printed = progress.number;
        progress.owed_after = self.options.after;
        Ok(())
    }

    fn context(&mut self, line: &[u8], progress: &mut Progress, path: &Path) -> io::Result<()> {
        if progress.owed_after > 0 {
            progress.owed_after -= 1;
            progress.last_printed = progress.number;
            return self.print(line, progress.number, path, '-');
        }
        if self.options.before > 0 {
            if progress.before.len() == self.options.before {
                progress.before.pop_front();
            }
            progress.before.push_back((progress.number, line.to_vec()));
        }
        Ok(())
    }

    fn print(&mut self, text: &[u8], number: u64, path: &Path, mark: char) -> io::Result<()> {
        if self.with_names {
            write!(self.output, "{}{mark}", path.display())?;
        }
        if self.options.numbers {
            write!(self.output, "{number}{mark}")?;
        }
        self.output.write_all(text)?;
        self.output.write_all(b"\n")
    }

    /// What is printed after the last line of a file.
    fn close(&mut self, progress: &Progress, path: &Path) -> io::Result<()> {
        if self.options.quiet {
            return Ok(());
        }
        let path = path.display();
        match self.options.report {
            Report::Count if self.with_names => {
                writeln!(self.output, "{path}:{}", progress.selected)
            }
            Report::Count => writeln!(self.output, "{}", progress.selected),
            Report::NamesWith if progress.selected > 0 => writeln!(self.output, "{path}"),
            Report::NamesWithout if progress.selected == 0 => writeln!(self.output, "{path}"),
            Report::Lines | Report::Matches if progress.binary && progress.selected > 0 => {
                writeln!(self.output, "grep: {path}: binary file matches")
            }
            _ => Ok(()),
        }
    }
}
