//! Everything that drives QEMU from the host: which machines there are, how one is started and
//! ended, how a booted one is spoken to, and how its ramdisk is built.
//!
//! The rooms, from the plainest to the one that uses the others:
//! - [`machine`] describes a machine and turns it into QEMU's arguments (pure, tested here);
//! - [`ramdisk`] builds the newc archive that the kernel unpacks into its root (pure but for
//!   reading the host's files, tested here);
//! - [`process`] runs QEMU with bounded time, and never leaves one behind;
//! - [`guest`] drives a booted machine over its serial line: send, expect, end;
//! - [`exec`] runs one command line in a guest and brings back its output and status;
//! - [`linux`] makes Debian's kernel another one to boot, with its modules (to compare with);
//! - [`qmp`] speaks to QEMU itself: keys, pointer, screenshots, power;
//! - [`picture`] is what a screen showed, compared pixel by pixel;
//! - [`vnc`] sees the lamps of the keyboard.
//!
//! Nothing here knows of cargo or of the house's other rooms: paths come in, results go out.

mod error;
pub mod exec;
pub mod guest;
pub mod linux;
pub mod machine;
pub mod picture;
pub mod process;
pub mod qmp;
pub mod ramdisk;
mod temporary;
pub mod vnc;

pub use error::{Error, Result};
pub use guest::Guest;
pub use linux::Linux;
pub use machine::{Accelerator, Desk, Kind, Machine};
pub use picture::Picture;
pub use process::{Ending, Process};
pub use qmp::Qmp;
pub use ramdisk::Ramdisk;
pub use temporary::TemporaryFile;
pub use vnc::Vnc;
