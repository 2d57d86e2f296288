//! The Linux x86-64 contract: structures and constants as programs see them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod binder;
pub mod credentials;
mod errno;
pub mod file;
pub mod framebuffer;
pub mod input;
pub mod logger;
pub mod procfs;
pub mod raw;
pub mod resource;
pub mod rtc;
pub mod schedule;
pub mod signal;
pub mod system;
pub mod terminal;
pub mod time;

pub use errno::Errno;
pub use file::{EpollEvent, Flock, Iovec, PollFd, Stat, Statfs, Statx};
pub use terminal::{Termios, Winsize};
pub use time::{Timespec, Timeval};
