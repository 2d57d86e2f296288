//! brk. Source: brk(2). The raw call never fails: it answers where the break is.

use super::PAGE;
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, status_of};
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, gives, holds, same, works};
use libc::*;

cases![
    break_grows_and_shrinks,
    break_new_pages_are_zero,
    break_refuses_nonsense,
    break_limited,
    break_inherited,
    break_stops_at_mapping,
];

fn break_grows_and_shrinks() -> Outcome {
    let start = works!(SYS_brk, 0);
    gives!(start + 100_000, SYS_brk, start + 100_000);
    poke(start as usize + 99_999, 1);
    gives!(start + 100_000, SYS_brk, 0);
    gives!(start, SYS_brk, start);
    let above = (start as usize).next_multiple_of(PAGE) + PAGE;
    same!(status_of(|| i32::from(peek(above)))?, SIGSEGV);
    Ok(())
}

fn break_new_pages_are_zero() -> Outcome {
    let start = works!(SYS_brk, 0) as usize;
    works!(SYS_brk, start + 10 * PAGE);
    poke(start + 9 * PAGE, 7);
    works!(SYS_brk, start);
    works!(SYS_brk, start + 10 * PAGE);
    same!(peek(start + 9 * PAGE), 0);
    Ok(())
}

fn break_refuses_nonsense() -> Outcome {
    let start = works!(SYS_brk, 0);
    gives!(start, SYS_brk, 1);
    gives!(start, SYS_brk, 1usize << 63);
    gives!(start, SYS_brk, usize::MAX);
    gives!(start, SYS_brk, 0x7fff_ffff_ffffusize);
    Ok(())
}

fn break_limited() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_DATA, &[16u64 << 20, 16 << 20], 0);
    let start = works!(SYS_brk, 0);
    gives!(start, SYS_brk, start + (32 << 20));
    gives!(start + PAGE as isize, SYS_brk, start + PAGE as isize);
    Ok(())
}

fn break_inherited() -> Outcome {
    let start = works!(SYS_brk, 0);
    inside_child(|| {
        gives!(start, SYS_brk, 0);
        gives!(start + 5000, SYS_brk, start + 5000);
        Ok(())
    })?;
    gives!(start, SYS_brk, 0);
    Ok(())
}

/// The break cannot grow over something mapped above it.
fn break_stops_at_mapping() -> Outcome {
    let start = works!(SYS_brk, 0) as usize;
    let wall = start.next_multiple_of(PAGE) + 16 * PAGE;
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    gives!(wall, SYS_mmap, wall, PAGE, PROT_READ, flags, -1, 0);
    gives!(start, SYS_brk, wall + PAGE);
    gives!(start, SYS_brk, wall + 1);
    holds!(works!(SYS_brk, start + PAGE) as usize == start + PAGE);
    Ok(())
}
