//! Memory between processes and between mappings and files. Source: mmap(2), fork(2).

use super::{ANON, PAGE, RW, file, pages};
use abi_tests::check::Outcome;
use abi_tests::process::{spawn, status_of, wait};
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, gives, holds, same, sys, works};
use libc::*;

cases![
    private_pages_copied_on_write,
    private_pages_written_by_parent,
    shared_anonymous_between_processes,
    shared_file_between_processes,
    shared_file_seen_by_read,
    write_seen_by_shared_mapping,
    private_file_hides_writes,
    private_file_sees_file_until_written,
    truncated_file_drops_private_pages,
    kernel_writes_break_sharing,
    kernel_reads_shared_page,
    copy_on_write_deep,
    dont_fork_and_wipe_on_fork,
    large_private_fork,
    unmapped_in_child_stays_in_parent,
    read_only_zero_page_then_written,
    inaccessible_pages_reach_the_child,
    scattered_pages_reach_the_child,
];

fn private_pages_copied_on_write() -> Outcome {
    let at = pages(2)?;
    poke(at, 1);
    let status = status_of(|| {
        let before = peek(at);
        poke(at, 2);
        poke(at + PAGE, 3);
        i32::from(before * 16 + peek(at))
    })?;
    same!((status >> 8, peek(at), peek(at + PAGE)), (0x12, 1, 0));
    Ok(())
}

fn private_pages_written_by_parent() -> Outcome {
    let at = pages(1)?;
    poke(at, 1);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let child = spawn(|| {
        sys!(SYS_read, ends[0], &mut [0u8], 1);
        i32::from(peek(at))
    })?;
    poke(at, 9);
    works!(SYS_write, ends[1], b"x", 1);
    same!((wait(child)? >> 8, peek(at)), (1, 9));
    Ok(())
}

fn shared_anonymous_between_processes() -> Outcome {
    let at = works!(SYS_mmap, 0, 3 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) as usize;
    poke(at, 1);
    let status = status_of(|| {
        poke(at + PAGE, 2);
        i32::from(peek(at))
    })?;
    same!((status >> 8, peek(at + PAGE)), (1, 2));
    Ok(())
}

fn shared_file_between_processes() -> Outcome {
    let fd = file(&[0u8; 100])?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0) as usize;
    status_of(|| {
        let own = sys!(SYS_open, c"f", O_RDWR);
        let other = sys!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, own, 0) as usize;
        poke(other + 7, 77);
        0
    })?;
    same!(peek(at + 7), 77);
    Ok(())
}

fn shared_file_seen_by_read() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0) as usize;
    poke(at, b'J');
    same!(std::fs::read("f")?, b"Jello");
    // What is written behind the end of the file does not become part of it.
    poke(at + 5, b'!');
    same!(std::fs::read("f")?, b"Jello");
    Ok(())
}

fn write_seen_by_shared_mapping() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0) as usize;
    same!(peek(at), b'h');
    gives!(1, SYS_pwrite64, fd, b"J", 1, 0);
    same!(peek(at), b'J');
    Ok(())
}

fn private_file_hides_writes() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    poke(at, b'J');
    same!((peek(at), std::fs::read("f")?), (b'J', b"hello".to_vec()));
    status_of(|| {
        poke(at + 1, b'u');
        0
    })?;
    same!(peek(at + 1), b'e');
    Ok(())
}

/// POSIX leaves it open; Linux shows the file in pages not yet written.
fn private_file_sees_file_until_written() -> Outcome {
    let fd = file(&[b'a'; 2 * PAGE])?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    same!(peek(at), b'a');
    poke(at, b'x');
    gives!(1, SYS_pwrite64, fd, b"b", 1, 0);
    gives!(1, SYS_pwrite64, fd, b"b", 1, PAGE);
    same!((peek(at), peek(at + PAGE)), (b'x', b'b'));
    Ok(())
}

/// Cutting the file takes away even the private copies of the pages behind the new end.
fn truncated_file_drops_private_pages() -> Outcome {
    let fd = file(&[b'a'; 2 * PAGE])?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    poke(at + PAGE, b'x');
    works!(SYS_ftruncate, fd, 10);
    same!(peek(at), b'a');
    same!(status_of(|| i32::from(peek(at + PAGE)))?, SIGBUS);
    Ok(())
}

/// A read() into a page shared copy-on-write must copy it like any store.
fn kernel_writes_break_sharing() -> Outcome {
    let at = pages(1)?;
    poke(at, 1);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    works!(SYS_write, ends[1], b"Z", 1);
    let status = status_of(|| {
        sys!(SYS_read, ends[0], at, 1);
        i32::from(peek(at))
    })?;
    same!((status >> 8, peek(at)), (i32::from(b'Z'), 1));
    let fresh = pages(1)?;
    works!(SYS_write, ends[1], b"Y", 1);
    gives!(1, SYS_read, ends[0], fresh, 1);
    same!(peek(fresh), b'Y');
    Ok(())
}

fn kernel_reads_shared_page() -> Outcome {
    let at = pages(1)?;
    let fd = works!(SYS_open, c"g", O_CREAT | O_RDWR, 0o600);
    gives!(PAGE, SYS_write, fd, at, PAGE);
    same!(std::fs::read("g")?.iter().all(|b| *b == 0), true);
    Ok(())
}

fn copy_on_write_deep() -> Outcome {
    let at = pages(1)?;
    poke(at, 1);
    fn descend(at: usize, depth: u8) -> i32 {
        if depth == 0 {
            return 0;
        }
        poke(at, depth);
        let below = status_of(|| descend(at, depth - 1)).map_or(99, |status| status >> 8);
        below + i32::from(peek(at) == depth)
    }
    same!((descend(at, 8), peek(at)), (8, 8));
    Ok(())
}

fn dont_fork_and_wipe_on_fork() -> Outcome {
    let at = pages(2)?;
    poke(at, 1);
    poke(at + PAGE, 2);
    works!(SYS_madvise, at, PAGE, MADV_DONTFORK);
    works!(SYS_madvise, at + PAGE, PAGE, MADV_WIPEONFORK);
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    same!(status_of(|| i32::from(peek(at + PAGE)))?, 0);
    same!(peek(at + PAGE), 2);
    Ok(())
}

fn large_private_fork() -> Outcome {
    let length = 8 << 20;
    let at = works!(SYS_mmap, 0, length, RW, ANON, -1, 0) as usize;
    for page in (at..at + length).step_by(PAGE) {
        poke(page, 1);
    }
    for _ in 0..5 {
        let status = status_of(|| {
            for page in (at..at + length).step_by(PAGE * 2) {
                poke(page, 2);
            }
            i32::from((at..at + length).step_by(PAGE).all(|page| peek(page) != 0))
        })?;
        same!(status, 1 << 8);
    }
    holds!((at..at + length).step_by(PAGE).all(|page| peek(page) == 1));
    Ok(())
}

fn unmapped_in_child_stays_in_parent() -> Outcome {
    let at = pages(1)?;
    poke(at, 5);
    same!(status_of(|| sys!(SYS_munmap, at, PAGE) as i32)?, 0);
    same!(peek(at), 5);
    Ok(())
}

fn read_only_zero_page_then_written() -> Outcome {
    let at = pages(4)?;
    same!((0..4).all(|n| peek(at + n * PAGE) == 0), true);
    poke(at + PAGE, 1);
    same!([0, 1, 2, 3].map(|n| peek(at + n * PAGE)), [0, 1, 0, 0]);
    Ok(())
}

fn inaccessible_pages_reach_the_child() -> Outcome {
    let at = pages(2)?;
    poke(at, 7);
    poke(at + PAGE, 8);
    works!(SYS_mprotect, at, 2 * PAGE, PROT_NONE);
    let child = || {
        sys!(SYS_mprotect, at, 2 * PAGE, RW);
        poke(at, peek(at) + 1);
        i32::from(peek(at)) * 10 + i32::from(peek(at + PAGE))
    };
    same!(status_of(child)?, 88 << 8);
    works!(SYS_mprotect, at, 2 * PAGE, PROT_READ);
    same!((peek(at), peek(at + PAGE)), (7, 8));
    Ok(())
}

/// Few pages far apart: everything between them is skipped, and nothing else.
fn scattered_pages_reach_the_child() -> Outcome {
    const COUNT: usize = 3000;
    let at = works!(SYS_mmap, 0, COUNT * PAGE, RW, ANON, -1, 0) as usize;
    let places: Vec<usize> = (0..COUNT)
        .filter(|n| n * n % 61 == 3 || n % 512 > 509)
        .collect();
    for place in &places {
        poke(at + place * PAGE, *place as u8 | 1);
    }
    let child = || {
        let expected = |n: usize| if places.contains(&n) { n as u8 | 1 } else { 0 };
        i32::from((0..COUNT).all(|n| peek(at + n * PAGE) == expected(n)))
    };
    same!(status_of(child)?, 1 << 8);
    works!(SYS_munmap, at + 5 * PAGE, (COUNT - 10) * PAGE);
    same!(
        status_of(|| i32::from(peek(at + (COUNT / 2) * PAGE)))?,
        SIGSEGV
    );
    Ok(())
}
