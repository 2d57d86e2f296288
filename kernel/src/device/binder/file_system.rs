//! binderfs: devices of binder in a directory of one's own.
//!
//! Each mount is a new file system with `binder-control`, by which devices are added, and one
//! device `binder` to begin with. A device is a context: what is opened through it reaches nobody
//! else. `features` tells what this binder can do, and where the option `stats=global` asks for
//! them, `binder_logs` has the files of debugfs.
//!
//! Source: Linux's `Documentation/admin-guide/binderfs.rst` and
//! `include/uapi/linux/android/binderfs.h`.

mod node;

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::procfs::Text;
use abi::raw::general::BINDERFS_SUPER_MAGIC;

use self::node::Node;
use crate::error::{Errno, Result};
use crate::file::generated::{Entry, Node as Generated, Tree, no_memory};
use crate::file::{
    DirectoryFile, File, FileKind, FileSystem, FileSystemType, Inode, ListEntry, Metadata,
    MountRequest, Names, OpenFlags, Statistics, SuperBlock, clock, debugfs, register_type,
};
use crate::memory;
use crate::sync::SpinLock;

/// The most devices of one mount, unless the option `max` says otherwise.
const DEVICES_MAX: usize = 1 << 16;
/// Memory that a device may take.
const DEVICE_ROOM: usize = 4096;
const ROOT_INODE: u64 = 1;
const FEATURES_INODE: u64 = 2;
const CONTROL_INODE: u64 = 3;
const LOGS_INODE: u64 = 4;
/// Devices follow.
const FIRST_DEVICE_INODE: u64 = 5;
const CONTROL: &[u8] = b"binder-control";
const FEATURES: &[u8] = b"features";
const LOGS: &[u8] = b"binder_logs";

/// What Linux's binder can do and ours can, as files that say 1.
static FEATURE_FILES: [Entry; 2] = [feature("extended_error"), feature("oneway_spam_detection")];

const fn feature(name: &'static str) -> Entry {
    Entry {
        name,
        permissions: 0o444,
        node: Generated::Read(|text: &mut Text| {
            core::fmt::Write::write_str(text, "1\n").map_err(no_memory)
        }),
    }
}

/// Makes mount(2) know `binder`.
pub(super) fn register() {
    register_type(FileSystemType {
        name: "binder",
        mount,
    });
}

fn mount(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    let options = Options::parse(request.options)?;
    let root = Arc::new_cyclic(|this| Root {
        this: Weak::clone(this),
        devices: SpinLock::new(BTreeMap::new()),
        options,
        next_inode: AtomicU64::new(FIRST_DEVICE_INODE),
    });
    root.add(b"binder")?;
    Ok(SuperBlock::new(Arc::new(Binderfs { root })))
}

/// The mount options.
struct Options {
    /// `max=N`.
    devices_max: usize,
    /// `stats=global`.
    has_logs: bool,
}

impl Options {
    fn parse(options: &[u8]) -> Result<Self> {
        let mut parsed = Self {
            devices_max: DEVICES_MAX,
            has_logs: false,
        };
        let text = core::str::from_utf8(options).map_err(|_| Errno::EINVAL)?;
        for option in text.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("max", number)) => {
                    parsed.devices_max = number.parse().map_err(|_| Errno::EINVAL)?;
                }
                Some(("stats", "global")) => parsed.has_logs = true,
                _ => return Err(Errno::EINVAL),
            }
        }
        Ok(parsed)
    }
}

struct Binderfs {
    root: Arc<Root>,
}

impl FileSystem for Binderfs {
    fn type_name(&self) -> &'static str {
        "binder"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::clone(&self.root) as Arc<dyn Inode>
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: BINDERFS_SUPER_MAGIC,
            ..Statistics::default()
        }
    }
}

/// The directory.
struct Root {
    this: Weak<Self>,
    devices: SpinLock<BTreeMap<Vec<u8>, Arc<Node>>>,
    options: Options,
    next_inode: AtomicU64,
}

impl Root {
    /// Adds a device.
    ///
    /// # Errors
    /// EEXIST: the name is taken; ENOSPC: there are as many as may be; ENOMEM.
    fn add(&self, name: &[u8]) -> Result<Arc<Node>> {
        memory::require_room(DEVICE_ROOM)?;
        let number = self.next_inode.fetch_add(1, Ordering::Relaxed);
        let node = Arc::new(Node::new(number, name)?);
        let mut devices = self.devices.lock();
        if devices.len() >= self.options.devices_max {
            return Err(Errno::ENOSPC);
        }
        if devices.contains_key(name) || [CONTROL, FEATURES, LOGS].contains(&name) {
            return Err(Errno::EEXIST);
        }
        devices.insert(name.to_vec(), Arc::clone(&node));
        Ok(node)
    }
}

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
        match name {
            CONTROL => Ok(Arc::new(node::Control {
                root: Weak::clone(&self.this),
            })),
            FEATURES => Ok(Arc::new(Tree::new(FEATURES_INODE, 0o755, &FEATURE_FILES))),
            LOGS if self.options.has_logs => Ok(debugfs::directory("binder")?),
            name => {
                let device = self.devices.lock().get(name).cloned();
                Ok(device.ok_or(Errno::ENOENT)?)
            }
        }
    }

    /// A device goes with its last opening.
    fn unlink(&self, name: &[u8]) -> Result<()> {
        if name == CONTROL {
            return Err(Errno::EPERM);
        }
        let removed = self.devices.lock().remove(name);
        removed.map(drop).ok_or(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let fixed = [
            (CONTROL, CONTROL_INODE, FileKind::CharacterDevice),
            (FEATURES, FEATURES_INODE, FileKind::Directory),
            (LOGS, LOGS_INODE, FileKind::Directory),
        ];
        let shown = fixed.len() - usize::from(!self.options.has_logs);
        let fixed = fixed.into_iter().take(shown);
        for (place, (name, number, kind)) in fixed.enumerate() {
            let next = place as u64 + 1;
            let entry = ListEntry {
                name,
                number,
                kind,
                next,
            };
            if cursor < next && !emit(entry) {
                return Ok(());
            }
        }
        // In the order of their making; the cursor is the number of the last one told.
        let mut after = cursor.max(FIRST_DEVICE_INODE - 1);
        loop {
            let next = {
                let devices = self.devices.lock();
                let later = devices.iter().filter(|(_, node)| node.number() > after);
                let next = later.min_by_key(|(_, node)| node.number());
                next.map(|(name, node)| (name.clone(), node.number()))
            };
            let Some((name, number)) = next else {
                return Ok(());
            };
            after = number;
            let entry = ListEntry {
                name: &name,
                number,
                kind: FileKind::CharacterDevice,
                next: number,
            };
            if !emit(entry) {
                return Ok(());
            }
        }
    }
}
