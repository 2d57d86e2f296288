//! The mount that files without a name are on: pipes, memfd_create(2).
//!
//! No program can reach it by a path. It exists so that such a file too has a place: for stat(2)'s
//! device number, and for opening /proc/PID/fd/N again.

use super::{
    Dentry, DirectoryFile, File, FileKind, FileSystem, Inode, Location, Metadata, Mount, Names,
    OpenFlags, Statistics, SuperBlock, clock,
};
use crate::{error::Result, sync::SpinLock};
use alloc::{sync::Arc, vec::Vec};

/// `ANON_INODE_FS_MAGIC` of statfs(2).
const MAGIC: u32 = 0x0904_1934;

struct AnonymousFiles;

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
        "anon_inodefs"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::new(Root)
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: MAGIC,
            ..Statistics::default()
        }
    }
}

/// The mount.
pub fn mount() -> Arc<Mount> {
    static MOUNT: SpinLock<Option<Arc<Mount>>> = SpinLock::new(None);
    let make = || {
        let superblock = SuperBlock::new(Arc::new(AnonymousFiles));
        let root = superblock.root().clone();
        Mount::new(superblock, root, Vec::new(), 0)
    };
    MOUNT.lock().get_or_insert_with(make).clone()
}

/// A place for an inode that never had a name.
pub fn place(inode: &Arc<dyn Inode>) -> Location {
    let name = inode.anonymous_name();
    Location {
        mount: mount(),
        dentry: Dentry::new_detached(inode.clone(), &name),
    }
}
