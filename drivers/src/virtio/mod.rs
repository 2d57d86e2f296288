//! What a driver sees of a virtio device: its configuration space and its queues.
//!
//! Where the device is found, how its memory is shared with it and how its interrupt comes is
//! the business of whoever supplies these traits (PCI or MMIO, in `metal`; a fake on the host).
//! Buffers belong to the queue: a driver hands bytes in and copies bytes out, so no address and
//! no lifetime of memory that a device writes to ever reaches a driver.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.2, sections 2 and 3.

#[cfg(test)]
pub mod fake;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// Device type of a GPU (5.7).
pub const GPU: u32 = 16;
/// Device type of an input device (5.8).
pub const INPUT: u32 = 18;

/// A queue that a driver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueShape {
    /// Its index, as the device's section of the specification numbers them.
    pub index: u16,
    /// How many buffers may be with the device at once; fewer if its queue is shorter.
    pub buffers: u16,
    /// Bytes in each buffer that the device reads; 0 for a queue that only the device writes.
    pub readable: usize,
    /// Bytes in each buffer that the device writes.
    pub writable: usize,
}

/// Why a device could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The device has no such queue, or one that is too short.
    NoQueue(u16),
    /// There was no memory for the queues.
    NoMemory,
    /// The device refused the features.
    Refused,
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQueue(index) => write!(
                out,
                "it has no queue {index} of the length that is needed; is the device's version right?"
            ),
            Self::NoMemory => out.write_str("there is no memory for its queues; give more memory"),
            Self::Refused => {
                out.write_str("it refused the features; does it speak virtio 1.0 or later?")
            }
        }
    }
}

impl core::error::Error for StartError {}

/// A virtio device.
pub trait Device: Send {
    /// Which type it is ([`INPUT`], [`GPU`] …).
    fn kind(&self) -> u32;

    /// Reads the configuration space at `offset`; what lies behind its end reads as zero.
    fn read_config(&mut self, offset: usize, into: &mut [u8]);

    /// Writes the configuration space at `offset`.
    fn write_config(&mut self, offset: usize, from: &[u8]);

    /// Starts the device with those of the `wanted` features that it offers; returns these, and
    /// the queues in the order they were asked for. To be called once.
    ///
    /// # Errors
    /// See [`StartError`].
    fn start(
        &mut self,
        wanted: u64,
        queues: &[QueueShape],
    ) -> Result<(u64, Vec<Box<dyn Queue>>), StartError>;

    /// Acknowledges its interrupt. Returns whether its configuration has changed.
    fn acknowledge(&mut self) -> bool;
}

/// Names a buffer that is with the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u16);

/// A queue of a device.
pub trait Queue: Send {
    /// Gives the device a buffer: `bytes` for it to read, and room to write in as the shape
    /// says. None when as many as the shape says are with the device already, or `bytes` are
    /// more than a buffer holds.
    fn give(&mut self, bytes: &[u8]) -> Option<Token>;

    /// Takes back a buffer that the device is done with, and copies out what it has written, as
    /// far as `into` holds it. Returns the buffer and how many bytes were copied. None: there
    /// is no such buffer now.
    fn take(&mut self, into: &mut [u8]) -> Option<(Token, usize)>;

    /// Tells the device that it was given buffers, if it wants to be told.
    fn notify(&mut self);
}
