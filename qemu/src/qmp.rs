//! A client of QMP, the protocol QEMU is steered with: one JSON object a line over a Unix socket.
//!
//! After the greeting the client sends `qmp_capabilities`; from then on each command is answered
//! by `return` or `error`, with events in between. Source: QEMU's "QMP protocol specification" and
//! "QMP reference manual".

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Error, Result};

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// Keys and pointer moves go in batches of this size, since a burst overflows the guest's queue.
const BATCH: usize = 8;
/// The rest between two batches, for the guest to drain its queue.
const REST: Duration = Duration::from_millis(20);

/// A connection to a QEMU.
pub struct Qmp {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    events: VecDeque<Value>,
}

impl Qmp {
    /// Connects to the socket at `path`, trying until `limit` passes, and agrees on capabilities.
    ///
    /// # Errors
    /// When nobody answers, or not as QMP says.
    pub fn connect(path: &Path, limit: Duration) -> Result<Self> {
        let doing = || format!("connect to QEMU's QMP socket {}", path.display());
        let deadline = Instant::now() + limit;
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() >= deadline => return Err(Error::io(doing())(error)),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        stream
            .set_read_timeout(Some(ANSWER_LIMIT))
            .map_err(Error::io(doing()))?;
        let writer = stream.try_clone().map_err(Error::io(doing()))?;
        let mut qmp = Self {
            reader: BufReader::new(stream),
            writer,
            events: VecDeque::new(),
        };
        let greeting = qmp.read("the greeting")?;
        if greeting.get("QMP").is_none() {
            return Err(failed("the greeting", "it is not QMP that answers there"));
        }
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Sends `command` with `arguments` (an object) and returns what it returned.
    ///
    /// # Errors
    /// When QEMU refuses the command, does not answer, or is gone.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
        line.push('\n');
        self.writer
            .write_all(line.as_bytes())
            .map_err(Error::io(format!("send the QMP command `{command}`")))?;
        loop {
            let mut answer = self.read(command)?;
            if answer.get("event").is_some() {
                self.events.push_back(answer);
            } else if let Some(error) = answer.get("error") {
                let reason = error
                    .get("desc")
                    .and_then(Value::as_str)
                    .unwrap_or("no reason given");
                return Err(failed(command, reason));
            } else if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            } else {
                return Err(failed(
                    command,
                    "the answer has neither `return` nor `error`",
                ));
            }
        }
    }

    /// Waits until the event `name` (`RESET`, `SHUTDOWN`, …) has come, and returns it. Events that
    /// came before it are dropped.
    ///
    /// # Errors
    /// When it does not come while QEMU answers.
    pub fn wait_event(&mut self, name: &str) -> Result<Value> {
        let is_it = |event: &Value| event.get("event").and_then(Value::as_str) == Some(name);
        while let Some(event) = self.events.pop_front() {
            if is_it(&event) {
                return Ok(event);
            }
        }
        loop {
            let event = self.read(&format!("waiting for the event {name}"))?;
            if is_it(&event) {
                return Ok(event);
            }
        }
    }

    /// Writes what the display shows to `file` as PNG.
    ///
    /// # Errors
    /// As [`Qmp::execute`]; also when the machine has no display device.
    pub fn screendump(&mut self, file: &Path) -> Result<()> {
        let arguments = json!({ "filename": file.to_string_lossy(), "format": "png" });
        self.execute("screendump", arguments).map(drop)
    }

    /// Presses the keys named (QEMU's `QKeyCode`: `a`, `ret`, `ctrl`, …) together and lets go.
    ///
    /// # Errors
    /// As [`Qmp::execute`]; also for a key QEMU does not know.
    pub fn send_key(&mut self, keys: &[&str]) -> Result<()> {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| json!({ "type": "qcode", "data": key }))
            .collect();
        self.execute("send-key", json!({ "keys": keys })).map(drop)
    }

    /// Sends input events (QEMU's `InputEvent` objects), a few at a time with a rest in between.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn input_events(&mut self, events: &[Value]) -> Result<()> {
        for (index, batch) in events.chunks(BATCH).enumerate() {
            if index > 0 {
                std::thread::sleep(REST);
            }
            self.execute("input-send-event", json!({ "events": batch }))?;
        }
        Ok(())
    }

    /// Presses the power button.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn system_powerdown(&mut self) -> Result<()> {
        self.execute("system_powerdown", json!({})).map(drop)
    }

    /// Ends QEMU at once.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn quit(&mut self) -> Result<()> {
        self.execute("quit", json!({})).map(drop)
    }

    /// The next line, as JSON.
    fn read(&mut self, command: &str) -> Result<Value> {
        let mut line = String::new();
        let length = self
            .reader
            .read_line(&mut line)
            .map_err(Error::io(format!("read QEMU's answer to `{command}`")))?;
        if length == 0 {
            return Err(failed(command, "QEMU closed the connection"));
        }
        serde_json::from_str(&line)
            .map_err(|error| failed(command, &format!("the answer is not JSON ({error})")))
    }
}

fn failed(command: &str, reason: &str) -> Error {
    Error::Qmp {
        command: command.into(),
        reason: reason.into(),
    }
}

/// The input event of a key going down or up, for [`Qmp::input_events`].
pub fn key_event(key: &str, down: bool) -> Value {
    json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": key } } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// A QEMU that answers every line read with the next of `answers`.
    fn fake(
        name: &str,
        answers: Vec<&'static str>,
    ) -> (std::path::PathBuf, std::thread::JoinHandle<Vec<String>>) {
        let path = std::env::temp_dir().join(format!("janus-fake-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket in the temporary folder");
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client");
            stream.write_all(b"{\"QMP\": {}}\n").expect("the greeting");
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut heard = Vec::new();
            for answer in answers {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a command");
                heard.push(line);
                stream.write_all(answer.as_bytes()).expect("an answer");
            }
            heard
        });
        (path, thread)
    }

    #[test]
    fn commands_are_answered_past_events() {
        let (path, thread) = fake(
            "events",
            vec![
                "{\"return\": {}}\n",
                "{\"event\": \"RESET\"}\n{\"return\": 7}\n",
            ],
        );
        let mut qmp = Qmp::connect(&path, ANSWER_LIMIT).expect("the fake answers");
        assert_eq!(qmp.execute("x", json!({})).expect("its answer"), json!(7));
        assert!(qmp.wait_event("RESET").is_ok());
        assert!(thread.join().expect("no panic")[0].contains("qmp_capabilities"));
        std::fs::remove_file(path).expect("it was there");
    }

    #[test]
    fn refusals_carry_the_reason() {
        let (path, thread) = fake(
            "refusal",
            vec![
                "{\"return\": {}}\n",
                "{\"error\": {\"desc\": \"no display\"}}\n",
            ],
        );
        let mut qmp = Qmp::connect(&path, ANSWER_LIMIT).expect("the fake answers");
        let error = qmp
            .screendump(Path::new("/x.png"))
            .expect_err("refused")
            .to_string();
        assert_eq!(error, "QMP: `screendump` failed: no display");
        thread.join().expect("no panic");
        std::fs::remove_file(path).expect("it was there");
    }
}
