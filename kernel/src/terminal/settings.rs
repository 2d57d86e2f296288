//! Reading and changing the settings (`tcgetattr(3)`, `tcsetattr(3)` and their ancestors).
//!
//! Source: `ioctl_tty(2)`, section "Get and set terminal attributes".
use super::Terminal;
use super::file::Opened;
use crate::error::{Errno, Result};
use crate::memory::user;
use abi::Termios;
use abi::raw::ioctl::*;
use abi::terminal::{Termio, Termios2};
use drivers::terminal::Queue;

/// When a change takes effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// At once.
    Now,
    /// When all output was sent.
    Drained,
    /// When all output was sent, and what was received is dropped.
    Flushed,
}

impl Terminal {
    /// Answers the commands about settings; `ENOTTY` to all others.
    pub(super) fn settings_ioctl(
        &self,
        opened: Opened,
        command: u32,
        argument: usize,
    ) -> Result<usize> {
        match command {
            TCGETS => user::write(argument, &self.settings().base)?,
            TCGETS2 => user::write(argument, &self.settings())?,
            TCGETA => user::write(argument, &Termio::from_termios(&self.settings().base))?,
            TCSETS | TCSETSW | TCSETSF => self.change(opened, when(command), || {
                let base = user::read::<Termios>(argument)?;
                Ok(self.settings().with_base(base))
            })?,
            TCSETS2 | TCSETSW2 | TCSETSF2 => {
                self.change(opened, when(command), || user::read::<Termios2>(argument))?;
            }
            TCSETA | TCSETAW | TCSETAF => self.change(opened, when(command), || {
                let before = self.settings();
                Ok(before.with_base(user::read::<Termio>(argument)?.apply(&before.base)))
            })?,
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    /// The settings in force.
    pub(super) fn settings(&self) -> Termios2 {
        *self.state.lock().discipline.settings()
    }

    fn change(
        &self,
        opened: Opened,
        when: When,
        read: impl FnOnce() -> Result<Termios2>,
    ) -> Result<()> {
        self.check_change()?;
        let settings = read()?;
        if when == When::Flushed {
            self.flush(Queue::Input);
        }
        if when != When::Now {
            self.drain(opened)?;
        }
        self.set_settings(settings);
        Ok(())
    }

    /// Changes the settings, and wakes all who wait under the old ones.
    pub fn set_settings(&self, settings: Termios2) {
        let (before, now) = {
            let discipline = &mut self.state.lock().discipline;
            let before = *discipline.settings();
            discipline.set_settings(settings);
            (before, *discipline.settings())
        };
        self.line.settings_changed(&before, &now);
        self.transmit();
        self.readers.wake_all();
    }
}

fn when(command: u32) -> When {
    match command {
        TCSETSW | TCSETSW2 | TCSETAW => When::Drained,
        TCSETSF | TCSETSF2 | TCSETAF => When::Flushed,
        _ => When::Now,
    }
}
