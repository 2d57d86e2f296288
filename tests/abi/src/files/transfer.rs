//! read, write, their positioned forms, and sendfile. Source: read(2), write(2), pread(2),
//! sendfile(2).

use super::{low_page, new};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    read_at_end_gives_zero,
    read_is_short_near_end,
    read_zero_bytes,
    read_write_only,
    write_read_only,
    read_bad_descriptor,
    write_bad_address,
    read_bad_address,
    read_partly_mapped_buffer,
    write_partly_mapped_buffer,
    write_append_always_at_end,
    append_set_by_fcntl,
    write_past_end_leaves_hole,
    pread_does_not_move,
    pwrite_does_not_move,
    pread_negative_offset,
    pread_past_end,
    pwrite_on_append_file_appends,
    pread_on_pipe,
    huge_count_is_clamped,
    sendfile_between_files,
    sendfile_with_offset,
    sendfile_refused,
    copy_large_file,
    file_size_limit_signals,
    overwrite_middle,
];

fn two_pages_one_mapped() -> Result<isize, abi_tests::check::Failure> {
    let at = works!(
        SYS_mmap,
        0,
        8192,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    works!(SYS_munmap, at + 4096, 4096);
    Ok(at)
}

fn read_at_end_gives_zero() -> Outcome {
    let fd = new(c"f", b"")?;
    let mut buffer = [7u8; 4];
    gives!(0, SYS_read, fd, &mut buffer, 4);
    same!(buffer, [7; 4]);
    Ok(())
}

fn read_is_short_near_end() -> Outcome {
    let fd = new(c"f", b"abcde")?;
    let mut buffer = [0u8; 8];
    gives!(3, SYS_read, fd, &mut buffer, 3);
    gives!(2, SYS_read, fd, &mut buffer, 8);
    same!(&buffer[..3], b"dec");
    Ok(())
}

fn read_zero_bytes() -> Outcome {
    let fd = new(c"f", b"abc")?;
    gives!(0, SYS_read, fd, 0, 0);
    gives!(0, SYS_write, fd, 0, 0);
    gives!(0, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn read_write_only() -> Outcome {
    new(c"f", b"abc")?;
    let fd = works!(SYS_open, c"f", O_WRONLY);
    let mut buffer = [0u8; 8];
    fails!(EBADF, SYS_read, fd, &mut buffer, 3);
    fails!(EBADF, SYS_pread64, fd, &mut buffer, 3, 0);
    Ok(())
}

fn write_read_only() -> Outcome {
    new(c"f", b"abc")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    fails!(EBADF, SYS_write, fd, b"x", 1);
    fails!(EBADF, SYS_pwrite64, fd, b"x", 1, 0);
    Ok(())
}

fn read_bad_descriptor() -> Outcome {
    let mut buffer = [0u8; 8];
    fails!(EBADF, SYS_read, 99, &mut buffer, 3);
    fails!(EBADF, SYS_read, -1, &mut buffer, 3);
    fails!(EBADF, SYS_write, i32::MAX, &buffer, 3);
    fails!(EBADF, SYS_close, 99);
    Ok(())
}

fn write_bad_address() -> Outcome {
    let fd = new(c"f", b"")?;
    fails!(EFAULT, SYS_write, fd, 0, 10);
    fails!(EFAULT, SYS_write, fd, 1usize << 63, 10);
    same!(std::fs::metadata("f")?.len(), 0);
    Ok(())
}

fn read_bad_address() -> Outcome {
    let fd = new(c"f", b"abc")?;
    fails!(EFAULT, SYS_read, fd, 0, 3);
    gives!(0, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn read_partly_mapped_buffer() -> Outcome {
    let fd = new(c"f", &[5u8; 100])?;
    let at = two_pages_one_mapped()?;
    gives!(60, SYS_read, fd, at + 4096 - 60, 100);
    gives!(60, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn write_partly_mapped_buffer() -> Outcome {
    let fd = new(c"f", b"")?;
    let at = two_pages_one_mapped()?;
    gives!(60, SYS_write, fd, at + 4096 - 60, 60);
    fails!(EFAULT, SYS_write, fd, at + 4096, 60);
    same!(std::fs::metadata("f")?.len(), 60);
    Ok(())
}

fn write_append_always_at_end() -> Outcome {
    new(c"f", b"abc")?;
    let fd = works!(SYS_open, c"f", O_RDWR | O_APPEND);
    gives!(0, SYS_lseek, fd, 0, SEEK_SET);
    gives!(2, SYS_write, fd, b"de", 2);
    gives!(5, SYS_lseek, fd, 0, SEEK_CUR);
    same!(std::fs::read("f")?, b"abcde");
    Ok(())
}

fn append_set_by_fcntl() -> Outcome {
    let fd = new(c"f", b"abc")?;
    works!(SYS_fcntl, fd, F_SETFL, O_APPEND);
    gives!(1, SYS_write, fd, b"d", 1);
    same!(std::fs::read("f")?, b"abcd");
    Ok(())
}

fn write_past_end_leaves_hole() -> Outcome {
    let fd = new(c"f", b"a")?;
    gives!(5000, SYS_lseek, fd, 5000, SEEK_SET);
    gives!(1, SYS_write, fd, b"z", 1);
    let text = std::fs::read("f")?;
    same!(text.len(), 5001);
    same!((text[0], text[5000]), (b'a', b'z'));
    same!(text[1..5000].iter().all(|b| *b == 0), true);
    Ok(())
}

fn pread_does_not_move() -> Outcome {
    let fd = new(c"f", b"abcdef")?;
    let mut buffer = [0u8; 3];
    gives!(3, SYS_pread64, fd, &mut buffer, 3, 2);
    same!(&buffer, b"cde");
    gives!(0, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn pwrite_does_not_move() -> Outcome {
    let fd = new(c"f", b"abcdef")?;
    gives!(2, SYS_pwrite64, fd, b"XY", 2, 5);
    gives!(0, SYS_lseek, fd, 0, SEEK_CUR);
    same!(std::fs::read("f")?, b"abcdeXY");
    Ok(())
}

fn pread_negative_offset() -> Outcome {
    let fd = new(c"f", b"abc")?;
    let mut buffer = [0u8; 3];
    fails!(EINVAL, SYS_pread64, fd, &mut buffer, 3, -1);
    fails!(EINVAL, SYS_pwrite64, fd, &buffer, 3, -1);
    Ok(())
}

fn pread_past_end() -> Outcome {
    let fd = new(c"f", b"abc")?;
    let mut buffer = [0u8; 3];
    gives!(0, SYS_pread64, fd, &mut buffer, 3, 3);
    gives!(0, SYS_pread64, fd, &mut buffer, 3, 1i64 << 40);
    Ok(())
}

/// A documented oddity of Linux: pwrite on a file opened for appending appends.
fn pwrite_on_append_file_appends() -> Outcome {
    new(c"f", b"abc")?;
    let fd = works!(SYS_open, c"f", O_RDWR | O_APPEND);
    gives!(1, SYS_pwrite64, fd, b"d", 1, 0);
    same!(std::fs::read("f")?, b"abcd");
    Ok(())
}

fn pread_on_pipe() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let mut buffer = [0u8; 3];
    fails!(ESPIPE, SYS_pread64, ends[0], &mut buffer, 3, 0);
    fails!(ESPIPE, SYS_pwrite64, ends[1], &buffer, 3, 0);
    fails!(ESPIPE, SYS_lseek, ends[0], 0, SEEK_CUR);
    Ok(())
}

fn huge_count_is_clamped() -> Outcome {
    let fd = new(c"f", b"abc")?;
    let at = low_page()?;
    gives!(3, SYS_read, fd, at, 0x7fff_0000);
    fails!(EFAULT, SYS_read, fd, at, -1);
    fails!(EFAULT, SYS_pread64, fd, at, -1, 0);
    fails!(EFAULT, SYS_write, fd, at, -1);
    fails!(EFAULT, SYS_read, fd, at, isize::MAX);
    Ok(())
}

fn sendfile_between_files() -> Outcome {
    let from = new(c"f", b"abcdef")?;
    let to = new(c"g", b"")?;
    works!(SYS_lseek, from, 2, SEEK_SET);
    gives!(4, SYS_sendfile, to, from, 0, 100);
    gives!(6, SYS_lseek, from, 0, SEEK_CUR);
    same!(std::fs::read("g")?, b"cdef");
    Ok(())
}

fn sendfile_with_offset() -> Outcome {
    let from = new(c"f", b"abcdef")?;
    let to = new(c"g", b"")?;
    let mut offset = 1i64;
    gives!(3, SYS_sendfile, to, from, &mut offset, 3);
    same!(offset, 4);
    gives!(0, SYS_lseek, from, 0, SEEK_CUR);
    same!(std::fs::read("g")?, b"bcd");
    Ok(())
}

fn sendfile_refused() -> Outcome {
    let from = new(c"f", b"abcdef")?;
    new(c"g", b"")?;
    let to = works!(SYS_open, c"g", O_WRONLY | O_APPEND);
    fails!(EINVAL, SYS_sendfile, to, from, 0, 3);
    fails!(EBADF, SYS_sendfile, from, to, 0, 3);
    fails!(EBADF, SYS_sendfile, 99, from, 0, 3);
    fails!(EINVAL, SYS_sendfile, 99, from, &mut -1i64, 3);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(ESPIPE, SYS_sendfile, 99, ends[0], &mut 0i64, 3);
    let directory = works!(SYS_open, c".", O_RDONLY);
    let to = works!(SYS_open, c"g", O_WRONLY);
    fails!(EINVAL, SYS_sendfile, to, directory, 0, 3);
    let nothing = works!(SYS_open, c"/dev/null", O_RDONLY);
    fails!(EINVAL, SYS_sendfile, to, nothing, 0, 3);
    let zeros = works!(SYS_open, c"/dev/zero", O_RDONLY);
    gives!(3, SYS_sendfile, to, zeros, 0, 3);
    Ok(())
}

fn copy_large_file() -> Outcome {
    let fd = new(c"f", b"")?;
    let block: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    gives!(block.len(), SYS_write, fd, block.as_slice(), block.len());
    let mut back = vec![0u8; 300_001];
    gives!(
        block.len(),
        SYS_pread64,
        fd,
        back.as_mut_slice(),
        back.len(),
        0
    );
    same!(back[..300_000] == block[..], true);
    Ok(())
}

/// RLIMIT_FSIZE: writes are cut at the limit; at the limit SIGXFSZ is sent and EFBIG returned.
fn file_size_limit_signals() -> Outcome {
    let fd = new(c"f", b"")?;
    let limit = [10u64, 10];
    works!(SYS_prlimit64, 0, RLIMIT_FSIZE, &limit, 0);
    same!(abi_tests::signal::dispose(SIGXFSZ, SIG_IGN), 0);
    gives!(10, SYS_write, fd, &[1u8; 20], 20);
    fails!(EFBIG, SYS_write, fd, &[1u8; 20], 20);
    fails!(EFBIG, SYS_ftruncate, fd, 11);
    abi_tests::signal::dispose(SIGXFSZ, SIG_DFL);
    let status = abi_tests::process::status_of(|| {
        abi_tests::sys!(SYS_write, fd, b"x", 1);
        0
    })?;
    same!(status & 0x7f, SIGXFSZ);
    Ok(())
}

fn overwrite_middle() -> Outcome {
    let fd = new(c"f", b"abcdef")?;
    works!(SYS_lseek, fd, 2, SEEK_SET);
    gives!(2, SYS_write, fd, b"XY", 2);
    gives!(4, SYS_lseek, fd, 0, SEEK_CUR);
    same!(std::fs::read("f")?, b"abXYef");
    Ok(())
}
