//! A client of QMP, the protocol QEMU is steered with: one JSON object a line over a Unix socket.
//!
//! The protocol and the type of every command are the crate `qapi`'s, which generates them from
//! QEMU's own schema; here are the connection with its time limits and the few commands a test or
//! a tool wants: screenshots, events, power. [`keyboard`] and [`mod@pointer`] add what a person would
//! do with their hands. Source: QEMU's "QMP protocol specification" and "QMP reference manual".
//!
//! QEMU talks to one client of a socket at a time; the next one waits until it is gone.

mod keyboard;
mod pointer;

use std::io::{BufRead, BufReader, BufWriter};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use qapi::qmp as command;
use qapi::{Command, ExecuteError, Stream};

use crate::{Error, Picture, Result, TemporaryFile};

pub use keyboard::{keys_of, press, release};
pub use qapi::qmp::{Event, InputButton as Button, InputEvent, QKeyCode as Key};

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How often a connection is tried, or events are asked for.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// A connection to a QEMU.
pub struct Qmp {
    inner: qapi::Qmp<Stream<BufReader<UnixStream>, BufWriter<UnixStream>>>,
}

impl Qmp {
    /// Connects to the socket at `path`, trying until `limit` passes, and agrees on capabilities.
    ///
    /// # Errors
    /// When nobody answers, or not as QMP says.
    pub fn connect(path: &Path, limit: Duration) -> Result<Self> {
        let stream = connect(path, limit)?;
        let doing = || format!("connect to QEMU's QMP socket {}", path.display());
        stream
            .set_read_timeout(Some(ANSWER_LIMIT))
            .map_err(Error::io(doing()))?;
        let reader = BufReader::new(stream.try_clone().map_err(Error::io(doing()))?);
        let mut inner = qapi::Qmp::new(Stream::new(reader, BufWriter::new(stream)));
        // The crate panics on a connection that ends before the greeting.
        let greeting = inner.inner_mut().get_mut_read().fill_buf();
        if greeting.map_err(Error::io(doing()))?.is_empty() {
            return Err(failed("the greeting", "QEMU closed the connection"));
        }
        let agreed = inner.handshake();
        agreed.map_err(|error| failed("qmp_capabilities", &reason(&error)))?;
        Ok(Self { inner })
    }

    /// Sends `command` and returns what it returned.
    ///
    /// # Errors
    /// When QEMU refuses the command, does not answer, or is gone.
    pub fn execute<C: Command>(&mut self, command: &C) -> Result<C::Ok> {
        let answer = self.inner.execute(command);
        answer.map_err(|error| failed(C::NAME, &reason(&error)))
    }

    /// Waits until an event has come that `is_it` says yes to, and returns it. Events that came
    /// before it are dropped. `name` is what an error calls it.
    ///
    /// # Errors
    /// When it does not come within `limit`, or QEMU is gone.
    pub fn wait_event(
        &mut self,
        name: &str,
        limit: Duration,
        is_it: impl Fn(&Event) -> bool,
    ) -> Result<Event> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(event) = self.inner.events().find(|event| is_it(event)) {
                return Ok(event);
            }
            if Instant::now() >= deadline {
                return Err(Error::Timeout {
                    what: format!("QEMU's event {name}"),
                    after: limit,
                    tail: String::new(),
                });
            }
            std::thread::sleep(TRY_EVERY);
            self.execute(&command::query_version {})?;
        }
    }

    /// Waits until the machine is reset.
    ///
    /// # Errors
    /// As [`Qmp::wait_event`].
    pub fn wait_reset(&mut self, limit: Duration) -> Result<()> {
        let is_it = |event: &Event| matches!(event, Event::RESET { .. });
        self.wait_event("RESET", limit, is_it).map(drop)
    }

    /// Writes what the display shows to `file` as PNG. QEMU writes it, so the path should be
    /// absolute.
    ///
    /// # Errors
    /// As [`Qmp::execute`]; also when the machine has no display device.
    pub fn screendump(&mut self, file: &Path) -> Result<()> {
        let dump = command::screendump {
            device: None,
            format: Some(command::ImageFormat::png),
            head: None,
            filename: file.to_string_lossy().into_owned(),
        };
        self.execute(&dump).map(drop)
    }

    /// What the display shows.
    ///
    /// # Errors
    /// As [`Qmp::screendump`].
    pub fn screenshot(&mut self) -> Result<Picture> {
        let file = TemporaryFile::new("screen.png");
        self.screendump(file.path())?;
        Picture::open(file.path())
    }

    /// Presses the power button.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn system_powerdown(&mut self) -> Result<()> {
        self.execute(&command::system_powerdown {}).map(drop)
    }

    /// Ends QEMU at once.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn quit(&mut self) -> Result<()> {
        self.execute(&command::quit {}).map(drop)
    }
}

/// Connects to a Unix socket that QEMU is perhaps still making.
pub(crate) fn connect(path: &Path, limit: Duration) -> Result<UnixStream> {
    let deadline = Instant::now() + limit;
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() >= deadline => {
                let doing = format!("connect to QEMU's socket {}", path.display());
                return Err(Error::io(doing)(error));
            }
            Err(_) => std::thread::sleep(TRY_EVERY),
        }
    }
}

/// What QEMU, or the connection to it, said.
fn reason(error: &ExecuteError) -> String {
    match error {
        ExecuteError::Qapi(error) => error.desc.clone(),
        ExecuteError::Io(error) => error.to_string(),
    }
}

fn failed(command: &str, reason: &str) -> Error {
    Error::Qmp {
        command: command.into(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    const GREETING: &[u8] = b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \
        \"major\": 7}, \"package\": \"\"}, \"capabilities\": []}}\n";
    const RESET: &str = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \
        \"RESET\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\n{\"return\": {}}\n";

    /// A QEMU that answers every line read with the next of `answers`, and a client of it.
    fn fake(answers: Vec<&'static str>) -> (Qmp, std::thread::JoinHandle<Vec<String>>) {
        let file = TemporaryFile::new("fake-qmp");
        let listener = UnixListener::bind(file.path()).expect("a socket in the temporary folder");
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client");
            stream.write_all(GREETING).expect("the greeting");
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut heard = Vec::new();
            for answer in std::iter::once("{\"return\": {}}\n").chain(answers) {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a command");
                heard.push(line);
                stream.write_all(answer.as_bytes()).expect("an answer");
            }
            heard
        });
        let qmp = Qmp::connect(file.path(), ANSWER_LIMIT).expect("the fake answers");
        (qmp, thread)
    }

    #[test]
    fn commands_are_answered_past_events() {
        let (mut qmp, thread) = fake(vec![RESET]);
        qmp.quit().expect("its answer");
        assert!(qmp.wait_reset(ANSWER_LIMIT).is_ok());
        let heard = thread.join().expect("no panic");
        assert!(heard[0].contains("qmp_capabilities"), "{heard:?}");
        assert!(heard[1].contains("\"quit\""), "{heard:?}");
    }

    #[test]
    fn refusals_carry_the_reason() {
        let refusal = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no display\"}}\n";
        let (mut qmp, thread) = fake(vec![refusal]);
        let error = qmp.screendump(Path::new("/x.png")).expect_err("refused");
        assert_eq!(error.to_string(), "QMP: `screendump` failed: no display");
        thread.join().expect("no panic");
    }

    #[test]
    fn a_burst_is_one_command_and_text_goes_in_small_ones() {
        let (mut qmp, thread) = fake(vec!["{\"return\": {}}\n"; 3]);
        let events = [press(Key::a), release(Key::a)];
        qmp.burst(&events).expect("taken");
        qmp.type_text("Hi.").expect("taken");
        drop(qmp);
        let heard = thread.join().expect("no panic");
        let keys = |line: &str| line.matches("\"key\":{\"type\":\"qcode\"").count();
        let counts: Vec<usize> = heard.iter().map(|line| keys(line)).collect();
        // Shift goes down and up around the H.
        assert_eq!(counts, [0, 2, 6, 2], "{heard:?}");
    }
}
