//! What is asked and told about mappings. Source: madvise(2), msync(2), mincore(2), mlock(2).

use super::{ANON, PAGE, RW, file, pages};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{now, pause, spawn, wait};
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    madvise_dont_need_zeroes,
    madvise_dont_need_file_rereads,
    madvise_errors,
    madvise_of_nothing,
    mincore_looks_at_the_vector_first,
    madvise_populate,
    madvise_populate_errors,
    population_is_looked_at_and_killed,
    madvise_remove_punches,
    madvise_remove_errors,
    msync_calls,
    mincore_tells,
    mlock_calls,
    mincore_of_a_large_range,
    mapped_hole_is_filled_by_one_page,
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
    // Only what is private and of no file can be wiped, but anything can be kept.
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, file(b"x")?, 0);
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_WIPEONFORK);
    gives!(0, SYS_madvise, at, PAGE, MADV_KEEPONFORK);
    Ok(())
}

fn resident(at: usize, count: usize) -> Result<Vec<u8>, Failure> {
    let mut resident = vec![9u8; count];
    works!(SYS_mincore, at, count * PAGE, resident.as_mut_slice());
    Ok(resident)
}

fn madvise_populate() -> Outcome {
    let at = pages(3)?;
    gives!(0, SYS_madvise, at, 2 * PAGE, MADV_POPULATE_WRITE);
    same!(resident(at, 3)?, [1, 1, 0]);
    gives!(0, SYS_madvise, at + 2 * PAGE, PAGE, MADV_POPULATE_READ);
    same!((peek(at), peek(at + 2 * PAGE)), (0, 0));
    Ok(())
}

fn madvise_populate_errors() -> Outcome {
    let at = works!(SYS_mmap, 0, 3 * PAGE, PROT_READ, ANON, -1, 0) as usize;
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_POPULATE_WRITE);
    gives!(0, SYS_madvise, at, PAGE, MADV_POPULATE_READ);
    works!(SYS_mprotect, at, PAGE, PROT_NONE);
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_POPULATE_READ);
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_POPULATE_WRITE);
    works!(SYS_mprotect, at, PAGE, PROT_WRITE);
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_POPULATE_READ);
    works!(SYS_munmap, at + 2 * PAGE, PAGE);
    fails!(ENOMEM, SYS_madvise, at + PAGE, 2 * PAGE, MADV_POPULATE_READ);
    let fd = file(b"short")?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_SHARED, fd, 0) as usize;
    gives!(0, SYS_madvise, at, PAGE, MADV_POPULATE_WRITE);
    fails!(EFAULT, SYS_madvise, at, 2 * PAGE, MADV_POPULATE_WRITE);
    Ok(())
}

/// One that brings in far more than there is neither keeps others from looking at it nor itself
/// from dying.
fn population_is_looked_at_and_killed() -> Outcome {
    const LENGTH: usize = 32 << 30;
    let child = spawn(|| {
        let flags = ANON | MAP_NORESERVE | MAP_POPULATE;
        sys!(SYS_mmap, 0, LENGTH, PROT_READ, flags, -1, 0);
        loop {
            sys!(SYS_pause);
        }
    })?;
    pause(20);
    let before = now();
    let maps = std::fs::read_to_string(format!("/proc/{child}/maps"))?;
    same!(maps.is_empty(), false);
    works!(SYS_kill, child, SIGKILL);
    same!(wait(child)?, SIGKILL);
    holds!(now() - before < 5_000_000_000, "took {} ns", now() - before);
    Ok(())
}

/// The file loses the part, keeps its size, and every mapping sees it.
fn madvise_remove_punches() -> Outcome {
    let fd = works!(SYS_memfd_create, c"holes", 0);
    works!(SYS_ftruncate, fd, 3 * PAGE);
    let at = works!(SYS_mmap, 0, 3 * PAGE, RW, MAP_SHARED, fd, 0) as usize;
    let other = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, PAGE) as usize;
    (0..3).for_each(|page| poke(at + page * PAGE, 7));
    same!(peek(other), 7);
    gives!(0, SYS_madvise, at + PAGE, PAGE, MADV_REMOVE);
    same!((peek(at), peek(at + PAGE), peek(at + 2 * PAGE)), (7, 0, 7));
    same!(peek(other), 0);
    same!(sys!(SYS_lseek, fd, 0, SEEK_END), 3 * PAGE as isize);
    let shared = MAP_SHARED | MAP_ANONYMOUS;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, shared, -1, 0) as usize;
    poke(at, 7);
    poke(at + PAGE, 8);
    gives!(0, SYS_madvise, at, PAGE, MADV_REMOVE);
    same!((peek(at), peek(at + PAGE)), (0, 8));
    Ok(())
}

fn madvise_remove_errors() -> Outcome {
    let at = pages(2)?;
    fails!(EINVAL, SYS_madvise, at, PAGE, MADV_REMOVE);
    let fd = works!(SYS_memfd_create, c"holes", MFD_ALLOW_SEALING);
    works!(SYS_ftruncate, fd, PAGE);
    let private = works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    fails!(EACCES, SYS_madvise, private, PAGE, MADV_REMOVE);
    works!(SYS_munmap, at, PAGE);
    fails!(ENOMEM, SYS_madvise, at, PAGE, MADV_REMOVE);
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

fn mincore_of_a_large_range() -> Outcome {
    const LENGTH: usize = 1 << 30;
    let lazy = ANON | MAP_NORESERVE;
    let at = works!(SYS_mmap, 0, LENGTH, RW, lazy, -1, 0) as usize;
    works!(SYS_madvise, at, LENGTH, MADV_NOHUGEPAGE);
    poke(at + LENGTH / 2, 1);
    let answers = resident(at, LENGTH / PAGE)?;
    let there: Vec<usize> = (0..answers.len())
        .filter(|place| answers[*place] != 0)
        .collect();
    same!(there, [LENGTH / 2 / PAGE]);
    fails!(
        ENOMEM,
        SYS_mincore,
        1usize << 40,
        LENGTH,
        answers.as_slice()
    );
    Ok(())
}

fn mapped_hole_is_filled_by_one_page() -> Outcome {
    let fd = works!(SYS_memfd_create, c"sparse", 0);
    works!(SYS_ftruncate, fd, 16 << 20);
    let at = works!(SYS_mmap, 0, 16 << 20, PROT_READ, MAP_SHARED, fd, 0) as usize;
    same!(peek(at + (8 << 20)), 0);
    let path = format!("/proc/self/fd/{fd}");
    same!(
        std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(path)?),
        8
    );
    Ok(())
}

/// Bad advice is told of first, and nothing can be wrong with no bytes.
fn madvise_of_nothing() -> Outcome {
    let at = pages(3)?;
    let beyond = usize::MAX - PAGE + 1;
    for advice in [MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DODUMP] {
        gives!(0, SYS_madvise, at + PAGE, 0, advice);
        gives!(0, SYS_madvise, beyond, 0, advice);
        fails!(EINVAL, SYS_madvise, at + 1, 0, advice);
    }
    fails!(EINVAL, SYS_madvise, at, 0, 7);
    fails!(EINVAL, SYS_madvise, beyond, 0, 7);
    fails!(EINVAL, SYS_madvise, 1usize << 47, PAGE, 7);
    fails!(ENOMEM, SYS_madvise, 1usize << 47, PAGE, MADV_DODUMP);
    fails!(EINVAL, SYS_madvise, beyond, 2 * PAGE, MADV_DODUMP);
    Ok(())
}

fn mincore_looks_at_the_vector_first() -> Outcome {
    let at = pages(1)?;
    works!(SYS_munmap, at, PAGE);
    fails!(EFAULT, SYS_mincore, at, PAGE, usize::MAX - 8);
    fails!(ENOMEM, SYS_mincore, at, PAGE, 0);
    Ok(())
}
