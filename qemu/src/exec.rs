//! Runs one command line in a guest and brings back its output and its exit status.
//!
//! The command line travels in the ramdisk as `/etc/exec`, under a first line with a number used
//! once. The guest boots with `loglevel=0 -- --exec`: init makes the console raw and writes
//! `\x01BEGIN number`, what the shell makes of the command line, and `\x01END number status`.
//! Output that happens to look like these marks cannot know the number. What comes before, after
//! or instead of them (a panic) is not output and is kept apart.

use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::time::{Duration, Instant};

use crate::{Ending, Error, Guest, Machine, Ramdisk, Result, TemporaryFile};

/// How the command line given to the kernel must end.
pub const KERNEL_WORDS: &str = "loglevel=0 -- --exec";

/// How long the guest may take to power off after the command ended.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(20);

/// What became of a command.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit status as the shell gives it; none when the machine ended before the command did.
    pub status: Option<i32>,
    /// How the machine ended.
    pub ending: Ending,
    /// What was said on the serial line outside the command's output.
    pub aside: String,
}

/// Boots `machine` with `ramdisk` and runs `command_line` in its shell; the output goes to
/// `output` as it comes. The kernel's command line of `machine` is what goes before
/// [`KERNEL_WORDS`].
///
/// # Errors
/// When the machine cannot be started, when the whole takes longer than `limit`, or when `output`
/// cannot be written.
pub fn run(
    machine: &Machine,
    ramdisk: &Ramdisk,
    command_line: &str,
    limit: Duration,
    output: &mut dyn Write,
) -> Result<Outcome> {
    let deadline = Instant::now() + limit;
    let number = number_used_once();
    let mut ramdisk = ramdisk.clone();
    ramdisk.file("/etc/exec", format!("{number}\n{command_line}\n"))?;
    let file = TemporaryFile::new("exec.cpio");
    ramdisk.write(file.path())?;

    let mut machine = machine.clone();
    machine.ramdisk = Some(file.path().to_owned());
    machine.command_line = format!("{} {KERNEL_WORDS}", machine.command_line)
        .trim_start()
        .to_owned();
    let mut guest = Guest::start(&machine)?;
    let mut transcript = Transcript::new(&number);
    let left = || deadline.saturating_duration_since(Instant::now());
    let too_slow = |error| match error {
        Error::Timeout { tail, .. } => Error::Timeout {
            what: format!("`{command_line}` to end"),
            after: limit,
            tail,
        },
        other => other,
    };
    while let Some(bytes) = guest.read(left()).map_err(too_slow)? {
        let news = transcript.take(&bytes);
        output
            .write_all(&news)
            .and_then(|()| output.flush())
            .map_err(Error::io("write the output"))?;
    }
    let ending = guest.wait(left().max(POWER_OFF_LIMIT))?;
    let aside = transcript.aside() + &guest.complaints();
    Ok(Outcome {
        status: transcript.status,
        ending,
        aside,
    })
}

/// Sixteen hexadecimal digits that differ every time: the standard library seeds its hasher from
/// the host's randomness.
fn number_used_once() -> String {
    let hasher = std::hash::RandomState::new().build_hasher();
    format!("{:016x}", hasher.finish())
}

/// Which part of the serial line's text we are in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Before,
    Output,
    After,
}

/// Takes the serial line's bytes as they come and tells output from the rest.
struct Transcript {
    begin: Vec<u8>,
    end: Vec<u8>,
    part: Part,
    /// Bytes not yet decided: they may be the beginning of a mark.
    held: Vec<u8>,
    aside: Vec<u8>,
    status: Option<i32>,
}

impl Transcript {
    fn new(number: &str) -> Self {
        Self {
            begin: format!("\x01BEGIN {number}\n").into_bytes(),
            end: format!("\x01END {number} ").into_bytes(),
            part: Part::Before,
            held: Vec::new(),
            aside: Vec::new(),
            status: None,
        }
    }

    /// Takes the next bytes and returns those that are known to be output.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut output = Vec::new();
        if self.part == Part::Before {
            match find(&self.held, &self.begin) {
                Some(at) => {
                    self.aside.extend(self.held.drain(..at));
                    self.held.drain(..self.begin.len());
                    self.part = Part::Output;
                }
                None => return output,
            }
        }
        if self.part == Part::Output {
            match self.find_end() {
                Some((at, length, status)) => {
                    output.extend(self.held.drain(..at));
                    self.held.drain(..length);
                    self.status = Some(status);
                    self.part = Part::After;
                }
                None => {
                    let keep = self.undecided();
                    let sure = self.held.len() - keep;
                    output.extend(self.held.drain(..sure));
                }
            }
        }
        output
    }

    /// The end mark, if it is there whole: where, how long, and the status in it.
    fn find_end(&self) -> Option<(usize, usize, i32)> {
        let at = find(&self.held, &self.end)?;
        let rest = &self.held[at + self.end.len()..];
        let digits = rest.iter().position(|&byte| byte == b'\n')?;
        let status = std::str::from_utf8(&rest[..digits])
            .ok()?
            .trim()
            .parse()
            .ok()?;
        Some((at, self.end.len() + digits + 1, status))
    }

    /// How many of the last bytes held may belong to an end mark that is still coming.
    fn undecided(&self) -> usize {
        if let Some(at) = find(&self.held, &self.end) {
            return self.held.len() - at;
        }
        let most = self.held.len().min(self.end.len());
        (1..=most)
            .rev()
            .find(|&length| self.held.ends_with(&self.end[..length]))
            .unwrap_or(0)
    }

    /// What is not output: all that was said before and after it.
    fn aside(&self) -> String {
        let mut aside = self.aside.clone();
        aside.extend_from_slice(&self.held);
        String::from_utf8_lossy(&aside).into_owned()
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len())
        .position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `size` bytes; returns output, status and what is aside.
    fn feed(text: &str, size: usize) -> (String, Option<i32>, String) {
        let mut transcript = Transcript::new("7");
        let mut output = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            output.extend(transcript.take(piece));
        }
        (
            String::from_utf8_lossy(&output).into_owned(),
            transcript.status,
            transcript.aside(),
        )
    }

    #[test]
    fn output_is_told_from_the_rest_however_it_arrives() {
        let text = "noise\n\x01BEGIN 7\nhello\n\x01END 8 1\nmore\x01END 7 3\nbye\n";
        for size in 1..text.len() {
            let (output, status, aside) = feed(text, size);
            assert_eq!(output, "hello\n\x01END 8 1\nmore", "pieces of {size}");
            assert_eq!(status, Some(3));
            assert_eq!(aside, "noise\nbye\n");
        }
    }

    #[test]
    fn a_panic_is_not_output() {
        let (output, status, aside) = feed("panicked at kernel\n", 4);
        assert_eq!((output.as_str(), status), ("", None));
        assert_eq!(aside, "panicked at kernel\n");
        let (output, status, _) = feed("\x01BEGIN 7\nhalf", 3);
        assert_eq!((output.as_str(), status), ("half", None));
    }

    #[test]
    fn numbers_differ() {
        assert_ne!(number_used_once(), number_used_once());
    }
}
