//! Mappings taken away, cut and given other rights. Source: munmap(2), mprotect(2).

use super::{PAGE, RW, file, line_of, pages};
use abi_tests::check::Outcome;
use abi_tests::process::status_of;
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    unmap_middle_splits,
    unmap_hole_is_fine,
    unmap_bad_arguments,
    unmap_many_at_once,
    protect_read_only_faults,
    protect_none_faults,
    protect_and_back_keeps_contents,
    protect_splits_and_joins,
    protect_unmapped,
    protect_bad_arguments,
    protect_shared_read_only_file,
    execute_needs_permission,
    execute_after_protect,
    protect_ends_at_a_hole,
    unmap_at_the_limit_of_mappings,
];

fn unmap_middle_splits() -> Outcome {
    let at = pages(3)?;
    for n in 0..3 {
        poke(at + n * PAGE, n as u8 + 1);
    }
    gives!(0, SYS_munmap, at + PAGE, PAGE);
    same!((peek(at), peek(at + 2 * PAGE)), (1, 3));
    same!(status_of(|| i32::from(peek(at + PAGE)))?, SIGSEGV);
    Ok(())
}

fn unmap_hole_is_fine() -> Outcome {
    let at = pages(2)?;
    gives!(0, SYS_munmap, at, 2 * PAGE);
    gives!(0, SYS_munmap, at, 2 * PAGE);
    Ok(())
}

fn unmap_bad_arguments() -> Outcome {
    let at = pages(2)?;
    fails!(EINVAL, SYS_munmap, at + 1, PAGE);
    fails!(EINVAL, SYS_munmap, at, 0);
    fails!(EINVAL, SYS_munmap, at, usize::MAX);
    fails!(EINVAL, SYS_munmap, 1usize << 63, PAGE);
    fails!(EINVAL, SYS_munmap, 0x7fff_ffff_f000usize, PAGE);
    Ok(())
}

fn unmap_many_at_once() -> Outcome {
    let at = pages(6)?;
    works!(SYS_munmap, at + PAGE, PAGE);
    works!(SYS_mprotect, at + 3 * PAGE, PAGE, PROT_READ);
    gives!(0, SYS_munmap, at, 6 * PAGE);
    same!(line_of(at)?, "");
    same!(line_of(at + 5 * PAGE)?, "");
    Ok(())
}

fn protect_read_only_faults() -> Outcome {
    let at = pages(1)?;
    poke(at, 1);
    gives!(0, SYS_mprotect, at, PAGE, PROT_READ);
    same!(peek(at), 1);
    let write = || {
        poke(at, 2);
        0
    };
    same!(status_of(write)?, SIGSEGV);
    Ok(())
}

fn protect_none_faults() -> Outcome {
    let at = pages(1)?;
    gives!(0, SYS_mprotect, at, PAGE, PROT_NONE);
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    fails!(
        EFAULT,
        SYS_write,
        works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600),
        at,
        1
    );
    Ok(())
}

fn protect_and_back_keeps_contents() -> Outcome {
    let at = pages(1)?;
    poke(at, 77);
    works!(SYS_mprotect, at, PAGE, PROT_NONE);
    works!(SYS_mprotect, at, PAGE, RW);
    same!(peek(at), 77);
    poke(at, 78);
    Ok(())
}

fn protect_splits_and_joins() -> Outcome {
    let at = pages(3)?;
    works!(SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    let range = format!("{:x}-{:x} r--p", at + PAGE, at + 2 * PAGE);
    same!(line_of(at + PAGE)?.starts_with(&range), true);
    works!(SYS_mprotect, at + PAGE, PAGE, RW);
    same!(line_of(at)?, line_of(at + 2 * PAGE)?);
    Ok(())
}

fn protect_unmapped() -> Outcome {
    let at = pages(3)?;
    works!(SYS_munmap, at + PAGE, PAGE);
    fails!(ENOMEM, SYS_mprotect, at, 3 * PAGE, PROT_READ);
    fails!(ENOMEM, SYS_mprotect, at + PAGE, PAGE, PROT_READ);
    Ok(())
}

fn protect_bad_arguments() -> Outcome {
    let at = pages(1)?;
    fails!(EINVAL, SYS_mprotect, at + 1, PAGE, PROT_READ);
    fails!(EINVAL, SYS_mprotect, at, PAGE, 0x100);
    gives!(0, SYS_mprotect, at, 0, PROT_READ);
    fails!(ENOMEM, SYS_mprotect, at, usize::MAX - PAGE, PROT_READ);
    Ok(())
}

fn protect_shared_read_only_file() -> Outcome {
    file(b"x")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    let at = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    fails!(EACCES, SYS_mprotect, at, PAGE, RW);
    let at = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    gives!(0, SYS_mprotect, at, PAGE, RW);
    Ok(())
}

fn execute_needs_permission() -> Outcome {
    let at = pages(1)?;
    poke(at, 0xc3);
    let run = || {
        abi_tests::raw::call_address(at);
        0
    };
    same!(status_of(run)?, SIGSEGV);
    Ok(())
}

fn execute_after_protect() -> Outcome {
    let at = pages(1)?;
    poke(at, 0xc3);
    works!(SYS_mprotect, at, PAGE, PROT_READ | PROT_EXEC);
    let run = || {
        abi_tests::raw::call_address(at);
        3
    };
    same!(status_of(run)?, 3 << 8);
    Ok(())
}

fn protect_ends_at_a_hole() -> Outcome {
    let at = pages(3)?;
    works!(SYS_munmap, at + PAGE, PAGE);
    fails!(ENOMEM, SYS_mprotect, at, 3 * PAGE, PROT_NONE);
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    same!(status_of(|| i32::from(peek(at + 2 * PAGE)))?, 0);
    Ok(())
}

/// A program with as many mappings as it may have can still give them up.
fn unmap_at_the_limit_of_mappings() -> Outcome {
    const LENGTH: usize = 80_000 * PAGE;
    let lazy = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    let at = works!(SYS_mmap, 0, LENGTH, PROT_NONE, lazy, -1, 0) as usize;
    let refused = (at..at + LENGTH)
        .step_by(2 * PAGE)
        .find(|page| abi_tests::sys!(SYS_mprotect, *page, PAGE, PROT_READ) < 0);
    abi_tests::holds!(refused.is_some());
    gives!(0, SYS_munmap, at, PAGE);
    gives!(0, SYS_munmap, at, LENGTH);
    Ok(())
}
