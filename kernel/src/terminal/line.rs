//! What a terminal is attached to: the trait that the serial line and the masters of
//! pseudoterminals implement.
//!
//! A terminal calls it while its own state is locked only where that is said; everything else is
//! called with nothing locked and may wake others. Source: termios(3), pty(7).
use crate::error::Result;
use abi::terminal::Termios2;
use drivers::terminal::{LineDiscipline, Queue};

/// The far side of a terminal: the serial chip, or the master of a pseudoterminal.
pub trait Line: Send + Sync {
    /// A file on the terminal is opened. `EIO`: nobody may.
    fn file_opened(&self) -> Result<()> {
        Ok(())
    }

    /// A file on the terminal was closed.
    fn file_closed(&self) {}

    /// Output waits, or may be sent again: take from `discipline` what the line takes now. The
    /// terminal's state is locked: must not sleep.
    fn transmit(&self, discipline: &mut LineDiscipline);

    /// Called after output was added, with nothing locked: wakes whoever takes it.
    fn output_added(&self) {}

    /// Called after input was taken by a reader: there is room for more.
    fn input_taken(&self) {}

    /// A queue was emptied by a program or a signal (pseudoterminals in packet mode tell).
    fn flushed(&self, _queue: Queue) {}

    /// The output was stopped or started (pseudoterminals in packet mode tell).
    fn flow_changed(&self, _stopped: bool) {}

    /// The settings changed from `old` to `new`.
    fn settings_changed(&self, _old: &Termios2, _new: &Termios2) {}

    /// The lines to a modem as `TIOCM_*` bits. None: there are no such lines.
    fn modem(&self) -> Option<u32> {
        None
    }

    /// Sets those of the lines that this side drives.
    fn set_modem(&self, _lines: u32) {}

    /// Whether the other side is there; reads and writes fail without it.
    fn is_connected(&self) -> bool {
        true
    }

    /// Whether output that was written counts as waiting (`TIOCOUTQ`, `tcdrain(3)`) until the
    /// other side has taken it.
    fn counts_output(&self) -> bool;

    /// Whether the terminal is a pseudoterminal's.
    fn is_pseudoterminal(&self) -> bool {
        false
    }
}
