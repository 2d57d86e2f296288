//! What a process carries along for paths: its root, its working directory, its umask and the
//! mounts it sees. Threads share one (CLONE_FS); fork copies it. Source: chroot(2), umask(2),
//! clone(2).

use super::{Location, MountTable};
use crate::error::Result;
use crate::sync::SpinLock;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

struct Places {
    root: Location,
    cwd: Location,
    mounts: Arc<MountTable>,
}

/// Root, working directory, umask and mounts.
pub struct FsContext {
    places: SpinLock<Places>,
    umask: AtomicU32,
}

impl FsContext {
    /// A context at the root of `mounts`, with the umask 022.
    pub fn new(mounts: Arc<MountTable>) -> FsContext {
        let root = mounts.root();
        let places = Places {
            cwd: root.clone(),
            root,
            mounts,
        };
        FsContext {
            places: SpinLock::new(places),
            umask: AtomicU32::new(0o022),
        }
    }

    /// A copy of its own for a new process.
    pub fn fork_copy(&self) -> FsContext {
        let places = self.places.lock();
        let copy = Places {
            root: places.root.clone(),
            cwd: places.cwd.clone(),
            mounts: places.mounts.clone(),
        };
        drop(places);
        FsContext {
            places: SpinLock::new(copy),
            umask: AtomicU32::new(self.umask()),
        }
    }

    /// A copy for a new mount namespace, whose number is `number`: the same places on mounts of
    /// its own. `ENOMEM`.
    pub fn with_own_mounts(&self, number: u64) -> Result<FsContext> {
        let (mut root, mut cwd, mounts) = {
            let places = self.places.lock();
            (
                places.root.clone(),
                places.cwd.clone(),
                places.mounts.clone(),
            )
        };
        let mounts = mounts.copy(number, [&mut root, &mut cwd])?;
        Ok(FsContext {
            places: SpinLock::new(Places { root, cwd, mounts }),
            umask: AtomicU32::new(self.umask()),
        })
    }

    /// Where absolute paths start.
    pub fn root(&self) -> Location {
        self.places.lock().root.clone()
    }

    /// Where relative paths start.
    pub fn cwd(&self) -> Location {
        self.places.lock().cwd.clone()
    }

    /// The mounts it sees.
    pub fn mounts(&self) -> Arc<MountTable> {
        self.places.lock().mounts.clone()
    }

    /// Sets where absolute paths start; the working directory stays.
    pub fn set_root(&self, root: Location) {
        let old = core::mem::replace(&mut self.places.lock().root, root);
        // Outside the lock: it may have been the last user of a mount.
        drop(old);
    }

    /// Sets where relative paths start.
    pub fn set_cwd(&self, cwd: Location) {
        let old = core::mem::replace(&mut self.places.lock().cwd, cwd);
        drop(old);
    }

    /// The permission bits that new files do not get.
    pub fn umask(&self) -> u32 {
        self.umask.load(Ordering::Relaxed)
    }

    /// Sets the umask and returns the old one.
    pub fn set_umask(&self, umask: u32) -> u32 {
        self.umask.swap(umask & 0o777, Ordering::Relaxed)
    }
}
