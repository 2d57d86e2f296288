//! File systems and their types.
//!
//! A [`FileSystemType`] is what mount(2) names ("tmpfs", "proc"); mounting it gives a
//! [`SuperBlock`], one tree of names over one [`FileSystem`]. A file system of which there is only
//! one (devtmpfs, sysfs) hands out the same super block each time, so that all mounts of it share
//! one tree. Source: mount(2), statfs(2), filesystems(5).

use super::{Dentry, DeviceNumber, Inode};
use crate::{error::Result, sync::SpinLock};
use abi::Errno;
use alloc::{string::String, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU32, Ordering};

/// The figures of statfs(2).
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// The number by which programs know the type (`*_MAGIC` of statfs(2)).
    pub magic: u32,
    /// Blocks of 4,096 bytes in all; 0 where there is no such limit.
    pub blocks: u64,
    /// Of these, free.
    pub blocks_free: u64,
    /// Inodes in all.
    pub inodes: u64,
    /// Of these, free.
    pub inodes_free: u64,
}

/// How the names of a file system may be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Names change only through this kernel's calls: a name found once stays until it is removed.
    Stable,
    /// Names come and go by themselves (processes): remembered only while in use.
    Volatile,
}

/// A tree of files.
pub trait FileSystem: Send + Sync {
    /// Its type's name, as /proc/mounts shows it.
    fn type_name(&self) -> &'static str;

    /// Its root directory.
    fn root(&self) -> Arc<dyn Inode>;

    /// How its names may be remembered.
    fn names(&self) -> Names;

    /// The figures of statfs(2).
    fn statistics(&self) -> Statistics;

    /// Its options as /proc/mounts shows them: empty, or each with a comma in front.
    fn options(&self) -> String {
        String::new()
    }

    /// Takes new options at a remount. `EINVAL`: it does not know them.
    fn reconfigure(&self, _options: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// A mounted tree: the file system, its names in memory and the device number stat(2) shows.
pub struct SuperBlock {
    file_system: Arc<dyn FileSystem>,
    root: Arc<Dentry>,
    device: DeviceNumber,
}

impl SuperBlock {
    /// Wraps a file system; it gets the next free number of the "unnamed" major 0.
    pub fn new(file_system: Arc<dyn FileSystem>) -> Arc<SuperBlock> {
        static NEXT_MINOR: AtomicU32 = AtomicU32::new(1);
        let minor = NEXT_MINOR.fetch_add(1, Ordering::Relaxed) & 0xf_ffff;
        let root = Dentry::new_root(file_system.root(), file_system.names());
        Arc::new(SuperBlock {
            file_system,
            root,
            device: DeviceNumber::new(0, minor),
        })
    }

    /// The file system.
    pub fn file_system(&self) -> &Arc<dyn FileSystem> {
        &self.file_system
    }

    /// The root of its names.
    pub fn root(&self) -> &Arc<Dentry> {
        &self.root
    }

    /// What stat(2) shows as `st_dev`.
    pub fn device(&self) -> DeviceNumber {
        self.device
    }
}

impl Drop for SuperBlock {
    fn drop(&mut self) {
        // Parents hold children and children hold parents: without this cut, a file system that
        // nobody can reach any more would stay for ever.
        self.root.forget_children();
    }
}

/// What mount(2) passes to a file-system type.
pub struct MountRequest<'a> {
    /// Options of this file system, separated by commas.
    pub options: &'a [u8],
}

/// A kind of file system that can be mounted.
#[derive(Clone, Copy)]
pub struct FileSystemType {
    /// What mount(2) calls it.
    pub name: &'static str,
    /// Gives the tree to mount: a new one, or the only one there is.
    pub mount: fn(&MountRequest<'_>) -> Result<Arc<SuperBlock>>,
}

static TYPES: SpinLock<Vec<FileSystemType>> = SpinLock::new(Vec::new());

/// Makes a file-system type known to mount(2). The first of a name stays.
pub fn register_type(file_system: FileSystemType) {
    let mut types = TYPES.lock();
    if types.iter().all(|known| known.name != file_system.name) {
        types.push(file_system);
    }
}

/// The type of this name. `ENODEV`: there is none, which is mount(2)'s answer.
pub fn find_type(name: &[u8]) -> Result<FileSystemType> {
    let types = TYPES.lock();
    types
        .iter()
        .find(|known| known.name.as_bytes() == name)
        .copied()
        .ok_or(Errno::ENODEV)
}

/// The names of all types, for /proc/filesystems. None needs a device.
pub fn type_names() -> Vec<&'static str> {
    TYPES.lock().iter().map(|known| known.name).collect()
}
