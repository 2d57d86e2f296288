//! Too much memory: touched, mapped, shared, filed, on the stack, in the kernel.

use crate::{explode, still_answers};
use abi_tests::check::Outcome;
use abi_tests::process::{spawn, status_of};
use abi_tests::{cases, holds, raw, same, sys, works};
use libc::*;

cases![
    allocation_bomb,
    allocation_bomb_by_break,
    allocation_bomb_of_many,
    mapping_bomb,
    splitting_bomb,
    shared_memory_bomb,
    copy_on_write_bomb,
    file_bomb,
    sparse_file_bomb,
    stack_bomb,
    huge_requests_are_refused,
    pipe_memory_bomb,
    reading_bomb,
    reader_and_victim_share_a_pipe,
    cut_mappings_without_memory,
    argument_bomb,
];

const RW: i32 = PROT_READ | PROT_WRITE;
const ANON: i32 = MAP_PRIVATE | MAP_ANONYMOUS;
const MIB: usize = 1 << 20;
/// More than a guest of 128 MiB has.
const MOST: usize = 192 * MIB;

/// Maps and touches a MiB at a time until refused, killed or beyond the bound.
fn take_all(flags: i32) -> i32 {
    for _ in 0..MOST / MIB {
        let at = sys!(SYS_mmap, 0, MIB, RW, flags, -1, 0);
        if at < 0 {
            return 1;
        }
        for page in (at as usize..at as usize + MIB).step_by(4096) {
            raw::poke(page, 1);
        }
    }
    0
}

fn allocation_bomb() -> Outcome {
    explode(|| take_all(ANON))
}

fn allocation_bomb_by_break() -> Outcome {
    explode(|| {
        let start = sys!(SYS_brk, 0) as usize;
        for step in 1..=MOST / MIB {
            let end = start + step * MIB;
            if sys!(SYS_brk, end) as usize != end {
                return 1;
            }
            for page in (end - MIB..end).step_by(4096) {
                raw::poke(page, 1);
            }
        }
        0
    })
}

fn allocation_bomb_of_many() -> Outcome {
    explode(|| {
        for _ in 0..8 {
            if raw::fork() == 0 {
                for _ in 0..MOST / MIB / 8 {
                    let at = sys!(SYS_mmap, 0, MIB, RW, ANON, -1, 0);
                    if at < 0 {
                        break;
                    }
                    for page in (at as usize..at as usize + MIB).step_by(4096) {
                        raw::poke(page, 1);
                    }
                }
                loop {
                    sys!(SYS_pause);
                }
            }
        }
        while sys!(SYS_wait4, -1, 0, 0, 0) > 0 {}
        0
    })
}

/// As many mappings as there may be, each kept apart from its neighbour by another protection.
fn mapping_bomb() -> Outcome {
    explode(|| {
        for n in 0..40_000 {
            let protection = if n % 2 == 0 { PROT_READ } else { PROT_NONE };
            if sys!(SYS_mmap, 0, 4096, protection, ANON, -1, 0) < 0 {
                return 1;
            }
        }
        0
    })
}

fn splitting_bomb() -> Outcome {
    explode(|| {
        let at = sys!(
            SYS_mmap,
            0,
            40_000 * 4096,
            PROT_NONE,
            ANON | MAP_NORESERVE,
            -1,
            0
        );
        for n in (0..40_000).step_by(2) {
            if sys!(SYS_mprotect, at + n * 4096, 4096, PROT_READ) < 0 {
                return 1;
            }
        }
        0
    })
}

fn shared_memory_bomb() -> Outcome {
    explode(|| take_all(MAP_SHARED | MAP_ANONYMOUS))
}

/// Shared by fork for nothing, then written by every child.
fn copy_on_write_bomb() -> Outcome {
    explode(|| {
        let length = 16 * MIB;
        let at = sys!(SYS_mmap, 0, length, RW, ANON, -1, 0) as usize;
        let write = |value| {
            (at..at + length)
                .step_by(4096)
                .for_each(|page| raw::poke(page, value))
        };
        write(1);
        for _ in 0..12 {
            if raw::fork() == 0 {
                write(2);
                loop {
                    sys!(SYS_pause);
                }
            }
        }
        while sys!(SYS_wait4, -1, 0, 0, 0) > 0 {}
        0
    })
}

/// Fills the file system of the folder, which is in memory.
fn file_bomb() -> Outcome {
    let outcome = explode(|| {
        let fd = sys!(SYS_open, c"big", O_CREAT | O_WRONLY, 0o600);
        let block = vec![1u8; MIB];
        for _ in 0..MOST / MIB {
            if sys!(SYS_write, fd, block.as_slice(), MIB) < MIB as isize {
                sys!(SYS_unlink, c"big");
                return 1;
            }
        }
        0
    });
    // Whoever was killed in the middle has left it.
    sys!(SYS_unlink, c"big");
    outcome?;
    still_answers()
}

fn sparse_file_bomb() -> Outcome {
    let fd = works!(SYS_open, c"sparse", O_CREAT | O_RDWR, 0o600);
    works!(SYS_ftruncate, fd, 1i64 << 42);
    for n in 0..200u64 {
        works!(SYS_pwrite64, fd, b"x", 1, n << 34);
    }
    let mut byte = [0u8];
    works!(SYS_pread64, fd, &mut byte, 1, 3u64 << 34);
    same!(&byte, b"x");
    works!(SYS_close, fd);
    works!(SYS_unlink, c"sparse");
    still_answers()
}

#[inline(never)]
fn deeper(depth: usize) -> usize {
    let block = std::hint::black_box([1u8; 4096]);
    match std::hint::black_box(depth) {
        usize::MAX => 0,
        depth => deeper(depth + 1) + usize::from(block[0]),
    }
}

fn stack_bomb() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_STACK, &[8u64 << 20, 8 << 20], 0);
    // The limit of a running process holds at once.
    let status = status_of(|| deeper(0) as i32)?;
    same!(status & 0x7f, SIGSEGV);
    still_answers()
}

fn huge_requests_are_refused() -> Outcome {
    let mut refused = 0;
    for length in [1usize << 47, 1 << 50, usize::MAX - 8191] {
        refused += i32::from(sys!(SYS_mmap, 0, length, RW, ANON, -1, 0) == -(ENOMEM as isize));
    }
    same!(refused, 3);
    let start = works!(SYS_brk, 0);
    same!(sys!(SYS_brk, start + (1 << 46)), start);
    still_answers()
}

/// Pipes filled and never read.
fn pipe_memory_bomb() -> Outcome {
    explode(|| {
        let block = vec![1u8; 65536];
        loop {
            let mut ends = [0i32; 2];
            if sys!(SYS_pipe2, &mut ends, O_NONBLOCK) < 0 {
                return 0;
            }
            sys!(SYS_write, ends[1], block.as_slice(), block.len());
        }
    })?;
    holds!(sys!(SYS_getppid) > 0);
    Ok(())
}

/// Memory filled by read(2): it is the reader that goes, not a bystander of another group.
fn reading_bomb() -> Outcome {
    let bystander = spawn(|| {
        sys!(SYS_setpgid, 0, 0);
        let at = sys!(SYS_mmap, 0, 4 * MIB, RW, ANON, -1, 0) as usize;
        for page in (at..at + 4 * MIB).step_by(4096) {
            raw::poke(page, 1);
        }
        sys!(SYS_pause);
        0
    })?;
    let outcome = explode(|| {
        let zeros = sys!(SYS_open, c"/dev/zero", O_RDONLY);
        for _ in 0..MOST / MIB {
            let at = sys!(SYS_mmap, 0, MIB, RW, ANON, -1, 0);
            if at < 0 || sys!(SYS_read, zeros, at, MIB) <= 0 {
                return 1;
            }
        }
        0
    });
    let ended = sys!(SYS_wait4, bystander, 0, WNOHANG, 0);
    sys!(SYS_kill, bystander, SIGKILL);
    sys!(SYS_wait4, bystander, 0, 0, 0);
    same!(ended, 0);
    outcome
}

/// Fills memory without being killed for it: the call fails instead.
pub fn fill() {
    let mut left = MOST;
    let mut step = MIB;
    while step >= 4096 && left > 0 {
        let at = sys!(SYS_mmap, 0, step, RW, ANON, -1, 0);
        if at < 0 || sys!(SYS_madvise, at, step, MADV_POPULATE_WRITE) < 0 {
            step /= 2;
        }
        left = left.saturating_sub(step);
    }
}

/// The one who has the memory waits for a pipe that another reads into fresh memory, which can
/// only be had from the first.
fn reader_and_victim_share_a_pipe() -> Outcome {
    for _ in 0..4 {
        explode(|| {
            let mut ends = [0i32; 2];
            sys!(SYS_pipe, &mut ends);
            let mut block = vec![1u8; 65536];
            if raw::fork() == 0 {
                loop {
                    sys!(SYS_write, ends[1], block.as_slice(), block.len());
                }
            }
            if raw::fork() == 0 {
                fill();
                loop {
                    sys!(SYS_read, ends[0], block.as_mut_slice(), block.len());
                }
            }
            for _ in 0..MOST / 65536 {
                let at = sys!(SYS_mmap, 0, 65536, RW, ANON, -1, 0);
                sys!(SYS_read, ends[0], at, 65536);
            }
            0
        })?;
    }
    Ok(())
}

/// Thousands of mappings changed and taken away where there is no memory for a list of them.
fn cut_mappings_without_memory() -> Outcome {
    for protection in [PROT_READ, PROT_NONE] {
        explode(|| {
            const LENGTH: usize = 60_000 * 4096;
            let at = sys!(SYS_mmap, 0, LENGTH, PROT_NONE, ANON | MAP_NORESERVE, -1, 0) as usize;
            for page in (at..at + LENGTH).step_by(8192) {
                sys!(SYS_mprotect, page, 4096, PROT_READ);
            }
            fill();
            sys!(SYS_mprotect, at, LENGTH, protection);
            i32::from(sys!(SYS_munmap, at, LENGTH) != 0)
        })?;
    }
    Ok(())
}

/// More arguments than a small machine has room for.
fn argument_bomb() -> Outcome {
    explode(|| {
        sys!(SYS_prlimit64, 0, RLIMIT_STACK, &[64u64 << 20, 64 << 20], 0);
        for count in [100_000, 600_000, 2_000_000] {
            let mut pointers = vec![c"true".as_ptr().expose_provenance(); count];
            pointers.push(0);
            if raw::fork() == 0 {
                let list = pointers.as_slice();
                sys!(SYS_execve, c"/bin/true", list, list);
                return 1;
            }
            sys!(SYS_wait4, -1, 0, 0, 0);
        }
        0
    })
}
