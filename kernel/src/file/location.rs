//! A place in the tree of mounts: a dentry as seen through one mount, and its path.

use super::{Dentry, Inode, Mount};
use abi::raw::general;
use alloc::{sync::Arc, vec::Vec};

/// A dentry as seen through one mount. The same directory may be at several places (bind mounts).
#[derive(Clone)]
pub struct Location {
    /// The mount it was reached through.
    pub mount: Arc<Mount>,
    /// The name.
    pub dentry: Arc<Dentry>,
}

impl PartialEq for Location {
    fn eq(&self, other: &Location) -> bool {
        Arc::ptr_eq(&self.dentry, &other.dentry) && Arc::ptr_eq(&self.mount, &other.mount)
    }
}

/// How a place relates to the root it is seen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is below the root.
    Reachable,
    /// It is elsewhere: outside a chroot or on a detached mount.
    Unreachable,
}

impl Location {
    /// The inode.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        self.dentry.inode()
    }

    /// Whether it is where its mount begins.
    pub fn is_mount_root(&self) -> bool {
        Arc::ptr_eq(&self.dentry, self.mount.root())
    }

    /// The directory above, out of mounts where necessary; `None` at the very top.
    pub fn up(&self) -> Option<Location> {
        let mut at = self.clone();
        while at.is_mount_root() {
            at = at.mount.attached_to()?;
        }
        let parent = at.dentry.parent()?;
        Some(Location {
            mount: at.mount,
            dentry: parent,
        })
    }

    /// The topmost mount at this place.
    pub fn covered(mut self) -> Location {
        while self.dentry.mounts() != 0 {
            let Some(mount) = self.mount.child_at(&self.dentry) else {
                break;
            };
            self = Location {
                dentry: mount.root().clone(),
                mount,
            };
        }
        self
    }

    /// The absolute path from `root` (see [`Backwards`] for one that is too long), and whether the place is below `root` at all.
    pub fn path_from(&self, root: &Location) -> (Vec<u8>, Reach) {
        let mut path = Backwards::default();
        let mut at = self.clone();
        let reach = loop {
            if at == *root {
                break Reach::Reachable;
            }
            if at.is_mount_root() {
                match at.mount.attached_to() {
                    Some(point) => at = point,
                    None => break Reach::Unreachable,
                }
                continue;
            }
            path.put(&at.dentry.name());
            match at.dentry.parent() {
                Some(parent) => at.dentry = parent,
                None => break Reach::Unreachable,
            }
        };
        (path.finish(), reach)
    }

    /// The path as /proc shows it: with ` (deleted)` behind it once the name is gone.
    pub fn path_for_display(&self, root: &Location) -> Vec<u8> {
        let (mut path, _) = self.path_from(root);
        if self.dentry.is_removed() {
            path.extend_from_slice(b" (deleted)");
        }
        path
    }
}

/// An absolute path put together from its last name to its first. Of one that is longer than
/// PATH_MAX, which no program could use, only the end is kept, so that folders in folders without
/// number do not take memory without bound.
#[derive(Default)]
pub struct Backwards(Vec<u8>);

impl Backwards {
    /// Puts a name before those there are.
    pub fn put(&mut self, name: &[u8]) {
        if self.0.len() <= general::PATH_MAX as usize {
            self.0.extend(name.iter().rev());
            self.0.push(b'/');
        }
    }

    /// The path.
    pub fn finish(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'/');
        }
        self.0.reverse();
        self.0
    }
}
