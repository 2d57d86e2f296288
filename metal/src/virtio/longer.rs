//! Queues that are longer than their device offers.
//!
//! A PCI device says in a register how long a queue may be, and the driver writes the length it
//! chose into the same register. QEMU offers 64 entries for nearly all queues, yet takes any
//! length up to 1,024 (`virtio_queue_set_num` in its hw/virtio/virtio.c). It matters for input:
//! a report that finds too few free buffers is dropped whole, and all keys of one QMP command
//! are one report. So a longer one is tried, and the register read back says whether the device
//! took it. If it did not, the device is reset and started anew with what it offers; before it
//! is told that its driver is ready it touches no queue.
//!
//! Source: VIRTIO 1.2, section 4.1.4.3 (`queue_size`).

use virtio_drivers::transport::{
    DeviceStatus, DeviceType, InterruptStatus, SomeTransport, Transport,
};
use virtio_drivers::{PhysAddr, Result};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Which lengths of queues are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// What the driver wants, offered or not.
    Wanted,
    /// What the device offers.
    Offered,
}

/// A transport that offers queues of any length.
pub(super) struct Longer<'a>(pub(super) &'a mut SomeTransport<'static>);

impl Transport for Longer<'_> {
    fn max_queue_size(&mut self, _queue: u16) -> u32 {
        u32::MAX
    }

    fn device_type(&self) -> DeviceType {
        self.0.device_type()
    }

    fn read_device_features(&mut self) -> u64 {
        self.0.read_device_features()
    }

    fn write_driver_features(&mut self, features: u64) {
        self.0.write_driver_features(features);
    }

    fn notify(&mut self, queue: u16) {
        self.0.notify(queue);
    }

    fn get_status(&self) -> DeviceStatus {
        self.0.get_status()
    }

    fn set_status(&mut self, status: DeviceStatus) {
        self.0.set_status(status);
    }

    fn set_guest_page_size(&mut self, bytes: u32) {
        self.0.set_guest_page_size(bytes);
    }

    fn requires_legacy_layout(&self) -> bool {
        self.0.requires_legacy_layout()
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        descriptors: PhysAddr,
        driver_area: PhysAddr,
        device_area: PhysAddr,
    ) {
        self.0
            .queue_set(queue, size, descriptors, driver_area, device_area);
    }

    fn queue_unset(&mut self, queue: u16) {
        self.0.queue_unset(queue);
    }

    fn queue_used(&mut self, queue: u16) -> bool {
        self.0.queue_used(queue)
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        self.0.ack_interrupt()
    }

    fn read_config_generation(&self) -> u32 {
        self.0.read_config_generation()
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T> {
        self.0.read_config_space(offset)
    }

    fn write_config_space<T: IntoBytes + Immutable>(
        &mut self,
        offset: usize,
        value: T,
    ) -> Result<()> {
        self.0.write_config_space(offset, value)
    }
}
