//! What the kernel says, on the serial line.

use core::fmt::{self, Write};

use metal::port::Port;

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const DATA: u16 = 0x3f8;
        let port = Port::<u8>::new(DATA).ok_or(fmt::Error)?;
        text.bytes().for_each(|byte| port.write(byte));
        Ok(())
    }
}

/// Prints without a level or a line end, for the panic and the test harness.
pub fn write_console(arguments: fmt::Arguments<'_>) {
    // Nobody could be told that the line is dead.
    let _ = Serial.write_fmt(arguments);
}

macro_rules! print {
    ($($argument:tt)*) => { $crate::log::write_console(format_args!($($argument)*)) };
}
pub(crate) use print;

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        print!("{}\n", record.args());
    }
    fn flush(&self) {}
}

/// Lets the macros of the `log` crate reach the line. To be called first of all.
pub fn initialise() {
    static LOGGER: Logger = Logger;
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}
