//! Mounts: which tree is seen where.
//!
//! A [`Mount`] shows a super block's tree, or with a bind mount a part of it, at one place of
//! another mount. The mounts of a mount namespace form a tree themselves ([`super::MountTable`] holds its
//! root). A mount is in use as long as something holds a [`Location`] on it, which is how umount(2)
//! knows `EBUSY`. Changes of the tree are made by [`super::MountTable`] only.
//!
//! Source: mount(2), umount(2), proc_pid_mounts(5).

use super::{Dentry, Location, SuperBlock};
use crate::sync::SpinLock;
use abi::raw::general;
use alloc::{
    collections::{BTreeMap, LinkedList},
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The flags that belong to one mount.
pub const MOUNT_FLAGS: u32 = general::MS_RDONLY
    | general::MS_NOSUID
    | general::MS_NODEV
    | general::MS_NOEXEC
    | general::MS_NOATIME
    | general::MS_NODIRATIME
    | general::MS_RELATIME
    | general::MS_NOSYMFOLLOW;

/// A tree at a place.
pub struct Mount {
    id: u32,
    superblock: Arc<SuperBlock>,
    root: Arc<Dentry>,
    source: Vec<u8>,
    flags: AtomicU32,
    /// Open files that may write, which a remount to read-only must respect.
    writers: AtomicU32,
    /// umount2(2) with MNT_EXPIRE has found it unused, and it has not been used since.
    expiring: AtomicBool,
    point: SpinLock<Option<MountPoint>>,
    /// The mounts on this one, by the address of the dentry they cover.
    children: SpinLock<BTreeMap<usize, Arc<Mount>>>,
}

/// Where a mount is attached. Weak upwards: the parent holds its children.
struct MountPoint {
    parent: Weak<Mount>,
    dentry: Arc<Dentry>,
}

fn key(dentry: &Arc<Dentry>) -> usize {
    Arc::as_ptr(dentry) as usize
}

impl Mount {
    /// A mount that is not attached anywhere yet.
    pub fn new(
        superblock: Arc<SuperBlock>,
        root: Arc<Dentry>,
        source: Vec<u8>,
        flags: u32,
    ) -> Arc<Mount> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(1);
        Arc::new(Mount {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            superblock,
            root,
            source,
            flags: AtomicU32::new(flags & MOUNT_FLAGS),
            writers: AtomicU32::new(0),
            expiring: AtomicBool::new(false),
            point: SpinLock::new(None),
            children: SpinLock::new(BTreeMap::new()),
        })
    }

    /// Its number, unique since boot.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The tree it shows.
    pub fn superblock(&self) -> &Arc<SuperBlock> {
        &self.superblock
    }

    /// Where in the tree it begins.
    pub fn root(&self) -> &Arc<Dentry> {
        &self.root
    }

    /// What was mounted, as the user called it.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// Its `MS_*` flags.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Whether all of `flags` are set.
    pub fn has(&self, flags: u32) -> bool {
        self.flags() & flags == flags
    }

    /// Somebody uses it: it does not expire.
    #[inline]
    pub fn note_use(&self) {
        // Nearly always there is nothing to take back, and a look costs less than a change.
        if self.expiring.load(Ordering::Relaxed) {
            self.expiring.store(false, Ordering::Relaxed);
        }
    }

    /// Marks it to expire; returns whether it was marked already and not used since.
    pub fn expire(&self) -> bool {
        self.expiring.swap(true, Ordering::Relaxed)
    }

    /// Replaces its flags.
    pub fn set_flags(&self, flags: u32) {
        self.flags.store(flags & MOUNT_FLAGS, Ordering::Relaxed);
    }

    /// Notes an open file that may write.
    pub fn writer_added(&self) {
        self.writers.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that such a file was closed.
    pub fn writer_removed(&self) {
        self.writers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether an open file may write.
    pub fn has_writers(&self) -> bool {
        self.writers.load(Ordering::Relaxed) != 0
    }

    /// The place it covers; `None` at the top of its tree and when detached.
    pub fn attached_to(&self) -> Option<Location> {
        let point = self.point.lock();
        let point = point.as_ref()?;
        Some(Location {
            mount: point.parent.upgrade()?,
            dentry: point.dentry.clone(),
        })
    }

    /// The mount that covers `dentry` of this one.
    pub fn child_at(&self, dentry: &Arc<Dentry>) -> Option<Arc<Mount>> {
        self.children.lock().get(&key(dentry)).cloned()
    }

    /// The mounts on this one, oldest first.
    pub fn children(&self) -> impl Iterator<Item = Arc<Mount>> + use<> {
        // A tree, which is of small pieces: there may be too many for a list when memory is short.
        let children = self.children.lock();
        let sorted: BTreeMap<_, _> = children
            .values()
            .map(|mount| (mount.id, mount.clone()))
            .collect();
        sorted.into_values()
    }

    /// Attaches `child` so that it covers `dentry` of this mount.
    pub(super) fn attach(self: &Arc<Self>, dentry: &Arc<Dentry>, child: Arc<Mount>) {
        let point = MountPoint {
            parent: Arc::downgrade(self),
            dentry: dentry.clone(),
        };
        *child.point.lock() = Some(point);
        self.children.lock().insert(key(dentry), child);
        dentry.mount_added();
    }

    /// Takes this mount out of its tree.
    pub(super) fn detach(&self) {
        let Some(point) = self.point.lock().take() else {
            return;
        };
        point.dentry.mount_removed();
        if let Some(parent) = point.parent.upgrade() {
            let removed = parent.children.lock().remove(&key(&point.dentry));
            drop(removed);
        }
    }

    /// The flags as /proc/mounts shows them: `rw,nosuid,…`.
    pub fn options(&self) -> String {
        const NAMES: [(u32, &str); 6] = [
            (general::MS_NOSUID, ",nosuid"),
            (general::MS_NODEV, ",nodev"),
            (general::MS_NOEXEC, ",noexec"),
            (general::MS_NOATIME, ",noatime"),
            (general::MS_NODIRATIME, ",nodiratime"),
            (general::MS_RELATIME, ",relatime"),
        ];
        let mut text = String::from(if self.has(general::MS_RDONLY) {
            "ro"
        } else {
            "rw"
        });
        NAMES
            .iter()
            .filter(|(flag, _)| self.has(*flag))
            .for_each(|(_, name)| text.push_str(name));
        text
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A mount that goes takes the marks of what was attached to it along. A loop, not a
        // recursion: as many mounts as there may be can lie one on the other.
        let children = core::mem::take(self.children.get_mut());
        let mut pending: LinkedList<_> = children.into_values().collect();
        while let Some(child) = pending.pop_back() {
            if let Some(point) = child.point.lock().take() {
                point.dentry.mount_removed();
            }
            // Whoever else holds it keeps what is on it, too.
            if let Some(mut child) = Arc::into_inner(child) {
                pending.extend(core::mem::take(child.children.get_mut()).into_values());
            }
        }
    }
}
