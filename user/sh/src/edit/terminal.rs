//! The terminal itself: raw mode, reading, writing, its width.
//!
//! Contract: raw mode lasts as long as a [`RawTerminal`] lives, and no longer; bytes are read one
//! at a time, so that what is typed ahead stays for the program that runs next (termios(3)).

use crate::shell::write_all;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stderr, stdin};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
    tcgetwinsize, tcsetattr,
};
use std::io;
use std::time::Duration;

/// What a read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A byte.
    Byte(u8),
    /// Nothing came in time.
    Timeout,
    /// Nothing will come any more.
    End,
}

/// What the editor needs of a terminal.
pub trait Terminal {
    /// Waits for a byte, for ever or as long as said.
    fn read(&mut self, limit: Option<Duration>) -> io::Result<Received>;
    /// Shows bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The columns; 0 if it does not know.
    fn width(&self) -> usize;
    /// Whether it understands no escape sequences.
    fn is_plain(&self) -> bool;
}

/// The terminal on standard input and standard error, in raw mode.
pub struct RawTerminal {
    before: Termios,
    plain: bool,
}

impl RawTerminal {
    /// Puts the terminal in raw mode. `plain` tells that it understands no escape sequences.
    pub fn new(plain: bool) -> io::Result<RawTerminal> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        // Enter stays a newline: what is typed ahead of the next program must be lines for it.
        raw.input_modes |= InputModes::ICRNL;
        raw.input_modes &= !(InputModes::INLCR | InputModes::IXON | InputModes::ISTRIP);
        raw.local_modes &=
            !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        // A program may have left the terminal so that a newline only goes down.
        raw.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed ahead must survive, so nothing is flushed.
        tcsetattr(stdin(), OptionalActions::Drain, &raw)?;
        Ok(RawTerminal { before, plain })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to put back.
        let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.before);
    }
}

impl Terminal for RawTerminal {
    fn read(&mut self, limit: Option<Duration>) -> io::Result<Received> {
        if let Some(limit) = limit {
            let limit = Timespec::try_from(limit).unwrap_or(Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            });
            match poll(&mut [PollFd::new(&stdin(), PollFlags::IN)], Some(&limit)) {
                Ok(0) => return Ok(Received::Timeout),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut buffer = [0];
        loop {
            match rustix::io::read(stdin(), &mut buffer) {
                Ok(0) => return Ok(Received::End),
                Ok(_) => return Ok(Received::Byte(buffer[0])),
                Err(Errno::INTR) => {}
                // A terminal that hung up.
                Err(Errno::IO) => return Ok(Received::End),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        Ok(write_all(stderr(), bytes)?)
    }

    fn width(&self) -> usize {
        tcgetwinsize(stdin()).map_or(0, |size| usize::from(size.ws_col))
    }

    fn is_plain(&self) -> bool {
        self.plain
    }
}
