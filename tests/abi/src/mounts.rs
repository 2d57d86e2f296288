//! mount and umount2. Source: mount(2), umount(2), proc_pid_mounts(5).
//!
//! Run in a mount namespace of the runner's own where the kernel has such a thing. A case that
//! may not mount (no privilege) prints nothing.

use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[CASES];

cases![
    mount_hides_and_umount_shows,
    mount_stacks,
    mount_is_listed,
    mount_errors,
    mount_read_only,
    mount_remount,
    mount_bind,
    mount_bind_file,
    mount_no_exec_and_no_suid,
    mount_no_device,
    mount_tmpfs_options,
    mount_tmpfs_size_limit,
    mount_move,
    mount_needs_privilege,
    umount_busy,
    umount_busy_working_directory,
    umount_lazy,
    umount_expires,
    umount_errors,
    umount_with_mount_inside,
    mount_device_numbers_differ,
    dotdot_crosses_mount,
];

/// Mounts a new tmpfs on `name`, or skips the case.
fn tmpfs(name: &std::ffi::CStr, flags: u64) -> Outcome {
    works!(SYS_mkdir, name, 0o755);
    match sys!(SYS_mount, c"none", name, c"tmpfs", flags, 0) {
        0 => Ok(()),
        error if error == -(EPERM as isize) => Err(Failure::Skipped),
        error => Err(Failure::Wrong(format!(
            "mount of a tmpfs: saw {}",
            abi_tests::check::result_text(error)
        ))),
    }
}

fn mount_hides_and_umount_shows() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    std::fs::write("d/below", "")?;
    works!(SYS_rename, c"d", c"e");
    tmpfs(c"d", 0)?;
    std::fs::write("d/above", "")?;
    fails!(ENOENT, SYS_access, c"d/below", F_OK);
    gives!(0, SYS_umount2, c"d", 0);
    fails!(ENOENT, SYS_access, c"d/above", F_OK);
    Ok(())
}

fn mount_stacks() -> Outcome {
    tmpfs(c"d", 0)?;
    std::fs::write("d/one", "")?;
    gives!(0, SYS_mount, c"none", c"d", c"tmpfs", 0, 0);
    std::fs::write("d/two", "")?;
    fails!(ENOENT, SYS_access, c"d/one", F_OK);
    gives!(0, SYS_umount2, c"d", 0);
    gives!(0, SYS_access, c"d/one", F_OK);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_is_listed() -> Outcome {
    works!(SYS_mkdir, c"a b", 0o755);
    if sys!(
        SYS_mount,
        c"my source",
        c"a b",
        c"tmpfs",
        MS_NOSUID | MS_NODEV,
        0
    ) != 0
    {
        return Err(Failure::Skipped);
    }
    let path = std::env::current_dir()?.display().to_string();
    let text = std::fs::read_to_string("/proc/self/mounts")?;
    works!(SYS_umount2, c"a b", 0);
    let start = format!("my\\040source {path}/a\\040b tmpfs rw,nosuid,nodev,relatime");
    holds!(
        text.lines()
            .any(|line| line.starts_with(&start) && line.ends_with(" 0 0"))
    );
    same!(
        std::fs::read_to_string("/proc/self/mounts")?.contains("my\\040source"),
        false
    );
    Ok(())
}

fn mount_errors() -> Outcome {
    tmpfs(c"d", 0)?;
    works!(SYS_umount2, c"d", 0);
    fails!(ENOENT, SYS_mount, c"none", c"missing", c"tmpfs", 0, 0);
    fails!(ENODEV, SYS_mount, c"none", c"d", c"nosuchfs", 0, 0);
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_mount, c"none", c"f", c"tmpfs", 0, 0);
    fails!(EFAULT, SYS_mount, c"none", c"d", 8, 0, 0);
    fails!(EFAULT, SYS_mount, c"none", 8, c"tmpfs", 0, 0);
    fails!(EINVAL, SYS_mount, c"none", c"d", c"tmpfs", MS_REMOUNT, 0);
    fails!(EINVAL, SYS_mount, c"none", c"d", 0, 0, 0);
    fails!(ENOENT, SYS_mount, c"missing", c"d", 0, MS_BIND, 0);
    Ok(())
}

fn mount_read_only() -> Outcome {
    tmpfs(c"d", MS_RDONLY)?;
    fails!(EROFS, SYS_creat, c"d/f", 0o644);
    fails!(EROFS, SYS_mkdir, c"d/e", 0o755);
    fails!(EROFS, SYS_chmod, c"d", 0o700);
    fails!(EROFS, SYS_access, c"d", W_OK);
    fails!(EROFS, SYS_utimensat, AT_FDCWD, c"d", 0, 0);
    gives!(0, SYS_access, c"d", R_OK);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_remount() -> Outcome {
    tmpfs(c"d", 0)?;
    let fd = works!(SYS_creat, c"d/f", 0o644);
    fails!(
        EBUSY,
        SYS_mount,
        c"none",
        c"d",
        0,
        MS_REMOUNT | MS_RDONLY,
        0
    );
    works!(SYS_close, fd);
    gives!(0, SYS_mount, c"none", c"d", 0, MS_REMOUNT | MS_RDONLY, 0);
    fails!(EROFS, SYS_open, c"d/f", O_WRONLY);
    fails!(EROFS, SYS_unlink, c"d/f");
    works!(SYS_close, works!(SYS_open, c"d/f", O_RDONLY));
    gives!(0, SYS_mount, c"none", c"d", 0, MS_REMOUNT, 0);
    works!(SYS_unlink, c"d/f");
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_bind() -> Outcome {
    works!(SYS_mkdir, c"a", 0o755);
    works!(SYS_mkdir, c"b", 0o755);
    std::fs::write("a/f", "shared")?;
    if sys!(SYS_mount, c"a", c"b", 0, MS_BIND, 0) != 0 {
        return Err(Failure::Skipped);
    }
    let text = std::fs::read_to_string("b/f");
    let same_inode = std::fs::metadata("a")?.ino() == std::fs::metadata("b")?.ino();
    let linked = sys!(SYS_link, c"a/f", c"b/g");
    works!(SYS_umount2, c"b", 0);
    same!(
        (text?, same_inode, linked),
        ("shared".to_owned(), true, -(EXDEV as isize))
    );
    Ok(())
}

fn mount_bind_file() -> Outcome {
    std::fs::write("a", "one")?;
    std::fs::write("b", "two")?;
    if sys!(SYS_mount, c"a", c"b", 0, MS_BIND, 0) != 0 {
        return Err(Failure::Skipped);
    }
    let text = std::fs::read_to_string("b");
    let removed = sys!(SYS_unlink, c"b");
    works!(SYS_umount2, c"b", 0);
    same!((text?, removed), ("one".to_owned(), -(EBUSY as isize)));
    same!(std::fs::read_to_string("b")?, "two");
    Ok(())
}

fn mount_no_exec_and_no_suid() -> Outcome {
    tmpfs(c"d", MS_NOEXEC | MS_NOSUID)?;
    std::fs::write("d/f", "#!/bin/sh\n")?;
    works!(SYS_chmod, c"d/f", 0o755);
    fails!(EACCES, SYS_execve, c"d/f", 0, 0);
    fails!(EACCES, SYS_access, c"d/f", X_OK);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_no_device() -> Outcome {
    tmpfs(c"d", MS_NODEV)?;
    works!(SYS_mknod, c"d/null", S_IFCHR | 0o666, makedev(1, 3));
    fails!(EACCES, SYS_open, c"d/null", O_RDWR);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_tmpfs_options() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    match sys!(
        SYS_mount,
        c"none",
        c"d",
        c"tmpfs",
        0,
        c"mode=1750,uid=11,gid=22"
    ) {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    let stat = std::fs::metadata("d")?;
    works!(SYS_umount2, c"d", 0);
    same!(
        (stat.mode() & 0o7777, stat.uid(), stat.gid()),
        (0o1750, 11, 22)
    );
    fails!(
        EINVAL,
        SYS_mount,
        c"none",
        c"d",
        c"tmpfs",
        0,
        c"colour=blue"
    );
    Ok(())
}

fn mount_tmpfs_size_limit() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    match sys!(SYS_mount, c"none", c"d", c"tmpfs", 0, c"size=16k") {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    let fd = works!(SYS_creat, c"d/f", 0o644);
    let block = [1u8; 4096];
    for _ in 0..4 {
        gives!(4096, SYS_write, fd, &block, 4096);
    }
    fails!(ENOSPC, SYS_write, fd, &block, 4096);
    works!(SYS_ftruncate, fd, 0);
    works!(SYS_lseek, fd, 0, SEEK_SET);
    gives!(4096, SYS_write, fd, &block, 4096);
    let mut seen = [0u64; 15];
    gives!(0, SYS_statfs, c"d", &mut seen);
    same!((seen[2], seen[3]), (4, 3));
    works!(SYS_close, fd);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_move() -> Outcome {
    tmpfs(c"a", 0)?;
    works!(SYS_mkdir, c"b", 0o755);
    std::fs::write("a/f", "")?;
    gives!(0, SYS_mount, c"a", c"b", 0, MS_MOVE, 0);
    gives!(0, SYS_access, c"b/f", F_OK);
    fails!(ENOENT, SYS_access, c"a/f", F_OK);
    gives!(0, SYS_umount2, c"b", 0);
    fails!(EINVAL, SYS_mount, c"a", c"b", 0, MS_MOVE, 0);
    Ok(())
}

fn mount_needs_privilege() -> Outcome {
    tmpfs(c"d", 0)?;
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_mount, c"none", c"d", c"tmpfs", 0, 0);
        fails!(EPERM, SYS_umount2, c"d", 0);
        Ok(())
    })?;
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn umount_busy() -> Outcome {
    tmpfs(c"d", 0)?;
    let fd = works!(SYS_creat, c"d/f", 0o644);
    fails!(EBUSY, SYS_umount2, c"d", 0);
    works!(SYS_close, fd);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn umount_busy_working_directory() -> Outcome {
    tmpfs(c"d", 0)?;
    works!(SYS_chdir, c"d");
    fails!(EBUSY, SYS_umount2, c"../d", 0);
    works!(SYS_chdir, c"..");
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

/// A lazy unmount takes the tree out of sight at once; what is open goes on working.
fn umount_lazy() -> Outcome {
    tmpfs(c"d", 0)?;
    let fd = works!(SYS_open, c"d/f", O_CREAT | O_RDWR, 0o644);
    gives!(0, SYS_umount2, c"d", MNT_DETACH);
    fails!(ENOENT, SYS_access, c"d/f", F_OK);
    gives!(4, SYS_write, fd, b"text", 4);
    let mut text = [0u8; 4];
    gives!(4, SYS_pread64, fd, &mut text, 4, 0);
    Ok(())
}

/// The first call marks what nobody uses, the second takes it away, unless it was used between.
fn umount_expires() -> Outcome {
    tmpfs(c"d", 0)?;
    let used = works!(SYS_open, c"d", O_RDONLY);
    fails!(EBUSY, SYS_umount2, c"d", MNT_EXPIRE);
    works!(SYS_close, used);
    fails!(EAGAIN, SYS_umount2, c"d", MNT_EXPIRE);
    works!(SYS_close, works!(SYS_open, c"d", O_RDONLY));
    fails!(EAGAIN, SYS_umount2, c"d", MNT_EXPIRE);
    fails!(EINVAL, SYS_umount2, c"d", MNT_EXPIRE | MNT_DETACH);
    gives!(0, SYS_umount2, c"d", MNT_EXPIRE);
    fails!(EINVAL, SYS_umount2, c"d", MNT_EXPIRE);
    Ok(())
}

fn umount_errors() -> Outcome {
    tmpfs(c"d", 0)?;
    gives!(0, SYS_umount2, c"d", 0);
    fails!(EINVAL, SYS_umount2, c"d", 0);
    fails!(ENOENT, SYS_umount2, c"missing", 0);
    fails!(EINVAL, SYS_umount2, c"d", 0x1000);
    fails!(EFAULT, SYS_umount2, 8, 0);
    Ok(())
}

fn umount_with_mount_inside() -> Outcome {
    tmpfs(c"d", 0)?;
    tmpfs(c"d/e", 0)?;
    fails!(EBUSY, SYS_umount2, c"d", 0);
    gives!(0, SYS_umount2, c"d/e", 0);
    gives!(0, SYS_umount2, c"d", 0);
    Ok(())
}

fn mount_device_numbers_differ() -> Outcome {
    tmpfs(c"d", 0)?;
    let inside = std::fs::metadata("d")?.dev();
    works!(SYS_umount2, c"d", 0);
    holds!(inside != std::fs::metadata("d")?.dev());
    Ok(())
}

fn dotdot_crosses_mount() -> Outcome {
    tmpfs(c"d", 0)?;
    let up = std::fs::metadata("d/..")?.ino();
    works!(SYS_umount2, c"d", 0);
    same!(up, std::fs::metadata(".")?.ino());
    Ok(())
}
