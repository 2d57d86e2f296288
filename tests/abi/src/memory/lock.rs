//! Locking memory: what it counts, whom it is refused, and what ends it. Source: mlock(2),
//! mlockall(2), getrlimit(2), mmap(2) (MAP_LOCKED), madvise(2), msync(2).

use super::{ANON, PAGE, RW, file, pages};
use crate::helper;
use abi_tests::capabilities::{CAP_IPC_LOCK, without};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, status_of};
use abi_tests::{cases, fails, gives, raw, same, works};
use libc::*;

cases![
    lock_brings_in_and_counts,
    lock_on_fault_only_counts,
    lock_of_what_is_not_there,
    lock_over_the_limit,
    lock_without_any_limit_asks_for_a_capability,
    lock_all_and_unlock_all,
    map_locked,
    locked_mapping_grows,
    part_of_a_page_is_locked_whole,
    lock_of_no_bytes_changes_nothing,
    lock_is_not_inherited,
    locked_pages_refuse_advice,
    lock_calls_refuse_flags,
];

/// What the process may lock in these tests.
const LIMIT_PAGES: usize = 16;

/// Locked memory, in pages.
fn locked() -> Result<usize, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmLck:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: usize = word
        .and_then(|word| word.parse().ok())
        .unwrap_or(usize::MAX);
    Ok(kilobytes * 1024 / PAGE)
}

fn resident<const COUNT: usize>(at: usize) -> Result<[u8; COUNT], Failure> {
    let mut resident = [9u8; COUNT];
    works!(SYS_mincore, at, COUNT * PAGE, &mut resident);
    Ok(resident)
}

/// Runs a case as somebody who may lock no more than so many pages.
fn limited(limit_pages: usize, body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child(|| {
        let bytes = (limit_pages * PAGE) as u64;
        gives!(0, SYS_setrlimit, RLIMIT_MEMLOCK, &[bytes, bytes]);
        without(&[CAP_IPC_LOCK])?;
        body()
    })
}

fn lock_brings_in_and_counts() -> Outcome {
    limited(LIMIT_PAGES, || {
        same!(locked()?, 0);
        let at = pages(4)?;
        gives!(0, SYS_mlock, at + PAGE + 5, PAGE);
        same!((resident(at)?, locked()?), ([0, 1, 1, 0], 2));
        gives!(0, SYS_mlock, at + 2 * PAGE, 2 * PAGE);
        same!((resident(at)?, locked()?), ([0, 1, 1, 1], 3));
        gives!(0, SYS_munlock, at + 2 * PAGE, 1);
        same!(locked()?, 2);
        works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
        same!(locked()?, 2);
        works!(SYS_munmap, at, 2 * PAGE);
        same!(locked()?, 1);
        gives!(0, SYS_mlock, at + 2 * PAGE, 0);
        gives!(0, SYS_munlock, at + 2 * PAGE, 2 * PAGE);
        same!(locked()?, 0);
        Ok(())
    })
}

fn lock_on_fault_only_counts() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(2)?;
        gives!(0, SYS_mlock2, at, 2 * PAGE, MLOCK_ONFAULT);
        same!((resident(at)?, locked()?), ([0, 0], 2));
        raw::poke(at, 1);
        same!(resident(at)?, [1, 0]);
        gives!(0, SYS_mlock2, at, 2 * PAGE, 0);
        same!((resident(at)?, locked()?), ([1, 1], 2));
        Ok(())
    })
}

fn lock_of_what_is_not_there() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(3)?;
        works!(SYS_munmap, at + PAGE, PAGE);
        fails!(ENOMEM, SYS_mlock, at, 3 * PAGE);
        // What lies before the hole is locked, but not brought in.
        same!((resident(at)?, locked()?), ([0], 1));
        fails!(ENOMEM, SYS_munlock, at, 3 * PAGE);
        fails!(ENOMEM, SYS_mlock, at + PAGE, PAGE);
        same!(locked()?, 0);
        works!(SYS_mprotect, at, PAGE, PROT_NONE);
        fails!(ENOMEM, SYS_mlock, at, PAGE);
        same!(locked()?, 1);
        gives!(0, SYS_mlock2, at, PAGE, MLOCK_ONFAULT);
        works!(SYS_munlock, at, PAGE);
        let fd = file(b"short")?;
        let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_SHARED, fd, 0) as usize;
        gives!(0, SYS_mlock, at, PAGE);
        fails!(ENOMEM, SYS_mlock, at, 2 * PAGE);
        fails!(EINVAL, SYS_munlock, at, usize::MAX - at);
        gives!(0, SYS_munlock, at, usize::MAX);
        Ok(())
    })
}

fn lock_over_the_limit() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(LIMIT_PAGES + 1)?;
        fails!(ENOMEM, SYS_mlock, at, (LIMIT_PAGES + 1) * PAGE);
        same!(locked()?, 0);
        gives!(0, SYS_mlock, at, LIMIT_PAGES * PAGE);
        fails!(ENOMEM, SYS_mlock, at + LIMIT_PAGES * PAGE, 1);
        // What is locked already does not count twice.
        gives!(0, SYS_mlock, at, LIMIT_PAGES * PAGE);
        works!(SYS_munlock, at, PAGE);
        gives!(0, SYS_mlock, at + PAGE, LIMIT_PAGES * PAGE);
        same!(locked()?, LIMIT_PAGES);
        Ok(())
    })
}

fn lock_without_any_limit_asks_for_a_capability() -> Outcome {
    limited(0, || {
        let at = pages(1)?;
        fails!(EPERM, SYS_mlock, at, PAGE);
        fails!(EPERM, SYS_mlock, at, 0);
        fails!(EPERM, SYS_mlock2, at, PAGE, MLOCK_ONFAULT);
        fails!(EPERM, SYS_mlockall, MCL_FUTURE);
        fails!(EPERM, SYS_mmap, 0, PAGE, RW, ANON | MAP_LOCKED, -1, 0);
        gives!(0, SYS_munlock, at, PAGE);
        gives!(0, SYS_munlockall);
        Ok(())
    })
}

fn lock_all_and_unlock_all() -> Outcome {
    limited(LIMIT_PAGES, || {
        fails!(ENOMEM, SYS_mlockall, MCL_CURRENT);
        fails!(ENOMEM, SYS_mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
        same!(locked()?, 0);
        gives!(0, SYS_mlockall, MCL_FUTURE);
        let at = pages(2)?;
        same!((resident(at)?, locked()?), ([1, 1], 2));
        fails!(EAGAIN, SYS_mmap, 0, LIMIT_PAGES * PAGE, RW, ANON, -1, 0);
        gives!(0, SYS_mlockall, MCL_FUTURE | MCL_ONFAULT);
        let lazy = pages(2)?;
        same!((resident(lazy)?, locked()?), ([0, 0], 4));
        gives!(0, SYS_munlockall);
        same!(locked()?, 0);
        let at = pages(LIMIT_PAGES + 1)?;
        same!((resident(at)?, locked()?), ([0, 0], 0));
        Ok(())
    })
}

fn map_locked() -> Outcome {
    limited(LIMIT_PAGES, || {
        let flags = ANON | MAP_LOCKED;
        let at = works!(SYS_mmap, 0, 3 * PAGE, RW, flags, -1, 0) as usize;
        same!((resident(at)?, locked()?), ([1, 1, 1], 3));
        fails!(EAGAIN, SYS_mmap, 0, LIMIT_PAGES * PAGE, RW, flags, -1, 0);
        works!(SYS_mmap, 0, PAGE, PROT_NONE, flags, -1, 0);
        same!(locked()?, 4);
        Ok(())
    })
}

fn locked_mapping_grows() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(1)?;
        gives!(0, SYS_mlock, at, PAGE);
        fails!(
            EAGAIN,
            SYS_mremap,
            at,
            PAGE,
            (LIMIT_PAGES + 1) * PAGE,
            MREMAP_MAYMOVE
        );
        let at = works!(SYS_mremap, at, PAGE, 3 * PAGE, MREMAP_MAYMOVE) as usize;
        same!((resident(at)?, locked()?), ([1, 1, 1], 3));
        works!(SYS_mremap, at, 3 * PAGE, PAGE, 0);
        same!(locked()?, 1);
        gives!(0, SYS_munlockall);
        gives!(0, SYS_mlockall, MCL_FUTURE);
        let heap = works!(SYS_brk, 0) as usize;
        let heap = heap.next_multiple_of(PAGE);
        works!(SYS_brk, heap);
        let before = locked()?;
        gives!(heap + 2 * PAGE, SYS_brk, heap + 2 * PAGE);
        same!((resident(heap)?, locked()? - before), ([1, 1], 2));
        gives!(heap + 2 * PAGE, SYS_brk, heap + (LIMIT_PAGES + 2) * PAGE);
        Ok(())
    })
}

fn lock_is_not_inherited() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(2)?;
        gives!(0, SYS_mlock, at, 2 * PAGE);
        gives!(0, SYS_mlockall, MCL_FUTURE);
        let in_child = || {
            let fresh = pages(1).unwrap_or(0);
            i32::from(!matches!((locked(), resident(fresh)), (Ok(0), Ok([0]))))
        };
        same!(status_of(in_child)?, 0);
        same!(locked()? >= 2, true);
        // Nor is it by the next program.
        let status = helper::answer(&["show", "/proc/self/status"])?;
        let line = status.lines().find(|line| line.starts_with("VmLck:"));
        same!(line, Some("VmLck:\t       0 kB"));
        Ok(())
    })
}

fn locked_pages_refuse_advice() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(2)?;
        gives!(0, SYS_mlock, at + PAGE, PAGE);
        raw::poke(at + PAGE, 7);
        for advice in [MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT] {
            gives!(0, SYS_madvise, at, PAGE, advice);
            fails!(EINVAL, SYS_madvise, at + PAGE, PAGE, advice);
        }
        same!(raw::peek(at + PAGE), 7);
        fails!(EBUSY, SYS_msync, at, 2 * PAGE, MS_INVALIDATE);
        gives!(0, SYS_msync, at, 2 * PAGE, MS_SYNC);
        let shared = MAP_SHARED | MAP_ANONYMOUS;
        let at = works!(SYS_mmap, 0, PAGE, RW, shared, -1, 0) as usize;
        gives!(0, SYS_mlock, at, PAGE);
        fails!(EINVAL, SYS_madvise, at, PAGE, MADV_REMOVE);
        gives!(0, SYS_munlock, at, PAGE);
        gives!(0, SYS_madvise, at, PAGE, MADV_REMOVE);
        Ok(())
    })
}

fn lock_calls_refuse_flags() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(1)?;
        fails!(EINVAL, SYS_mlock2, at, PAGE, 2);
        for flags in [0, MCL_ONFAULT, 8 | MCL_FUTURE] {
            fails!(EINVAL, SYS_mlockall, flags);
        }
        Ok(())
    })
}

/// What grows by part of a page brings that page in.
fn part_of_a_page_is_locked_whole() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(4)?;
        works!(SYS_munmap, at + PAGE, 3 * PAGE);
        gives!(0, SYS_mlock, at, PAGE);
        gives!(at, SYS_mremap, at, PAGE, 2 * PAGE + 5, 0);
        same!((resident(at)?, locked()?), ([1, 1, 1], 3));
        gives!(0, SYS_munlock, at, 3 * PAGE);
        gives!(0, SYS_mlockall, MCL_FUTURE);
        let end = works!(SYS_brk, 0) as usize;
        let from = end.next_multiple_of(PAGE);
        gives!(from + PAGE + 5, SYS_brk, from + PAGE + 5);
        same!(resident(from)?, [1, 1]);
        Ok(())
    })
}

fn lock_of_no_bytes_changes_nothing() -> Outcome {
    limited(LIMIT_PAGES, || {
        let at = pages(3)?;
        gives!(0, SYS_mlock, at + PAGE, 0);
        gives!(0, SYS_mlock2, at + PAGE, usize::MAX, 0);
        gives!(0, SYS_munlock, at + PAGE, 0);
        same!((resident(at)?, locked()?), ([0, 0, 0], 0));
        gives!(0, SYS_mlock, at, 3 * PAGE);
        gives!(0, SYS_madvise, at + PAGE, 0, MADV_DONTNEED);
        gives!(0, SYS_msync, at + PAGE, 0, MS_INVALIDATE);
        same!((resident(at)?, locked()?), ([1, 1, 1], 3));
        Ok(())
    })
}
