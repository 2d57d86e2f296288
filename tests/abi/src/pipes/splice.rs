//! Moving bytes without a detour through the program: splice, tee, vmsplice and copy_file_range.
//! Source: the manual page of each.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, signal, sys, works};
use libc::*;

cases![
    splice_file_to_pipe_and_back,
    splice_moves_the_shared_position,
    splice_between_pipes,
    splice_fills_and_empties,
    splice_waits_and_does_not,
    splice_end_and_broken,
    splice_packets_and_parts,
    splice_refused,
    splice_to_device_and_terminal,
    tee_copies,
    tee_shared_bytes_stay_apart,
    tee_refused,
    vmsplice_both_ways,
    vmsplice_refused,
    copy_range_between_files,
    copy_range_inside_a_file,
    copy_range_refused,
];

const NONBLOCK: u32 = SPLICE_F_NONBLOCK;

fn pipe() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    Ok(ends)
}

/// A file with these bytes, its position at the start.
fn file(name: &std::ffi::CStr, bytes: &[u8]) -> Result<i32, Failure> {
    let file = works!(SYS_open, name, O_RDWR | O_CREAT | O_TRUNC, 0o600);
    gives!(bytes.len(), SYS_pwrite64, file, bytes, bytes.len(), 0);
    Ok(file as i32)
}

fn contents(name: &str) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&std::fs::read(name)?).into_owned())
}

fn read(descriptor: i32) -> Result<String, Failure> {
    let mut text = [0u8; 100];
    let count = works!(SYS_read, descriptor, &mut text, 100) as usize;
    Ok(String::from_utf8_lossy(&text[..count]).into_owned())
}

fn splice_file_to_pipe_and_back() -> Outcome {
    let [out, into] = pipe()?;
    let from = file(c"from", b"0123456789")?;
    let to = file(c"to", b"abcdefghij")?;
    let mut at = 3i64;
    gives!(4, SYS_splice, from, &mut at, into, 0, 4, 0);
    same!(at, 7);
    let mut place = 2i64;
    gives!(4, SYS_splice, out, 0, to, &mut place, 100, 0);
    same!(place, 6);
    same!(contents("to")?, String::from("ab3456ghij"));
    // Positions that the call gives leave the shared one alone.
    gives!(0, SYS_lseek, from, 0, SEEK_CUR);
    gives!(0, SYS_lseek, to, 0, SEEK_CUR);
    Ok(())
}

fn splice_moves_the_shared_position() -> Outcome {
    let [out, into] = pipe()?;
    let from = file(c"from", b"0123456789")?;
    let to = file(c"to", b"")?;
    gives!(6, SYS_splice, from, 0, into, 0, 6, 0);
    gives!(6, SYS_lseek, from, 0, SEEK_CUR);
    gives!(4, SYS_splice, from, 0, into, 0, 6, 0);
    gives!(0, SYS_splice, from, 0, into, 0, 6, 0);
    gives!(10, SYS_splice, out, 0, to, 0, 100, 0);
    gives!(10, SYS_lseek, to, 0, SEEK_CUR);
    same!(contents("to")?, String::from("0123456789"));
    Ok(())
}

fn splice_between_pipes() -> Outcome {
    let ([out, into], [far, middle]) = (pipe()?, pipe()?);
    gives!(5, SYS_write, into, b"hello", 5);
    gives!(2, SYS_splice, out, 0, middle, 0, 2, 0);
    gives!(3, SYS_splice, out, 0, middle, 0, 100, 0);
    same!(read(far)?, String::from("hello"));
    fails!(EAGAIN, SYS_splice, out, 0, middle, 0, 100, NONBLOCK);
    Ok(())
}

fn splice_fills_and_empties() -> Outcome {
    let [out, into] = pipe()?;
    let bytes: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
    let from = file(c"from", &bytes)?;
    let to = file(c"to", b"")?;
    let mut total = 0;
    while total < bytes.len() {
        let moved = works!(SYS_splice, from, 0, into, 0, bytes.len(), 0);
        same!(moved, (bytes.len() - total).min(65_536) as isize);
        gives!(moved, SYS_splice, out, 0, to, 0, bytes.len(), 0);
        total += moved as usize;
    }
    holds!(std::fs::read("to")? == bytes, "the copy differs");
    Ok(())
}

fn splice_waits_and_does_not() -> Outcome {
    let [out, into] = pipe()?;
    let to = file(c"to", b"")?;
    fails!(EAGAIN, SYS_splice, out, 0, to, 0, 10, NONBLOCK);
    let child = spawn(|| sys!(SYS_splice, out, 0, to, 0, 10, 0) as i32)?;
    holds!(process::until_asleep(child));
    gives!(3, SYS_write, into, b"abc", 3);
    same!(wait(child)?, 3 << 8);
    gives!(
        65_536,
        SYS_write,
        into,
        vec![1u8; 65_536].as_slice(),
        65_536
    );
    let from = file(c"from", b"x")?;
    fails!(EAGAIN, SYS_splice, from, 0, into, 0, 1, NONBLOCK);
    gives!(0, SYS_fcntl, into, F_SETFL, O_NONBLOCK);
    fails!(EAGAIN, SYS_splice, from, 0, into, 0, 1, 0);
    Ok(())
}

fn splice_end_and_broken() -> Outcome {
    let [out, into] = pipe()?;
    let to = file(c"to", b"")?;
    works!(SYS_close, into);
    gives!(0, SYS_splice, out, 0, to, 0, 10, 0);
    let [out, into] = pipe()?;
    works!(SYS_close, out);
    signal::dispose(SIGPIPE, SIG_IGN);
    let from = file(c"from", b"x")?;
    fails!(EPIPE, SYS_splice, from, 0, into, 0, 1, 0);
    Ok(())
}

fn splice_packets_and_parts() -> Outcome {
    let ([out, into], [far, middle]) = (pipe()?, pipe()?);
    gives!(6, SYS_write, into, b"abcdef", 6);
    gives!(2, SYS_splice, out, 0, middle, 0, 2, 0);
    // What is written next is not added to what was moved away.
    gives!(2, SYS_write, middle, b"XY", 2);
    gives!(2, SYS_write, into, b"gh", 2);
    same!(read(far)?, String::from("abXY"));
    same!(read(out)?, String::from("cdefgh"));
    Ok(())
}

fn splice_refused() -> Outcome {
    let [out, into] = pipe()?;
    let plain = file(c"plain", b"abc")?;
    let folder = works!(SYS_open, c".", O_RDONLY | O_DIRECTORY);
    let mut at = 0i64;
    gives!(0, SYS_splice, -1, 0, -1, 0, 0, 0);
    fails!(EINVAL, SYS_splice, plain, 0, into, 0, 1, 0x100);
    fails!(EBADF, SYS_splice, -1, 0, into, 0, 1, 0);
    fails!(EBADF, SYS_splice, plain, 0, -1, 0, 1, 0);
    fails!(ESPIPE, SYS_splice, out, &mut at, plain, 0, 1, 0);
    fails!(ESPIPE, SYS_splice, plain, 0, into, &mut at, 1, 0);
    fails!(EFAULT, SYS_splice, plain, 8, into, 0, 1, 0);
    fails!(EBADF, SYS_splice, into, 0, plain, 0, 1, 0);
    fails!(EBADF, SYS_splice, plain, 0, out, 0, 1, 0);
    fails!(EINVAL, SYS_splice, plain, 0, plain, 0, 1, 0);
    fails!(EINVAL, SYS_splice, folder, 0, into, 0, 1, 0);
    let path = std::ffi::CString::new(format!("/proc/self/fd/{out}")).unwrap_or_default();
    let same_pipe = works!(SYS_open, path.as_c_str(), O_WRONLY);
    fails!(EINVAL, SYS_splice, out, 0, same_pipe, 0, 1, 0);
    gives!(1, SYS_write, into, b"x", 1);
    works!(SYS_fcntl, plain, F_SETFL, O_APPEND);
    fails!(EINVAL, SYS_splice, out, 0, plain, 0, 1, 0);
    Ok(())
}

fn splice_to_device_and_terminal() -> Outcome {
    let [out, into] = pipe()?;
    gives!(5, SYS_write, into, b"hello", 5);
    let null = works!(SYS_open, c"/dev/null", O_RDWR);
    gives!(5, SYS_splice, out, 0, null, 0, 100, 0);
    let zero = works!(SYS_open, c"/dev/zero", O_RDWR);
    gives!(100, SYS_splice, zero, 0, into, 0, 100, 0);
    same!(read(out)?, "\0".repeat(100));
    Ok(())
}

fn tee_copies() -> Outcome {
    let ([out, into], [far, middle]) = (pipe()?, pipe()?);
    gives!(3, SYS_write, into, b"abc", 3);
    gives!(2, SYS_tee, out, middle, 2, 0);
    gives!(3, SYS_tee, out, middle, 100, 0);
    same!((read(far)?, read(out)?), ("ababc".into(), "abc".into()));
    fails!(EAGAIN, SYS_tee, out, middle, 1, NONBLOCK);
    works!(SYS_close, into);
    gives!(0, SYS_tee, out, middle, 1, 0);
    Ok(())
}

fn tee_shared_bytes_stay_apart() -> Outcome {
    let ([out, into], [far, middle]) = (pipe()?, pipe()?);
    gives!(3, SYS_write, into, b"abc", 3);
    gives!(3, SYS_tee, out, middle, 3, 0);
    gives!(3, SYS_write, into, b"def", 3);
    gives!(3, SYS_write, middle, b"xyz", 3);
    same!((read(far)?, read(out)?), ("abcxyz".into(), "abcdef".into()));
    Ok(())
}

fn tee_refused() -> Outcome {
    let ([out, into], [far, middle]) = (pipe()?, pipe()?);
    let plain = file(c"plain", b"abc")?;
    gives!(0, SYS_tee, out, middle, 0, 0);
    fails!(EINVAL, SYS_tee, out, middle, 1, 0x100);
    fails!(EBADF, SYS_tee, -1, middle, 1, 0);
    fails!(EBADF, SYS_tee, into, middle, 1, 0);
    fails!(EBADF, SYS_tee, out, far, 1, 0);
    fails!(EINVAL, SYS_tee, plain, middle, 1, 0);
    fails!(EINVAL, SYS_tee, out, plain, 1, 0);
    Ok(())
}

fn vmsplice_both_ways() -> Outcome {
    let [out, into] = pipe()?;
    let at = |bytes: &[u8]| bytes.as_ptr().expose_provenance();
    let ranges = [at(b"hello"), 5, at(b"you"), 3];
    gives!(8, SYS_vmsplice, into, &ranges, 2, 0);
    let mut text = [0u8; 8];
    let range = [text.as_mut_ptr().expose_provenance(), 8];
    gives!(8, SYS_vmsplice, out, &range, 1, 0);
    same!(&text, b"helloyou");
    fails!(EAGAIN, SYS_vmsplice, out, &range, 1, NONBLOCK);
    let block = vec![1u8; 65_536];
    gives!(65_536, SYS_write, into, block.as_slice(), 65_536);
    fails!(EAGAIN, SYS_vmsplice, into, &ranges, 2, NONBLOCK);
    Ok(())
}

fn vmsplice_refused() -> Outcome {
    let [out, into] = pipe()?;
    let plain = file(c"plain", b"abc")?;
    let range = [8usize, 1];
    fails!(EBADF, SYS_vmsplice, -1, &range, 1, 0);
    fails!(EINVAL, SYS_vmsplice, into, &range, 1, 0x100);
    fails!(EBADF, SYS_vmsplice, plain, &range, 1, 0);
    fails!(EFAULT, SYS_vmsplice, into, 8, 1, 0);
    fails!(EINVAL, SYS_vmsplice, into, &range, 2000, 0);
    fails!(EFAULT, SYS_vmsplice, into, &range, 1, 0);
    gives!(0, SYS_vmsplice, out, &range, 0, 0);
    Ok(())
}

fn copy_range_between_files() -> Outcome {
    let bytes: Vec<u8> = (0..200_000u32).map(|at| (at % 253) as u8).collect();
    let from = file(c"from", &bytes)?;
    let to = file(c"to", b"")?;
    gives!(200_000, SYS_copy_file_range, from, 0, to, 0, 1 << 30, 0);
    holds!(std::fs::read("to")? == bytes, "the copy differs");
    gives!(0, SYS_copy_file_range, from, 0, to, 0, 10, 0);
    let (mut at, mut place) = (5i64, 200_010i64);
    gives!(3, SYS_copy_file_range, from, &mut at, to, &mut place, 3, 0);
    same!((at, place), (8, 200_013));
    gives!(200_000, SYS_lseek, to, 0, SEEK_CUR);
    same!(
        std::fs::read("to")?.split_off(200_000),
        vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7]
    );
    Ok(())
}

fn copy_range_inside_a_file() -> Outcome {
    let both = file(c"both", b"0123456789")?;
    let (mut at, mut place) = (0i64, 5i64);
    gives!(
        4,
        SYS_copy_file_range,
        both,
        &mut at,
        both,
        &mut place,
        4,
        0
    );
    same!(contents("both")?, String::from("0123401239"));
    let (mut at, mut place) = (0i64, 3i64);
    fails!(
        EINVAL,
        SYS_copy_file_range,
        both,
        &mut at,
        both,
        &mut place,
        4,
        0
    );
    Ok(())
}

fn copy_range_refused() -> Outcome {
    let [out, into] = pipe()?;
    let plain = file(c"plain", b"abc")?;
    let other = file(c"other", b"abc")?;
    let reader = works!(SYS_open, c"other", O_RDONLY);
    let folder = works!(SYS_open, c".", O_RDONLY | O_DIRECTORY);
    fails!(EBADF, SYS_copy_file_range, -1, 0, plain, 0, 1, 0);
    fails!(EBADF, SYS_copy_file_range, plain, 0, -1, 0, 1, 0);
    fails!(EFAULT, SYS_copy_file_range, plain, 8, other, 0, 1, 0);
    fails!(EINVAL, SYS_copy_file_range, plain, 0, other, 0, 1, 1);
    fails!(EISDIR, SYS_copy_file_range, folder, 0, other, 0, 1, 0);
    fails!(EINVAL, SYS_copy_file_range, out, 0, other, 0, 1, 0);
    fails!(EINVAL, SYS_copy_file_range, plain, 0, into, 0, 1, 0);
    fails!(EBADF, SYS_copy_file_range, plain, 0, reader, 0, 1, 0);
    let mut far_below = -9i64;
    fails!(
        EINVAL,
        SYS_copy_file_range,
        plain,
        &mut far_below,
        other,
        0,
        1,
        0
    );
    let mut below = -1i64;
    fails!(
        EOVERFLOW,
        SYS_copy_file_range,
        plain,
        &mut below,
        other,
        0,
        1,
        0
    );
    gives!(0, SYS_copy_file_range, plain, 0, other, 0, 0, 0);
    works!(SYS_fcntl, other, F_SETFL, O_APPEND);
    fails!(EBADF, SYS_copy_file_range, plain, 0, other, 0, 1, 0);
    Ok(())
}
