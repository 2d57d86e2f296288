//! The mounts that files without a name are on: one for pipes, one for everything else.
//!
//! No program can reach them by a path. They exist so that such a file too has a place: for
//! stat(2)'s device number, for statfs(2), and for opening /proc/PID/fd/N again. [`AnonymousInode`]
//! is the inode of the files that have nothing else: descriptors of processes, epoll, eventfd.

use super::{
    Dentry, DirectoryFile, File, FileKind, FileSystem, Inode, Location, Metadata, Mount, Names,
    OpenFlags, Statistics, SuperBlock, clock,
};
use crate::{error::Result, sync::SpinLock};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};

/// A file system without names.
struct AnonymousFiles {
    type_name: &'static str,
    /// By what statfs(2) tells it.
    magic: u32,
}

struct Root;

impl Inode for Root {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        1
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(1, FileKind::Directory, 0o555, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }
}

impl FileSystem for AnonymousFiles {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::new(Root)
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: self.magic,
            ..Statistics::default()
        }
    }
}

/// The mount that an inode without a name is on.
pub fn mount(inode: &dyn Inode) -> Arc<Mount> {
    static PIPES: SpinLock<Option<Arc<Mount>>> = SpinLock::new(None);
    static OTHERS: SpinLock<Option<Arc<Mount>>> = SpinLock::new(None);
    let (slot, type_name, magic) = match inode.kind() {
        FileKind::Fifo => (&PIPES, "pipefs", general::PIPEFS_MAGIC),
        _ => (&OTHERS, "anon_inodefs", general::ANON_INODE_FS_MAGIC),
    };
    let make = || {
        let superblock = SuperBlock::new(Arc::new(AnonymousFiles { type_name, magic }));
        let root = superblock.root().clone();
        Mount::new(superblock, root, Vec::new(), 0)
    };
    slot.lock().get_or_insert_with(make).clone()
}

/// A place for an inode that never had a name.
pub fn place(inode: &Arc<dyn Inode>) -> Location {
    let name = inode.anonymous_name();
    Location {
        mount: mount(&**inode),
        dentry: Dentry::new_detached(inode.clone(), &name),
    }
}

/// The inode of a file that has no name and keeps nothing in it.
pub struct AnonymousInode {
    /// What kind of file it is, as /proc/PID/fd shows it.
    kind_name: &'static str,
}

impl AnonymousInode {
    /// An inode that /proc/PID/fd shows as `anon_inode:[kind_name]`.
    pub fn new(kind_name: &'static str) -> AnonymousInode {
        AnonymousInode { kind_name }
    }
}

impl Inode for AnonymousInode {
    fn kind(&self) -> FileKind {
        FileKind::Untyped
    }

    fn number(&self) -> u64 {
        1
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(1, FileKind::Untyped, 0o600, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ENXIO)
    }

    fn anonymous_name(&self) -> Vec<u8> {
        alloc::format!("anon_inode:[{}]", self.kind_name).into_bytes()
    }
}
