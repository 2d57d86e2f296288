//! Hanging up: every file on the terminal dies, and the session loses it.
//!
//! Source: `vhangup(2)`, `termios(3)` (modem disconnect), Linux's `tty_vhangup`.
use super::Terminal;
use super::file::Opened;
use crate::process::signal::{self, SignalInfo};
use crate::process::table;
use abi::raw::general::{SIGCONT, SIGHUP};
use core::sync::atomic::Ordering;
use drivers::terminal::Queue;

impl Terminal {
    /// Whether the other side is there.
    pub(super) fn is_connected(&self) -> bool {
        self.line.is_connected()
    }

    /// Whether a file on this terminal can do nothing any more: the terminal was hung up since
    /// the file was opened, or the other side is gone.
    pub(super) fn is_dead(&self, opened: Opened) -> bool {
        !self.is_connected() || (!opened.is_console && opened.hangups != self.hangups())
    }

    /// Hangs up: files opened before answer end of file and `EIO` from now on; the session's
    /// leader and the foreground group get `SIGHUP` and `SIGCONT`, and the session has no
    /// controlling terminal any more.
    pub fn hang_up(&self) {
        self.hangups.fetch_add(1, Ordering::AcqRel);
        let (session, foreground) = self.job_control.lock().release();
        if let Some(session) = session {
            if self.controls(&session) {
                session.set_terminal(None);
            }
            if let Some(leader) = table::find(session.id) {
                for number in [SIGHUP, SIGCONT] {
                    signal::send_to_process(&leader, SignalInfo::from_kernel(number));
                }
            }
        }
        Self::tell_hangup(foreground);
        {
            let discipline = &mut self.state.lock().discipline;
            discipline.flush(Queue::Both);
            discipline.start_output();
        }
        self.signals.list.clear();
        self.readers.wake_all();
        self.writers.wake_all();
    }
}
