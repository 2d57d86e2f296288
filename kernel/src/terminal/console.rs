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
use abi::raw::general::{
    B115200, CBAUD, TIOCM_CAR, TIOCM_CTS, TIOCM_DSR, TIOCM_DTR, TIOCM_LOOP, TIOCM_OUT1, TIOCM_OUT2,
    TIOCM_RNG, TIOCM_RTS,
};
use abi::terminal::Termios2;
use alloc::sync::Arc;
use core::any::Any;
use drivers::terminal::LineDiscipline;
use spin::Once;

/// The device number of `/dev/ttyS0`.
pub const SERIAL_DEVICE: DeviceNumber = DeviceNumber::new(4, 64);

static CONSOLE: Once<Arc<Terminal>> = Once::new();

/// Bits of the chip's modem control register, and what `ioctl_tty(2)` calls them.
const CONTROL_LINES: [(u8, u32); 5] = [
    (0, TIOCM_DTR),
    (1, TIOCM_RTS),
    (2, TIOCM_OUT1),
    (3, TIOCM_OUT2),
    (4, TIOCM_LOOP),
];
/// The same for its modem status register.
const STATUS_LINES: [(u8, u32); 4] = [
    (4, TIOCM_CTS),
    (5, TIOCM_DSR),
    (6, TIOCM_RNG),
    (7, TIOCM_CAR),
];

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

    fn modem(&self) -> Option<u32> {
        let (control, status) = serial::modem_lines()?;
        let lines = |register: u8, bits: &[(u8, u32)]| {
            let on = bits.iter().filter(|(bit, _)| register & 1 << bit != 0);
            on.fold(0, |lines, (_, line)| lines | line)
        };
        Some(lines(control, &CONTROL_LINES) | lines(status, &STATUS_LINES))
    }

    fn set_modem(&self, lines: u32) {
        let on = CONTROL_LINES.iter().filter(|(_, line)| lines & line != 0);
        serial::set_modem_control(on.fold(0, |control, (bit, _)| control | 1 << bit));
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
