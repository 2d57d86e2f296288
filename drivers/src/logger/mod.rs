//! The logs that programs write: `/dev/log/main`, `events`, `radio` and `system`, Android's
//! logger.
//!
//! A log keeps its newest entries in a ring of a fixed size. There is no hardware behind it, so
//! of the four doors of a device class three are here: [`ring`] is the device, [`persona`] says
//! who wrote an entry and which ones a namespace sees, and [`mod@file`] is what programs see. Every
//! entry of a log goes into the one ring, in the order of the writes; each reader picks its own
//! from there, so nothing is to be routed.
//!
//! Whoever uses this guards a ring with a lock that may be held while a program's memory is
//! touched: bytes go straight from the writer into the ring, and from there to the reader. A
//! write allocates nothing.
//!
//! Source: Android's logger (`drivers/staging/android/logger.c` of Linux 3.4), and the Cells
//! project's device namespaces for what personas see of it.

pub mod file;
pub mod persona;
pub mod ring;

#[cfg(test)]
mod tests;
