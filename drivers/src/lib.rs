//! Device drivers: safe Rust, given all they need through traits, tested on the host.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod alarm;
pub mod binder;
pub mod display;
#[cfg(test)]
mod host_gate;
pub mod input;
pub mod kernel_log;
pub mod light;
pub mod logger;
pub mod queue;
pub mod rtc;
pub mod serial;
pub mod terminal;
pub mod time_of_day;
pub mod user;
pub mod virtio;
