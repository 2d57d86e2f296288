//! Device nodes: from the numbers in a node to the device behind it.
//!
//! Drivers' glue registers each device here by kind and number; opening a node asks here. A node
//! may be on any file system; [`super::devtmpfs`] holds those the kernel makes itself.
//! Source: mknod(2), `Documentation/admin-guide/devices.txt` for the numbers.

use super::{DeviceNumber, File, FileKind, OpenFlags};
use crate::{error::Result, sync::SpinLock};
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// What a device node opens.
pub trait Device: Send + Sync {
    /// Opens the device. `number` says which, for a driver that has several.
    fn open(&self, number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>>;

    /// Opens the device through a node that belongs to `group`, for the few that ask.
    fn open_node(
        &self,
        number: DeviceNumber,
        flags: OpenFlags,
        group: u32,
    ) -> Result<Arc<dyn File>> {
        let _nobody_asks = group;
        self.open(number, flags)
    }
}

struct Registered {
    name: &'static str,
    /// The last minor number that belongs to it.
    last_minor: u32,
    device: Arc<dyn Device>,
}

/// Character and block devices by major and first minor number.
struct Registry {
    character: BTreeMap<DeviceNumber, Registered>,
    block: BTreeMap<DeviceNumber, Registered>,
}

static REGISTRY: SpinLock<Registry> = SpinLock::new(Registry {
    character: BTreeMap::new(),
    block: BTreeMap::new(),
});

impl Registry {
    fn of(&mut self, kind: FileKind) -> &mut BTreeMap<DeviceNumber, Registered> {
        if kind == FileKind::BlockDevice {
            &mut self.block
        } else {
            &mut self.character
        }
    }
}

/// Registers a device for `count` minor numbers from `first` on. `name` is what /proc/devices
/// shows. `EBUSY`: one of the numbers is taken.
pub fn register(
    kind: FileKind,
    name: &'static str,
    first: DeviceNumber,
    count: u32,
    device: Arc<dyn Device>,
) -> Result<()> {
    let last_minor = first.minor.saturating_add(count.saturating_sub(1));
    let mut registry = REGISTRY.lock();
    let devices = registry.of(kind);
    let last = DeviceNumber::new(first.major, last_minor);
    if let Some((number, before)) = devices.range(..=last).next_back()
        && number.major == first.major
        && before.last_minor >= first.minor
    {
        return Err(Errno::EBUSY);
    }
    devices.insert(
        first,
        Registered {
            name,
            last_minor,
            device,
        },
    );
    Ok(())
}

/// Opens the device with this number through a node that belongs to `group`. `ENXIO`: there is
/// none.
pub fn open(
    kind: FileKind,
    number: DeviceNumber,
    flags: OpenFlags,
    group: u32,
) -> Result<Arc<dyn File>> {
    let device = {
        let mut registry = REGISTRY.lock();
        let (first, found) = registry
            .of(kind)
            .range(..=number)
            .next_back()
            .ok_or(Errno::ENXIO)?;
        if first.major != number.major || found.last_minor < number.minor {
            return Err(Errno::ENXIO);
        }
        found.device.clone()
    };
    device.open_node(number, flags, group)
}

/// Major numbers and names of the devices of one kind, for /proc/devices.
pub fn majors(kind: FileKind) -> Vec<(u32, &'static str)> {
    let mut registry = REGISTRY.lock();
    let mut found: Vec<_> = registry
        .of(kind)
        .iter()
        .map(|(number, registered)| (number.major, registered.name))
        .collect();
    found.dedup();
    found
}
