//! The three times of a file, and utimensat. Source: utimensat(2), inode(7).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, pause};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    utimensat_sets_nanoseconds,
    utimensat_now_and_omit,
    utimensat_null_is_now,
    utimensat_symlink_nofollow,
    utimensat_descriptor,
    utimensat_bad_values,
    utimensat_before_1970,
    utimensat_permissions,
    utime_and_utimes,
    write_changes_times,
    chmod_changes_only_ctime,
    read_changes_no_mtime,
    rename_in_folder_changes_folder,
    truncate_changes_times,
    link_changes_ctime,
    times_go_forward,
];

/// The modification and change times of a name in nanoseconds.
fn times(name: &str) -> Result<(i64, i64), Failure> {
    let stat = std::fs::symlink_metadata(name)?;
    let whole = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
    Ok((
        whole(stat.mtime(), stat.mtime_nsec()),
        whole(stat.ctime(), stat.ctime_nsec()),
    ))
}

/// Does `change` a little later; tells whether the modification and change times moved on.
fn moved(name: &str, change: impl FnOnce() -> Outcome) -> Result<(bool, bool), Failure> {
    let before = times(name)?;
    pause(20);
    change()?;
    let after = times(name)?;
    Ok((after.0 > before.0, after.1 > before.1))
}

fn utimensat_sets_nanoseconds() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(
        0,
        SYS_utimensat,
        AT_FDCWD,
        c"f",
        &[1000i64, 123_456_789, 2000, 987_654_321],
        0
    );
    let stat = std::fs::metadata("f")?;
    same!((stat.atime(), stat.atime_nsec()), (1000, 123_456_789));
    same!((stat.mtime(), stat.mtime_nsec()), (2000, 987_654_321));
    Ok(())
}

fn utimensat_now_and_omit() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_utimensat, AT_FDCWD, c"f", &[1000i64, 1, 2000, 2], 0);
    gives!(
        0,
        SYS_utimensat,
        AT_FDCWD,
        c"f",
        &[0, UTIME_OMIT, 0, UTIME_NOW],
        0
    );
    let stat = std::fs::metadata("f")?;
    same!((stat.atime(), stat.mtime() > 100_000), (1000, true));
    gives!(
        0,
        SYS_utimensat,
        AT_FDCWD,
        c"f",
        &[0, UTIME_OMIT, 0, UTIME_OMIT],
        0
    );
    Ok(())
}

fn utimensat_null_is_now() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_utimensat, AT_FDCWD, c"f", &[1000i64, 1, 2000, 2], 0);
    gives!(0, SYS_utimensat, AT_FDCWD, c"f", 0, 0);
    let stat = std::fs::metadata("f")?;
    same!(
        (stat.atime() > 100_000, stat.mtime() > 100_000),
        (true, true)
    );
    Ok(())
}

fn utimensat_symlink_nofollow() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_symlink, c"f", c"l");
    gives!(
        0,
        SYS_utimensat,
        AT_FDCWD,
        c"l",
        &[1i64, 0, 2, 0],
        AT_SYMLINK_NOFOLLOW
    );
    same!(std::fs::symlink_metadata("l")?.mtime(), 2);
    holds!(std::fs::metadata("f")?.mtime() > 2);
    Ok(())
}

fn utimensat_descriptor() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_utimensat, fd, 0, &[1i64, 0, 2, 0], 0);
    same!(std::fs::metadata("f")?.mtime(), 2);
    fails!(EBADF, SYS_utimensat, 99, 0, &[1i64, 0, 2, 0], 0);
    fails!(EFAULT, SYS_utimensat, AT_FDCWD, 0, &[1i64, 0, 2, 0], 0);
    Ok(())
}

fn utimensat_bad_values() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(
        EINVAL,
        SYS_utimensat,
        AT_FDCWD,
        c"f",
        &[0i64, 1_000_000_000, 0, 0],
        0
    );
    fails!(EINVAL, SYS_utimensat, AT_FDCWD, c"f", &[0i64, 0, 0, -1], 0);
    fails!(EINVAL, SYS_utimensat, AT_FDCWD, c"f", 0, 0x4000_0000);
    fails!(EFAULT, SYS_utimensat, AT_FDCWD, c"f", 8, 0);
    fails!(ENOENT, SYS_utimensat, AT_FDCWD, c"missing", 0, 0);
    Ok(())
}

fn utimensat_before_1970() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_utimensat, AT_FDCWD, c"f", &[-5i64, 7, -6, 8], 0);
    let stat = std::fs::metadata("f")?;
    same!((stat.atime(), stat.mtime(), stat.mtime_nsec()), (-5, -6, 8));
    Ok(())
}

/// Setting the times to now needs write permission; to something else, ownership.
fn utimensat_permissions() -> Outcome {
    works!(SYS_creat, c"open", 0o666);
    works!(SYS_chmod, c"open", 0o666);
    works!(SYS_creat, c"closed", 0o644);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        gives!(0, SYS_utimensat, AT_FDCWD, c"open", 0, 0);
        fails!(EPERM, SYS_utimensat, AT_FDCWD, c"open", &[1i64, 0, 2, 0], 0);
        fails!(EACCES, SYS_utimensat, AT_FDCWD, c"closed", 0, 0);
        fails!(
            EPERM,
            SYS_utimensat,
            AT_FDCWD,
            c"closed",
            &[1i64, 0, 2, 0],
            0
        );
        Ok(())
    })
}

fn utime_and_utimes() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_utime, c"f", &[100i64, 200]);
    let stat = std::fs::metadata("f")?;
    same!((stat.atime(), stat.mtime()), (100, 200));
    gives!(0, SYS_utimes, c"f", &[300i64, 5, 400, 6]);
    let stat = std::fs::metadata("f")?;
    same!(
        (stat.atime(), stat.mtime(), stat.mtime_nsec()),
        (300, 400, 6000)
    );
    fails!(EINVAL, SYS_utimes, c"f", &[0i64, 1_000_000, 0, 0]);
    Ok(())
}

fn write_changes_times() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o644);
    let seen = moved("f", || {
        gives!(1, SYS_write, fd, b"x", 1);
        Ok(())
    })?;
    same!(seen, (true, true));
    Ok(())
}

fn chmod_changes_only_ctime() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    let seen = moved("f", || {
        works!(SYS_chmod, c"f", 0o600);
        Ok(())
    })?;
    same!(seen, (false, true));
    Ok(())
}

fn read_changes_no_mtime() -> Outcome {
    std::fs::write("f", "text")?;
    let seen = moved("f", || {
        std::fs::read("f")?;
        Ok(())
    })?;
    same!(seen, (false, false));
    Ok(())
}

fn rename_in_folder_changes_folder() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/a", 0o644);
    let seen = moved("d", || {
        works!(SYS_rename, c"d/a", c"d/b");
        Ok(())
    })?;
    same!(seen, (true, true));
    let seen = moved("d", || {
        works!(SYS_unlink, c"d/b");
        Ok(())
    })?;
    same!(seen, (true, true));
    Ok(())
}

fn truncate_changes_times() -> Outcome {
    std::fs::write("f", "text")?;
    let seen = moved("f", || {
        works!(SYS_truncate, c"f", 1);
        Ok(())
    })?;
    same!(seen, (true, true));
    Ok(())
}

fn link_changes_ctime() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    let seen = moved("f", || {
        works!(SYS_link, c"f", c"g");
        Ok(())
    })?;
    same!(seen, (false, true));
    Ok(())
}

fn times_go_forward() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    pause(20);
    works!(SYS_creat, c"b", 0o644);
    holds!(times("b")? > times("a")?);
    Ok(())
}
