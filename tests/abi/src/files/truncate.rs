//! truncate, ftruncate, fallocate and the sizes they leave. Source: truncate(2), fallocate(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    truncate_shortens,
    truncate_grows_with_zeros,
    truncate_then_grow_shows_zeros,
    truncate_keeps_position,
    truncate_negative,
    truncate_missing,
    truncate_directory,
    truncate_through_symlink,
    ftruncate_read_only,
    ftruncate_pipe,
    ftruncate_directory,
    ftruncate_bad_descriptor,
    truncate_beyond_any_file,
    fallocate_knows_its_modes,
    sync_calls,
    fsync_errors,
    blocks_of_a_hole,
];

fn new(text: &[u8]) -> Result<isize, Failure> {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR | O_TRUNC, 0o644);
    gives!(text.len(), SYS_write, fd, text, text.len());
    Ok(fd)
}

fn truncate_shortens() -> Outcome {
    new(b"abcdef")?;
    works!(SYS_truncate, c"f", 2);
    same!(std::fs::read("f")?, b"ab");
    Ok(())
}

fn truncate_grows_with_zeros() -> Outcome {
    let fd = new(b"ab")?;
    works!(SYS_ftruncate, fd, 5000);
    let text = std::fs::read("f")?;
    same!((text.len(), &text[..4]), (5000, b"ab\0\0".as_slice()));
    Ok(())
}

fn truncate_then_grow_shows_zeros() -> Outcome {
    let fd = new(b"abcdef")?;
    works!(SYS_ftruncate, fd, 2);
    works!(SYS_ftruncate, fd, 6);
    same!(std::fs::read("f")?, b"ab\0\0\0\0");
    Ok(())
}

fn truncate_keeps_position() -> Outcome {
    let fd = new(b"abcdef")?;
    works!(SYS_ftruncate, fd, 0);
    gives!(6, SYS_lseek, fd, 0, SEEK_CUR);
    gives!(1, SYS_write, fd, b"x", 1);
    same!(std::fs::metadata("f")?.len(), 7);
    Ok(())
}

fn truncate_negative() -> Outcome {
    let fd = new(b"abc")?;
    fails!(EINVAL, SYS_truncate, c"f", -1);
    fails!(EINVAL, SYS_ftruncate, fd, -1);
    Ok(())
}

fn truncate_missing() -> Outcome {
    fails!(ENOENT, SYS_truncate, c"missing", 0);
    fails!(EFAULT, SYS_truncate, 0, 0);
    Ok(())
}

fn truncate_directory() -> Outcome {
    fails!(EISDIR, SYS_truncate, c".", 0);
    Ok(())
}

fn truncate_through_symlink() -> Outcome {
    new(b"abc")?;
    works!(SYS_symlink, c"f", c"l");
    works!(SYS_truncate, c"l", 1);
    same!(std::fs::metadata("f")?.len(), 1);
    Ok(())
}

fn ftruncate_read_only() -> Outcome {
    new(b"abc")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    fails!(EINVAL, SYS_ftruncate, fd, 0);
    Ok(())
}

fn ftruncate_pipe() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(EINVAL, SYS_ftruncate, ends[1], 0);
    Ok(())
}

fn ftruncate_directory() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY);
    fails!(EINVAL, SYS_ftruncate, fd, 0);
    Ok(())
}

fn ftruncate_bad_descriptor() -> Outcome {
    fails!(EBADF, SYS_ftruncate, 99, 0);
    Ok(())
}

fn truncate_beyond_any_file() -> Outcome {
    let fd = new(b"abc")?;
    works!(SYS_ftruncate, fd, 1i64 << 40);
    same!(std::fs::metadata("f")?.len(), 1 << 40);
    let mut a = [9u8; 2];
    gives!(2, SYS_pread64, fd, &mut a, 2, (1i64 << 40) - 2);
    same!(a, [0, 0]);
    works!(SYS_ftruncate, fd, 0);
    Ok(())
}

fn sync_calls() -> Outcome {
    let fd = new(b"abc")?;
    gives!(0, SYS_fsync, fd);
    gives!(0, SYS_fdatasync, fd);
    let directory = works!(SYS_open, c".", O_RDONLY);
    gives!(0, SYS_fsync, directory);
    gives!(0, SYS_syncfs, fd);
    Ok(())
}

fn fsync_errors() -> Outcome {
    fails!(EBADF, SYS_fsync, 99);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(EINVAL, SYS_fsync, ends[0]);
    Ok(())
}

fn blocks_of_a_hole() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let fd = new(b"")?;
    works!(SYS_ftruncate, fd, 1 << 20);
    same!(std::fs::metadata("f")?.blocks(), 0);
    gives!(1, SYS_pwrite64, fd, b"x", 1, 0);
    same!(std::fs::metadata("f")?.blocks(), 8);
    Ok(())
}

/// An unknown mode is told of before what the descriptor is.
fn fallocate_knows_its_modes() -> Outcome {
    let fd = new(b"abc")?;
    let directory = works!(SYS_open, c".", O_RDONLY);
    for mode in [0x100, 0x80_0000] {
        fails!(EOPNOTSUPP, SYS_fallocate, fd, mode, 0, 1);
        fails!(EOPNOTSUPP, SYS_fallocate, directory, mode, 0, 1);
        fails!(EOPNOTSUPP, SYS_fallocate, fd, mode, 1, i64::MAX);
        fails!(EINVAL, SYS_fallocate, directory, mode, -1, 1);
        fails!(EBADF, SYS_fallocate, 99, mode, 0, 1);
    }
    fails!(EBADF, SYS_fallocate, directory, 0, 0, 1);
    fails!(EFBIG, SYS_fallocate, fd, 0, 1, i64::MAX);
    gives!(0, SYS_fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 8192);
    Ok(())
}
