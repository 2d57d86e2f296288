//! Virtio devices, over PCI and over memory-mapped registers: finding them, their configuration
//! space, their queues.
//!
//! The layouts of queues and registers are the crate `virtio-drivers`'; what is unsafe about
//! them ends here. A device is started once and never given up.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.2, chapters 2 to 4.

mod longer;
mod memory;
mod mmio;
mod pci;
mod queue;

use alloc::vec::Vec;

use virtio_drivers::transport::{DeviceStatus, InterruptStatus, SomeTransport, Transport};

use crate::apic::Trigger;
use longer::Lengths;

pub use queue::{Queue, Shape};

/// Why a device could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It has no such queue, or one that is too short.
    NoQueue(u16),
    /// There is no memory for its queues.
    NoMemory,
    /// It refused the features.
    Refused,
}

/// VIRTIO_F_VERSION_1: the device speaks virtio 1.0 or later, and is spoken to so.
const VERSION_1: u64 = 1 << 32;

/// A virtio device.
pub struct Device {
    transport: SomeTransport<'static>,
    interrupt: u32,
    trigger: Trigger,
}

/// All virtio devices of the machine, in the order of their places. To be called once: each
/// device must be known once only.
pub fn find() -> Vec<Device> {
    if crate::pci::is_present() {
        pci::find()
    } else {
        mmio::find()
    }
}

impl Device {
    /// Its type, as chapter 5 numbers them.
    pub fn kind(&self) -> u32 {
        self.transport.device_type() as u32
    }

    /// The global system interrupt it raises, and how.
    pub fn interrupt(&self) -> (u32, Trigger) {
        (self.interrupt, self.trigger)
    }

    /// Reads the configuration space at `offset`; what lies behind its end reads as zero.
    pub fn read_config(&self, offset: usize, into: &mut [u8]) {
        for (index, byte) in into.iter_mut().enumerate() {
            *byte = self
                .transport
                .read_config_space(offset + index)
                .unwrap_or(0);
        }
    }

    /// Writes the configuration space at `offset`; what lies behind its end is left out.
    pub fn write_config(&mut self, offset: usize, from: &[u8]) {
        for (index, byte) in from.iter().enumerate() {
            let _beyond_the_end = self.transport.write_config_space(offset + index, *byte);
        }
    }

    /// Starts the device with those of the `wanted` features that it offers; returns these and
    /// the queues, in the order they were asked for.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        &mut self,
        wanted: u64,
        shapes: &[Shape],
    ) -> Result<(u64, Vec<Queue>), StartError> {
        match self.try_start(wanted, shapes, Lengths::Wanted) {
            Err(StartError::NoQueue(_)) => self.try_start(wanted, shapes, Lengths::Offered),
            outcome => outcome,
        }
    }

    fn try_start(
        &mut self,
        wanted: u64,
        shapes: &[Shape],
        lengths: Lengths,
    ) -> Result<(u64, Vec<Queue>), StartError> {
        let transport = &mut self.transport;
        transport.set_status(DeviceStatus::empty());
        transport.set_status(DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER);
        let features = transport.read_device_features() & (wanted | VERSION_1);
        transport.write_driver_features(features);
        let accepted = DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER | DeviceStatus::FEATURES_OK;
        transport.set_status(accepted);
        if !transport.get_status().contains(DeviceStatus::FEATURES_OK) {
            transport.set_status(DeviceStatus::FAILED);
            return Err(StartError::Refused);
        }
        transport.set_guest_page_size(crate::paging::PAGE_SIZE as u32);
        let mut queues = Vec::new();
        for shape in shapes {
            queues.push(Queue::new(transport, *shape, lengths)?);
        }
        transport.set_status(accepted | DeviceStatus::DRIVER_OK);
        Ok((features & wanted, queues))
    }

    /// Tells the device that a queue was given buffers.
    pub fn notify(&mut self, queue: u16) {
        self.transport.notify(queue);
    }

    /// Acknowledges its interrupt. Returns whether its configuration has changed.
    pub fn acknowledge(&mut self) -> bool {
        let status = self.transport.ack_interrupt();
        status.contains(InterruptStatus::DEVICE_CONFIGURATION_INTERRUPT)
    }
}
