//! Files: the open file, paths, mounts, the file systems in memory, pipes and locks.
//!
//! How the parts fit together, from a program's descriptor down to bytes:
//!
//! ```text
//! descriptor ─ FileTable ─▶ OpenFile ─▶ dyn File      what reads and writes go to (operations.rs)
//!                              │
//!                              ▼
//! path ─ Walk ─▶ Location { Mount, Dentry } ─▶ dyn Inode   what stat and open go to (inode.rs)
//!                    │
//!                    ▼
//!                SuperBlock ─▶ dyn FileSystem          tmpfs, procfs, sysfs, devpts …
//! ```
//!
//! Each is one file with one contract at its head. A new kind of open file (sockets, inotify)
//! implements [`File`] and comes to a program with [`OpenFile::anonymous`]; a new file
//! system implements [`FileSystem`] and [`Inode`] and calls [`register_type`]; a new device
//! implements [`device::Device`].
//!
//! Locks in this room, in the order they are taken: an open file's position; the lock for moving
//! between directories; a directory's `changing`; a regular file's `changing`; a pipe's ring; then
//! address spaces; then the short ones (names, pages, attributes, descriptors), of which no two
//! are held together except those of a removed directory and its parent.

mod anonymous;
mod async_signal;
pub mod clock;
pub mod debugfs;
mod dentry;
pub mod device;
pub mod devtmpfs;
pub mod epoll;
pub mod eventfd;
mod file_table;
mod flags;
mod fs_context;
pub mod generated;
mod inode;
mod location;
pub mod locks;
mod mount;
mod mount_table;
pub mod names;
mod open;
mod open_file;
mod operations;
pub mod permission;
mod pipe;
pub mod procfs;
mod ramdisk;
mod superblock;
pub mod sysfs;
#[cfg(feature = "ktest")]
mod tests;
pub mod timerfd;
pub mod tmpfs;
mod user_path;
pub mod walk;
mod write_access;

pub use anonymous::{AnonymousInode, place as anonymous_place};
pub use async_signal::{DefaultOwner, Readiness, SignalList, SignalOwner, SignalSource};
pub use dentry::{Changing, Dentry, seed_hash};
pub use device::Device;
pub use file_table::{DESCRIPTORS_MAX, FileTable};
pub use flags::OpenFlags;
pub use fs_context::FsContext;
pub use inode::{
    AttributeChange, DeviceNumber, FileKind, Inode, LinkTarget, ListEntry, Metadata, NewContent,
    NewNode, Ownership, RenameKind,
};
pub use location::{Backwards, Location, Reach};
pub use mount::{MOUNT_FLAGS, Mount};
pub use mount_table::{MOUNTS_MAX, MountTable, Unmount};
pub use open::{OpenRequest, check_not_run, open, open_executable};
pub use open_file::{OpenFile, check_size_limit};
pub use operations::{DirectoryFile, File, IoFlags, Seek};
pub use pipe::{
    Fifo, Pipe, bytes_in_pipe, capacity as pipe_capacity, create_pipe, limits as pipe_limits,
    pipe_behind, set_capacity as set_pipe_capacity,
};
pub use superblock::{
    FileSystem, FileSystemType, MountRequest, Names, Statistics, SuperBlock, find_type,
    register_type, type_names,
};
pub use user_path::UserPath;
pub use walk::{Follow, Last, Walk};
pub use write_access::WriteAccess;

use crate::{error::Result, sync::SpinLock};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

static ROOT: SpinLock<Option<Arc<MountTable>>> = SpinLock::new(None);

/// Makes the root file system with what is in the ramdisk, and mounts devtmpfs on its /dev.
/// Damage in the ramdisk is logged; what came before it is there.
pub fn initialise(image: &[u8]) -> Result<()> {
    tmpfs::register();
    devtmpfs::register();
    let superblock = SuperBlock::new(tmpfs::Tmpfs::new("rootfs", b"mode=0755")?);
    let root = superblock.root().clone();
    if let Err(error) = ramdisk::unpack(image, &root) {
        log::error!("{error}. Pack it again; the boot goes on with what was unpacked.");
    }
    let table = MountTable::new(superblock, b"rootfs");
    let place = match root.child(b"dev") {
        Ok(dentry) => Location {
            mount: table.root().mount,
            dentry,
        },
        Err(error) => {
            log::warn!("/dev in the ramdisk: {error}. There will be no devices until it is made.");
            table.root()
        }
    };
    if !place.is_mount_root() {
        let request = MountRequest { options: b"" };
        let devices = (find_type(b"devtmpfs")?.mount)(&request)?;
        table.mount(place, devices, b"devtmpfs", 0)?;
    }
    *ROOT.lock() = Some(table);
    Ok(())
}

/// The context of the first process: at the root, with all mounts. `ENOENT` before
/// [`initialise`].
pub fn initial_context() -> Result<FsContext> {
    let table = ROOT.lock().clone().ok_or(Errno::ENOENT)?;
    Ok(FsContext::new(table))
}

/// Opens /dev/console for the first process's descriptors 0, 1 and 2.
pub fn open_console() -> Result<Arc<OpenFile>> {
    let context = initial_context()?;
    let credentials = Arc::new(crate::process::credentials::Credentials::root());
    let mut walk = Walk::as_user(&context, credentials);
    let place = walk.find(context.root(), b"/dev/console", Follow::Yes)?;
    let flags = OpenFlags::from_raw(general::O_RDWR | general::O_LARGEFILE);
    let file = place.inode().clone().open(flags)?;
    OpenFile::at(place, file, flags)
}
