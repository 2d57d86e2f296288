//! Record locks: on ranges of bytes, shared or exclusive, held by a process or an open file.

use super::{FileLocks, LockOwner, REGISTRY, RELEASED, Range, Registry, key};
use crate::{error::Result, file::Inode};
use abi::Errno;
use alloc::sync::Arc;

/// Shared or exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// Any number may have it (F_RDLCK).
    Shared,
    /// Only one may (F_WRLCK).
    Exclusive,
}

/// One lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLock {
    /// Who has it.
    pub owner: LockOwner,
    /// Shared or exclusive.
    pub kind: LockKind,
    /// What it covers.
    pub range: Range,
    /// The process to name in F_GETLK; -1 for locks of open files.
    pub pid: i32,
}

impl RecordLock {
    fn conflicts(&self, other: &RecordLock) -> bool {
        self.owner != other.owner
            && (self.kind == LockKind::Exclusive || other.kind == LockKind::Exclusive)
            && self.range.overlaps(&other.range)
    }
}

impl FileLocks {
    fn conflict(&self, wanted: &RecordLock) -> Option<RecordLock> {
        self.records
            .iter()
            .find(|lock| lock.conflicts(wanted))
            .copied()
    }

    /// Makes sure that one lock more than there are, and a half of one that is cut in two, find
    /// room. `ENOLCK`.
    fn make_room(&mut self) -> Result<()> {
        self.records.try_reserve(2).map_err(|_| Errno::ENOLCK)
    }

    /// Takes the range away from what `owner` has. Needs room for one lock more: of those of one
    /// owner no two overlap, so that only one can lose its middle.
    fn clear(&mut self, owner: LockOwner, range: &Range) {
        let mut behind = None;
        self.records.retain_mut(|lock| {
            if lock.owner != owner || !lock.range.overlaps(range) {
                return true;
            }
            match lock.range.without(range) {
                [None, None] => return false,
                [Some(rest), None] | [None, Some(rest)] => lock.range = rest,
                [Some(before), Some(after)] => {
                    behind = Some(RecordLock {
                        range: after,
                        ..*lock
                    });
                    lock.range = before;
                }
            }
            true
        });
        if let Some(lock) = behind {
            self.insert(lock);
        }
    }

    fn insert(&mut self, lock: RecordLock) {
        let at = self
            .records
            .partition_point(|other| other.range.start <= lock.range.start);
        self.records.insert(at, lock);
    }

    /// Adds a lock that conflicts with none; it replaces what its owner had there and grows
    /// together with its owner's neighbours of the same kind.
    fn add(&mut self, mut lock: RecordLock) {
        self.clear(lock.owner, &lock.range);
        let joins = |other: &RecordLock, lock: &RecordLock| {
            other.owner == lock.owner && other.kind == lock.kind && other.range.touches(&lock.range)
        };
        self.records.retain(|other| {
            let joined = joins(other, &lock);
            if joined {
                lock.range = lock.range.joined(&other.range);
            }
            !joined
        });
        self.insert(lock);
    }
}

/// The first lock that stands in the way of `wanted` (F_GETLK).
pub fn conflicting(inode: &Arc<dyn Inode>, wanted: &RecordLock) -> Option<RecordLock> {
    REGISTRY.lock().files.get(&key(inode))?.conflict(wanted)
}

/// Releases a range. `ENOLCK`: there is no memory for the two halves of a lock.
pub fn unlock_range(inode: &Arc<dyn Inode>, owner: LockOwner, range: &Range) -> Result<()> {
    REGISTRY.lock().change(key(inode), |locks| {
        locks.make_room()?;
        locks.clear(owner, range);
        Result::Ok(())
    })?;
    RELEASED.wake_all();
    Ok(())
}

/// Takes a lock. `EAGAIN`: another has one in the way and `waits` is false; `EDEADLK`: waiting
/// would never end; `ENOLCK`: there are too many. Waits until it is free otherwise, or a signal comes.
pub fn lock_range(inode: &Arc<dyn Inode>, wanted: RecordLock, waits: bool) -> Result<()> {
    let key = key(inode);
    let mut wait_noted = None;
    let outcome = RELEASED.wait_until(|| {
        let mut registry = REGISTRY.lock();
        registry.forget_wait(&mut wait_noted);
        if let Err(error) = registry.check_room(key) {
            return Some(Err(error));
        }
        let Some(blocker) = registry
            .files
            .get(&key)
            .and_then(|locks| locks.conflict(&wanted))
        else {
            let outcome = registry.change(key, |locks| {
                locks.make_room()?;
                locks.add(wanted);
                Ok(())
            });
            return Some(outcome);
        };
        if !waits {
            return Some(Err(Errno::EAGAIN));
        }
        registry
            .note_wait(wanted.owner, blocker.owner, &mut wait_noted)
            .err()
            .map(Err)
    });
    REGISTRY.lock().forget_wait(&mut wait_noted);
    // Taking a lock may have turned an exclusive one into a shared one.
    RELEASED.wake_all();
    outcome?
}

impl Registry {
    /// Notes who waits for whom. `EDEADLK`: the other waits for this one already.
    fn note_wait(
        &mut self,
        waiter: LockOwner,
        blocker: LockOwner,
        noted: &mut Option<(u64, u64)>,
    ) -> Result<()> {
        if let (LockOwner::Process(waiter), LockOwner::Process(blocker)) = (waiter, blocker) {
            if self.would_deadlock(waiter, blocker) {
                return Err(Errno::EDEADLK);
            }
            self.waiting.try_reserve(1).map_err(|_| Errno::ENOLCK)?;
            self.waiting.push((waiter, blocker));
            *noted = Some((waiter, blocker));
        }
        Ok(())
    }

    fn forget_wait(&mut self, noted: &mut Option<(u64, u64)>) {
        if let Some(edge) = noted.take()
            && let Some(position) = self.waiting.iter().position(|other| *other == edge)
        {
            self.waiting.swap_remove(position);
        }
    }
}
