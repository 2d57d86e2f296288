//! Which records reach the console, and how they get there.
//!
//! Source: `syslog(2)` (levels and actions 6 to 8), Linux's `loglevel=` option.
use crate::device::serial;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU8, Ordering};
use drivers::kernel_log::{Record, format};

/// Records with a level below this are shown.
const DEFAULT_LEVEL: u8 = 7;
/// What "off" means to `syslog(2)`: only emergencies.
const MINIMUM_LEVEL: u8 = 1;

static LEVEL: AtomicU8 = AtomicU8::new(DEFAULT_LEVEL);
/// The level before the console was switched off; 0 while it is on.
static LEVEL_WHEN_ON: AtomicU8 = AtomicU8::new(0);

/// The console, one byte at a time with a bounded wait for each.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        serial::write_waiting(text.as_bytes());
        Ok(())
    }
}

/// Prints without a level, a record or a lock: for the panic, which may have interrupted whoever
/// holds one, and for the test harness.
pub fn write_console(arguments: fmt::Arguments<'_>) {
    struct LastWords;
    impl Write for LastWords {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            serial::write_emergency(text.as_bytes());
            Ok(())
        }
    }
    // Nobody could be told that the line is dead.
    let _always_fine = LastWords.write_fmt(arguments);
}

/// Prints to the console directly; see [`write_console`].
macro_rules! print {
    ($($argument:tt)*) => { $crate::log::write_console(format_args!($($argument)*)) };
}
pub(crate) use print;

/// Finds the serial line.
pub(super) fn initialise() {
    serial::initialise();
}

/// The level: records below it are shown.
pub fn console_level() -> u8 {
    LEVEL.load(Ordering::Relaxed)
}

/// Sets which records are shown: those whose level is below `level` (0 to 8).
pub fn set_console_level(level: u8) {
    LEVEL.store(level.min(8), Ordering::Relaxed);
    LEVEL_WHEN_ON.store(0, Ordering::Relaxed);
}

/// Switches messages to the console off or on again, as `syslog(2)` does.
pub fn switch_console(on: bool) {
    if on {
        let before = LEVEL_WHEN_ON.swap(0, Ordering::Relaxed);
        if before != 0 {
            LEVEL.store(before, Ordering::Relaxed);
        }
    } else {
        let before = LEVEL.swap(MINIMUM_LEVEL, Ordering::Relaxed);
        if LEVEL_WHEN_ON.load(Ordering::Relaxed) == 0 {
            LEVEL_WHEN_ON.store(before, Ordering::Relaxed);
        }
    }
}

/// Shows a record if it is urgent enough.
pub(super) fn show(record: &Record, text: &[u8]) {
    if record.priority.level().number() < console_level() {
        // The console never reports an error: what it cannot send it drops.
        let _always_fine = format::write_console(&mut Console, record, text);
    }
}
