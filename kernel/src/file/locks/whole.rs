//! Whole-file locks of flock(2), which belong to the open file.

use super::{LockKind, LockOwner, REGISTRY, RELEASED, key};
use crate::{error::Result, file::OpenFile};
use abi::Errno;

/// One lock.
#[derive(Debug, Clone, Copy)]
pub struct WholeLock {
    /// The open file that has it.
    pub owner: LockOwner,
    /// Shared or exclusive.
    pub kind: LockKind,
}

/// Takes a lock on the file, replacing the one that this open file may have. As on Linux the old
/// one is gone even if the new one cannot be had. `EWOULDBLOCK`: another open file's is in the way
/// and `waits` is false; `ENOLCK`: there are too many. Waits otherwise, until it is free or a signal comes.
pub fn lock_whole(file: &OpenFile, kind: LockKind, waits: bool) -> Result<()> {
    let (key, owner) = (key(file.inode()), LockOwner::of_open_file(file));
    unlock_whole(file);
    RELEASED.wait_until(|| {
        let mut registry = REGISTRY.lock();
        if let Err(error) = registry.check_room(key) {
            return Some(Err(error));
        }
        registry.change(key, |locks| {
            let conflict = locks.whole.iter().any(|other| {
                other.owner != owner
                    && (kind == LockKind::Exclusive || other.kind == LockKind::Exclusive)
            });
            if !conflict {
                if locks.whole.try_reserve(1).is_err() {
                    return Some(Err(Errno::ENOLCK));
                }
                locks.whole.push(WholeLock { owner, kind });
                return Some(Ok(()));
            }
            (!waits).then_some(Err(Errno::EWOULDBLOCK))
        })
    })?
}

/// Releases the lock that this open file has.
pub fn unlock_whole(file: &OpenFile) {
    let owner = LockOwner::of_open_file(file);
    let mut registry = REGISTRY.lock();
    registry.change(key(file.inode()), |locks| {
        locks.whole.retain(|lock| lock.owner != owner)
    });
    drop(registry);
    RELEASED.wake_all();
}
