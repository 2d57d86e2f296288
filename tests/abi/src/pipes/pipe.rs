//! pipe and pipe2. Source: pipe(2), pipe(7), write(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, same, signal, sys, works};
use libc::*;

cases![
    pipe_carries_bytes,
    pipe_flags,
    pipe_bad_arguments,
    pipe_wrong_end,
    pipe_end_of_file,
    pipe_broken_kills,
    pipe_broken_ignored,
    pipe_read_blocks_until_written,
    pipe_write_blocks_until_read,
    pipe_nonblocking_empty_and_full,
    pipe_capacity_is_sixty_four_kib,
    pipe_small_writes_are_whole,
    pipe_nonblocking_partial_write,
    pipe_size_set_and_get,
    pipe_size_refused_when_full,
    pipe_short_read,
    pipe_many_writers_do_not_mix,
    pipe_big_write_through_small_pipe,
    pipe_zero_length,
    pipe_reader_death_wakes_writer,
    pipe_bad_buffer,
    pipe_name_in_proc,
    pipe_reopened_through_proc,
    pipe_pages_of_a_user_are_bounded,
];

fn new() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    Ok(ends)
}

fn nonblocking() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_NONBLOCK);
    Ok(ends)
}

fn pipe_carries_bytes() -> Outcome {
    let [out, into] = new()?;
    gives!(5, SYS_write, into, b"hello", 5);
    gives!(3, SYS_write, into, b"you", 3);
    let mut text = [0u8; 10];
    gives!(8, SYS_read, out, &mut text, 10);
    same!(&text[..8], b"helloyou");
    Ok(())
}

fn pipe_flags() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC | O_NONBLOCK);
    gives!(1, SYS_fcntl, ends[0], F_GETFD);
    gives!(O_NONBLOCK, SYS_fcntl, ends[0], F_GETFL);
    gives!(O_NONBLOCK | O_WRONLY, SYS_fcntl, ends[1], F_GETFL);
    let ends = new()?;
    gives!(0, SYS_fcntl, ends[0], F_GETFD);
    Ok(())
}

fn pipe_bad_arguments() -> Outcome {
    fails!(EFAULT, SYS_pipe, 8);
    let mut ends = [0i32; 2];
    fails!(EINVAL, SYS_pipe2, &mut ends, O_CREAT);
    let limit = [4u64, 4];
    works!(SYS_close, works!(SYS_dup, 0));
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
    sys!(SYS_close, 3);
    fails!(EMFILE, SYS_pipe, &mut ends);
    Ok(())
}

fn pipe_wrong_end() -> Outcome {
    let [out, into] = new()?;
    fails!(EBADF, SYS_write, out, b"x", 1);
    fails!(EBADF, SYS_read, into, &mut [0u8], 1);
    Ok(())
}

fn pipe_end_of_file() -> Outcome {
    let [out, into] = new()?;
    gives!(1, SYS_write, into, b"x", 1);
    works!(SYS_close, into);
    let mut byte = [0u8];
    gives!(1, SYS_read, out, &mut byte, 1);
    gives!(0, SYS_read, out, &mut byte, 1);
    gives!(0, SYS_read, out, &mut byte, 1);
    Ok(())
}

fn pipe_broken_kills() -> Outcome {
    let [out, into] = new()?;
    works!(SYS_close, out);
    same!(
        status_of(|| sys!(SYS_write, into, b"x", 1) as i32)?,
        SIGPIPE
    );
    Ok(())
}

fn pipe_broken_ignored() -> Outcome {
    let [out, into] = new()?;
    works!(SYS_close, out);
    signal::dispose(SIGPIPE, SIG_IGN);
    fails!(EPIPE, SYS_write, into, b"x", 1);
    signal::dispose(SIGPIPE, SIG_DFL);
    signal::mask(SIG_BLOCK, signal::bit(SIGPIPE));
    fails!(EPIPE, SYS_write, into, b"x", 1);
    same!(signal::pending(), signal::bit(SIGPIPE));
    Ok(())
}

fn pipe_read_blocks_until_written() -> Outcome {
    let [out, into] = new()?;
    let child = spawn(|| {
        let mut byte = [0u8];
        sys!(SYS_read, out, &mut byte, 1);
        i32::from(byte[0])
    })?;
    holds!(process::until_asleep(child));
    gives!(1, SYS_write, into, b"A", 1);
    same!(wait(child)?, 65 << 8);
    Ok(())
}

fn pipe_write_blocks_until_read() -> Outcome {
    let [out, into] = new()?;
    gives!(65536, SYS_write, into, vec![1u8; 65536].as_slice(), 65536);
    let child = spawn(|| sys!(SYS_write, into, b"xy", 2) as i32)?;
    holds!(process::until_asleep(child));
    gives!(4096, SYS_read, out, vec![0u8; 4096].as_mut_slice(), 4096);
    same!(wait(child)?, 2 << 8);
    Ok(())
}

fn pipe_nonblocking_empty_and_full() -> Outcome {
    let [out, into] = nonblocking()?;
    fails!(EAGAIN, SYS_read, out, &mut [0u8], 1);
    gives!(65536, SYS_write, into, vec![1u8; 65536].as_slice(), 65536);
    fails!(EAGAIN, SYS_write, into, b"x", 1);
    Ok(())
}

fn pipe_capacity_is_sixty_four_kib() -> Outcome {
    let [_out, into] = nonblocking()?;
    gives!(
        65536,
        SYS_write,
        into,
        vec![1u8; 100_000].as_slice(),
        100_000
    );
    gives!(65536, SYS_fcntl, into, F_GETPIPE_SZ);
    Ok(())
}

/// A write of up to PIPE_BUF bytes is never split: without room for all of it none is taken.
fn pipe_small_writes_are_whole() -> Outcome {
    let [out, into] = nonblocking()?;
    works!(
        SYS_write,
        into,
        vec![1u8; 65536 - 4096].as_slice(),
        65536 - 4096
    );
    gives!(100, SYS_write, into, &[2u8; 100], 100);
    fails!(EAGAIN, SYS_write, into, &[3u8; 4096], 4096);
    let mut rest = vec![0u8; 70_000];
    gives!(
        65536 - 4096 + 100,
        SYS_read,
        out,
        rest.as_mut_slice(),
        70_000
    );
    Ok(())
}

fn pipe_nonblocking_partial_write() -> Outcome {
    let [_out, into] = nonblocking()?;
    gives!(61440, SYS_write, into, vec![1u8; 61440].as_slice(), 61440);
    gives!(4096, SYS_write, into, vec![1u8; 9000].as_slice(), 9000);
    Ok(())
}

fn pipe_size_set_and_get() -> Outcome {
    let [out, _into] = new()?;
    gives!(131_072, SYS_fcntl, out, F_SETPIPE_SZ, 100_000);
    gives!(131_072, SYS_fcntl, out, F_GETPIPE_SZ);
    gives!(4096, SYS_fcntl, out, F_SETPIPE_SZ, 1);
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    fails!(EBADF, SYS_fcntl, fd, F_GETPIPE_SZ);
    Ok(())
}

fn pipe_size_refused_when_full() -> Outcome {
    let [_out, into] = new()?;
    gives!(
        20_000,
        SYS_write,
        into,
        vec![1u8; 20_000].as_slice(),
        20_000
    );
    fails!(EBUSY, SYS_fcntl, into, F_SETPIPE_SZ, 4096);
    gives!(65536, SYS_fcntl, into, F_GETPIPE_SZ);
    Ok(())
}

fn pipe_short_read() -> Outcome {
    let [out, into] = new()?;
    gives!(6, SYS_write, into, b"abcdef", 6);
    let mut text = [0u8; 4];
    gives!(4, SYS_read, out, &mut text, 4);
    gives!(2, SYS_read, out, &mut text, 4);
    same!(&text[..2], b"ef");
    Ok(())
}

fn pipe_many_writers_do_not_mix() -> Outcome {
    let [out, into] = new()?;
    let mut children = Vec::new();
    for letter in b'a'..=b'd' {
        children.push(spawn(|| {
            let block = [letter; 512];
            for _ in 0..100 {
                sys!(SYS_write, into, &block, 512);
            }
            0
        })?);
    }
    works!(SYS_close, into);
    let mut counts = [0; 4];
    loop {
        let mut block = [0u8; 512];
        let mut have = 0;
        while have < 512 {
            match works!(SYS_read, out, &mut block[have..], 512 - have) {
                0 => break,
                count => have += count as usize,
            }
        }
        if have == 0 {
            break;
        }
        holds!(
            block.iter().all(|b| *b == block[0]),
            "a block of two writers"
        );
        counts[(block[0] - b'a') as usize] += 1;
    }
    same!(counts, [100; 4]);
    for child in children {
        wait(child)?;
    }
    Ok(())
}

fn pipe_big_write_through_small_pipe() -> Outcome {
    let [out, into] = new()?;
    works!(SYS_fcntl, into, F_SETPIPE_SZ, 4096);
    let data: Vec<u8> = (0..200_000u32).map(|n| (n % 253) as u8).collect();
    let child = spawn(|| (sys!(SYS_write, into, data.as_slice(), data.len()) == 200_000) as i32)?;
    works!(SYS_close, into);
    let mut back = Vec::new();
    let mut block = [0u8; 1000];
    loop {
        match works!(SYS_read, out, &mut block, 1000) {
            0 => break,
            count => back.extend_from_slice(&block[..count as usize]),
        }
    }
    same!(back == data, true);
    same!(wait(child)?, 1 << 8);
    Ok(())
}

fn pipe_zero_length() -> Outcome {
    let [out, into] = nonblocking()?;
    gives!(0, SYS_write, into, b"", 0);
    gives!(0, SYS_read, out, &mut [0u8], 0);
    fails!(EAGAIN, SYS_read, out, &mut [0u8], 1);
    Ok(())
}

fn pipe_reader_death_wakes_writer() -> Outcome {
    let [out, into] = new()?;
    gives!(65536, SYS_write, into, vec![1u8; 65536].as_slice(), 65536);
    let child = spawn(|| {
        sys!(SYS_close, out);
        sys!(SYS_write, into, b"x", 1) as i32
    })?;
    holds!(process::until_asleep(child));
    works!(SYS_close, out);
    same!(wait(child)?, SIGPIPE);
    Ok(())
}

fn pipe_bad_buffer() -> Outcome {
    let [out, into] = new()?;
    fails!(EFAULT, SYS_write, into, 8, 10);
    gives!(1, SYS_write, into, b"x", 1);
    fails!(EFAULT, SYS_read, out, 8, 10);
    Ok(())
}

fn pipe_name_in_proc() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let [out, into] = new()?;
    let first = std::fs::read_link(format!("/proc/self/fd/{out}"))?;
    let second = std::fs::read_link(format!("/proc/self/fd/{into}"))?;
    same!(&first, &second);
    let inode = std::fs::metadata(format!("/proc/self/fd/{out}"))?.ino();
    same!(
        first.to_string_lossy().into_owned(),
        format!("pipe:[{inode}]")
    );
    Ok(())
}

fn pipe_reopened_through_proc() -> Outcome {
    let [out, into] = new()?;
    let path = std::ffi::CString::new(format!("/proc/self/fd/{out}")).unwrap_or_default();
    let writer = works!(SYS_open, path.as_c_str(), O_WRONLY);
    works!(SYS_close, into);
    gives!(2, SYS_write, writer, b"hi", 2);
    let mut text = [0u8; 4];
    gives!(2, SYS_read, out, &mut text, 4);
    works!(SYS_close, writer);
    gives!(0, SYS_read, out, &mut text, 4);
    Ok(())
}

/// 16,384 pages by default: a thousand pipes of the usual size.
fn pipe_pages_of_a_user_are_bounded() -> Outcome {
    process::inside_child(|| {
        works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &[4096u64, 4096], 0);
        works!(SYS_setuid, 1000);
        let mut ends = [0; 2];
        for _ in 0..1100 {
            ends = new()?;
        }
        gives!(8192, SYS_fcntl, ends[1], F_GETPIPE_SZ);
        fails!(EPERM, SYS_fcntl, ends[1], F_SETPIPE_SZ, 65536);
        gives!(4096, SYS_fcntl, ends[1], F_SETPIPE_SZ, 4096);
        Ok(())
    })
}
