//! Mappings of the screen's memory.

use super::device::{NODE, byte_at, fix_of, map, memory_length, open};
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, status_of};
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    the_whole_is_the_file,
    a_part_is_a_part,
    past_the_end,
    rights_of_the_opening,
    two_mappings_are_one_memory,
    private_ones_are_apart,
    it_outlives_the_file,
    a_child_draws_too,
    holes_and_rights,
    it_moves_but_does_not_grow,
    advice_and_questions,
    a_line_in_maps,
    calls_draw_through_it,
];

const PAGE: usize = 4096;
const RW: i32 = PROT_READ | PROT_WRITE;

fn the_whole_is_the_file() -> Outcome {
    let file = open(O_RDWR)?;
    let length = memory_length(&fix_of(file)?);
    let at = map(file, 0, length)?;
    for offset in [0, 5000, length - 1] {
        poke(at + offset, 0x5a);
        same!(byte_at(file, offset)?, 0x5a);
        gives!(1, SYS_pwrite64, file, b"\0", 1, offset);
        same!(peek(at + offset), 0);
    }
    works!(SYS_munmap, at, length);
    Ok(())
}

fn a_part_is_a_part() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 3 * PAGE, 2 * PAGE)?;
    poke(at + PAGE, 9);
    same!(byte_at(file, 4 * PAGE)?, 9);
    poke(at + PAGE, 0);
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, MAP_SHARED, file, 100);
    Ok(())
}

fn past_the_end() -> Outcome {
    let file = open(O_RDWR)?;
    let length = memory_length(&fix_of(file)?);
    for (offset, bytes) in [(0, length + 1), (PAGE, length), (length, PAGE)] {
        fails!(EINVAL, SYS_mmap, 0, bytes, RW, MAP_SHARED, file, offset);
    }
    fails!(
        EINVAL,
        SYS_mmap,
        0,
        PAGE,
        RW,
        MAP_SHARED,
        file,
        1_usize << 46
    );
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, file, length);
    Ok(())
}

fn rights_of_the_opening() -> Outcome {
    let (reader, writer) = (open(O_RDONLY)?, open(O_WRONLY)?);
    fails!(EACCES, SYS_mmap, 0, PAGE, RW, MAP_SHARED, reader, 0);
    fails!(EACCES, SYS_mmap, 0, PAGE, RW, MAP_SHARED, writer, 0);
    let at = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, reader, 0) as usize;
    same!(peek(at), 0);
    fails!(EACCES, SYS_mprotect, at, PAGE, RW);
    same!(
        status_of(|| {
            poke(at, 1);
            0
        })?,
        SIGSEGV
    );
    works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, reader, 0);
    Ok(())
}

fn two_mappings_are_one_memory() -> Outcome {
    let file = open(O_RDWR)?;
    let (one, other) = (map(file, 0, 4 * PAGE)?, map(open(O_RDWR)?, PAGE, PAGE)?);
    poke(other + 3, 7);
    same!(peek(one + PAGE + 3), 7);
    poke(one + PAGE + 3, 0);
    same!(peek(other + 3), 0);
    Ok(())
}

fn private_ones_are_apart() -> Outcome {
    let file = open(O_RDWR)?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_PRIVATE, file, 0) as usize;
    gives!(1, SYS_pwrite64, file, b"s", 1, 0);
    same!(peek(at), b's');
    poke(at, b'p');
    poke(at + PAGE, b'q');
    same!((byte_at(file, 0)?, byte_at(file, PAGE)?), (b's', 0));
    gives!(1, SYS_pwrite64, file, b"\0", 1, 0);
    same!(peek(at), b'p');
    Ok(())
}

fn it_outlives_the_file() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, PAGE)?;
    works!(SYS_close, file);
    poke(at, 3);
    let again = open(O_RDWR)?;
    same!(byte_at(again, 0)?, 3);
    poke(at, 0);
    Ok(())
}

fn a_child_draws_too() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 2 * PAGE)?;
    poke(at, 1);
    inside_child(|| {
        same!(peek(at), 1);
        poke(at, 2);
        poke(at + PAGE, 3);
        Ok(())
    })?;
    same!((peek(at), peek(at + PAGE)), (2, 3));
    poke(at, 0);
    poke(at + PAGE, 0);
    Ok(())
}

fn holes_and_rights() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 5 * PAGE)?;
    works!(SYS_munmap, at + 2 * PAGE, PAGE);
    same!(status_of(|| i32::from(peek(at + 2 * PAGE)))?, SIGSEGV);
    poke(at + PAGE, 1);
    poke(at + 3 * PAGE, 2);
    works!(SYS_mprotect, at, PAGE, PROT_NONE);
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    works!(SYS_mprotect, at, 2 * PAGE, PROT_READ);
    same!(
        status_of(|| {
            poke(at + PAGE, 9);
            0
        })?,
        SIGSEGV
    );
    same!((peek(at), peek(at + PAGE), peek(at + 3 * PAGE)), (0, 1, 2));
    works!(SYS_mprotect, at, 2 * PAGE, RW);
    poke(at + PAGE, 0);
    poke(at + 3 * PAGE, 0);
    same!(byte_at(file, PAGE)?, 0);
    Ok(())
}

fn it_moves_but_does_not_grow() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 4 * PAGE)?;
    poke(at + PAGE, 6);
    fails!(EFAULT, SYS_mremap, at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    fails!(EFAULT, SYS_mremap, at, 0, PAGE, MREMAP_MAYMOVE);
    let keep = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    fails!(EINVAL, SYS_mremap, at, 4 * PAGE, 4 * PAGE, keep);
    let place = works!(
        SYS_mmap,
        0,
        4 * PAGE,
        PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    gives!(place, SYS_mremap, at, 4 * PAGE, 4 * PAGE, fixed, place);
    let at = place as usize;
    same!(peek(at + PAGE), 6);
    poke(at + PAGE, 0);
    gives!(at, SYS_mremap, at, 4 * PAGE, PAGE, 0);
    same!(byte_at(file, PAGE)?, 0);
    Ok(())
}

fn advice_and_questions() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 4 * PAGE)?;
    poke(at, 4);
    works!(SYS_msync, at, 4 * PAGE, MS_SYNC);
    works!(SYS_madvise, at, 4 * PAGE, MADV_DONTNEED);
    // The screen keeps what was drawn.
    same!(peek(at), 4);
    let mut present = [9_u8; 4];
    works!(SYS_mincore, at, 4 * PAGE, &mut present);
    same!(present[0], 1);
    works!(SYS_mlock, at, 4 * PAGE);
    works!(SYS_munlock, at, 4 * PAGE);
    poke(at, 0);
    Ok(())
}

fn a_line_in_maps() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 3 * PAGE, 2 * PAGE)?;
    let all = std::fs::read_to_string("/proc/self/maps")?;
    let start = format!("{at:08x}-{:08x} rw-s 00003000 ", at + 2 * PAGE);
    let line = all.lines().find(|line| line.starts_with(&start));
    let name = NODE.to_string_lossy();
    holds!(
        line.is_some_and(|line| line.ends_with(&*name)),
        "maps says:\n{all}"
    );
    Ok(())
}

/// The kernel writes there on a program's behalf.
fn calls_draw_through_it() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 2 * PAGE)?;
    let zeros = works!(SYS_open, c"/dev/zero", O_RDONLY);
    poke(at + 10, 5);
    gives!(2 * PAGE, SYS_read, zeros, at, 2 * PAGE);
    same!(byte_at(file, 10)?, 0);
    // From the screen to itself.
    poke(at, 8);
    gives!(PAGE, SYS_pwrite64, file, at, PAGE, PAGE);
    same!(peek(at + PAGE), 8);
    gives!(2 * PAGE, SYS_read, zeros, at, 2 * PAGE);
    Ok(())
}
