//! A booted machine, driven from outside over its serial line: send text, expect text, end.
//!
//! A thread gathers what the machine says; [`Guest::expect`] looks only at what came after the
//! last match, so that an echo or an old prompt is not taken for an answer. Every wait has a
//! limit, and an error shows the last lines said. Dropping a guest kills its QEMU.

use std::io::{Read, Write};
use std::process::ChildStdin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::machine::Serial;
use crate::process::Streams;
use crate::{Ending, Error, Machine, Process, Qmp, Result, TemporaryFile, Vnc};

/// How many of the last lines an error shows.
const TAIL_LINES: usize = 40;

/// What came out of the machine so far.
#[derive(Default)]
struct Said {
    line: Vec<u8>,
    complaints: Vec<u8>,
    /// The pipes still open: what was said is complete when both have ended.
    open: usize,
}

/// How long QEMU may take to answer on a socket of its own.
const SOCKET_LIMIT: Duration = Duration::from_secs(20);

/// Shared between the guest and the threads that read for it.
#[derive(Default)]
struct Shared {
    said: Mutex<Said>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A machine under way, with its serial line in hand.
pub struct Guest {
    process: Process,
    input: Option<ChildStdin>,
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
    /// What lies before this was matched already.
    seen: usize,
    /// QEMU's QMP socket.
    qmp: TemporaryFile,
    /// QEMU's VNC socket, where there is a desk.
    vnc: Option<TemporaryFile>,
}

impl Guest {
    /// Starts `machine` with its serial line and a QMP socket connected to the guest returned,
    /// and where it has a desk a VNC socket too, whatever `machine` says of them.
    ///
    /// # Errors
    /// When QEMU cannot be started.
    pub fn start(machine: &Machine) -> Result<Self> {
        let mut machine = machine.clone();
        machine.serial = Serial::Program;
        let qmp = TemporaryFile::new("qmp");
        machine.qmp.push(qmp.path().to_owned());
        let vnc = (!machine.desk.is_empty()).then(|| TemporaryFile::new("vnc"));
        machine.vnc = vnc.as_ref().map(|file| file.path().to_owned());
        let mut process = Process::start(&machine, Streams::Piped)?;
        let shared = Arc::new(Shared::default());
        let child = process.child();
        let input = child.stdin.take();
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            readers.push(read_into(output, &shared, |said| &mut said.line));
        }
        if let Some(output) = child.stderr.take() {
            readers.push(read_into(output, &shared, |said| &mut said.complaints));
        }
        Ok(Self {
            process,
            input,
            shared,
            readers,
            seen: 0,
            qmp,
            vnc,
        })
    }

    /// Types `text` on the serial line.
    ///
    /// # Errors
    /// When the machine has ended.
    pub fn send(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        let Some(input) = &mut self.input else {
            return Err(self.ended_before("it could be typed to"));
        };
        let sent = input.write_all(text.as_ref()).and_then(|()| input.flush());
        sent.map_err(|_| self.ended_before("it took what was typed"))
    }

    /// Waits until the machine says `pattern` after the last match, and returns what it said up
    /// to and including it.
    ///
    /// # Errors
    /// When `limit` passes or the machine ends first; both show the last lines.
    pub fn expect(&mut self, pattern: &str, limit: Duration) -> Result<String> {
        self.expect_any(&[pattern], limit).map(|(_, text)| text)
    }

    /// As [`Guest::expect`], for whichever of `patterns` appears first; also returns its index.
    ///
    /// # Errors
    /// As [`Guest::expect`].
    pub fn expect_any(&mut self, patterns: &[&str], limit: Duration) -> Result<(usize, String)> {
        let deadline = Instant::now() + limit;
        let shared = Arc::clone(&self.shared);
        let mut said = shared.lock();
        loop {
            if let Some((index, end)) = first_match(&said.line[self.seen..], patterns) {
                let text = String::from_utf8_lossy(&said.line[self.seen..self.seen + end]);
                let text = text.into_owned();
                self.seen += end;
                return Ok((index, text));
            }
            let wanted = format!("`{}`", patterns.join("` or `"));
            if said.open == 0 {
                drop(said);
                return Err(self.ended_before(&format!("it said {wanted}")));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout {
                    what: wanted,
                    after: limit,
                    tail: tail(&said),
                });
            }
            let (again, _) = shared
                .news
                .wait_timeout(said, left)
                .unwrap_or_else(PoisonError::into_inner);
            said = again;
        }
    }

    /// What the machine said since the last match or the last call, as soon as there is something;
    /// `None` once it has ended and all was read.
    ///
    /// # Errors
    /// When nothing is said within `limit`.
    pub fn read(&mut self, limit: Duration) -> Result<Option<Vec<u8>>> {
        let deadline = Instant::now() + limit;
        let mut said = self.shared.lock();
        loop {
            if said.line.len() > self.seen {
                let news = said.line[self.seen..].to_vec();
                self.seen = said.line.len();
                return Ok(Some(news));
            }
            if said.open == 0 {
                return Ok(None);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = "it to say something".into();
                return Err(Error::Timeout {
                    what,
                    after: limit,
                    tail: tail(&said),
                });
            }
            let waited = self.shared.news.wait_timeout(said, left);
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What QEMU itself complained of on its standard error.
    pub fn complaints(&self) -> String {
        String::from_utf8_lossy(&self.shared.lock().complaints).into_owned()
    }

    /// Everything the machine has said on its serial line so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.shared.lock().line).into_owned()
    }

    /// Waits until the machine ends by itself, and returns how.
    ///
    /// # Errors
    /// When it still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<Ending> {
        match self.process.wait(Some(limit))? {
            Some(ending) => {
                // What it said last is still on its way through the pipe.
                for reader in self.readers.drain(..) {
                    let _ = reader.join();
                }
                Ok(ending)
            }
            None => Err(Error::Timeout {
                what: "the machine to end".into(),
                after: limit,
                tail: tail(&self.shared.lock()),
            }),
        }
    }

    /// A connection to QEMU itself. There can be one at a time.
    ///
    /// # Errors
    /// When QEMU does not answer on its socket.
    pub fn qmp(&self) -> Result<Qmp> {
        Qmp::connect(self.qmp.path(), SOCKET_LIMIT)
    }

    /// A connection to the lamps of the guest's keyboard. There should be one at a time, and it
    /// should be made before the change that it is to see.
    ///
    /// # Errors
    /// When the machine has no desk, or QEMU does not answer on its socket.
    pub fn vnc(&self) -> Result<Vnc> {
        let Some(vnc) = &self.vnc else {
            return Err(Error::Vnc {
                reason: "the machine was started without a panel and a keyboard".into(),
            });
        };
        Vnc::connect(vnc.path(), SOCKET_LIMIT)
    }

    /// The error that says that the machine ended too early.
    fn ended_before(&mut self, what: &str) -> Error {
        let ending = match self.process.wait(Some(Duration::from_secs(2))) {
            Ok(Some(ending)) => ending.to_string(),
            Ok(None) => "it closed its serial line".into(),
            Err(error) => error.to_string(),
        };
        Error::Ended {
            what: what.into(),
            ending,
            tail: tail(&self.shared.lock()),
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.process.stop();
    }
}

/// Starts a thread that gathers a pipe into one of the buffers until it closes.
fn read_into(
    mut pipe: impl Read + Send + 'static,
    shared: &Arc<Shared>,
    buffer: fn(&mut Said) -> &mut Vec<u8>,
) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    shared.lock().open += 1;
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        // A read error means the same as the end: nothing more will come.
        while let Ok(length @ 1..) = pipe.read(&mut chunk) {
            buffer(&mut shared.lock()).extend_from_slice(&chunk[..length]);
            shared.news.notify_all();
        }
        shared.lock().open -= 1;
        shared.news.notify_all();
    })
}

/// The pattern that ends first in `text`, with the place where it ends.
fn first_match(text: &[u8], patterns: &[&str]) -> Option<(usize, usize)> {
    patterns
        .iter()
        .enumerate()
        .filter_map(|(index, pattern)| {
            let start = find(text, pattern.as_bytes())?;
            Some((index, start + pattern.len()))
        })
        .min_by_key(|&(_, end)| end)
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    if pattern.is_empty() {
        return Some(0);
    }
    text.windows(pattern.len())
        .position(|window| window == pattern)
}

/// The last lines said, with QEMU's own complaints after them.
fn tail(said: &Said) -> String {
    let mut text = String::from_utf8_lossy(&said.line).into_owned();
    text.push_str(&String::from_utf8_lossy(&said.complaints));
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    let mut shown = String::new();
    for line in &lines[from..] {
        shown.push_str("    | ");
        shown.push_str(line.trim_end_matches('\r'));
        shown.push('\n');
    }
    if shown.is_empty() {
        "    | (nothing)\n".into()
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_pattern_wins() {
        assert_eq!(first_match(b"ab $ panic", &["panic", "$ "]), Some((1, 5)));
        assert_eq!(first_match(b"nothing", &["panic", "$ "]), None);
        assert_eq!(first_match(b"abc", &["abcd", "bc"]), Some((1, 3)));
    }

    #[test]
    fn the_tail_is_short_and_keeps_complaints() {
        let said = Said {
            line: (0..100)
                .flat_map(|n| format!("line {n}\r\n").into_bytes())
                .collect(),
            complaints: b"qemu: no\n".to_vec(),
            open: 0,
        };
        let text = tail(&said);
        assert_eq!(text.lines().count(), TAIL_LINES);
        assert!(text.ends_with("    | line 99\n    | qemu: no\n"));
        assert!(tail(&Said::default()).contains("nothing"));
    }
}
