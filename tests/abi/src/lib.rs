//! What the ABI test programs share: the raw system call, a table of cases, and the runner that
//! gives each case a process and a folder of its own.
//!
//! The programs are ordinary Linux programs. They run on a Linux host first, where every case
//! must pass; then the same binary runs in the guest and must print the same text. So nothing
//! here prints a pid, an address, a duration or a size that the two could disagree about.

pub mod call;
pub mod capabilities;
#[macro_use]
pub mod check;
pub mod process;
pub mod raw;
pub mod runner;
pub mod signal;
