//! What programs ask of a terminal besides reading and writing.
//!
//! Source: `ioctl_tty(2)`.
use super::Terminal;
use super::file::Opened;
use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process;
use crate::process::capabilities::Capability;
use abi::Winsize;
use abi::raw::general::{
    SIGWINCH, TCIFLUSH, TCIOFF, TCIOFLUSH, TCION, TCOFLUSH, TCOOFF, TCOON, VSTART, VSTOP,
};
use abi::raw::ioctl::*;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use drivers::terminal::Queue;

impl Terminal {
    /// Answers `ioctl(2)` on a file of this terminal.
    pub(super) fn ioctl(
        self: &Arc<Self>,
        opened: Opened,
        command: u32,
        argument: usize,
    ) -> Result<usize> {
        if self.is_dead(opened) {
            return Err(if command == TIOCSPGRP {
                Errno::ENOTTY
            } else {
                Errno::EIO
            });
        }
        match command {
            TIOCSCTTY => self.become_controlling(argument == 1, opened.readable)?,
            TIOCNOTTY => self.give_up()?,
            TIOCGPGRP | TIOCGSID if !self.controls_caller() => return Err(Errno::ENOTTY),
            TIOCEXCL => self.exclusive.store(true, Ordering::Relaxed),
            TIOCNXCL => self.exclusive.store(false, Ordering::Relaxed),
            TIOCGEXCL => {
                user::write(argument, &i32::from(self.exclusive.load(Ordering::Relaxed)))?;
            }
            TIOCSTI => self.simulate_input(argument)?,
            TIOCVHANGUP => {
                process::current()
                    .credentials()
                    .require(Capability::SysAdmin)?;
                self.hang_up();
            }
            _ => return self.shared_ioctl(opened, command, argument),
        }
        Ok(0)
    }

    /// Takes a byte as if it had been typed: on the caller's own terminal, or for the superuser.
    fn simulate_input(&self, address: usize) -> Result<()> {
        if !self.controls_caller() {
            process::current()
                .credentials()
                .require(Capability::SysAdmin)?;
        }
        let byte: u8 = user::read(address)?;
        self.receive(&[byte]);
        Ok(())
    }

    /// Answers what is the same on a terminal and on the master of a pseudoterminal.
    pub(super) fn shared_ioctl(
        &self,
        opened: Opened,
        command: u32,
        argument: usize,
    ) -> Result<usize> {
        match command {
            TIOCGPGRP => user::write(argument, &self.foreground_number())?,
            TIOCSPGRP => self.set_foreground(user::read::<i32>(argument)?)?,
            TIOCGSID => user::write(argument, &self.session_number()?)?,
            TIOCGWINSZ => user::write(argument, &self.window())?,
            TIOCSWINSZ => self.set_window(user::read::<Winsize>(argument)?),
            FIONREAD => user::write(argument, &count(self.input_waiting()))?,
            TIOCOUTQ => user::write(argument, &count(self.output_waiting()))?,
            TCFLSH => self.flush_for_program(argument)?,
            TCXONC => self.control_flow(argument)?,
            TCSBRK | TCSBRKP => {
                self.check_change()?;
                self.drain(opened)?;
            }
            // Holding the line at zero has no meaning where no wire is.
            TIOCSBRK | TIOCCBRK => self.check_change()?,
            TIOCMGET => user::write(argument, &self.line.modem().ok_or(Errno::ENOTTY)?)?,
            TIOCMSET | TIOCMBIS | TIOCMBIC => self.change_modem(command, argument)?,
            TIOCGETD => user::write(argument, &0_i32)?,
            TIOCSETD => {
                self.check_change()?;
                if user::read::<i32>(argument)? != 0 {
                    return Err(Errno::EINVAL);
                }
            }
            TIOCGDEV => user::write(argument, &(self.device().to_raw() as u32))?,
            _ => return self.settings_ioctl(opened, command, argument),
        }
        Ok(0)
    }

    fn change_modem(&self, command: u32, argument: usize) -> Result<()> {
        let now = self.line.modem().ok_or(Errno::ENOTTY)?;
        let given: u32 = user::read(argument)?;
        self.line.set_modem(match command {
            TIOCMBIS => now | given,
            TIOCMBIC => now & !given,
            _ => given,
        });
        Ok(())
    }

    /// The window's size.
    pub(super) fn window(&self) -> Winsize {
        self.state.lock().window
    }

    /// Sets the window's size; the foreground group is told if it changed.
    pub fn set_window(&self, window: Winsize) {
        let before = core::mem::replace(&mut self.state.lock().window, window);
        if before != window {
            self.signal_foreground(SIGWINCH);
        }
    }

    fn input_waiting(&self) -> usize {
        self.state.lock().discipline.input_waiting()
    }

    fn output_waiting(&self) -> usize {
        if self.line.counts_output() {
            self.state.lock().discipline.output_waiting()
        } else {
            0
        }
    }

    fn flush_for_program(&self, argument: usize) -> Result<()> {
        self.check_change()?;
        let queue = match u32::try_from(argument) {
            Ok(TCIFLUSH) => Queue::Input,
            Ok(TCOFLUSH) => Queue::Output,
            Ok(TCIOFLUSH) => Queue::Both,
            _ => return Err(Errno::EINVAL),
        };
        self.flush(queue);
        Ok(())
    }

    /// Empties a queue and lets those go on who waited for its room.
    pub(super) fn flush(&self, queue: Queue) {
        self.state.lock().discipline.flush(queue);
        self.line.flushed(queue);
        self.line.input_taken();
        self.writers.wake_all();
    }

    fn control_flow(&self, argument: usize) -> Result<()> {
        self.check_change()?;
        let key = |index| {
            self.state
                .lock()
                .discipline
                .settings()
                .base
                .character(index)
        };
        match u32::try_from(argument) {
            Ok(TCOOFF) => self.hold_output(true),
            Ok(TCOON) => self.hold_output(false),
            Ok(TCIOFF) => self.send_key(key(VSTOP)),
            Ok(TCION) => self.send_key(key(VSTART)),
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    fn hold_output(&self, hold: bool) {
        {
            let discipline = &mut self.state.lock().discipline;
            if hold {
                discipline.stop_output();
            } else {
                discipline.start_output();
            }
        }
        self.line.flow_changed(hold);
        self.transmit();
    }

    fn send_key(&self, key: Option<u8>) {
        if let Some(key) = key {
            self.state.lock().discipline.send_byte(key);
            self.transmit();
        }
    }
}

/// A number of bytes as the `int` that programs expect.
pub(super) fn count(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
