//! What happens when the kernel finds that it is wrong about itself.
//!
//! The message and the callers go to the serial line, then to the display if there is one, and the machine ends with a failure, so
//! that whoever started it knows. A panic inside the panic ends it at once.

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use metal::backtrace::Backtrace;
use metal::interrupt;
use metal::power::{self, Outcome};

use crate::log::print;

/// Seconds before a reset; this value: no reset, but a failing exit.
static SECONDS: AtomicU32 = AtomicU32::new(u32::MAX);

/// Makes a panic reset the machine after so many seconds.
pub fn set_reset_delay(seconds: u32) {
    SECONDS.store(seconds, Ordering::Relaxed);
}

#[panic_handler]
fn panic(information: &PanicInfo<'_>) -> ! {
    static PANICKING: AtomicBool = AtomicBool::new(false);
    interrupt::disable();
    if PANICKING.swap(true, Ordering::SeqCst) {
        print!("\nthe kernel panicked again while it said why\n");
        power::exit(Outcome::Failure);
    }
    print!("\nkernel panic: {}\n", information.message());
    if let Some(location) = information.location() {
        print!("  at {location}\n");
    }
    print!("backtrace, the nearest caller first:\n{Backtrace}");
    #[cfg(feature = "devns")]
    show_on_panel(information);
    let seconds = SECONDS.load(Ordering::Relaxed);
    if seconds == u32::MAX {
        power::exit(Outcome::Failure);
    }
    print!("the machine is reset in {seconds} seconds (panic={seconds})\n");
    let end = metal::clock::nanoseconds() + u64::from(seconds) * 1_000_000_000;
    while metal::clock::nanoseconds() < end {
        metal::cpu::relax();
    }
    power::reset()
}

/// The same on the display; what is wrong there must not cost what the serial line has already.
#[cfg(feature = "devns")]
fn show_on_panel(information: &PanicInfo<'_>) {
    let message = information.message();
    let backtrace = "backtrace, the nearest caller first:";
    match information.location() {
        Some(location) => crate::device::display::show_panic(format_args!(
            "kernel panic: {message}\n  at {location}\n{backtrace}\n{Backtrace}"
        )),
        None => crate::device::display::show_panic(format_args!(
            "kernel panic: {message}\n{backtrace}\n{Backtrace}"
        )),
    }
}
