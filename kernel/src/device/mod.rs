//! Devices: wires drivers to the machine and to /dev and /sys.

pub mod deferred;
pub mod interrupt;
