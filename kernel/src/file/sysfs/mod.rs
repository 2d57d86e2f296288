//! sysfs: devices and their attributes as files, usually at `/sys`.
//!
//! There is one tree. Whoever finds a device adds a directory with attributes ([`directory()`],
//! [`Directory::add_attribute`]) or, for one that has a node in `/dev`, calls
//! [`add_class_device`], which makes the directory and all links that lead to it.
//!
//! Source: `sysfs(5)`, Linux's `Documentation/filesystems/sysfs.rst`.
mod class;
mod directory;
#[cfg(feature = "ktest")]
mod tests;

#[cfg(feature = "devns")]
pub use super::generated::Changes;
#[cfg(feature = "devns")]
pub use class::add_class_device_in;
pub use class::{add_class_device, add_class_device_as};
pub use directory::{Attribute, Directory};

use super::{
    FileSystem, FileSystemType, Inode, MountRequest, Names, Statistics, SuperBlock, register_type,
};
use crate::error::Result;
use crate::file::generated::no_memory;
use crate::sync::SpinLock;
use abi::procfs::Text;
use abi::raw::general::SYSFS_MAGIC;
use alloc::sync::Arc;
use core::fmt::Write;
use spin::LazyLock;

static ROOT: LazyLock<Arc<Directory>> = LazyLock::new(Directory::new_root);

struct Sysfs;

impl FileSystem for Sysfs {
    fn type_name(&self) -> &'static str {
        "sysfs"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::clone(&*ROOT) as Arc<dyn Inode>
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: SYSFS_MAGIC,
            ..Statistics::default()
        }
    }
}

/// The directory at `path` below `/sys`, made with all above it if need be. `EEXIST`: something
/// else has one of the names.
pub fn directory(path: &str) -> Result<Arc<Directory>> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    parts.try_fold(Arc::clone(&*ROOT), |at, part| at.directory(part))
}

/// The processors that are there, are in use, or may come: the same for all three.
struct Processors;

impl Attribute for Processors {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "0").map_err(no_memory)
    }
}

/// Makes mount(2) know `sysfs`, and makes the directories every program expects. To be called
/// once.
pub fn initialise() -> Result<()> {
    for path in [
        "block",
        "bus",
        "class",
        "dev/block",
        "dev/char",
        "devices/virtual",
        "firmware",
        "fs",
        "kernel",
        "module",
        "power",
    ] {
        directory(path)?;
    }
    let processors = directory("devices/system/cpu")?;
    for name in ["online", "possible", "present"] {
        processors.add_attribute(name, 0o444, Processors)?;
    }
    register_type(FileSystemType {
        name: "sysfs",
        mount,
    });
    Ok(())
}

fn mount(_request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    static INSTANCE: SpinLock<Option<Arc<SuperBlock>>> = SpinLock::new(None);
    let made = SuperBlock::new(Arc::new(Sysfs));
    Ok(INSTANCE.lock().get_or_insert(made).clone())
}
