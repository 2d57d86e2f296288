//! open, openat and creat: the flags and what is refused. Source: open(2).

use super::file;
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    open_missing,
    open_creates_with_mode,
    open_creates_under_umask,
    open_exclusive_new,
    open_exclusive_existing,
    open_exclusive_symlink,
    open_exclusive_dangling_symlink,
    open_create_through_dangling_symlink,
    open_truncates,
    open_without_truncate_keeps,
    open_directory_flag_on_file,
    open_directory_flag_on_directory,
    open_directory_for_writing,
    open_directory_create,
    open_path_symlink,
    open_path_refuses_io,
    open_path_allows_stat_and_dup,
    open_path_flags_kept,
    open_cloexec,
    open_lowest_descriptor,
    open_access_mode_three,
    open_many_until_limit,
    creat_truncates_and_writes_only,
    creat_readonly_mode_still_writes,
    open_tmpfile,
    open_fifo_nonblocking_writer,
    open_device_without_driver,
    open_fchmod_through_path_refused,
    open_keeps_unlinked_file,
    openat2_unknown_or_works,
];

fn mode(name: &str) -> Result<u32, std::io::Error> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::symlink_metadata(name)?.mode())
}

fn open_missing() -> Outcome {
    fails!(ENOENT, SYS_open, c"missing", O_RDONLY);
    fails!(ENOENT, SYS_open, c"missing/inside", O_RDWR | O_CREAT, 0o644);
    Ok(())
}

fn open_creates_with_mode() -> Outcome {
    works!(SYS_umask, 0);
    works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o6751);
    same!(mode("f")?, S_IFREG | 0o6751);
    Ok(())
}

fn open_creates_under_umask() -> Outcome {
    works!(SYS_umask, 0o027);
    works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o777);
    same!(mode("f")?, S_IFREG | 0o750);
    works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    same!(mode("f")?, S_IFREG | 0o750);
    Ok(())
}

fn open_exclusive_new() -> Outcome {
    works!(SYS_open, c"f", O_CREAT | O_EXCL | O_RDWR, 0o600);
    Ok(())
}

fn open_exclusive_existing() -> Outcome {
    file(c"f", b"x")?;
    fails!(EEXIST, SYS_open, c"f", O_CREAT | O_EXCL | O_RDWR, 0o600);
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EEXIST, SYS_open, c"d", O_CREAT | O_EXCL | O_RDWR, 0o600);
    Ok(())
}

fn open_exclusive_symlink() -> Outcome {
    file(c"f", b"x")?;
    works!(SYS_symlink, c"f", c"l");
    fails!(EEXIST, SYS_open, c"l", O_CREAT | O_EXCL | O_RDWR, 0o600);
    Ok(())
}

fn open_exclusive_dangling_symlink() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    fails!(EEXIST, SYS_open, c"l", O_CREAT | O_EXCL | O_RDWR, 0o600);
    fails!(ENOENT, SYS_open, c"l", O_RDWR);
    Ok(())
}

fn open_create_through_dangling_symlink() -> Outcome {
    works!(SYS_symlink, c"target", c"l");
    works!(SYS_open, c"l", O_CREAT | O_RDWR, 0o640);
    same!(mode("target")?, S_IFREG | 0o640);
    Ok(())
}

fn open_truncates() -> Outcome {
    file(c"f", b"hello")?;
    works!(SYS_open, c"f", O_WRONLY | O_TRUNC);
    same!(std::fs::metadata("f")?.len(), 0);
    Ok(())
}

fn open_without_truncate_keeps() -> Outcome {
    file(c"f", b"hello")?;
    let fd = works!(SYS_open, c"f", O_WRONLY | O_CREAT, 0o600);
    gives!(1, SYS_write, fd, b"J", 1);
    same!(std::fs::read("f")?, b"Jello");
    Ok(())
}

fn open_directory_flag_on_file() -> Outcome {
    file(c"f", b"")?;
    fails!(ENOTDIR, SYS_open, c"f", O_RDONLY | O_DIRECTORY);
    Ok(())
}

fn open_directory_flag_on_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let fd = works!(SYS_open, c"d", O_RDONLY | O_DIRECTORY);
    let mut buffer = [0u8; 8];
    fails!(EISDIR, SYS_read, fd, &mut buffer, 8);
    fails!(EBADF, SYS_write, fd, &buffer, 8);
    Ok(())
}

fn open_directory_for_writing() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EISDIR, SYS_open, c"d", O_WRONLY);
    fails!(EISDIR, SYS_open, c"d", O_RDWR);
    fails!(EISDIR, SYS_open, c".", O_RDWR);
    fails!(EISDIR, SYS_open, c"/", O_WRONLY);
    Ok(())
}

fn open_directory_create() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EISDIR, SYS_open, c"d", O_RDONLY | O_CREAT, 0o600);
    fails!(EISDIR, SYS_open, c".", O_RDONLY | O_CREAT, 0o600);
    Ok(())
}

fn open_path_symlink() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    let fd = works!(SYS_open, c"l", O_PATH | O_NOFOLLOW);
    let mut buffer = [0u8; 16];
    gives!(7, SYS_readlinkat, fd, c"", &mut buffer, 16);
    same!(&buffer[..7], b"nowhere");
    fails!(ENOENT, SYS_open, c"l", O_PATH);
    Ok(())
}

fn open_path_refuses_io() -> Outcome {
    file(c"f", b"text")?;
    let fd = works!(SYS_open, c"f", O_PATH | O_RDWR);
    let mut buffer = [0u8; 4];
    fails!(EBADF, SYS_read, fd, &mut buffer, 4);
    fails!(EBADF, SYS_write, fd, &buffer, 4);
    fails!(EBADF, SYS_lseek, fd, 0, SEEK_SET);
    fails!(EBADF, SYS_ftruncate, fd, 0);
    fails!(EBADF, SYS_ioctl, fd, FIONREAD, &mut buffer);
    fails!(EBADF, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    fails!(EBADF, SYS_fchown, fd, 0, 0);
    fails!(EBADF, SYS_getdents64, fd, &mut buffer, 4);
    fails!(EBADF, SYS_flock, fd, LOCK_SH);
    Ok(())
}

fn open_path_allows_stat_and_dup() -> Outcome {
    file(c"f", b"text")?;
    let fd = works!(SYS_open, c"f", O_PATH);
    let copy = works!(SYS_dup, fd);
    let mut stat = [0u64; 18];
    works!(SYS_fstat, copy, &mut stat);
    same!(stat[6], 4);
    works!(SYS_close, fd);
    works!(SYS_close, copy);
    Ok(())
}

fn open_path_flags_kept() -> Outcome {
    file(c"f", b"text")?;
    let fd = works!(SYS_open, c"f", O_PATH | O_RDWR | O_APPEND | O_CLOEXEC);
    gives!(O_PATH, SYS_fcntl, fd, F_GETFL);
    gives!(FD_CLOEXEC, SYS_fcntl, fd, F_GETFD);
    Ok(())
}

fn open_cloexec() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY | O_CLOEXEC);
    gives!(FD_CLOEXEC, SYS_fcntl, fd, F_GETFD);
    let fd = works!(SYS_open, c"/", O_RDONLY);
    gives!(0, SYS_fcntl, fd, F_GETFD);
    Ok(())
}

fn open_lowest_descriptor() -> Outcome {
    let first = works!(SYS_open, c"/", O_RDONLY);
    let second = works!(SYS_open, c"/", O_RDONLY);
    works!(SYS_close, first);
    gives!(first, SYS_open, c"/", O_RDONLY);
    holds!(second > first);
    Ok(())
}

/// Access mode 3 asks for permission to read and write but allows neither.
fn open_access_mode_three() -> Outcome {
    file(c"f", b"text")?;
    let fd = works!(SYS_open, c"f", O_ACCMODE);
    let mut buffer = [0u8; 4];
    fails!(EBADF, SYS_read, fd, &mut buffer, 4);
    fails!(EBADF, SYS_write, fd, &buffer, 4);
    Ok(())
}

fn open_many_until_limit() -> Outcome {
    let limit = [24u64, 24];
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
    let mut last = 0;
    let refused = loop {
        match sys!(SYS_open, c"/", O_RDONLY) {
            fd if fd >= 0 => last = fd,
            error => break error,
        }
    };
    same!((refused, last), (-(EMFILE as isize), 23));
    fails!(EMFILE, SYS_dup, 0);
    fails!(EBADF, SYS_dup2, last, 24);
    fails!(EINVAL, SYS_fcntl, last, F_DUPFD, 24);
    Ok(())
}

fn creat_truncates_and_writes_only() -> Outcome {
    file(c"f", b"hello")?;
    let fd = works!(SYS_creat, c"f", 0o600);
    let mut buffer = [0u8; 4];
    fails!(EBADF, SYS_read, fd, &mut buffer, 4);
    gives!(2, SYS_write, fd, b"ab", 2);
    same!(std::fs::read("f")?, b"ab");
    Ok(())
}

fn creat_readonly_mode_still_writes() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o400);
    gives!(2, SYS_write, fd, b"ab", 2);
    same!(mode("f")?, S_IFREG | 0o400);
    Ok(())
}

fn open_tmpfile() -> Outcome {
    let fd = works!(SYS_open, c".", O_TMPFILE | O_RDWR, 0o600);
    gives!(3, SYS_write, fd, b"abc", 3);
    same!(std::fs::read_dir(".")?.count(), 0);
    fails!(EINVAL, SYS_open, c".", O_TMPFILE | O_RDONLY, 0o600);
    Ok(())
}

fn open_fifo_nonblocking_writer() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    fails!(ENXIO, SYS_open, c"p", O_WRONLY | O_NONBLOCK);
    works!(SYS_open, c"p", O_RDONLY | O_NONBLOCK);
    works!(SYS_open, c"p", O_WRONLY | O_NONBLOCK);
    Ok(())
}

fn open_device_without_driver() -> Outcome {
    let device = makedev(250, 77);
    works!(SYS_mknod, c"c", S_IFCHR | 0o600, device);
    fails!(ENXIO, SYS_open, c"c", O_RDONLY);
    works!(SYS_mknod, c"b", S_IFBLK | 0o600, device);
    fails!(ENXIO, SYS_open, c"b", O_RDONLY);
    works!(SYS_open, c"c", O_PATH);
    Ok(())
}

fn open_fchmod_through_path_refused() -> Outcome {
    file(c"f", b"")?;
    let fd = works!(SYS_open, c"f", O_PATH);
    fails!(EBADF, SYS_fchmod, fd, 0o600);
    Ok(())
}

fn open_keeps_unlinked_file() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    gives!(4, SYS_write, fd, b"kept", 4);
    works!(SYS_unlink, c"f");
    let mut buffer = [0u8; 4];
    gives!(4, SYS_pread64, fd, &mut buffer, 4, 0);
    same!(&buffer, b"kept");
    let mut stat = [0u64; 18];
    works!(SYS_fstat, fd, &mut stat);
    same!(stat[2], 0);
    Ok(())
}

/// openat2 came with Linux 5.6; a kernel either has it or says ENOSYS.
fn openat2_unknown_or_works() -> Outcome {
    let how = [O_RDONLY as u64, 0, 0];
    let fd = sys!(SYS_openat2, AT_FDCWD, c".", &how, 24);
    holds!(fd >= 0 || fd == -(ENOSYS as isize), "saw {fd}");
    Ok(())
}
