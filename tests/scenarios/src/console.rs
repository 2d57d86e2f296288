//! Someone who types at the shell of a booted machine.

use std::time::Duration;

use qemu::{Ending, Guest, Kind, Machine, Qmp, TemporaryFile, Vnc};

use crate::{BOOT_LIMIT, COMMAND_LIMIT, Image};

/// What the shell's prompt ends with: root's.
const PROMPT: &str = "# ";

/// A booted machine with its shell waiting.
pub struct Console {
    guest: Guest,
    /// The ramdisk's file; QEMU reads it at every reset, so it stays as long as the machine.
    _ramdisk: TemporaryFile,
}

/// What the shell answered.
#[derive(Debug)]
pub struct Answer {
    /// What came on the serial line, the echo of what was typed included.
    pub text: String,
    /// The exit status, `$?`.
    pub status: i32,
}

impl Console {
    /// Boots `image` on a machine of this kind and waits for the prompt.
    pub fn boot(image: &Image, kind: Kind) -> Self {
        let mut console = Self::start(image, image.machine(kind));
        console.wait_prompt();
        console
    }

    /// Starts `machine`, which is one of `image`'s, perhaps changed; does not wait.
    pub fn start(image: &Image, mut machine: Machine) -> Self {
        let ramdisk = TemporaryFile::new("scenario.cpio");
        if machine.ramdisk.is_none() {
            let written = image.ramdisk.write(ramdisk.path());
            written.unwrap_or_else(|error| panic!("{error}"));
            machine.ramdisk = Some(ramdisk.path().to_owned());
        }
        let guest = Guest::start(&machine).unwrap_or_else(|error| panic!("{error}"));
        Self {
            guest,
            _ramdisk: ramdisk,
        }
    }

    /// Waits until the shell prompts, after a boot.
    pub fn wait_prompt(&mut self) {
        self.expect(PROMPT, BOOT_LIMIT);
    }

    /// Waits for `pattern` and returns what came up to it.
    pub fn expect(&mut self, pattern: &str, limit: Duration) -> String {
        self.guest
            .expect(pattern, limit)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Types `text` as it is.
    pub fn send(&mut self, text: &str) {
        self.guest
            .send(text)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Types `line` and waits for its end. What is searched for in the answer must not stand in
    /// the line itself, since the terminal echoes it.
    pub fn run(&mut self, line: &str) -> Answer {
        // The echo shows `$?` where the shell puts a number, so only the answer matches.
        self.send(&format!("{line}; echo \"<<$?>>\"\n"));
        let marks: Vec<String> = (0..10).map(|digit| format!("<<{digit}")).collect();
        let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
        let (digit, text) = self
            .guest
            .expect_any(&marks, COMMAND_LIMIT)
            .unwrap_or_else(|error| panic!("{error}"));
        let rest = self.expect(">>", COMMAND_LIMIT);
        let digits = format!("{digit}{}", rest.trim_end_matches(">>"));
        let status = digits
            .parse()
            .unwrap_or_else(|_| panic!("`{digits}` is no exit status"));
        self.expect(PROMPT, COMMAND_LIMIT);
        Answer { text, status }
    }

    /// Shows that the shell still answers: it computes something.
    pub fn still_answers(&mut self) {
        let answer = self.run("echo $((6 * 7))-alive");
        assert!(
            answer.text.contains("42-alive"),
            "the shell said: {}",
            answer.text
        );
    }

    /// Waits until the machine ends by itself.
    pub fn wait_end(&mut self) -> Ending {
        self.guest
            .wait(BOOT_LIMIT)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Everything said on the serial line so far.
    pub fn said(&self) -> String {
        self.guest.said()
    }

    /// A connection to QEMU itself.
    pub fn qmp(&self) -> Qmp {
        self.guest.qmp().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A connection to the lamps of the keyboard; made before the change that it is to see.
    pub fn vnc(&self) -> Vnc {
        self.guest.vnc().unwrap_or_else(|error| panic!("{error}"))
    }
}
