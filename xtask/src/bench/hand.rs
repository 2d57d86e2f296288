//! A hand at the keyboard for the benchmark program: a switch by keys can only come from outside.
//!
//! The program asks for a stroke with a byte in its output that is in no table, ENQ, and the hand
//! presses Alt+F2 and Alt+F1 in turn. It does nothing by itself: a machine that is switched off in
//! the middle of a command leaves QEMU 7.2 waiting for itself.

use std::io::{Error, Result, Write};
use std::time::Duration;

use qemu::qmp::{Key, press, release};
use qemu::{Machine, Qmp, TemporaryFile};

/// How the program asks.
const ENQUIRY: u8 = 0x05;
/// How long QEMU may take to answer.
const LIMIT: Duration = Duration::from_secs(60);
/// From Alt to the other key, so that this one has an interrupt of its own.
const REST: Duration = Duration::from_millis(3);

/// A hand, and where what it does not need of the output goes.
pub struct Hand<'a> {
    output: &'a mut dyn Write,
    /// Where QEMU takes the strokes.
    socket: TemporaryFile,
    qmp: Option<Qmp>,
    strokes: usize,
}

impl<'a> Hand<'a> {
    /// Sits down at a machine that is to be started next.
    pub fn at(machine: &mut Machine, output: &'a mut dyn Write) -> Self {
        let socket = TemporaryFile::new("hand.qmp");
        machine.qmp.push(socket.path().to_owned());
        Self {
            output,
            socket,
            qmp: None,
            strokes: 0,
        }
    }

    fn stroke(&mut self) -> qemu::Result<()> {
        let qmp = match &mut self.qmp {
            Some(qmp) => qmp,
            none => none.insert(Qmp::connect(self.socket.path(), LIMIT)?),
        };
        let key = [Key::f2, Key::f1][self.strokes % 2];
        self.strokes += 1;
        qmp.press(Key::alt)?;
        std::thread::sleep(REST);
        qmp.burst(&[press(key), release(key), release(Key::alt)])
    }
}

impl Write for Hand<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut parts = bytes.split(|byte| *byte == ENQUIRY);
        if let Some(first) = parts.next() {
            self.output.write_all(first)?;
        }
        for part in parts {
            self.stroke().map_err(Error::other)?;
            self.output.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }
}
