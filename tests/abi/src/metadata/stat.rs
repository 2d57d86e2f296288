//! stat in its forms, statx, statfs. Source: stat(2), statx(2), statfs(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    stat_regular_file,
    stat_directory,
    stat_follows_lstat_does_not,
    stat_devices,
    stat_pipe,
    stat_errors,
    fstat_errors,
    newfstatat_flags,
    newfstatat_empty_path,
    stat_proc_is_other_device,
    statx_regular_file,
    statx_bad_arguments,
    statx_of_descriptor,
    statfs_kinds,
    statfs_tmpfs_fields,
    statfs_errors,
];

/// `struct stat`: dev, ino, nlink, mode|uid<<32, gid, rdev, size, blksize, blocks, times.
type Stat = [u64; 18];

fn stat(name: &std::ffi::CStr) -> Result<Stat, Failure> {
    let mut buffer = [0u64; 18];
    works!(SYS_stat, name, &mut buffer);
    Ok(buffer)
}

fn mode(stat: &Stat) -> u32 {
    stat[3] as u32
}

fn stat_regular_file() -> Outcome {
    std::fs::write("f", "12345")?;
    let seen = stat(c"f")?;
    same!(
        (seen[2], mode(&seen), seen[3] >> 32, seen[4] as u32),
        (1, S_IFREG | 0o644, 0, 0)
    );
    same!((seen[5], seen[6], seen[7], seen[8]), (0, 5, 4096, 8));
    holds!(seen[1] > 0 && seen[0] > 0);
    same!(&seen[15..], &[0, 0, 0][..]);
    Ok(())
}

fn stat_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o751);
    let seen = stat(c"d")?;
    same!((seen[2], mode(&seen)), (2, S_IFDIR | 0o751));
    Ok(())
}

fn stat_follows_lstat_does_not() -> Outcome {
    std::fs::write("f", "12345")?;
    works!(SYS_symlink, c"f", c"l");
    same!(stat(c"l")?[1], stat(c"f")?[1]);
    let mut seen = [0u64; 18];
    gives!(0, SYS_lstat, c"l", &mut seen);
    same!((mode(&seen), seen[6]), (S_IFLNK | 0o777, 1));
    Ok(())
}

fn stat_devices() -> Outcome {
    for (name, device) in [
        (c"/dev/null", makedev(1, 3)),
        (c"/dev/zero", makedev(1, 5)),
        (c"/dev/full", makedev(1, 7)),
        (c"/dev/random", makedev(1, 8)),
        (c"/dev/urandom", makedev(1, 9)),
        (c"/dev/tty", makedev(5, 0)),
    ] {
        let seen = stat(name)?;
        same!(
            (name, mode(&seen), seen[5]),
            (name, S_IFCHR | 0o666, device)
        );
    }
    Ok(())
}

fn stat_pipe() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let mut seen = [0u64; 18];
    gives!(0, SYS_fstat, ends[0], &mut seen);
    same!(
        (mode(&seen), seen[2], seen[6], seen[7]),
        (S_IFIFO | 0o600, 1, 0, 4096)
    );
    let mut other = [0u64; 18];
    gives!(0, SYS_fstat, ends[1], &mut other);
    same!(seen[1], other[1]);
    Ok(())
}

fn stat_errors() -> Outcome {
    let mut seen = [0u64; 18];
    fails!(ENOENT, SYS_stat, c"missing", &mut seen);
    fails!(ENOENT, SYS_stat, c"", &mut seen);
    fails!(EFAULT, SYS_stat, c".", 8);
    fails!(EFAULT, SYS_stat, 8, &mut seen);
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_stat, c"f/", &mut seen);
    fails!(ENOTDIR, SYS_lstat, c"f/", &mut seen);
    Ok(())
}

fn fstat_errors() -> Outcome {
    fails!(EBADF, SYS_fstat, 99, &mut [0u64; 18]);
    fails!(EFAULT, SYS_fstat, 0, 8);
    Ok(())
}

fn newfstatat_flags() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    let mut seen = [0u64; 18];
    fails!(ENOENT, SYS_newfstatat, AT_FDCWD, c"l", &mut seen, 0);
    gives!(
        0,
        SYS_newfstatat,
        AT_FDCWD,
        c"l",
        &mut seen,
        AT_SYMLINK_NOFOLLOW
    );
    fails!(
        EINVAL,
        SYS_newfstatat,
        AT_FDCWD,
        c"l",
        &mut seen,
        AT_SYMLINK_FOLLOW
    );
    fails!(
        EINVAL,
        SYS_newfstatat,
        AT_FDCWD,
        c"l",
        &mut seen,
        0x4000_0000
    );
    fails!(EBADF, SYS_newfstatat, 99, c"l", &mut seen, 0);
    gives!(0, SYS_newfstatat, 99, c"/", &mut seen, AT_NO_AUTOMOUNT);
    for fresh in [AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC] {
        gives!(0, SYS_newfstatat, AT_FDCWD, c"/", &mut seen, fresh);
    }
    Ok(())
}

fn newfstatat_empty_path() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o600);
    let mut seen = [0u64; 18];
    gives!(0, SYS_newfstatat, fd, c"", &mut seen, AT_EMPTY_PATH);
    same!(mode(&seen), S_IFREG | 0o600);
    fails!(ENOENT, SYS_newfstatat, fd, c"", &mut seen, 0);
    gives!(0, SYS_newfstatat, AT_FDCWD, c"", &mut seen, AT_EMPTY_PATH);
    same!(mode(&seen) & S_IFMT, S_IFDIR);
    fails!(EBADF, SYS_newfstatat, 99, c"", &mut seen, AT_EMPTY_PATH);
    Ok(())
}

fn stat_proc_is_other_device() -> Outcome {
    holds!(stat(c"/proc")?[0] != stat(c"/")?[0]);
    same!(stat(c"/proc")?[1], 1);
    Ok(())
}

/// `struct statx` as 32-bit words: mask, blksize, attributes (2), nlink, uid, gid, mode …
fn statx_regular_file() -> Outcome {
    std::fs::write("f", "12345")?;
    let mut seen = [0u32; 64];
    gives!(
        0,
        SYS_statx,
        AT_FDCWD,
        c"f",
        0,
        STATX_BASIC_STATS,
        &mut seen
    );
    same!(seen[0] & STATX_BASIC_STATS, STATX_BASIC_STATS);
    same!(
        (seen[1], seen[4], seen[5], seen[6], seen[7]),
        (4096, 1, 0, 0, S_IFREG | 0o644)
    );
    same!((seen[10], seen[11], seen[12]), (5, 0, 8));
    let old = stat(c"f")?;
    same!(u64::from(seen[8]) | u64::from(seen[9]) << 32, old[1]);
    same!(makedev(seen[34], seen[35]), old[0]);
    Ok(())
}

fn statx_bad_arguments() -> Outcome {
    let mut seen = [0u32; 64];
    for (flags, mask) in [
        (0, 0x8000_0000),
        (0x6000, STATX_BASIC_STATS),
        (1, STATX_BASIC_STATS),
    ] {
        fails!(EINVAL, SYS_statx, AT_FDCWD, c".", flags, mask, &mut seen);
    }
    fails!(EFAULT, SYS_statx, AT_FDCWD, c".", 0, STATX_BASIC_STATS, 8);
    fails!(
        ENOENT,
        SYS_statx,
        AT_FDCWD,
        c"missing",
        0,
        STATX_BASIC_STATS,
        &mut seen
    );
    Ok(())
}

fn statx_of_descriptor() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o600);
    let mut seen = [0u32; 64];
    gives!(
        0,
        SYS_statx,
        fd,
        c"",
        AT_EMPTY_PATH,
        STATX_BASIC_STATS,
        &mut seen
    );
    same!(seen[7], S_IFREG | 0o600);
    gives!(
        0,
        SYS_statx,
        AT_FDCWD,
        c"f",
        AT_STATX_DONT_SYNC,
        0,
        &mut seen
    );
    Ok(())
}

/// `struct statfs`: type, bsize, blocks, bfree, bavail, files, ffree, fsid, namelen, frsize …
fn statfs_kinds() -> Outcome {
    let mut seen = [0u64; 15];
    gives!(0, SYS_statfs, c"/proc", &mut seen);
    same!((seen[0], seen[1]), (0x9fa0, 4096));
    gives!(0, SYS_statfs, c"/dev/pts", &mut seen);
    same!(seen[0], 0x1cd1);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_fstatfs, ends[0], &mut seen);
    same!(seen[0], 0x5049_5045);
    Ok(())
}

fn statfs_tmpfs_fields() -> Outcome {
    let mut seen = [0u64; 15];
    gives!(0, SYS_statfs, c".", &mut seen);
    if seen[0] != 0x0102_1994 {
        return Err(Failure::Skipped);
    }
    same!((seen[1], seen[8], seen[9]), (4096, 255, 4096));
    let fd = works!(SYS_open, c".", O_RDONLY);
    let mut other = [0u64; 15];
    gives!(0, SYS_fstatfs, fd, &mut other);
    same!(seen[0], other[0]);
    Ok(())
}

fn statfs_errors() -> Outcome {
    let mut seen = [0u64; 15];
    fails!(ENOENT, SYS_statfs, c"missing", &mut seen);
    fails!(EFAULT, SYS_statfs, c".", 8);
    fails!(EBADF, SYS_fstatfs, 99, &mut seen);
    holds!(sys!(SYS_statfs, c"/", &mut seen) == 0);
    Ok(())
}
