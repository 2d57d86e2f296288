//! An X server without a screen, for windows to open on: Xvfb, on whichever display is free.
//!
//! It is asked to end when this goes, and killed when it does not; where the test is killed, the
//! server dies with it, as QEMU does (see [`qemu::process`]). One that runs for longer than any test
//! is killed too: so a client that waits for an answer waits with a limit. Source: Xserver(1),
//! Xvfb(1).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use qemu::TemporaryFile;
use qemu::process::find_program;
use rustix::process::{Pid, Signal, kill_process};

use crate::BOOT_LIMIT;

/// The program.
const PROGRAM: &str = "Xvfb";
/// Its screen: larger than any window that QEMU opens by itself, with eight bits a colour.
const SCREEN: &str = "1600x1200x24";
/// How long a test may have it.
const LIMIT: Duration = Duration::from_secs(600);
/// How long it may take to end, which removes its socket.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// An X server that runs.
pub struct XServer {
    child: Child,
    display: String,
    /// What it complains of.
    complaints: TemporaryFile,
    /// Kills it after [`LIMIT`]; ends when the other part goes.
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl XServer {
    /// Starts one and waits until it takes clients.
    pub fn start() -> Self {
        let complaints = TemporaryFile::new("xvfb.log");
        let log = File::create(complaints.path()).expect("the temporary folder takes it");
        let mut command = match find_program("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--", PROGRAM]);
                command
            }
            None => Command::new(PROGRAM),
        };
        // It says on its standard output which display it has found free.
        command.args(["-displayfd", "1", "-screen", "0", SCREEN]);
        command.args(["-nolisten", "tcp", "-noreset"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.stderr(log).spawn();
        let child = child.unwrap_or_else(|error| panic!("could not start {PROGRAM}: {error}"));
        let watch = Some(watch(Pid::from_child(&child)));
        let mut server = Self {
            child,
            display: String::new(),
            complaints,
            watch,
        };
        server.display = format!(":{}", server.number());
        server
    }

    /// What DISPLAY is for its clients.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The number of its display, once it takes clients.
    fn number(&mut self) -> u32 {
        let output = self.child.stdout.take().expect("it is piped");
        let (sender, receiver) = mpsc::channel();
        // Ends with the line or with the server, whichever comes first.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            // Whoever waits has perhaps given up.
            let _ = sender.send(read.map(|_| line));
        });
        let said = receiver.recv_timeout(BOOT_LIMIT);
        let line = said.ok().and_then(Result::ok).unwrap_or_default();
        line.trim().parse().unwrap_or_else(|_| {
            let complaints = std::fs::read_to_string(self.complaints.path());
            let complaints = complaints.unwrap_or_default();
            panic!("{PROGRAM} named no display but said `{line}` {complaints}")
        })
    }

    /// Whether it has ended by itself within [`GRACE`].
    fn has_ended(&mut self) -> bool {
        let deadline = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        true
    }
}

/// Kills `server` after [`LIMIT`], unless what is returned goes before.
fn watch(server: Pid) -> (Sender<()>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        if receiver.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            // It is a child that nobody has waited for yet, so the number is its own.
            let _ = kill_process(server, Signal::KILL);
        }
    });
    (sender, thread)
}

impl Drop for XServer {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.watch.take() {
            drop(sender);
            // It does nothing that could panic.
            let _ = thread.join();
        }
        // Each of these fails only when it is gone already.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        if !self.has_ended() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
