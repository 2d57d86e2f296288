//! devpts: the file system with the slaves of all pseudoterminals, usually at `/dev/pts`.
//!
//! There is one instance; all mounts of it show the same. Its `ptmx` makes a new pair like
//! `/dev/ptmx`, for those whom the mount option `ptmxmode` lets.
//!
//! Source: `pts(4)`, Linux's `Documentation/filesystems/devpts.rst`.
use super::{open_master, table};
use crate::error::{Errno, Result};
use crate::file::{
    DeviceNumber, DirectoryFile, File, FileKind, FileSystem, FileSystemType, Inode, ListEntry,
    Metadata, MountRequest, Names, OpenFile, OpenFlags, Ownership, Statistics, SuperBlock, clock,
    register_type,
};
use crate::process;
use crate::sync::SpinLock;
use abi::raw::general::DEVPTS_SUPER_MAGIC;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::str;

const ROOT_INODE: u64 = 1;
const PTMX_INODE: u64 = 2;
/// Inode number of slave 0.
pub(super) const FIRST_SLAVE_INODE: u64 = 3;
/// The device of `ptmx`.
const PTMX: DeviceNumber = DeviceNumber::new(5, 2);

/// The mount options.
#[derive(Clone, Copy)]
pub(super) struct Options {
    uid: Option<u32>,
    gid: Option<u32>,
    permissions: u32,
    ptmx_permissions: u32,
}

static OPTIONS: SpinLock<Options> = SpinLock::new(Options {
    uid: None,
    gid: None,
    permissions: 0o600,
    ptmx_permissions: 0,
});

/// The options in force.
pub(super) fn options() -> Options {
    *OPTIONS.lock()
}

impl Options {
    /// Who owns a new slave whose master was opened by `uid` and `gid`.
    pub(super) fn ownership(&self, uid: u32, gid: u32) -> Ownership {
        Ownership {
            permissions: self.permissions,
            uid: self.uid.unwrap_or(uid),
            gid: self.gid.unwrap_or(gid),
        }
    }

    /// These options changed as `text` (`gid=5,mode=620,…`) says. `EINVAL`: not an option.
    fn changed(mut self, text: &[u8]) -> Result<Self> {
        let text = str::from_utf8(text).map_err(|_| Errno::EINVAL)?;
        for option in text.split(',').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let number = |radix| u32::from_str_radix(value, radix).map_err(|_| Errno::EINVAL);
            match name {
                "uid" => self.uid = Some(number(10)?),
                "gid" => self.gid = Some(number(10)?),
                "mode" => self.permissions = number(8)? & 0o777,
                "ptmxmode" => self.ptmx_permissions = number(8)? & 0o777,
                // There is one instance, and memory bounds the number of pairs.
                "newinstance" => {}
                "max" => {
                    number(10)?;
                }
                _ => return Err(Errno::EINVAL),
            }
        }
        Ok(self)
    }
}

struct Devpts;

impl FileSystem for Devpts {
    fn type_name(&self) -> &'static str {
        "devpts"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::new(Root)
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: DEVPTS_SUPER_MAGIC,
            ..Statistics::default()
        }
    }

    fn options(&self) -> String {
        let options = options();
        let mut text = String::new();
        for (name, id) in [("uid", options.uid), ("gid", options.gid)] {
            if let Some(id) = id {
                text += &format!(",{name}={id}");
            }
        }
        text + &format!(
            ",mode={:03o},ptmxmode={:03o}",
            options.permissions, options.ptmx_permissions
        )
    }

    fn reconfigure(&self, text: &[u8]) -> Result<()> {
        let changed = options().changed(text)?;
        *OPTIONS.lock() = changed;
        Ok(())
    }
}

struct Root;

impl Inode for Root {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        ROOT_INODE
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(ROOT_INODE, FileKind::Directory, 0o755, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        if name == b"ptmx" {
            return Ok(Arc::new(Ptmx));
        }
        let number = str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        let slave = number.and_then(table::find).ok_or(Errno::ENOENT)?;
        // Only the number as it is listed is a name, not "007" or "+7".
        if format!("{}", slave.number() - FIRST_SLAVE_INODE).as_bytes() != name {
            return Err(Errno::ENOENT);
        }
        Ok(slave)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let kind = FileKind::CharacterDevice;
        let ptmx = ListEntry {
            name: b"ptmx",
            number: PTMX_INODE,
            kind,
            next: 1,
        };
        if cursor == 0 && !emit(ptmx) {
            return Ok(());
        }
        let first = u32::try_from(cursor.saturating_sub(1)).unwrap_or(u32::MAX);
        for slave in table::numbers_from(first) {
            let name = format!("{slave}");
            let (number, next) = (FIRST_SLAVE_INODE + u64::from(slave), u64::from(slave) + 2);
            if !emit(ListEntry {
                name: name.as_bytes(),
                number,
                kind,
                next,
            }) {
                break;
            }
        }
        Ok(())
    }
}

/// The node that makes new pairs.
struct Ptmx;

impl Inode for Ptmx {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn number(&self) -> u64 {
        PTMX_INODE
    }

    fn metadata(&self) -> Metadata {
        let permissions = options().ptmx_permissions;
        let metadata = Metadata::synthetic(PTMX_INODE, self.kind(), permissions, clock::now());
        Metadata {
            device: PTMX,
            ..metadata
        }
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        open_master(flags)
    }
}

/// `TIOCGPTPEER`: opens the slave of pair `number` and returns its descriptor.
pub(super) fn open_peer(number: u32, flags: usize) -> Result<usize> {
    let flags = OpenFlags::from_raw(flags as u32);
    let inode: Arc<dyn Inode> = table::find(number).ok_or(Errno::EIO)?;
    let file = Arc::clone(&inode).open(flags)?;
    let open = OpenFile::anonymous(inode, file, flags);
    let files = process::current().files()?;
    Ok(files.install(open, flags.close_on_exec())? as usize)
}

/// Makes mount(2) know `devpts`.
pub fn register() {
    register_type(FileSystemType {
        name: "devpts",
        mount,
    });
}

fn mount(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    static INSTANCE: SpinLock<Option<Arc<SuperBlock>>> = SpinLock::new(None);
    let changed = options().changed(request.options)?;
    *OPTIONS.lock() = changed;
    let made = SuperBlock::new(Arc::new(Devpts));
    Ok(INSTANCE.lock().get_or_insert(made).clone())
}
