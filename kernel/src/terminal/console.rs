//! The system console: the first serial line, and the devices that lead to terminals.
//!
//! `/dev/ttyS0` is the terminal on the serial line; `/dev/console` is the same terminal opened as
//! the console (it controls nobody and survives hang-ups); `/dev/tty` is whatever terminal
//! controls the caller.
use super::{Line, Terminal, TerminalFile};
use crate::device::serial;
use crate::error::{Errno, Result};
use crate::file::{DeviceNumber, File, OpenFlags};
use crate::process;
use abi::raw::general::{B115200, CBAUD};
use abi::terminal::Termios2;
use alloc::sync::Arc;
use core::any::Any;
use drivers::terminal::LineDiscipline;
use spin::Once;

/// The device number of `/dev/ttyS0`.
pub const SERIAL_DEVICE: DeviceNumber = DeviceNumber::new(4, 64);

static CONSOLE: Once<Arc<Terminal>> = Once::new();

/// The serial line.
struct SerialLine;

impl Line for SerialLine {
    fn transmit(&self, discipline: &mut LineDiscipline) {
        serial::transmit(discipline);
    }

    fn input_taken(&self) {
        serial::input_taken();
    }

    fn settings_changed(&self, old: &Termios2, new: &Termios2) {
        // Speed 0 means to hang up a modem; there is none.
        if old.c_ospeed != new.c_ospeed && new.c_ospeed != 0 {
            serial::set_speed(new.c_ospeed);
        }
    }

    fn counts_output(&self) -> bool {
        true
    }
}

/// Makes the terminal on the serial line. To be called once, when there is a heap.
pub fn initialise() -> Result<()> {
    let mut settings = Termios2::INITIAL;
    settings.base.c_cflag = settings.base.c_cflag & !CBAUD | B115200;
    let terminal = Terminal::new(SERIAL_DEVICE, Arc::new(SerialLine), settings)?;
    CONSOLE.call_once(|| terminal);
    Ok(())
}

/// The console, once it was made.
pub fn console() -> Option<&'static Arc<Terminal>> {
    CONSOLE.get()
}

/// Opens `/dev/console`.
pub fn open_console(flags: OpenFlags) -> Result<Arc<dyn File>> {
    TerminalFile::open_console(console().ok_or(Errno::ENODEV)?, flags)
}

/// Opens `/dev/ttyS0`.
pub fn open_serial(flags: OpenFlags) -> Result<Arc<dyn File>> {
    TerminalFile::open(console().ok_or(Errno::ENODEV)?, flags)
}

/// Opens `/dev/tty`: the caller's controlling terminal. `ENXIO`: it has none.
pub fn open_controlling(flags: OpenFlags) -> Result<Arc<dyn File>> {
    TerminalFile::open(&controlling()?, flags)
}

/// The caller's controlling terminal. `ENXIO`: it has none.
pub fn controlling() -> Result<Arc<Terminal>> {
    let terminal = process::current().process.terminal().ok_or(Errno::ENXIO)?;
    let terminal: Arc<dyn Any + Send + Sync> = terminal;
    terminal.downcast::<Terminal>().map_err(|_| Errno::ENXIO)
}
