//! The inode: a file as the file system keeps it, whatever names lead to it.
//!
//! Every file system (tmpfs, procfs, sysfs, devpts …) implements [`Inode`] for its nodes. The
//! default methods answer what Linux answers where a file system has no such operation, so a
//! read-only file system of made-up files writes only what it has. Permission checks, mount flags,
//! `.` and `..` are the business of the path walk and the calls above, never of an inode.
//!
//! Source: inode(7), path_resolution(7), stat(2).

use super::{File, Location, OpenFlags, WriteAccess};
use crate::error::Result;
use abi::{Errno, Timespec, raw::general};
use alloc::{sync::Arc, vec::Vec};
use core::any::Any;

/// What kind of file an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Bytes.
    Regular,
    /// Names.
    Directory,
    /// A path to continue with.
    SymbolicLink,
    /// A named pipe.
    Fifo,
    /// The place of a local socket.
    Socket,
    /// A device of bytes.
    CharacterDevice,
    /// A device of blocks.
    BlockDevice,
    /// What exists only as a descriptor and is none of these: its `st_mode` tells no type.
    Untyped,
}

impl FileKind {
    /// The type bits of `st_mode`.
    pub fn mode_bits(self) -> u32 {
        match self {
            FileKind::Regular => general::S_IFREG,
            FileKind::Directory => general::S_IFDIR,
            FileKind::SymbolicLink => general::S_IFLNK,
            FileKind::Fifo => general::S_IFIFO,
            FileKind::Socket => general::S_IFSOCK,
            FileKind::CharacterDevice => general::S_IFCHR,
            FileKind::BlockDevice => general::S_IFBLK,
            FileKind::Untyped => 0,
        }
    }

    /// The kind that the type bits of an `st_mode` stand for.
    pub fn from_mode(mode: u32) -> Option<FileKind> {
        Some(match mode & general::S_IFMT {
            general::S_IFREG => FileKind::Regular,
            general::S_IFDIR => FileKind::Directory,
            general::S_IFLNK => FileKind::SymbolicLink,
            general::S_IFIFO => FileKind::Fifo,
            general::S_IFSOCK => FileKind::Socket,
            general::S_IFCHR => FileKind::CharacterDevice,
            general::S_IFBLK => FileKind::BlockDevice,
            _ => return None,
        })
    }

    /// `d_type` of getdents64(2): the type bits shifted down, by design of the numbers.
    pub fn directory_type(self) -> u8 {
        (self.mode_bits() >> 12) as u8
    }

    /// Whether this is a character or block device node.
    pub fn is_device(self) -> bool {
        matches!(self, FileKind::CharacterDevice | FileKind::BlockDevice)
    }
}

/// A device's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct DeviceNumber {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

impl DeviceNumber {
    /// A number from its two parts.
    pub const fn new(major: u32, minor: u32) -> Self {
        DeviceNumber { major, minor }
    }

    /// As `st_dev`, `st_rdev` and mknod(2) carry it: 12 bits of major, 20 of minor.
    pub fn to_raw(self) -> u64 {
        let (major, minor) = (u64::from(self.major), u64::from(self.minor));
        (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
    }

    /// The inverse of [`DeviceNumber::to_raw`].
    pub fn from_raw(raw: u64) -> Self {
        let raw = raw as u32;
        DeviceNumber {
            major: (raw >> 8) & 0xfff,
            minor: (raw & 0xff) | ((raw >> 12) & 0xfff00),
        }
    }
}

/// Who may do what: the part of the metadata that permission checks look at.
#[derive(Debug, Clone, Copy)]
pub struct Ownership {
    /// The low twelve bits of `st_mode`.
    pub permissions: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Everything stat(2) tells of an inode, except the device it is on, which the mount knows.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Inode number, unique in its file system.
    pub number: u64,
    /// Kind of file.
    pub kind: FileKind,
    /// Permissions, owner and group.
    pub ownership: Ownership,
    /// Names that lead here.
    pub links: u32,
    /// Bytes.
    pub size: u64,
    /// Storage in use, in units of 512 bytes.
    pub blocks_512: u64,
    /// Which device a device node stands for.
    pub device: DeviceNumber,
    /// Last access.
    pub accessed: Timespec,
    /// Last change of the contents.
    pub modified: Timespec,
    /// Last change of the metadata.
    pub changed: Timespec,
    /// Creation.
    pub created: Timespec,
}

impl Metadata {
    /// The metadata of a file that exists only as long as somebody looks (procfs, sysfs): one
    /// link, empty, owned by root, all times `time`.
    pub fn synthetic(number: u64, kind: FileKind, permissions: u32, time: Timespec) -> Metadata {
        Metadata {
            number,
            kind,
            ownership: Ownership {
                permissions,
                uid: 0,
                gid: 0,
            },
            links: if kind == FileKind::Directory { 2 } else { 1 },
            size: 0,
            blocks_512: 0,
            device: DeviceNumber::default(),
            accessed: time,
            modified: time,
            changed: time,
            created: time,
        }
    }
}

/// What chmod, chown and utimensat change; `None` leaves alone. The caller has checked that it may.
#[derive(Debug, Clone, Default)]
pub struct AttributeChange {
    /// New low twelve bits of `st_mode`.
    pub permissions: Option<u32>,
    /// New owner.
    pub uid: Option<u32>,
    /// New group.
    pub gid: Option<u32>,
    /// New access time.
    pub accessed: Option<Timespec>,
    /// New modification time.
    pub modified: Option<Timespec>,
}

/// What a new node shall be.
#[derive(Debug, Clone)]
pub struct NewNode<'a> {
    /// Its kind with what only that kind has.
    pub content: NewContent<'a>,
    /// Its permissions, the umask already applied, its owner and its group.
    pub ownership: Ownership,
}

/// The part of a new node that depends on its kind.
#[derive(Debug, Clone, Copy)]
pub enum NewContent<'a> {
    /// An empty regular file.
    Regular,
    /// An empty directory.
    Directory,
    /// A symbolic link with this target.
    SymbolicLink(&'a [u8]),
    /// A named pipe.
    Fifo,
    /// A socket node.
    Socket,
    /// A character device node.
    CharacterDevice(DeviceNumber),
    /// A block device node.
    BlockDevice(DeviceNumber),
}

impl NewContent<'_> {
    /// The kind of the node to be.
    pub fn kind(&self) -> FileKind {
        match self {
            NewContent::Regular => FileKind::Regular,
            NewContent::Directory => FileKind::Directory,
            NewContent::SymbolicLink(_) => FileKind::SymbolicLink,
            NewContent::Fifo => FileKind::Fifo,
            NewContent::Socket => FileKind::Socket,
            NewContent::CharacterDevice(_) => FileKind::CharacterDevice,
            NewContent::BlockDevice(_) => FileKind::BlockDevice,
        }
    }
}

/// Where a symbolic link leads.
pub enum LinkTarget {
    /// A path, relative to the directory of the link unless it starts with `/`.
    Path(Arc<[u8]>),
    /// Straight to a file, as the links in /proc/PID do (`text` is what readlink(2) shows).
    Jump {
        /// The file.
        location: Location,
        /// Its name at this moment.
        text: Vec<u8>,
    },
}

/// One name in a directory, as [`Inode::list`] reports it.
pub struct ListEntry<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The inode number behind it.
    pub number: u64,
    /// The kind of file behind it.
    pub kind: FileKind,
    /// The cursor that continues after this entry.
    pub next: u64,
}

/// What to do when the new name of a rename exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameKind {
    /// The file that has it loses it.
    Replace,
    /// The two change places.
    Exchange,
}

/// A file as its file system keeps it. See the head of this file.
pub trait Inode: Any + Send + Sync {
    /// Its kind; never changes.
    fn kind(&self) -> FileKind;

    /// Its number, unique in its file system while it lives.
    fn number(&self) -> u64;

    /// Permissions, owner and group. Asked at every step of a path: keep it cheap.
    fn ownership(&self) -> Ownership {
        self.metadata().ownership
    }

    /// All that stat(2) tells.
    fn metadata(&self) -> Metadata;

    /// Changes attributes. The change time follows by itself.
    fn change(&self, _change: &AttributeChange) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Notes that the contents were read, by the rule of MS_RELATIME.
    fn note_access(&self) {}

    /// Sets the size of a regular file (truncate(2)). `EINVAL`: has no size to set.
    fn set_size(&self, _size: u64) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// Opens the file: gives the object that reads and writes go to. It may be the inode itself or
    /// one made for this opening; when it is dropped, the file has been closed for the last time.
    /// May sleep (a FIFO waits for its other end).
    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>>;

    /// Who writes or runs this file, where it can be run at all.
    fn write_access(&self) -> Option<&WriteAccess> {
        None
    }

    /// Finds a name in this directory. `ENOENT`: there is none.
    fn lookup(&self, _name: &[u8]) -> Result<Arc<dyn Inode>> {
        Err(Errno::ENOTDIR)
    }

    /// Reports the names at `cursor` (0: the first) and after to `emit` until it returns false.
    /// `.` and `..` are not among them.
    fn list(&self, _cursor: u64, _emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        Err(Errno::ENOTDIR)
    }

    /// Makes a new node with a name in this directory. `EEXIST`: the name is taken.
    fn create(&self, _name: &[u8], node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        let regular = node.content.kind() == FileKind::Regular;
        Err(if regular { Errno::EACCES } else { Errno::EPERM })
    }

    /// Makes a regular file without a name (O_TMPFILE) in this directory's file system.
    fn create_unnamed(&self, _ownership: Ownership) -> Result<Arc<dyn Inode>> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Gives `target` another name in this directory.
    fn link(&self, _name: &[u8], _target: &Arc<dyn Inode>) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Takes a name that is not a directory's away.
    fn unlink(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Takes an empty directory away. `ENOTEMPTY`: it is not.
    fn remove_directory(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Moves `old_name` of this directory to `new_name` of `new_parent`, both in this file system.
    /// The caller has checked the kinds and that no directory moves below itself.
    fn rename(
        &self,
        _old_name: &[u8],
        _new_parent: &Arc<dyn Inode>,
        _new_name: &[u8],
        _kind: RenameKind,
    ) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Where this symbolic link leads.
    fn read_link(&self) -> Result<LinkTarget> {
        Err(Errno::EINVAL)
    }

    /// Whether what this inode stood for is gone (a process that exited): a name that led here is
    /// then looked up anew.
    fn is_stale(&self) -> bool {
        false
    }

    /// How /proc/PID/fd shows an inode that never had a name: `pipe:[7]`.
    fn anonymous_name(&self) -> Vec<u8> {
        alloc::format!("anon_inode:[{}]", self.number()).into_bytes()
    }
}
