//! debugfs: what parts of the kernel tell of themselves for those who look for faults, usually at
//! `/sys/kernel/debug`.
//!
//! There is one tree, made as that of sysfs is ([`directory`]); it belongs to root alone, and what
//! is in it is no contract.
//!
//! Source: Linux's `Documentation/filesystems/debugfs.rst`.

use alloc::sync::Arc;

use abi::raw::general::DEBUGFS_MAGIC;
use spin::LazyLock;

use super::sysfs::{self, Directory};
use super::{
    FileSystem, FileSystemType, Inode, MountRequest, Names, Statistics, SuperBlock, register_type,
};
use crate::error::Result;
use crate::sync::SpinLock;

static ROOT: LazyLock<Arc<Directory>> = LazyLock::new(Directory::new_root);

struct Debugfs;

impl FileSystem for Debugfs {
    fn type_name(&self) -> &'static str {
        "debugfs"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::clone(&*ROOT) as Arc<dyn Inode>
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: DEBUGFS_MAGIC,
            ..Statistics::default()
        }
    }
}

/// The directory `name` at the top of the tree, made if need be.
///
/// # Errors
/// EEXIST: something else has the name.
#[cfg(feature = "devns")]
pub fn directory(name: &str) -> Result<Arc<Directory>> {
    ROOT.directory(name)
}

/// Makes mount(2) know `debugfs`, and the directory it belongs on. To be called once, after sysfs
/// is there.
///
/// # Errors
/// EEXIST: something else has that name.
pub fn initialise() -> Result<()> {
    register_type(FileSystemType {
        name: "debugfs",
        mount,
    });
    sysfs::directory("kernel/debug").map(drop)
}

fn mount(_request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    static INSTANCE: SpinLock<Option<Arc<SuperBlock>>> = SpinLock::new(None);
    let made = SuperBlock::new(Arc::new(Debugfs));
    Ok(INSTANCE.lock().get_or_insert(made).clone())
}
