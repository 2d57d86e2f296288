//! Advisory locks: record locks of fcntl(2), which belong to a process (or, as "open file
//! description locks", to an open file), and whole-file locks of flock(2).
//!
//! All locks are in one registry under one lock, because detecting a deadlock needs to see them
//! all. A file appears in it only while it has locks; its address is its key, and whoever has a
//! lock has the file open, so the address cannot be reused meanwhile. Where no lock is held at
//! all, which is nearly always, closing a file costs one look at a counter.
//!
//! Source: fcntl_locking(2), flock(2).

mod range;
mod record;
mod whole;

pub use range::Range;
pub use record::{LockKind, RecordLock, conflicting, lock_range, unlock_range};
pub use whole::{lock_whole, unlock_whole};

use super::{Inode, OpenFile};
use crate::error::Result;
use crate::process;
use crate::process::capabilities::Capability;
use crate::sync::{SpinLock, WaitQueue};
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Who has a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOwner {
    /// All that share the file table with this number: a process.
    Process(u64),
    /// Whoever uses the open file at this address.
    OpenFile(usize),
}

impl LockOwner {
    /// The owner that an open file is.
    pub fn of_open_file(file: &OpenFile) -> LockOwner {
        LockOwner::OpenFile(core::ptr::from_ref(file).addr())
    }
}

/// The most locks on one file: each change looks at all of them.
const LOCKS_PER_FILE_MAX: usize = 16_384;
/// The most locks on all files.
pub const LOCKS_MAX: usize = 65_536;
/// So many of them can only be had by the superuser.
const LOCKS_FOR_ROOT: usize = 4_096;

/// The locks on one file.
#[derive(Default)]
struct FileLocks {
    records: Vec<RecordLock>,
    whole: Vec<whole::WholeLock>,
}

#[derive(Default)]
struct Registry {
    files: BTreeMap<usize, FileLocks>,
    /// Locks on all files.
    count: usize,
    /// Which process waits for which.
    waiting: Vec<(u64, u64)>,
}

static REGISTRY: SpinLock<Registry> = SpinLock::new(Registry {
    files: BTreeMap::new(),
    count: 0,
    waiting: Vec::new(),
});
/// Files that have locks, to be asked without taking the registry's lock.
static LOCKED_FILES: AtomicUsize = AtomicUsize::new(0);
/// Everybody who waits for any lock; they look again when one is released.
static RELEASED: WaitQueue = WaitQueue::new();

fn key(inode: &Arc<dyn Inode>) -> usize {
    Arc::as_ptr(inode).cast::<()>().addr()
}

impl FileLocks {
    fn count(&self) -> usize {
        self.records.len() + self.whole.len()
    }
}

impl Registry {
    /// `ENOLCK`: there are too many locks for one more, which costs the kernel memory that no
    /// other limit bounds. The last of them are kept for the superuser (CAP_SYS_RESOURCE).
    fn check_room(&self, key: usize) -> Result<()> {
        let max = if process::current()
            .credentials()
            .has(Capability::SysResource)
        {
            LOCKS_MAX
        } else {
            LOCKS_MAX - LOCKS_FOR_ROOT
        };
        let on_file = self.files.get(&key).map_or(0, FileLocks::count);
        if on_file >= LOCKS_PER_FILE_MAX || self.count >= max {
            return Err(Errno::ENOLCK);
        }
        Ok(())
    }

    /// Changes the locks of a file and forgets the file if it has none left.
    fn change<R>(&mut self, key: usize, change: impl FnOnce(&mut FileLocks) -> R) -> R {
        let locks = self.files.entry(key).or_default();
        let before = locks.count();
        let result = change(locks);
        self.count = self.count - before + locks.count();
        if locks.records.is_empty() && locks.whole.is_empty() {
            self.files.remove(&key);
        }
        LOCKED_FILES.store(self.files.len(), Ordering::SeqCst);
        result
    }

    /// Whether `waiter` would wait for itself in the end if it waited for `blocker`.
    fn would_deadlock(&self, waiter: u64, blocker: u64) -> bool {
        let mut reached = alloc::vec![blocker];
        let mut next = 0;
        while let Some(&process) = reached.get(next) {
            if process == waiter {
                return true;
            }
            for &(from, to) in &self.waiting {
                if from == process && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        false
    }
}

/// Releases the record locks of a process on a file, as closing any of its descriptors does.
pub fn release_table(table: u64, inode: &Arc<dyn Inode>) {
    if LOCKED_FILES.load(Ordering::SeqCst) != 0 {
        release(key(inode), LockOwner::Process(table));
    }
}

/// Releases the locks that belong to an open file, at its last close.
pub fn release_open_file(file: &OpenFile) {
    if LOCKED_FILES.load(Ordering::SeqCst) != 0 {
        release(key(file.inode()), LockOwner::of_open_file(file));
    }
}

fn release(key: usize, owner: LockOwner) {
    let mut registry = REGISTRY.lock();
    if !registry.files.contains_key(&key) {
        return;
    }
    registry.change(key, |locks| {
        locks.records.retain(|lock| lock.owner != owner);
        locks.whole.retain(|lock| lock.owner != owner);
    });
    drop(registry);
    RELEASED.wake_all();
}
