//! What is asked and told about mappings. Source: madvise(2), msync(2), mincore(2), mlock(2).

use super::{PAGE, RW, file, pages};
use abi_tests::check::Outcome;
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    madvise_dont_need_zeroes,
    madvise_dont_need_file_rereads,
    madvise_errors,
    msync_calls,
    mincore_tells,
    mlock_calls,
];

fn madvise_dont_need_zeroes() -> Outcome {
    let at = pages(2)?;
    poke(at, 5);
    poke(at + PAGE, 6);
    gives!(0, SYS_madvise, at, PAGE, MADV_DONTNEED);
    same!((peek(at), peek(at + PAGE)), (0, 6));
    Ok(())
}

fn madvise_dont_need_file_rereads() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    poke(at, b'J');
    gives!(0, SYS_madvise, at, PAGE, MADV_DONTNEED);
    same!(peek(at), b'h');
    Ok(())
}

fn madvise_errors() -> Outcome {
    let at = pages(3)?;
    fails!(EINVAL, SYS_madvise, at + 1, PAGE, MADV_NORMAL);
    fails!(EINVAL, SYS_madvise, at, PAGE, 9999);
    fails!(EINVAL, SYS_madvise, at, usize::MAX, MADV_NORMAL);
    gives!(0, SYS_madvise, at, 0, MADV_NORMAL);
    for advice in [
        MADV_NORMAL,
        MADV_RANDOM,
        MADV_SEQUENTIAL,
        MADV_WILLNEED,
        MADV_FREE,
    ] {
        gives!(0, SYS_madvise, at, PAGE, advice);
    }
    works!(SYS_munmap, at + PAGE, PAGE);
    fails!(ENOMEM, SYS_madvise, at, 3 * PAGE, MADV_DONTNEED);
    Ok(())
}

fn msync_calls() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0) as usize;
    poke(at, b'J');
    gives!(0, SYS_msync, at, PAGE, MS_SYNC);
    same!(std::fs::read("f")?, b"Jello");
    gives!(0, SYS_msync, at, PAGE, MS_ASYNC | MS_INVALIDATE);
    fails!(EINVAL, SYS_msync, at, PAGE, MS_SYNC | MS_ASYNC);
    fails!(EINVAL, SYS_msync, at + 1, PAGE, MS_SYNC);
    fails!(EINVAL, SYS_msync, at, PAGE, 0x80);
    works!(SYS_munmap, at, PAGE);
    fails!(ENOMEM, SYS_msync, at, PAGE, MS_SYNC);
    Ok(())
}

fn mincore_tells() -> Outcome {
    let at = pages(3)?;
    poke(at + PAGE, 1);
    let mut resident = [9u8; 3];
    gives!(0, SYS_mincore, at, 3 * PAGE, &mut resident);
    same!(resident, [0, 1, 0]);
    fails!(EINVAL, SYS_mincore, at + 1, PAGE, &mut resident);
    fails!(EFAULT, SYS_mincore, at, PAGE, 8);
    works!(SYS_munmap, at, PAGE);
    fails!(ENOMEM, SYS_mincore, at, PAGE, &mut resident);
    Ok(())
}

fn mlock_calls() -> Outcome {
    let at = pages(2)?;
    gives!(0, SYS_mlock, at, PAGE);
    gives!(0, SYS_munlock, at, PAGE);
    works!(SYS_munmap, at, 2 * PAGE);
    fails!(ENOMEM, SYS_mlock, at, PAGE);
    Ok(())
}
