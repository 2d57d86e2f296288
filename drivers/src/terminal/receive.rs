//! Bytes from the line: translated, looked up as keys, echoed and put into the input queue.
use super::discipline::{LineDiscipline, Queue};
use abi::raw::general::{
    BRKINT, ECHO, EXTPROC, ICANON, ICRNL, IEXTEN, IGNBRK, IGNCR, IGNPAR, INLCR, INPCK, ISIG,
    ISTRIP, IUCLC, IXANY, IXON, NOFLSH, PARMRK, VINTR, VQUIT, VSTART, VSTOP, VSUSP,
};

/// What a key asks the foreground process group to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `VINTR` or a break: `SIGINT`.
    Interrupt,
    /// `VQUIT`: `SIGQUIT`.
    Quit,
    /// `VSUSP`: `SIGTSTP`.
    Suspend,
}

/// What is wrong with a byte from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// No byte: the line was held at zero for longer than one.
    Break,
    /// This byte came with a wrong parity or without its stop bit.
    Damaged(u8),
}

/// What became of received bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// How many bytes were taken; fewer than offered when the queue is full or a signal is due.
    pub taken: usize,
    /// A signal for the foreground group, to be sent before the rest is offered.
    pub signal: Option<Signal>,
}

impl LineDiscipline {
    /// Takes bytes from the line. It stops after a byte that asks for a signal, and when readers
    /// have to make room first; the caller offers the rest again.
    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        if self.passes_input_through() {
            return Received {
                taken: self.input.push_slice(bytes),
                signal: None,
            };
        }
        let mut received = Received::default();
        for &byte in bytes {
            if self.input_room() == 0 {
                break;
            }
            received.taken += 1;
            received.signal = self.receive_byte(byte);
            if received.signal.is_some() {
                break;
            }
        }
        received
    }

    /// Takes the news of a damaged byte or a break from the line.
    pub fn receive_error(&mut self, error: LineError) -> Option<Signal> {
        let termios = *self.termios();
        match error {
            LineError::Break if termios.input(IGNBRK) => {}
            LineError::Break if termios.input(BRKINT) => {
                self.flush_for_signal();
                return Some(Signal::Interrupt);
            }
            LineError::Break if termios.input(PARMRK) => self.put_marked(0),
            LineError::Break => self.input.push(0),
            LineError::Damaged(byte) if !termios.input(INPCK) => return self.receive_byte(byte),
            LineError::Damaged(_) if termios.input(IGNPAR) => {}
            LineError::Damaged(byte) if termios.input(PARMRK) => self.put_marked(byte),
            LineError::Damaged(_) => self.input.push(0),
        }
        None
    }

    /// How many bytes [`Self::receive`] takes now at least. A line that is too long loses bytes
    /// instead of blocking the line, for nobody could read it before its end.
    pub fn input_room(&self) -> usize {
        let bytes_each = if self.termios().input(PARMRK) { 3 } else { 1 };
        let room = self.input.room() / bytes_each;
        if room == 0 && self.is_canonical() && self.input.len_of_lines() == 0 {
            1
        } else {
            room
        }
    }

    /// Whether no byte needs to be looked at.
    fn passes_input_through(&self) -> bool {
        let termios = self.termios();
        termios.local(EXTPROC)
            || (termios.c_lflag & (ICANON | ISIG | ECHO) == 0
                && termios.c_iflag & (IXON | ICRNL | INLCR | IGNCR | ISTRIP | IUCLC | PARMRK) == 0)
                && !self.literal_next
    }

    fn receive_byte(&mut self, byte: u8) -> Option<Signal> {
        let byte = self.translate_case(byte);
        if core::mem::take(&mut self.literal_next) {
            self.receive_ordinary(byte);
            return None;
        }
        if self.receive_flow_key(byte) {
            return None;
        }
        if let Some(signal) = self.signal_key(byte) {
            self.receive_signal_key(byte);
            return Some(signal);
        }
        if self.is_stopped() && self.termios().input(IXON | IXANY) {
            self.start();
        }
        let byte = self.translate_line_end(byte)?;
        if !(self.termios().local(ICANON) && self.receive_line_key(byte)) {
            self.receive_ordinary(byte);
        }
        None
    }

    fn translate_case(&self, byte: u8) -> u8 {
        let byte = if self.termios().input(ISTRIP) {
            byte & 0x7f
        } else {
            byte
        };
        let lower = self.termios().input(IUCLC) && self.termios().local(IEXTEN);
        if lower {
            byte.to_ascii_lowercase()
        } else {
            byte
        }
    }

    /// Carriage return and line feed as the input modes want them; none for one to be dropped.
    fn translate_line_end(&self, byte: u8) -> Option<u8> {
        match byte {
            b'\r' if self.termios().input(IGNCR) => None,
            b'\r' if self.termios().input(ICRNL) => Some(b'\n'),
            b'\n' if self.termios().input(INLCR) => Some(b'\r'),
            _ => Some(byte),
        }
    }

    fn receive_flow_key(&mut self, byte: u8) -> bool {
        if !self.termios().input(IXON) {
            return false;
        }
        if self.termios().character(VSTART) == Some(byte) {
            self.start();
        } else if self.termios().character(VSTOP) == Some(byte) {
            self.stop();
        } else {
            return false;
        }
        true
    }

    fn signal_key(&self, byte: u8) -> Option<Signal> {
        if !self.termios().local(ISIG) {
            return None;
        }
        [
            (VINTR, Signal::Interrupt),
            (VQUIT, Signal::Quit),
            (VSUSP, Signal::Suspend),
        ]
        .into_iter()
        .find(|&(index, _)| self.termios().character(index) == Some(byte))
        .map(|(_, signal)| signal)
    }

    fn receive_signal_key(&mut self, byte: u8) {
        self.flush_for_signal();
        if self.termios().input(IXON) {
            self.start();
        }
        if self.termios().local(ECHO) {
            self.echo(byte);
        }
    }

    fn flush_for_signal(&mut self) {
        if !self.termios().local(NOFLSH) {
            self.flush(Queue::Both);
        }
    }

    fn receive_ordinary(&mut self, byte: u8) {
        if self.termios().local(ECHO) {
            self.finish_erasing();
            if byte == b'\n' {
                self.echo_plain(byte);
            } else {
                self.begin_echo();
                self.echo(byte);
            }
        }
        self.mark_if_doubled(byte);
        self.input.push(byte);
    }

    /// With `PARMRK` a received 0xff is doubled, so that it differs from the mark of an error.
    pub(super) fn mark_if_doubled(&mut self, byte: u8) {
        if byte == 0xff && self.termios().input(PARMRK) {
            self.input.push(byte);
        }
    }

    /// A damaged byte as `PARMRK` shows it.
    fn put_marked(&mut self, byte: u8) {
        self.input.push(0xff);
        self.input.push(0);
        self.input.push(byte);
    }
}
