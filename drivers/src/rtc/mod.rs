//! Real-time clocks: the time of day that runs on while the machine is off.
pub mod cmos;
mod date;

pub use date::Date;
