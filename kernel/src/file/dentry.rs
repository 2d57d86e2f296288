//! Names in memory: the dentry tree.
//!
//! A [`Dentry`] is one name of one inode in its directory. Walking a path goes from dentry to
//! dentry; the file system is asked only for names not seen yet. The tree gives what inodes alone
//! cannot: the way back up (`..`, getcwd, /proc/PID/cwd), a place to attach mounts to, and a
//! directory that keeps its identity while it is renamed in use.
//!
//! Contracts:
//! - A dentry's inode never changes; there are no dentries for names that do not exist.
//! - `changing` of a directory's dentry is held over every change of its names and over asking the
//!   file system for a name, so that what is remembered and what exists cannot part.
//! - A child holds its parent; the parent holds the child (stable names) or knows it only while it
//!   is in use (volatile names). Removing a name cuts the parent's side.
//!
//! Directories use the hash table of the crate `hashbrown` (the one in Rust's own library), with a
//! seed of each boot so that a program cannot choose names that collide.

use super::{FileKind, Inode, Names};
use crate::{
    error::Result,
    sync::{Mutex, MutexGuard, SpinLock},
};
use abi::Errno;
use alloc::collections::LinkedList;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use hashbrown::HashTable;

/// One name of one inode. See the head of this file.
pub struct Dentry {
    inode: Arc<dyn Inode>,
    names: Names,
    link: SpinLock<Link>,
    children: SpinLock<HashTable<Child>>,
    changing: Mutex<()>,
    mounts: AtomicUsize,
}

/// Where a dentry hangs.
struct Link {
    parent: Option<Arc<Dentry>>,
    name: Arc<[u8]>,
    removed: bool,
}

struct Child {
    hash: u64,
    name: Arc<[u8]>,
    dentry: ChildReference,
}

enum ChildReference {
    Kept(Arc<Dentry>),
    WhileUsed(Weak<Dentry>),
}

impl ChildReference {
    fn get(&self) -> Option<Arc<Dentry>> {
        match self {
            ChildReference::Kept(dentry) => Some(dentry.clone()),
            ChildReference::WhileUsed(dentry) => dentry.upgrade(),
        }
    }
}

/// Holds a directory's names still while they are changed.
pub struct Changing<'a> {
    directory: &'a Arc<Dentry>,
    _guard: MutexGuard<'a, ()>,
}

static SEED: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// Sets the seed of the name hash. To be called at boot, before the first name is remembered.
pub fn seed_hash(seed: u64) {
    SEED.store(seed | 1, Ordering::Relaxed);
}

/// A keyed hash: each eight bytes are mixed in by a full multiplication folded onto itself.
pub(super) fn keyed_hash(name: &[u8]) -> u64 {
    let seed = SEED.load(Ordering::Relaxed);
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = name.as_chunks::<8>();
    let mut state = seed ^ name.len() as u64;
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), seed);
    }
    let tail = rest
        .iter()
        .fold(0, |tail, &byte| tail << 8 | u64::from(byte));
    fold(state ^ tail, seed)
}

impl Dentry {
    fn new(inode: Arc<dyn Inode>, names: Names, link: Link) -> Arc<Dentry> {
        Arc::new(Dentry {
            inode,
            names,
            link: SpinLock::new(link),
            children: SpinLock::new(HashTable::new()),
            changing: Mutex::new(()),
            mounts: AtomicUsize::new(0),
        })
    }

    /// The root of a tree.
    pub fn new_root(inode: Arc<dyn Inode>, names: Names) -> Arc<Dentry> {
        let name: &[u8] = b"/";
        Dentry::new(
            inode,
            names,
            Link {
                parent: None,
                name: name.into(),
                removed: false,
            },
        )
    }

    /// A dentry outside every tree, for an inode that never had a name or has none any more.
    pub fn new_detached(inode: Arc<dyn Inode>, name: &[u8]) -> Arc<Dentry> {
        Dentry::new(
            inode,
            Names::Volatile,
            Link {
                parent: None,
                name: name.into(),
                removed: true,
            },
        )
    }

    /// A dentry in this directory for a file that has no name there (O_TMPFILE).
    pub fn new_unnamed_child(self: &Arc<Self>, inode: Arc<dyn Inode>, name: &[u8]) -> Arc<Dentry> {
        let link = Link {
            parent: Some(self.clone()),
            name: name.into(),
            removed: true,
        };
        Dentry::new(inode, self.names, link)
    }

    /// The inode.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        &self.inode
    }

    /// Whether it names a directory.
    pub fn is_directory(&self) -> bool {
        self.inode.kind() == FileKind::Directory
    }

    /// The directory it is in; none for the root of a file system.
    pub fn parent(&self) -> Option<Arc<Dentry>> {
        self.link.lock().parent.clone()
    }

    /// Its last name.
    pub fn name(&self) -> Arc<[u8]> {
        self.link.lock().name.clone()
    }

    /// Whether its name was removed.
    pub fn is_removed(&self) -> bool {
        self.link.lock().removed
    }

    /// Whether `self` is `other` or above it in the same tree.
    pub fn is_ancestor_of(self: &Arc<Self>, other: &Arc<Dentry>) -> bool {
        let mut at = Some(other.clone());
        while let Some(dentry) = at {
            if Arc::ptr_eq(self, &dentry) {
                return true;
            }
            at = dentry.parent();
        }
        false
    }

    /// How many mounts are attached here.
    pub fn mounts(&self) -> usize {
        self.mounts.load(Ordering::Relaxed)
    }

    /// Notes that a mount was attached here.
    pub fn mount_added(&self) {
        self.mounts.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a mount was taken away from here.
    pub fn mount_removed(&self) {
        self.mounts.fetch_sub(1, Ordering::Relaxed);
    }

    /// Finds a name in this directory. `ENOENT`: there is none.
    pub fn child(self: &Arc<Self>, name: &[u8]) -> Result<Arc<Dentry>> {
        match self.remembered(keyed_hash(name), name) {
            Some(dentry) if !dentry.inode.is_stale() => Ok(dentry),
            _ => self.change().child(name),
        }
    }

    fn remembered(&self, hash: u64, name: &[u8]) -> Option<Arc<Dentry>> {
        let children = self.children.lock();
        let found = children.find(hash, |child| child.hash == hash && *child.name == *name)?;
        found.dentry.get()
    }

    /// Holds the names of this directory still.
    pub fn change(self: &Arc<Self>) -> Changing<'_> {
        Changing {
            directory: self,
            _guard: self.changing.lock(),
        }
    }

    fn attach(self: &Arc<Self>, name: &[u8], inode: Arc<dyn Inode>) -> Arc<Dentry> {
        let shared: Arc<[u8]> = name.into();
        let link = Link {
            parent: Some(self.clone()),
            name: shared.clone(),
            removed: false,
        };
        let dentry = Dentry::new(inode, self.names, link);
        self.remember(shared, &dentry);
        dentry
    }

    fn remember(&self, name: Arc<[u8]>, dentry: &Arc<Dentry>) {
        let reference = match self.names {
            Names::Stable => ChildReference::Kept(dentry.clone()),
            Names::Volatile => ChildReference::WhileUsed(Arc::downgrade(dentry)),
        };
        let hash = keyed_hash(&name);
        let child = Child {
            hash,
            name,
            dentry: reference,
        };
        self.children
            .lock()
            .insert_unique(hash, child, |child| child.hash);
    }

    /// Forgets the name `name` and returns the dentry that had it.
    fn detach(&self, name: &[u8]) -> Option<Arc<Dentry>> {
        let hash = keyed_hash(name);
        let mut children = self.children.lock();
        let same = |child: &Child| child.hash == hash && *child.name == *name;
        let entry = children.find_entry(hash, same).ok()?;
        let (child, _) = entry.remove();
        drop(children);
        child.dentry.get()
    }

    /// Drops all that is remembered below, so that nothing in it keeps itself alive. Goes down
    /// with a list of its own instead of recursion: a tree may be deeper than the kernel stack. The
    /// list is of small pieces, because a large one may not be had and this cannot fail.
    pub fn forget_children(&self) {
        let mut pending = LinkedList::from([core::mem::take(&mut *self.children.lock())]);
        while let Some(children) = pending.pop_back() {
            for child in children {
                if let ChildReference::Kept(dentry) = child.dentry {
                    dentry.link.lock().parent = None;
                    let below = core::mem::take(&mut *dentry.children.lock());
                    if !below.is_empty() {
                        pending.push_back(below);
                    }
                }
            }
        }
    }
}

impl Dentry {
    /// Lets go of the directory above and, where that only knows this name while it is used, makes
    /// it forget the name.
    fn unhook(&mut self) -> Option<Arc<Dentry>> {
        let link = self.link.get_mut();
        let parent = link.parent.take()?;
        if self.names == Names::Volatile && !link.removed {
            let hash = keyed_hash(&link.name);
            let unused = |child: &Child| match &child.dentry {
                ChildReference::WhileUsed(dentry) => {
                    child.name == link.name && dentry.strong_count() == 0
                }
                ChildReference::Kept(_) => false,
            };
            if let Ok(entry) = parent.children.lock().find_entry(hash, unused) {
                entry.remove();
            }
        }
        Some(parent)
    }
}

impl Drop for Dentry {
    fn drop(&mut self) {
        // A loop, not a recursion: removed directories hold each other upwards, as many as a
        // program cares to nest, and the kernel stack is small.
        let mut parent = self.unhook();
        while let Some(dentry) = parent {
            parent = Arc::into_inner(dentry).and_then(|mut dentry| dentry.unhook());
        }
    }
}

impl Changing<'_> {
    /// Finds a name, asking the file system if it is not remembered.
    pub fn child(&self, name: &[u8]) -> Result<Arc<Dentry>> {
        if let Some(dentry) = self.directory.remembered(keyed_hash(name), name) {
            if !dentry.inode.is_stale() {
                return Ok(dentry);
            }
            self.forget(name);
        }
        if self.directory.is_removed() {
            return Err(Errno::ENOENT);
        }
        let inode = self.directory.inode.lookup(name)?;
        Ok(self.directory.attach(name, inode))
    }

    /// Remembers a node that was just made under this name.
    pub fn add(&self, name: &[u8], inode: Arc<dyn Inode>) -> Arc<Dentry> {
        self.directory.attach(name, inode)
    }

    /// Forgets a name that was just removed.
    pub fn forget(&self, name: &[u8]) {
        if let Some(dentry) = self.directory.detach(name) {
            dentry.link.lock().removed = true;
        }
    }

    /// Follows a rename in the file system: the dentry moves with everything below it, and what
    /// had the new name is forgotten.
    pub fn moved(&self, old_name: &[u8], new: &Arc<Dentry>, new_name: &[u8]) {
        let dentry = self.directory.detach(old_name);
        if let Some(replaced) = new.detach(new_name) {
            replaced.link.lock().removed = true;
        }
        if let Some(dentry) = dentry {
            Self::hang(&dentry, new, new_name);
        }
    }

    /// Follows an exchange of two names in the file system.
    pub fn exchanged(&self, name: &[u8], other: &Arc<Dentry>, other_name: &[u8]) {
        let mine = self.directory.detach(name);
        let theirs = other.detach(other_name);
        if let Some(dentry) = mine {
            Self::hang(&dentry, other, other_name);
        }
        if let Some(dentry) = theirs {
            Self::hang(&dentry, self.directory, name);
        }
    }

    fn hang(dentry: &Arc<Dentry>, parent: &Arc<Dentry>, name: &[u8]) {
        let name: Arc<[u8]> = name.into();
        let old_parent = {
            let mut link = dentry.link.lock();
            link.name = name.clone();
            link.parent.replace(parent.clone())
        };
        // Outside the lock: this may be the last reference and run a destructor.
        drop(old_parent);
        parent.remember(name, dentry);
    }
}
