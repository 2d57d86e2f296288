//! devtmpfs: the file system with the device nodes that the kernel makes itself.
//!
//! It is a tmpfs of which there is one instance; whoever finds a device adds its node here, and it
//! appears wherever the file system is mounted. Programs may add and remove names as they like.

use super::{
    Changing, Dentry, DeviceNumber, FileKind, FileSystemType, MountRequest, NewContent, NewNode,
    Ownership, SuperBlock, register_type, tmpfs::Tmpfs,
};
use crate::{error::Result, sync::SpinLock};
use abi::Errno;
use alloc::sync::Arc;

static INSTANCE: SpinLock<Option<Arc<SuperBlock>>> = SpinLock::new(None);

/// The one instance.
fn instance() -> Result<Arc<SuperBlock>> {
    if let Some(superblock) = INSTANCE.lock().as_ref() {
        return Ok(superblock.clone());
    }
    let made = SuperBlock::new(Tmpfs::new("devtmpfs", b"mode=0755")?);
    Ok(INSTANCE.lock().get_or_insert(made).clone())
}

fn mount(_request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    instance()
}

/// Makes mount(2) know `devtmpfs`.
pub fn register() {
    register_type(FileSystemType {
        name: "devtmpfs",
        mount,
    });
}

/// Adds the node of a device at `path` (relative, directories in it are made), owned by root and
/// group `gid`. `EEXIST`: the name is taken.
pub fn add_node(
    path: &str,
    kind: FileKind,
    number: DeviceNumber,
    permissions: u32,
    gid: u32,
) -> Result<()> {
    let content = match kind {
        FileKind::CharacterDevice => NewContent::CharacterDevice(number),
        FileKind::BlockDevice => NewContent::BlockDevice(number),
        _ => return Err(Errno::EINVAL),
    };
    add(
        path,
        &NewNode {
            content,
            ownership: Ownership {
                permissions,
                uid: 0,
                gid,
            },
        },
    )
}

/// Adds an empty directory, such as the mount point of devpts.
pub fn add_directory(path: &str) -> Result<()> {
    add(path, &new_directory())
}

/// Adds a symbolic link.
pub fn add_link(path: &str, target: &str) -> Result<()> {
    let content = NewContent::SymbolicLink(target.as_bytes());
    add(
        path,
        &NewNode {
            content,
            ownership: Ownership {
                permissions: 0o777,
                uid: 0,
                gid: 0,
            },
        },
    )
}

fn new_directory() -> NewNode<'static> {
    let ownership = Ownership {
        permissions: 0o755,
        uid: 0,
        gid: 0,
    };
    NewNode {
        content: NewContent::Directory,
        ownership,
    }
}

fn make(
    names: &Changing<'_>,
    directory: &Dentry,
    name: &str,
    node: &NewNode<'_>,
) -> Result<Arc<Dentry>> {
    let inode = directory.inode().create(name.as_bytes(), node)?;
    Ok(names.add(name.as_bytes(), inode))
}

/// The directory that the last part of `path` belongs into, made if need be, and that part.
fn parent_of(path: &str) -> Result<(Arc<Dentry>, &str)> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut at = instance()?.root().clone();
    for part in directories.split('/').filter(|part| !part.is_empty()) {
        let next = {
            let names = at.change();
            match names.child(part.as_bytes()) {
                Err(Errno::ENOENT) => make(&names, &at, part, &new_directory())?,
                found => found?,
            }
        };
        at = next;
    }
    Ok((at, name))
}

fn add(path: &str, node: &NewNode<'_>) -> Result<()> {
    let (directory, name) = parent_of(path)?;
    let names = directory.change();
    make(&names, &directory, name, node)?;
    Ok(())
}
