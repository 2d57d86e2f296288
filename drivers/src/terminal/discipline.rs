//! The state of one line discipline, and the requests that change it as a whole: new settings,
//! flushing, stopping and starting the output.
use super::input::InputQueue;
use crate::queue::ByteQueue;
use abi::raw::general::{EXTPROC, ICANON, IXON};
use abi::terminal::{Termios, Termios2};

/// Bytes of output that may wait for the line.
const OUTPUT_CAPACITY: usize = 4096;

/// Which queue a flush empties (`tcflush(3)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Received and not yet read.
    Input,
    /// Written and not yet sent.
    Output,
    /// Both.
    Both,
}

/// One terminal's line discipline.
pub struct LineDiscipline {
    pub(super) settings: Termios2,
    pub(super) input: InputQueue,
    pub(super) output: ByteQueue,
    /// Column of the cursor, as far as the output tells.
    pub(super) column: usize,
    /// Column where the line being typed began.
    pub(super) line_start_column: usize,
    /// The next byte is taken as it is (after `VLNEXT`).
    pub(super) literal_next: bool,
    /// Inside a run of erased bytes shown between `\` and `/` (`ECHOPRT`).
    pub(super) erasing: bool,
    /// While the output is stopped: how many bytes had left before and may still be sent.
    stopped: Option<usize>,
    /// The output was stopped by a program (`TCOOFF`), so no key starts it.
    stopped_by_program: bool,
}

impl LineDiscipline {
    /// A line discipline with these settings; none when there is no memory for its queues.
    pub fn new(settings: Termios2) -> Option<Self> {
        Some(Self {
            settings: settings.normalised(),
            input: InputQueue::new()?,
            output: ByteQueue::new(OUTPUT_CAPACITY)?,
            column: 0,
            line_start_column: 0,
            literal_next: false,
            erasing: false,
            stopped: None,
            stopped_by_program: false,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Termios2 {
        &self.settings
    }

    pub(super) fn termios(&self) -> &Termios {
        &self.settings.base
    }

    /// Whether input is read by lines.
    pub fn is_canonical(&self) -> bool {
        self.termios().local(ICANON) && !self.termios().local(EXTPROC)
    }

    /// Changes the settings. Input that already waits is kept: when lines are switched on it
    /// counts as one complete line, when they are switched off it can be read byte by byte.
    pub fn set_settings(&mut self, settings: Termios2) {
        let settings = settings.normalised();
        let changed = self.settings.base.c_lflag ^ settings.base.c_lflag;
        let stopped_keys_went = self.termios().input(IXON) && !settings.base.input(IXON);
        self.settings = settings;
        if changed & (ICANON | EXTPROC) != 0 {
            let canonical = self.termios().local(ICANON);
            self.input.forget_lines(canonical);
            self.erasing = false;
            self.literal_next = false;
        }
        if stopped_keys_went && !self.stopped_by_program {
            self.stopped = None;
        }
    }

    /// Empties a queue.
    pub fn flush(&mut self, queue: Queue) {
        if queue != Queue::Output {
            self.input.clear();
            self.erasing = false;
            self.literal_next = false;
        }
        if queue != Queue::Input {
            self.output.clear();
            self.stopped = self.stopped.map(|_| 0);
        }
    }

    /// Stops the output from a key (`VSTOP`).
    pub(super) fn stop(&mut self) {
        if self.stopped.is_none() {
            self.stopped = Some(self.output.len());
        }
    }

    /// Starts the output from a key (`VSTART`), unless a program had stopped it.
    pub(super) fn start(&mut self) {
        if !self.stopped_by_program {
            self.stopped = None;
        }
    }

    /// Stops the output for a program (`tcflow(TCOOFF)`).
    pub fn stop_output(&mut self) {
        self.stopped_by_program = true;
        self.stop();
    }

    /// Starts the output for a program (`tcflow(TCOON)`).
    pub fn start_output(&mut self) {
        self.stopped_by_program = false;
        self.stopped = None;
    }

    /// Whether the output is stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// How many bytes of output wait to be sent, those held back by a stop included.
    pub fn output_waiting(&self) -> usize {
        self.output.len()
    }

    /// How many bytes of output may be sent now.
    pub fn output_sendable(&self) -> usize {
        self.stopped.unwrap_or(usize::MAX).min(self.output.len())
    }

    /// Takes output that is to be sent to the line now, as much as `buffer` holds.
    pub fn take_output(&mut self, buffer: &mut [u8]) -> usize {
        let limit = self.output_sendable().min(buffer.len());
        let count = self.output.pop_slice(&mut buffer[..limit]);
        if let Some(released) = &mut self.stopped {
            *released -= count;
        }
        count
    }

    /// Offers output that is to be sent to the line now to `send`, which says how much of it the
    /// line took; until it takes less than it was offered.
    pub fn send_output(&mut self, mut send: impl FnMut(&[u8]) -> usize) {
        loop {
            let front = self.output.front();
            let offered = &front[..front.len().min(self.output_sendable())];
            if offered.is_empty() {
                return;
            }
            let (length, sent) = (offered.len(), send(offered));
            self.output.consume(sent);
            if let Some(released) = &mut self.stopped {
                *released -= sent;
            }
            if sent < length {
                return;
            }
        }
    }

    /// Puts a byte straight into the output (`VSTART` and `VSTOP` sent by `tcflow(3)`).
    pub fn send_byte(&mut self, byte: u8) -> bool {
        self.output.push(byte)
    }
}
