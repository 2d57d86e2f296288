//! Serial lines: the 16550 UART of PC machines.
//!
//! The driver moves bytes between the line and its owner. It keeps no queue of its own beyond
//! the chip's; the owner drains what was received on the interrupt and offers output when the
//! chip has room. No function waits longer than a fixed number of register reads.
#[cfg(test)]
mod fake;
mod received;
mod uart16550;

pub use received::ReceivedQueue;
pub use uart16550::{Port, Serviced, Uart16550};
