//! Virtio devices on the PCI bus.
//!
//! Source: VIRTIO 1.2, section 4.1.

use alloc::vec::Vec;

use virtio_drivers::transport::pci::bus::{Command, PciRoot};
use virtio_drivers::transport::pci::{PciTransport, virtio_device_type};

use super::Device;
use super::memory::Machine;
use crate::apic::Trigger;
use crate::pci::{self, ConfigurationPorts};

/// The devices on the first bus, where firmware has given them addresses.
pub(super) fn find() -> Vec<Device> {
    let mut root = PciRoot::new(ConfigurationPorts);
    let functions: Vec<_> = root
        .enumerate_bus(0)
        .filter(|(_, information)| virtio_device_type(information).is_some())
        .collect();
    let device = |(function, _)| {
        let on = Command::MEMORY_SPACE | Command::BUS_MASTER;
        root.set_command(function, on);
        let transport = PciTransport::new::<Machine, _>(&mut root, function).ok()?;
        Some(Device {
            transport: transport.into(),
            interrupt: pci::interrupt_of(function)?,
            trigger: Trigger::LevelLow,
        })
    };
    functions.into_iter().filter_map(device).collect()
}
