//! Terminals: the line discipline at work between a line and the programs that use it.
//!
//! [`Terminal`] holds the line discipline (pure, in `drivers::terminal`), the window size and the
//! job control state, and does what those need the kernel for: waiting, signals, the controlling
//! terminal of a session. A [`Line`] is what it is attached to: the serial line, or the master of
//! a pseudoterminal. A program sees a [`TerminalFile`], one for each time it was opened.
//!
//! Locks: `state` is a spin lock, held for one step of the line discipline; signals are sent and
//! threads woken after it is released. The job control state has a lock of its own, never held
//! together with `state`.
//!
//! Source: `termios(3)`, `ioctl_tty(2)`, `credentials(7)`, POSIX.1-2017 chapter 11.
mod async_signals;
mod console;
mod file;
mod hangup;
mod input;
mod ioctl;
mod job_control;
mod line;
pub mod pty;
mod read;
mod settings;
#[cfg(feature = "ktest")]
mod tests;
mod write;

pub use console::{
    SERIAL_DEVICE, console, controlling, initialise, open_console, open_controlling, open_serial,
};
pub use file::TerminalFile;
pub use line::Line;

use crate::error::{Errno, Result};
use crate::file::DeviceNumber;
use crate::sync::{SpinLock, WaitQueue};
use abi::Winsize;
use abi::terminal::Termios2;
use alloc::sync::Arc;
use async_signals::AsyncSignals;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use drivers::terminal::LineDiscipline;
use job_control::JobControl;

/// What changes with every byte.
struct State {
    discipline: LineDiscipline,
    window: Winsize,
}

/// A terminal. See the head of this file.
pub struct Terminal {
    device: DeviceNumber,
    line: Arc<dyn Line>,
    state: SpinLock<State>,
    job_control: SpinLock<JobControl>,
    /// Whose turn it is to read.
    reading: read::Turns,
    /// Who waits for input.
    readers: Arc<WaitQueue>,
    /// Who waits for room in the output.
    writers: Arc<WaitQueue>,
    /// Who wants a signal when either becomes possible.
    signals: AsyncSignals,
    /// Counts hang-ups: a file opened before the last one is dead.
    hangups: AtomicU32,
    /// Nobody but the privileged may open it again (`TIOCEXCL`).
    exclusive: AtomicBool,
}

impl Terminal {
    /// A terminal on `line` with this device number. `ENOMEM`: no memory for its queues.
    pub fn new(device: DeviceNumber, line: Arc<dyn Line>, settings: Termios2) -> Result<Arc<Self>> {
        let discipline = LineDiscipline::new(settings).ok_or(Errno::ENOMEM)?;
        Ok(Arc::new(Self {
            device,
            line,
            state: SpinLock::new(State {
                discipline,
                window: Winsize::default(),
            }),
            job_control: SpinLock::new(JobControl::default()),
            reading: read::Turns::new(),
            readers: Arc::new(WaitQueue::new()),
            writers: Arc::new(WaitQueue::new()),
            signals: AsyncSignals::default(),
            hangups: AtomicU32::new(0),
            exclusive: AtomicBool::new(false),
        }))
    }

    /// Its device number.
    pub fn device(&self) -> DeviceNumber {
        self.device
    }

    /// How many times it was hung up.
    fn hangups(&self) -> u32 {
        self.hangups.load(Ordering::Acquire)
    }
}
