//! Random streams of calls of `/dev/binder`: things that make sense and things that do not, by
//! threads that use what they were returned. They answer, free, count and pass on.
//!
//! The same streams go to the driver on the host (the tests of `drivers/src/binder`), where its
//! invariants are checked in between, and to the device in a running machine (the program
//! `binder-storm` of `tests/guests`). So nothing here makes a call or knows a kernel: a [`Player`]
//! says what a thread does next and writes what belongs to it into the thread's [`Area`]; whoever
//! plays it puts that where the thread has its memory, does the step, and shows the player what
//! was returned.
//!
//! Source: the protocol, as in `abi::binder`.

mod area;
mod commands;
mod control;
mod objects;
mod player;
mod random;

pub use area::{AREA_BYTES, Area, returned};
pub use player::{Around, Ioctl, Player, Step};
pub use random::Random;

/// Threads of a process.
pub const THREADS: usize = 3;
/// Descriptors from 0 on that a process has, and passes on.
pub const FILES: u32 = 3;
/// Bytes of a process's room.
pub const ROOM_BYTES: usize = 64 * 4096;
