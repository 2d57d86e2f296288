//! `cargo xtask run` under way, as a person has it in a terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use qemu::Kind;

use crate::xtask;

/// It ends by itself after so many seconds, longer than any test takes.
const LIMIT_SECONDS: &str = "300";

/// `cargo xtask run` under way; ended with the test, and QEMU with it.
pub struct Running {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Running {
    /// A machine of this kind and name, on a host with this display (as in DISPLAY) or none, with
    /// more words of the command line.
    pub fn start(kind: Kind, name: &str, display: Option<&str>, words: &[&str]) -> Self {
        let mut command = Command::new(xtask());
        command.args(["run", "--machine", kind.name(), "--name", name]);
        command.args(["--timeout", LIMIT_SECONDS]).args(words);
        command.env_remove("WAYLAND_DISPLAY");
        match display {
            // Whatever else this host has is not meant.
            Some(display) => command
                .env("DISPLAY", display)
                .envs([("GDK_BACKEND", "x11"), ("SDL_VIDEODRIVER", "x11")]),
            None => command.env_remove("DISPLAY"),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        Self { child, said }
    }

    /// The line it says with this in it.
    #[track_caller]
    pub fn line(&mut self, part: &str) -> String {
        let mut all = String::new();
        loop {
            let begin = all.len();
            let count = self.said.read_line(&mut all).expect("it can be read");
            assert!(count > 0, "it ended after saying: {all}");
            if all[begin..].contains(part) {
                return all[begin..].trim().to_owned();
            }
        }
    }

    /// Waits for its end; returns whether that was a success.
    pub fn succeeds(mut self) -> bool {
        self.child.wait().expect("it is our child").success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It can only have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
