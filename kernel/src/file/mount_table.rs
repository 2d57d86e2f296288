//! The table of mounts that one mount namespace sees, and the changes mount(2) and umount2(2) make.
//!
//! The table is the root of a tree of [`Mount`]s, so that a mount namespace can be a copy of it. All changes of all tables are made under one lock, because they are rare and a bind
//! mount may touch two tables; walking takes no lock but the children's of each mount it crosses.

use super::{Location, Mount, SuperBlock};
use crate::{error::Result, memory::require_room, namespace::mount::FIRST_NUMBER, sync::Mutex};
use abi::{Errno, raw::general};
use alloc::{collections::LinkedList, sync::Arc};

/// Taken over every change of any mount tree.
static CHANGING: Mutex<()> = Mutex::new(());

/// The most mounts that one namespace may have: a recursive bind mount can double them each time
/// (Linux's fs.mount-max, and fewer, because all of them lie in memory that is never paged out).
pub const MOUNTS_MAX: usize = 10_000;
/// What a mount costs the kernel, about.
const BYTES_PER_MOUNT: usize = 512;

/// When a mount may be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmount {
    /// When nobody uses it.
    IfUnused,
    /// When nobody uses it nor has since the last call of this kind (MNT_EXPIRE).
    IfExpired,
    /// At once; those who use it keep it (MNT_DETACH).
    Lazily,
}

/// One mount namespace's mounts.
pub struct MountTable {
    /// The number of the mount namespace.
    number: u64,
    root: Arc<Mount>,
}

impl MountTable {
    /// A table with `superblock` at its root.
    pub fn new(superblock: Arc<SuperBlock>, source: &[u8]) -> Arc<MountTable> {
        let root = superblock.root().clone();
        Arc::new(MountTable {
            number: FIRST_NUMBER,
            root: Mount::new(superblock, root, source.to_vec(), 0),
        })
    }

    /// The number of the mount namespace.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// A table of its own with copies of all mounts. `places` that lie on a mount of this table
    /// are moved to its copy. `ENOMEM`.
    pub fn copy(&self, number: u64, places: [&mut Location; 2]) -> Result<Arc<MountTable>> {
        let _changing = CHANGING.lock();
        require_room(self.mounts().len() * BYTES_PER_MOUNT)?;
        let root = duplicate(&self.root, self.root.root().clone());
        let copies = copy_below(&self.root, self.root.root(), &root);
        for place in places {
            let copy = copies
                .iter()
                .find(|(from, _)| Arc::ptr_eq(from, &place.mount));
            if let Some((_, copy)) = copy {
                place.mount = copy.clone();
            }
        }
        Ok(Arc::new(MountTable { number, root }))
    }

    /// Where the whole tree begins, under whatever was mounted over it.
    pub fn root(&self) -> Location {
        Location {
            dentry: self.root.root().clone(),
            mount: self.root.clone(),
        }
        .covered()
    }

    /// All mounts, parents before children.
    pub fn mounts(&self) -> LinkedList<Arc<Mount>> {
        all_on(&self.root)
    }

    /// `ENOSPC`: there is no room for `count` more.
    fn check_room(&self, count: usize) -> Result<()> {
        if self.mounts().len().saturating_add(count) > MOUNTS_MAX {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// Whether a place belongs to this table.
    pub fn contains(&self, location: &Location) -> bool {
        let mut mount = location.mount.clone();
        while let Some(point) = mount.attached_to() {
            mount = point.mount;
        }
        Arc::ptr_eq(&mount, &self.root)
    }

    /// Mounts `superblock` over `place`, which must be a directory.
    pub fn mount(
        &self,
        place: Location,
        superblock: Arc<SuperBlock>,
        source: &[u8],
        flags: u32,
    ) -> Result<()> {
        let _changing = CHANGING.lock();
        let place = place.covered();
        if !place.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        if Arc::ptr_eq(place.mount.superblock(), &superblock) && place.is_mount_root() {
            // The same tree again over itself would hide nothing and confuse everybody.
            return Err(Errno::EBUSY);
        }
        self.check_room(1)?;
        let root = superblock.root().clone();
        let mount = Mount::new(superblock, root, source.to_vec(), flags);
        self.attach(&place, mount)
    }

    /// Shows what is at `source` at `place` too; with `recursive`, the mounts below it as well.
    pub fn bind(&self, source: &Location, place: Location, recursive: bool) -> Result<()> {
        let _changing = CHANGING.lock();
        let place = place.covered();
        if source.dentry.is_directory() != place.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        if !self.contains(source) {
            return Err(Errno::EINVAL);
        }
        // Not all of them may lie below the source, but no more than all do.
        let count = if recursive {
            all_on(&source.mount).len()
        } else {
            1
        };
        self.check_room(count)?;
        require_room(count * BYTES_PER_MOUNT)?;
        let copy = duplicate(&source.mount, source.dentry.clone());
        if recursive {
            copy_below(&source.mount, &source.dentry, &copy);
        }
        self.attach(&place, copy)
    }

    /// Moves the mount whose root is `source` to `place`.
    pub fn move_mount(&self, source: &Location, place: Location) -> Result<()> {
        let _changing = CHANGING.lock();
        let place = place.covered();
        if !source.is_mount_root() || source.mount.attached_to().is_none() {
            return Err(Errno::EINVAL);
        }
        if source.dentry.is_directory() != place.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        let mut above = Some(place.mount.clone());
        while let Some(mount) = above {
            if Arc::ptr_eq(&mount, &source.mount) {
                return Err(Errno::ELOOP);
            }
            above = mount.attached_to().map(|point| point.mount);
        }
        let mount = source.mount.clone();
        mount.detach();
        self.attach(&place, mount)
    }

    /// Changes the flags of the mount whose root is `place`, and with `options` those of its file
    /// system.
    pub fn remount(&self, place: &Location, flags: u32, options: Option<&[u8]>) -> Result<()> {
        let _changing = CHANGING.lock();
        if !place.is_mount_root() {
            return Err(Errno::EINVAL);
        }
        let becomes_read_only =
            flags & general::MS_RDONLY != 0 && !place.mount.has(general::MS_RDONLY);
        if becomes_read_only && place.mount.has_writers() {
            return Err(Errno::EBUSY);
        }
        if let Some(options) = options {
            place
                .mount
                .superblock()
                .file_system()
                .reconfigure(options)?;
        }
        place.mount.set_flags(flags);
        Ok(())
    }

    /// Takes the mount whose root is `place` away. `EINVAL`: not the root of a mount; `EBUSY`:
    /// mounts on it or something in use, unless `lazily`; `EAGAIN`: it has only been marked.
    pub fn unmount(&self, place: Location, how: Unmount) -> Result<()> {
        let _changing = CHANGING.lock();
        if !place.is_mount_root() || !self.contains(&place) {
            return Err(Errno::EINVAL);
        }
        let mount = place.mount.clone();
        if mount.attached_to().is_none() {
            return Err(Errno::EBUSY);
        }
        drop(place);
        // One reference is the parent's and one is ours: any more is a user.
        let is_used = || mount.children().next().is_some() || Arc::strong_count(&mount) > 2;
        if how != Unmount::Lazily && is_used() {
            return Err(Errno::EBUSY);
        }
        if how == Unmount::IfExpired && !mount.expire() {
            return Err(Errno::EAGAIN);
        }
        detach_all(&mount);
        Ok(())
    }

    fn attach(&self, place: &Location, mount: Arc<Mount>) -> Result<()> {
        if !self.contains(place) {
            return Err(Errno::EINVAL);
        }
        if place.dentry.is_removed() {
            return Err(Errno::ENOENT);
        }
        place.mount.attach(&place.dentry, mount);
        Ok(())
    }
}

fn duplicate(mount: &Arc<Mount>, root: Arc<super::Dentry>) -> Arc<Mount> {
    Mount::new(
        mount.superblock().clone(),
        root,
        mount.source().to_vec(),
        mount.flags(),
    )
}

/// Copies the mounts on `original` that are at or below `top` onto `copy`, and theirs. Returns
/// each mount with its copy.
fn copy_below(
    original: &Arc<Mount>,
    top: &Arc<super::Dentry>,
    copy: &Arc<Mount>,
) -> LinkedList<(Arc<Mount>, Arc<Mount>)> {
    let mut copies = LinkedList::from([(original.clone(), copy.clone())]);
    let mut pending = LinkedList::from([(original.clone(), top.clone(), copy.clone())]);
    while let Some((original, top, copy)) = pending.pop_back() {
        for child in original.children() {
            let Some(point) = child.attached_to() else {
                continue;
            };
            // The copy itself is not attached yet, so it cannot be met here.
            if top.is_ancestor_of(&point.dentry) {
                let below = duplicate(&child, child.root().clone());
                copy.attach(&point.dentry, below.clone());
                copies.push_back((child.clone(), below.clone()));
                pending.push_back((child.clone(), child.root().clone(), below));
            }
        }
    }
    copies
}

/// A mount and all on it, parents before children. They are a list of small pieces, because a
/// large one may not be had when memory is short, and detaching them cannot fail.
fn all_on(mount: &Arc<Mount>) -> LinkedList<Arc<Mount>> {
    let mut pending = LinkedList::from([mount.clone()]);
    let mut found = LinkedList::new();
    while let Some(mount) = pending.pop_front() {
        pending.extend(mount.children());
        found.push_back(mount);
    }
    found
}

/// Detaches a mount and all on it, children first.
fn detach_all(mount: &Arc<Mount>) {
    let found = all_on(mount);
    found.iter().rev().for_each(|mount| mount.detach());
}
