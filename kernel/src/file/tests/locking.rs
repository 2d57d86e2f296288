//! Advisory locks: who gets one, who waits, and who would wait for himself. Source:
//! fcntl_locking(2), flock(2).

use super::Playground;
use crate::file::locks::{
    LOCKS_MAX, LockKind, LockOwner, Range, RecordLock, conflicting, lock_range, release_table,
    unlock_range,
};
use abi::Errno;
use alloc::vec::Vec;

fn lock(owner: u64, kind: LockKind, start: u64, end: u64) -> RecordLock {
    RecordLock {
        owner: LockOwner::Process(owner),
        kind,
        range: Range { start, end },
        pid: 1,
    }
}

metal::ktest! {
    /// Ranges as fcntl(2) gives them.
    fn ranges() {
        let range = |start, end| Ok(Range { start, end });
        assert_eq!(Range::new(0, 10, 5), range(10, 14));
        assert_eq!(Range::new(10, 10, -5), range(15, 19));
        assert_eq!(Range::new(0, 3, 0), range(3, Range::END));
        assert_eq!(Range::new(0, -1, 1), Err(Errno::EINVAL));
        assert_eq!(Range::new(0, 3, -4), Err(Errno::EINVAL));
        assert_eq!(Range::new(0, i64::MAX, 2), Err(Errno::EOVERFLOW));
    }

    /// Taking a part out of a lock splits it; neighbours of one kind join.
    fn splitting_and_joining() {
        let place = Playground::new();
        place.file("f");
        let inode = place.at("f").inode().clone();
        lock_range(&inode, lock(1, LockKind::Exclusive, 0, 99), false).unwrap();
        lock_range(&inode, lock(1, LockKind::Shared, 40, 49), false).unwrap();
        let seen = conflicting(&inode, &lock(2, LockKind::Shared, 0, 99)).unwrap();
        assert_eq!(seen.range, Range { start: 0, end: 39 });
        assert!(conflicting(&inode, &lock(2, LockKind::Shared, 40, 49)).is_none());
        let blocked = lock_range(&inode, lock(2, LockKind::Shared, 45, 50), false);
        assert_eq!(blocked, Err(Errno::EAGAIN));
        unlock_range(&inode, LockOwner::Process(1), &Range { start: 50, end: 99 }).unwrap();
        lock_range(&inode, lock(1, LockKind::Exclusive, 40, 49), false).unwrap();
        let seen = conflicting(&inode, &lock(2, LockKind::Shared, 0, 99)).unwrap();
        assert_eq!(seen.range, Range { start: 0, end: 49 });
        release_table(1, &inode);
        assert!(conflicting(&inode, &lock(2, LockKind::Exclusive, 0, 99)).is_none());
    }

    /// There is a limit for all files together, and what is released can be had again.
    fn locks_have_a_limit() {
        const ON_EACH: u64 = 256;
        let place = Playground::new();
        let inodes: Vec<_> = (0..LOCKS_MAX as u64 / ON_EACH + 1)
            .map(|number| {
                let name = alloc::format!("f{number}");
                place.file(&name);
                place.at(&name).inode().clone()
            })
            .collect();
        let fill = |inode| (0..ON_EACH).try_for_each(|part| {
            lock_range(inode, lock(1, LockKind::Exclusive, 2 * part, 2 * part), false)
        });
        let full = inodes.iter().position(|inode| fill(inode) == Err(Errno::ENOLCK));
        assert_eq!(full, Some(inodes.len() - 1));
        release_table(1, &inodes[0]);
        assert_eq!(fill(&inodes[0]), Ok(()));
        inodes.iter().for_each(|inode| release_table(1, inode));
    }
}
