//! mremap. Source: mremap(2).

use super::{ANON, PAGE, RW, file, pages};
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, status_of};
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    remap_shrinks_in_place,
    remap_grows_in_place,
    remap_grows_by_moving,
    remap_cannot_grow_without_may_move,
    remap_fixed_moves,
    remap_fixed_overlap,
    remap_bad_arguments,
    remap_unmapped,
    remap_across_mappings,
    remap_shrinks_over_mappings,
    remap_moves_less_than_several_mappings,
    remap_looks_for_a_mapping_before_its_extent,
    remap_dont_unmap_takes_a_hint,
    remap_dont_unmap_counts,
    remap_keeps_protection,
    remap_file_grows_with_file,
    remap_zero_old_length_shares,
    remap_dont_unmap,
    remap_keeps_no_access,
    remap_far_over_holes,
    remap_growth_beyond_memory,
];

fn remap_shrinks_in_place() -> Outcome {
    let at = pages(4)?;
    poke(at, 1);
    gives!(at, SYS_mremap, at, 4 * PAGE, PAGE, 0);
    same!(peek(at), 1);
    same!(status_of(|| i32::from(peek(at + PAGE)))?, SIGSEGV);
    Ok(())
}

fn remap_grows_in_place() -> Outcome {
    let at = pages(4)?;
    works!(SYS_munmap, at + PAGE, 3 * PAGE);
    poke(at, 1);
    gives!(at, SYS_mremap, at, PAGE, 3 * PAGE, 0);
    same!((peek(at), peek(at + 2 * PAGE)), (1, 0));
    Ok(())
}

fn remap_grows_by_moving() -> Outcome {
    let at = pages(2)?;
    works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    poke(at, 9);
    let moved = works!(SYS_mremap, at, PAGE, 8 * PAGE, MREMAP_MAYMOVE) as usize;
    holds!(moved != at);
    same!((peek(moved), peek(moved + 7 * PAGE)), (9, 0));
    poke(moved + 7 * PAGE, 1);
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    Ok(())
}

fn remap_cannot_grow_without_may_move() -> Outcome {
    let at = pages(2)?;
    works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    fails!(ENOMEM, SYS_mremap, at, PAGE, 2 * PAGE, 0);
    Ok(())
}

fn remap_fixed_moves() -> Outcome {
    let at = pages(2)?;
    let to = pages(4)?;
    poke(at, 5);
    poke(to + 2 * PAGE, 6);
    gives!(
        to,
        SYS_mremap,
        at,
        2 * PAGE,
        2 * PAGE,
        MREMAP_MAYMOVE | MREMAP_FIXED,
        to
    );
    same!((peek(to), peek(to + 2 * PAGE)), (5, 6));
    Ok(())
}

fn remap_fixed_overlap() -> Outcome {
    let at = pages(4)?;
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    fails!(EINVAL, SYS_mremap, at, 2 * PAGE, 2 * PAGE, flags, at + PAGE);
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, flags, at + PAGE + 1);
    Ok(())
}

fn remap_bad_arguments() -> Outcome {
    let at = pages(2)?;
    fails!(EINVAL, SYS_mremap, at + 1, PAGE, PAGE, 0);
    fails!(EINVAL, SYS_mremap, at, PAGE, 0, 0);
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, 0x100);
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, MREMAP_FIXED, at);
    Ok(())
}

fn remap_unmapped() -> Outcome {
    let at = pages(2)?;
    works!(SYS_munmap, at, 2 * PAGE);
    fails!(EFAULT, SYS_mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    Ok(())
}

fn remap_across_mappings() -> Outcome {
    let at = pages(3)?;
    works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    fails!(EFAULT, SYS_mremap, at, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    Ok(())
}

fn remap_keeps_protection() -> Outcome {
    let at = pages(1)?;
    poke(at, 3);
    works!(SYS_mprotect, at, PAGE, PROT_READ);
    let to = works!(SYS_mmap, 0, PAGE, RW, ANON, -1, 0) as usize;
    works!(
        SYS_mremap,
        at,
        PAGE,
        PAGE,
        MREMAP_MAYMOVE | MREMAP_FIXED,
        to
    );
    let write = || {
        poke(to, 1);
        0
    };
    same!((peek(to), status_of(write)?), (3, SIGSEGV));
    Ok(())
}

fn remap_file_grows_with_file() -> Outcome {
    let fd = file(&[1u8; PAGE])?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0) as usize;
    works!(SYS_ftruncate, fd, 2 * PAGE);
    let at = works!(SYS_mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE) as usize;
    poke(at + PAGE, 8);
    let mut byte = [0u8];
    gives!(1, SYS_pread64, fd, &mut byte, 1, PAGE);
    same!((byte[0], peek(at)), (8, 1));
    Ok(())
}

/// An old length of 0 on a shared mapping makes a second view of the same pages.
fn remap_zero_old_length_shares() -> Outcome {
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) as usize;
    let other = works!(SYS_mremap, at, 0, PAGE, MREMAP_MAYMOVE) as usize;
    poke(at, 4);
    same!(peek(other), 4);
    let own = pages(1)?;
    fails!(EINVAL, SYS_mremap, own, 0, PAGE, MREMAP_MAYMOVE);
    Ok(())
}

fn remap_dont_unmap() -> Outcome {
    let at = pages(1)?;
    poke(at, 4);
    let flags = MREMAP_MAYMOVE | 4;
    let to = works!(SYS_mremap, at, PAGE, PAGE, flags, 0) as usize;
    same!((peek(to), peek(at)), (4, 0));
    fails!(EINVAL, SYS_mremap, at, PAGE, 2 * PAGE, flags, 0);
    Ok(())
}

fn remap_keeps_no_access() -> Outcome {
    let at = pages(1)?;
    let to = pages(1)?;
    poke(at, 3);
    works!(SYS_mprotect, at, PAGE, PROT_NONE);
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    gives!(to, SYS_mremap, at, PAGE, PAGE, fixed, to);
    same!(status_of(|| i32::from(peek(to)))?, SIGSEGV);
    works!(SYS_mprotect, to, PAGE, PROT_READ);
    same!(peek(to), 3);
    Ok(())
}

fn remap_far_over_holes() -> Outcome {
    const LENGTH: usize = 256 << 30;
    let lazy = ANON | MAP_NORESERVE;
    let at = works!(SYS_mmap, 0, LENGTH, RW, lazy, -1, 0) as usize;
    poke(at + LENGTH - PAGE, 7);
    let to = works!(SYS_mmap, 0, LENGTH, PROT_NONE, lazy, -1, 0) as usize;
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    gives!(to, SYS_mremap, at, LENGTH, LENGTH, fixed, to);
    same!(peek(to + LENGTH - PAGE), 7);
    Ok(())
}

fn remap_growth_beyond_memory() -> Outcome {
    let at = pages(1)?;
    fails!(ENOMEM, SYS_mremap, at, PAGE, 1usize << 44, MREMAP_MAYMOVE);
    poke(at, 1);
    Ok(())
}

/// Only what stays has to lie in one mapping.
fn remap_shrinks_over_mappings() -> Outcome {
    let at = pages(4)?;
    works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    works!(SYS_munmap, at + 2 * PAGE, PAGE);
    poke(at, 7);
    gives!(at, SYS_mremap, at, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    gives!(at, SYS_mremap, at, 4 * PAGE, 2 * PAGE, 0);
    same!((peek(at), peek(at + PAGE)), (7, 0));
    same!(status_of(|| i32::from(peek(at + 3 * PAGE)))?, SIGSEGV);
    gives!(at, SYS_mremap, at, 2 * PAGE, PAGE, 0);
    same!(status_of(|| i32::from(peek(at + PAGE)))?, SIGSEGV);
    Ok(())
}

fn remap_moves_less_than_several_mappings() -> Outcome {
    let (at, to) = (pages(3)?, pages(2)?);
    works!(SYS_mprotect, at + PAGE, 2 * PAGE, PROT_READ);
    poke(at, 7);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    gives!(to, SYS_mremap, at, 3 * PAGE, PAGE, flags, to);
    same!(peek(to), 7);
    same!(status_of(|| i32::from(peek(at + 2 * PAGE)))?, SIGSEGV);
    Ok(())
}

fn remap_looks_for_a_mapping_before_its_extent() -> Outcome {
    let at = pages(1)?;
    let huge = usize::MAX - 2 * PAGE + 1;
    fails!(EINVAL, SYS_mremap, at, huge, PAGE, MREMAP_MAYMOVE);
    works!(SYS_munmap, at, PAGE);
    fails!(EFAULT, SYS_mremap, at, huge, PAGE, MREMAP_MAYMOVE);
    let last = usize::MAX - PAGE + 1;
    fails!(EFAULT, SYS_mremap, last, 3 * PAGE, PAGE, MREMAP_MAYMOVE);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, flags, last);
    Ok(())
}

fn remap_dont_unmap_takes_a_hint() -> Outcome {
    let (at, to) = (pages(1)?, pages(3)?);
    let flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    works!(SYS_munmap, to, 3 * PAGE);
    poke(at, 4);
    gives!(to + PAGE, SYS_mremap, at, PAGE, PAGE, flags, to + PAGE);
    same!((peek(to + PAGE), peek(at)), (4, 0));
    let other = works!(SYS_mremap, at, PAGE, PAGE, flags, to + PAGE) as usize;
    holds!(other != to + PAGE);
    same!(peek(to + PAGE), 4);
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, flags, at);
    fails!(EINVAL, SYS_mremap, at, PAGE, PAGE, flags, to + 1);
    Ok(())
}

/// The old range stays, so the new one is so much more.
fn remap_dont_unmap_counts() -> Outcome {
    inside_child(|| {
        let at = pages(64)?;
        let kept = [0_u64, u64::MAX];
        works!(SYS_setrlimit, RLIMIT_AS, &kept);
        let flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
        fails!(ENOMEM, SYS_mremap, at, 64 * PAGE, 64 * PAGE, flags, 0);
        gives!(at, SYS_mremap, at, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
        Ok(())
    })
}
