//! The line discipline: what a terminal does to bytes between the line and the program.
//!
//! A pure state machine without locks, clocks or processes. Bytes from the line go in through
//! [`LineDiscipline::receive`]; what a program reads comes out of [`LineDiscipline::read`]; what
//! it writes goes through [`LineDiscipline::write`] into a queue of output, which also takes the
//! echo and which the owner sends to the line. Signals that a key asks for are returned to the
//! owner, who knows the foreground process group.
//!
//! Source: `termios(3)`, POSIX.1-2017 chapter 11 (General Terminal Interface), and Linux's
//! behaviour where they leave a choice (column-accurate erasing, `ECHOCTL`, `ECHOKE`, `IUTF8`).
mod canonical;
mod discipline;
mod erase;
mod input;
mod output;
mod read;
mod receive;
#[cfg(test)]
mod tests;

pub use discipline::{LineDiscipline, Queue};
pub use read::{LineRead, ReadRule};
pub use receive::{LineError, Received, Signal};

/// Whether a byte is a control character: echoed as `^X` and taking no column by itself.
const fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}
