//! The slave's node in `/dev/pts`: it opens the terminal, keeps the owner and permissions that
//! chown(2) and chmod(2) give it, and is stale once the master has gone. Source: pts(4).
use super::SLAVE_MAJOR;
use super::devpts::{self, FIRST_SLAVE_INODE};
use super::table;
use crate::error::{Errno, Result};
use crate::file::{
    AttributeChange, Device, DeviceNumber, File, FileKind, Inode, Metadata, OpenFlags, Ownership,
    clock,
};
use crate::sync::SpinLock;
use crate::terminal::{Terminal, TerminalFile};
use abi::Timespec;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What can be changed by chmod, chown and utimensat.
struct Attributes {
    ownership: Ownership,
    accessed: Timespec,
    modified: Timespec,
    changed: Timespec,
}

/// The node of one slave.
pub struct SlaveInode {
    terminal: Arc<Terminal>,
    number: u32,
    created: Timespec,
    attributes: SpinLock<Attributes>,
}

impl SlaveInode {
    /// The node of `terminal`, owned by who opened the master unless a mount option says else.
    pub(super) fn new(terminal: &Arc<Terminal>, number: u32, uid: u32, gid: u32) -> Arc<Self> {
        let now = clock::now();
        let attributes = Attributes {
            ownership: devpts::options().ownership(uid, gid),
            accessed: now,
            modified: now,
            changed: now,
        };
        Arc::new(Self {
            terminal: Arc::clone(terminal),
            number,
            created: now,
            attributes: SpinLock::new(attributes),
        })
    }
}

impl Inode for SlaveInode {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn number(&self) -> u64 {
        FIRST_SLAVE_INODE + u64::from(self.number)
    }

    fn ownership(&self) -> Ownership {
        self.attributes.lock().ownership
    }

    fn metadata(&self) -> Metadata {
        let attributes = self.attributes.lock();
        let permissions = attributes.ownership.permissions;
        Metadata {
            ownership: attributes.ownership,
            device: DeviceNumber::new(SLAVE_MAJOR, self.number),
            accessed: attributes.accessed,
            modified: attributes.modified,
            changed: attributes.changed,
            ..Metadata::synthetic(self.number(), self.kind(), permissions, self.created)
        }
    }

    fn change(&self, change: &AttributeChange) -> Result<()> {
        let mut attributes = self.attributes.lock();
        let ownership = &mut attributes.ownership;
        ownership.permissions = change.permissions.unwrap_or(ownership.permissions);
        ownership.uid = change.uid.unwrap_or(ownership.uid);
        ownership.gid = change.gid.unwrap_or(ownership.gid);
        attributes.accessed = change.accessed.unwrap_or(attributes.accessed);
        attributes.modified = change.modified.unwrap_or(attributes.modified);
        attributes.changed = clock::now();
        Ok(())
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        TerminalFile::open(&self.terminal, flags)
    }

    fn is_stale(&self) -> bool {
        !self.terminal.is_connected()
    }

    fn anonymous_name(&self) -> Vec<u8> {
        format!("/dev/pts/{}", self.number).into_bytes()
    }
}

/// The device behind a node for a slave that is not in devpts.
pub struct SlaveDevice;

impl Device for SlaveDevice {
    fn open(&self, number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        let slave = table::find(number.minor).ok_or(Errno::EIO)?;
        TerminalFile::open(&slave.terminal, flags)
    }
}
