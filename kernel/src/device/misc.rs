//! Devices too few of a kind for a major number of their own: major 10, where each gets the next
//! minor number when it is added.
//!
//! Source: Linux's `Documentation/admin-guide/devices.txt`.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, FileKind, device, devtmpfs, sysfs};

/// The major number of all of them.
const MISC: u32 = 10;
/// The first minor number that is given; from there they go down.
const FIRST_MINOR: u32 = 63;

/// Who may use a node, and whose group it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Rights {
    pub(super) permissions: u32,
    pub(super) group: u32,
}

/// Adds a device that `/sys/class/misc` calls `name` and whose node is `path` below `/dev`.
///
/// # Errors
/// ENOSPC when there are too many; what making the node answers.
pub(super) fn add(name: &str, path: &str, rights: Rights, device: Arc<dyn Device>) -> Result<()> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let given = GIVEN.fetch_add(1, Ordering::Relaxed);
    let minor = FIRST_MINOR.checked_sub(given).ok_or(Errno::ENOSPC)?;
    let number = DeviceNumber::new(MISC, minor);
    let kind = FileKind::CharacterDevice;
    device::register(kind, "misc", number, 1, device)?;
    devtmpfs::add_node(path, kind, number, rights.permissions, rights.group)?;
    sysfs::add_class_device_as("misc", name, path, number).map(drop)
}
