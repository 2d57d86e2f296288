//! lseek: the five ways to say where. Source: lseek(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, process, same, works};
use libc::*;

cases![
    seek_set_current_end,
    seek_before_start,
    seek_overflow,
    seek_bad_whence,
    transfer_beyond_the_largest_offset,
    seek_past_end_is_allowed,
    seek_data_and_hole,
    seek_data_past_end,
    seek_hole_in_full_file,
    seek_directory_to_start,
    seek_terminal_or_pipe,
    position_shared_after_fork,
    position_shared_after_dup,
    position_own_after_second_open,
];

fn new(text: &[u8]) -> Result<isize, Failure> {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR | O_TRUNC, 0o644);
    gives!(text.len(), SYS_write, fd, text, text.len());
    Ok(fd)
}

fn seek_set_current_end() -> Outcome {
    let fd = new(b"0123456789")?;
    gives!(3, SYS_lseek, fd, 3, SEEK_SET);
    gives!(5, SYS_lseek, fd, 2, SEEK_CUR);
    gives!(4, SYS_lseek, fd, -1, SEEK_CUR);
    gives!(7, SYS_lseek, fd, -3, SEEK_END);
    Ok(())
}

fn seek_before_start() -> Outcome {
    let fd = new(b"abc")?;
    fails!(EINVAL, SYS_lseek, fd, -1, SEEK_SET);
    fails!(EINVAL, SYS_lseek, fd, -4, SEEK_END);
    gives!(3, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn seek_overflow() -> Outcome {
    let fd = new(b"abc")?;
    fails!(EINVAL, SYS_lseek, fd, i64::MAX, SEEK_CUR);
    fails!(EINVAL, SYS_lseek, fd, i64::MAX, SEEK_END);
    fails!(EINVAL, SYS_lseek, fd, i64::MIN, SEEK_SET);
    Ok(())
}

fn seek_bad_whence() -> Outcome {
    let fd = new(b"abc")?;
    fails!(EINVAL, SYS_lseek, fd, 0, 5);
    fails!(EINVAL, SYS_lseek, fd, 0, -1);
    fails!(EBADF, SYS_lseek, 99, 0, 77);
    // Those who have no position, or do not care for one, do not know it either.
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(EINVAL, SYS_lseek, ends[0], 0, 77);
    let null = works!(SYS_open, c"/dev/null", O_RDWR);
    fails!(EINVAL, SYS_lseek, null, 0, 77);
    Ok(())
}

/// What ends beyond the largest offset is refused before anything else is looked at.
fn transfer_beyond_the_largest_offset() -> Outcome {
    let fd = new(b"abc")?;
    let last = i64::MAX - 1;
    fails!(EINVAL, SYS_pread64, fd, &mut [0u8; 8], 8, last);
    fails!(EINVAL, SYS_pwrite64, fd, b"12345678", 8, last);
    gives!(0, SYS_pread64, fd, &mut [0u8; 8], 1, last);
    gives!(0, SYS_pread64, fd, &mut [0u8; 8], 8, last - 7);
    let directory = works!(SYS_open, c".", O_RDONLY);
    fails!(EINVAL, SYS_pread64, directory, &mut [0u8; 8], 8, last);
    fails!(EISDIR, SYS_pread64, directory, &mut [0u8; 8], 8, 0);
    let null = works!(SYS_open, c"/dev/null", O_RDWR);
    fails!(EINVAL, SYS_pwrite64, null, b"12345678", 8, last);
    Ok(())
}

fn seek_past_end_is_allowed() -> Outcome {
    let fd = new(b"abc")?;
    gives!(1i64 << 32, SYS_lseek, fd, 1i64 << 32, SEEK_SET);
    let mut a = [0u8; 1];
    gives!(0, SYS_read, fd, &mut a, 1);
    same!(std::fs::metadata("f")?.len(), 3);
    Ok(())
}

/// The file is data, a hole of many pages, data: tmpfs reports it by page.
fn seek_data_and_hole() -> Outcome {
    let fd = new(b"abc")?;
    gives!(1, SYS_pwrite64, fd, b"z", 1, 0x10000);
    gives!(0, SYS_lseek, fd, 0, SEEK_DATA);
    gives!(4096, SYS_lseek, fd, 0, SEEK_HOLE);
    gives!(0x10000, SYS_lseek, fd, 4096, SEEK_DATA);
    gives!(0x10001, SYS_lseek, fd, 0x10000, SEEK_HOLE);
    Ok(())
}

fn seek_data_past_end() -> Outcome {
    let fd = new(b"abc")?;
    fails!(ENXIO, SYS_lseek, fd, 3, SEEK_DATA);
    fails!(ENXIO, SYS_lseek, fd, 3, SEEK_HOLE);
    fails!(ENXIO, SYS_lseek, fd, -1, SEEK_DATA);
    works!(SYS_ftruncate, fd, 0x10000);
    fails!(ENXIO, SYS_lseek, fd, 0x5000, SEEK_DATA);
    Ok(())
}

fn seek_hole_in_full_file() -> Outcome {
    let fd = new(b"abc")?;
    gives!(3, SYS_lseek, fd, 1, SEEK_HOLE);
    gives!(1, SYS_lseek, fd, 1, SEEK_DATA);
    Ok(())
}

fn seek_directory_to_start() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    gives!(0, SYS_lseek, fd, 0, SEEK_SET);
    fails!(EINVAL, SYS_lseek, fd, -1, SEEK_SET);
    Ok(())
}

fn seek_terminal_or_pipe() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(ESPIPE, SYS_lseek, ends[1], 0, SEEK_END);
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    fails!(ESPIPE, SYS_lseek, master, 0, SEEK_SET);
    Ok(())
}

fn position_shared_after_fork() -> Outcome {
    let fd = new(b"abc")?;
    process::status_of(|| {
        abi_tests::sys!(SYS_lseek, fd, 1, SEEK_SET);
        0
    })?;
    gives!(1, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn position_shared_after_dup() -> Outcome {
    let fd = new(b"abc")?;
    let copy = works!(SYS_dup, fd);
    works!(SYS_lseek, copy, 2, SEEK_SET);
    gives!(2, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn position_own_after_second_open() -> Outcome {
    let fd = new(b"abc")?;
    let other = works!(SYS_open, c"f", O_RDONLY);
    gives!(0, SYS_lseek, other, 0, SEEK_CUR);
    gives!(3, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}
