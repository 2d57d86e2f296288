//! The pseudoterminals there are, by number: the lowest free one is given out, and stays taken
//! until the master is closed. Source: pty(7), ptmx(4).
use super::Pair;
use super::inode::SlaveInode;
use crate::error::{Errno, Result};
use crate::sync::SpinLock;
use crate::terminal::Terminal;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How many there may be (`/proc/sys/kernel/pty/max` on Linux).
pub const COUNT_MAX: u32 = 4096;

static TABLE: SpinLock<BTreeMap<u32, Arc<SlaveInode>>> = SpinLock::new(BTreeMap::new());

/// Makes a pair with the lowest free number, owned by `uid` and `gid`. `ENOSPC`: all numbers are
/// taken. `ENOMEM`: no memory for its queues.
pub(super) fn create(uid: u32, gid: u32) -> Result<(Arc<Pair>, Arc<Terminal>)> {
    loop {
        let number = lowest_free().ok_or(Errno::ENOSPC)?;
        let (pair, terminal) = Pair::new(number)?;
        let inode = SlaveInode::new(&terminal, number, uid, gid);
        let mut table = TABLE.lock();
        // Another processor may have taken the number meanwhile.
        if let Entry::Vacant(free) = table.entry(number) {
            free.insert(inode);
            return Ok((pair, terminal));
        }
    }
}

fn lowest_free() -> Option<u32> {
    let table = TABLE.lock();
    (0..COUNT_MAX)
        .zip(table.keys().map(Some).chain(core::iter::repeat(None)))
        .find_map(|(number, taken)| (taken != Some(&number)).then_some(number))
}

/// Takes the node of a pair away.
pub(super) fn remove(number: u32) {
    let removed = TABLE.lock().remove(&number);
    drop(removed);
}

/// The node of pair `number`.
pub(super) fn find(number: u32) -> Option<Arc<SlaveInode>> {
    TABLE.lock().get(&number).cloned()
}

/// The numbers from `first` on.
pub(super) fn numbers_from(first: u32) -> Vec<u32> {
    TABLE
        .lock()
        .range(first..)
        .map(|(&number, _)| number)
        .collect()
}
