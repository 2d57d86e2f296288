//! What lies in a binderfs: devices, and the way to add some.

use alloc::string::String;
use alloc::sync::{Arc, Weak};

use abi::binder::file_system::{BINDER_CTL_ADD, BinderfsDevice, NAME_MAX};
use drivers::binder::context::Context;

use super::{CONTROL_INODE, Root};
use crate::device::binder::contexts;
use crate::device::binder::file::BinderFile;
use crate::error::{Errno, Result};
use crate::file::{
    AttributeChange, DeviceNumber, File, FileKind, Inode, Metadata, OpenFlags, Ownership, clock,
};
use crate::memory::user;
use crate::process;
use crate::sync::SpinLock;

/// The major number that devices of binderfs show. They are opened through their inodes alone.
const MAJOR: u32 = 511;
/// As on Linux, nobody but root may open a device, or the control, until the mode is changed.
const PRIVATE: Ownership = Ownership {
    permissions: 0o600,
    uid: 0,
    gid: 0,
};

/// A device: a context of its own.
pub(super) struct Node {
    number: u64,
    ownership: SpinLock<Ownership>,
    context: Arc<Context>,
}

impl Node {
    /// A device with this inode number.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn new(number: u64, name: &[u8]) -> Result<Self> {
        let context = Arc::<Context>::default();
        let name = String::from_utf8_lossy(name);
        contexts::add_mounted(&process::current(), &name, &context)?;
        Ok(Self {
            number,
            ownership: SpinLock::new(PRIVATE),
            context,
        })
    }

    /// The number that it shows.
    pub(super) fn device(&self) -> DeviceNumber {
        DeviceNumber::new(MAJOR, (self.number - CONTROL_INODE) as u32)
    }
}

impl Inode for Node {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn ownership(&self) -> Ownership {
        *self.ownership.lock()
    }

    fn metadata(&self) -> Metadata {
        Metadata {
            ownership: self.ownership(),
            device: self.device(),
            ..Metadata::synthetic(self.number, self.kind(), 0, clock::now())
        }
    }

    fn change(&self, change: &AttributeChange) -> Result<()> {
        let mut ownership = self.ownership.lock();
        *ownership = Ownership {
            permissions: change.permissions.unwrap_or(ownership.permissions),
            uid: change.uid.unwrap_or(ownership.uid),
            gid: change.gid.unwrap_or(ownership.gid),
        };
        Ok(())
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(BinderFile::open(&self.context, flags)?))
    }
}

/// `binder-control`.
pub(super) struct Control {
    pub(super) root: Weak<Root>,
}

impl Inode for Control {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn number(&self) -> u64 {
        CONTROL_INODE
    }

    fn metadata(&self) -> Metadata {
        Metadata {
            ownership: PRIVATE,
            device: DeviceNumber::new(MAJOR, 0),
            ..Metadata::synthetic(CONTROL_INODE, self.kind(), 0, clock::now())
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        let root = self.root.upgrade().ok_or(Errno::ENODEV)?;
        Ok(Arc::new(ControlFile { root }))
    }
}

/// An opening of it.
struct ControlFile {
    root: Arc<Root>,
}

impl File for ControlFile {
    /// BINDER_CTL_ADD adds a device and tells its number.
    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        if command != BINDER_CTL_ADD {
            return Err(Errno::EINVAL);
        }
        let mut device: BinderfsDevice = user::read(argument)?;
        device.name[NAME_MAX] = 0;
        let name = device.name.split(|byte| *byte == 0).next();
        let name = name.unwrap_or_default();
        // Names that no path could lead to.
        if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
            return Err(Errno::EACCES);
        }
        let number = self.root.add(name)?.device();
        (device.major, device.minor) = (number.major, number.minor);
        user::write(argument, &device)?;
        Ok(0)
    }
}
