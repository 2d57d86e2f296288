//! Directories of sysfs, and what can be in them.
use crate::error::{Errno, Result};
use crate::file::generated::{Changes, Contents, GeneratedInode};
use crate::file::{
    DirectoryFile, File, FileKind, Inode, LinkTarget, ListEntry, Metadata, OpenFlags, clock,
};
use crate::memory::PAGE_SIZE;
use crate::sync::SpinLock;
use abi::Timespec;
use abi::procfs::Text;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

/// One value of a device, as text.
pub trait Attribute: Send + Sync + 'static {
    /// Writes the value, with a line feed behind it.
    fn show(&self, text: &mut Text) -> Result<()>;

    /// Takes a new value. `EIO`: it cannot be changed.
    fn store(&self, _bytes: &[u8]) -> Result<()> {
        Err(Errno::EIO)
    }

    /// The changes of the value, for poll(2); asked at each opening. None: whoever waits for one
    /// waits in vain.
    fn changes(&self) -> Option<Arc<Changes>> {
        None
    }
}

/// An attribute as a file's contents.
struct Shown<A>(A);

impl<A: Attribute> Contents for Shown<A> {
    fn show(&self, text: &mut Text) -> Result<()> {
        self.0.show(text)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        self.0.store(bytes)
    }

    /// Every attribute can be waited for. Where nothing is ever announced each opening has a queue
    /// of its own, so that no persona's pollers stand in another's way.
    fn changes(&self) -> Option<Arc<Changes>> {
        Some(self.0.changes().unwrap_or_else(Changes::new))
    }

    fn size(&self) -> u64 {
        PAGE_SIZE as u64
    }
}

/// What has a name in a directory.
#[derive(Clone)]
enum Child {
    Directory(Arc<Directory>),
    Other(Arc<dyn Inode>),
}

impl Child {
    fn inode(&self) -> Arc<dyn Inode> {
        match self {
            Self::Directory(directory) => Arc::clone(directory) as Arc<dyn Inode>,
            Self::Other(inode) => Arc::clone(inode),
        }
    }
}

/// A directory. Its names are listed in their order.
pub struct Directory {
    number: u64,
    created: Timespec,
    children: SpinLock<BTreeMap<Vec<u8>, Child>>,
}

fn new_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Directory {
    /// The root of a tree.
    pub(in crate::file) fn new_root() -> Arc<Self> {
        let children = SpinLock::new(BTreeMap::new());
        Arc::new(Self {
            number: new_number(),
            created: clock::now(),
            children,
        })
    }

    /// The directory `name` in this one, made if need be. `EEXIST`: something else has the name.
    pub fn directory(&self, name: &str) -> Result<Arc<Self>> {
        let new = || Child::Directory(Self::new_root());
        let mut children = self.children.lock();
        match children.entry(name.as_bytes().to_vec()).or_insert_with(new) {
            Child::Directory(directory) => Ok(Arc::clone(directory)),
            Child::Other(_) => Err(Errno::EEXIST),
        }
    }

    /// Adds an attribute. `EEXIST`: the name is taken.
    pub fn add_attribute(
        &self,
        name: &str,
        permissions: u32,
        attribute: impl Attribute,
    ) -> Result<()> {
        let inode = GeneratedInode::new(new_number(), permissions, Shown(attribute));
        self.add(name, Child::Other(inode))
    }

    /// Adds a symbolic link. `EEXIST`: the name is taken.
    pub fn add_link(&self, name: &str, target: &str) -> Result<()> {
        let link = Link {
            number: new_number(),
            created: clock::now(),
            target: target.as_bytes().into(),
        };
        self.add(name, Child::Other(Arc::new(link)))
    }

    /// Adds something that is neither an attribute nor a directory of this kind. `EEXIST`: the
    /// name is taken.
    #[cfg(feature = "devns")]
    pub fn add_inode(&self, name: &str, inode: Arc<dyn Inode>) -> Result<()> {
        self.add(name, Child::Other(inode))
    }

    /// Takes a name away, with all that is below it. `ENOENT`: there is none. Only the tests do:
    /// no device goes away while the machine runs.
    #[cfg(feature = "ktest")]
    pub fn remove(&self, name: &str) -> Result<()> {
        let removed = self.children.lock().remove(name.as_bytes());
        removed.map(drop).ok_or(Errno::ENOENT)
    }

    fn add(&self, name: &str, child: Child) -> Result<()> {
        let mut children = self.children.lock();
        if children.contains_key(name.as_bytes()) {
            return Err(Errno::EEXIST);
        }
        children.insert(name.as_bytes().to_vec(), child);
        Ok(())
    }
}

impl Inode for Directory {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        let children = self.children.lock();
        let directories = children
            .values()
            .filter(|child| matches!(child, Child::Directory(_)))
            .count();
        let metadata = Metadata::synthetic(self.number, FileKind::Directory, 0o755, self.created);
        Metadata {
            links: 2 + directories as u32,
            ..metadata
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        self.children
            .lock()
            .get(name)
            .map(Child::inode)
            .ok_or(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let first = usize::try_from(cursor).unwrap_or(usize::MAX);
        let listed: Vec<_> = {
            let children = self.children.lock();
            let rest = children.iter().enumerate().skip(first);
            rest.map(|(index, (name, child))| (index, name.clone(), child.inode()))
                .collect()
        };
        for (index, name, inode) in listed {
            let entry = ListEntry {
                name: &name,
                number: inode.number(),
                kind: inode.kind(),
                next: index as u64 + 1,
            };
            if !emit(entry) {
                break;
            }
        }
        Ok(())
    }
}

struct Link {
    number: u64,
    created: Timespec,
    target: Arc<[u8]>,
}

impl Inode for Link {
    fn kind(&self) -> FileKind {
        FileKind::SymbolicLink
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(self.number, FileKind::SymbolicLink, 0o777, self.created)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ELOOP)
    }

    fn read_link(&self) -> Result<LinkTarget> {
        Ok(LinkTarget::Path(Arc::clone(&self.target)))
    }
}
