//! Devices: wires drivers to the machine and to /dev and /sys.

pub mod alarm;
#[cfg(feature = "devns")]
pub mod binder;
mod caller;
pub mod character;
mod clock;
pub mod deferred;
#[cfg(feature = "devns")]
pub mod display;
#[cfg(feature = "devns")]
pub mod input;
pub mod interrupt;
pub mod kmsg;
#[cfg(feature = "devns")]
pub mod light;
#[cfg(feature = "devns")]
pub mod logger;
mod memory;
mod misc;
pub mod random;
mod readers;
pub mod rtc;
pub mod serial;
#[cfg(feature = "ktest")]
mod tests;
#[cfg(feature = "devns")]
pub mod virtio;

use crate::error::Result;
use crate::file::{debugfs, procfs, sysfs};
use crate::terminal;

/// Sets the time, makes the terminals, and fills /dev, /proc and /sys. To be called once, when
/// the root file system stands.
pub fn initialise() -> Result<()> {
    clock::set_time();
    terminal::initialise()?;
    terminal::pty::devpts::register();
    procfs::register();
    procfs::start_load_average();
    sysfs::initialise()?;
    debugfs::initialise()?;
    character::initialise()?;
    serial::enable_interrupts();
    #[cfg(feature = "devns")]
    virtio::initialise();
    Ok(())
}
