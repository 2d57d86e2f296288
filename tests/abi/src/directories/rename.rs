//! rename, renameat and renameat2. Source: rename(2).

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    rename_file,
    rename_replaces_file,
    rename_replaced_stays_open,
    rename_same_inode_does_nothing,
    rename_missing,
    rename_file_over_directory,
    rename_directory_over_file,
    rename_directory_over_empty,
    rename_directory_over_full,
    rename_into_itself,
    rename_moves_directory_and_dotdot,
    rename_symlink_itself,
    rename_dot_refused,
    rename_trailing_slashes,
    rename_too_long,
    rename_parent_onto_child,
    renameat_descriptors,
    rename_no_replace,
    rename_exchange,
    rename_exchange_directory_and_file,
    rename_bad_flags,
    rename_without_permission,
    rename_mount_point,
];

fn put(name: &str, text: &str) -> Result<(), std::io::Error> {
    std::fs::write(name, text)
}

fn get(name: &str) -> Result<String, std::io::Error> {
    std::fs::read_to_string(name)
}

fn rename_file() -> Outcome {
    put("a", "1")?;
    gives!(0, SYS_rename, c"a", c"b");
    same!(get("b")?, "1");
    fails!(ENOENT, SYS_access, c"a", F_OK);
    Ok(())
}

fn rename_replaces_file() -> Outcome {
    put("a", "1")?;
    put("b", "2")?;
    gives!(0, SYS_rename, c"a", c"b");
    same!(get("b")?, "1");
    Ok(())
}

fn rename_replaced_stays_open() -> Outcome {
    put("a", "1")?;
    put("b", "2")?;
    let fd = works!(SYS_open, c"b", O_RDONLY);
    works!(SYS_rename, c"a", c"b");
    let mut byte = [0u8];
    gives!(1, SYS_read, fd, &mut byte, 1);
    same!(&byte, b"2");
    Ok(())
}

fn rename_same_inode_does_nothing() -> Outcome {
    put("a", "1")?;
    works!(SYS_link, c"a", c"b");
    gives!(0, SYS_rename, c"a", c"b");
    same!((get("a")?, get("b")?), ("1".into(), "1".into()));
    gives!(0, SYS_rename, c"a", c"a");
    Ok(())
}

fn rename_missing() -> Outcome {
    put("a", "1")?;
    fails!(ENOENT, SYS_rename, c"missing", c"b");
    fails!(ENOENT, SYS_rename, c"a", c"missing/b");
    fails!(ENOENT, SYS_rename, c"", c"b");
    fails!(ENOENT, SYS_rename, c"a", c"");
    fails!(ENOTDIR, SYS_rename, c"a", c"a/b");
    fails!(EFAULT, SYS_rename, c"a", 8);
    Ok(())
}

fn rename_file_over_directory() -> Outcome {
    put("a", "1")?;
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EISDIR, SYS_rename, c"a", c"d");
    Ok(())
}

fn rename_directory_over_file() -> Outcome {
    put("a", "1")?;
    works!(SYS_mkdir, c"d", 0o755);
    fails!(ENOTDIR, SYS_rename, c"d", c"a");
    Ok(())
}

fn rename_directory_over_empty() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    put("d/x", "1")?;
    works!(SYS_mkdir, c"e", 0o755);
    gives!(0, SYS_rename, c"d", c"e");
    same!(get("e/x")?, "1");
    Ok(())
}

fn rename_directory_over_full() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"e", 0o755);
    put("e/x", "1")?;
    fails!(ENOTEMPTY, SYS_rename, c"d", c"e");
    Ok(())
}

fn rename_into_itself() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/e", 0o755);
    fails!(EINVAL, SYS_rename, c"d", c"d/x");
    fails!(EINVAL, SYS_rename, c"d", c"d/e/x");
    fails!(EINVAL, SYS_rename, c"d", c"d/e");
    Ok(())
}

fn rename_moves_directory_and_dotdot() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/e", 0o755);
    works!(SYS_mkdir, c"x", 0o755);
    gives!(0, SYS_rename, c"d/e", c"x/e");
    same!(
        std::fs::metadata("x/e/..")?.ino(),
        std::fs::metadata("x")?.ino()
    );
    same!(
        (
            std::fs::metadata("d")?.nlink(),
            std::fs::metadata("x")?.nlink()
        ),
        (2, 3)
    );
    Ok(())
}

fn rename_symlink_itself() -> Outcome {
    put("a", "1")?;
    works!(SYS_symlink, c"a", c"l");
    gives!(0, SYS_rename, c"l", c"m");
    same!(std::fs::symlink_metadata("m")?.is_symlink(), true);
    put("b", "2")?;
    gives!(0, SYS_rename, c"b", c"m");
    same!((get("m")?, get("a")?), ("2".into(), "1".into()));
    Ok(())
}

fn rename_dot_refused() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EBUSY, SYS_rename, c".", c"x");
    fails!(EBUSY, SYS_rename, c"d/.", c"x");
    fails!(EBUSY, SYS_rename, c"d/..", c"x");
    fails!(EBUSY, SYS_rename, c"d", c".");
    Ok(())
}

fn rename_trailing_slashes() -> Outcome {
    put("a", "1")?;
    works!(SYS_mkdir, c"d", 0o755);
    fails!(ENOTDIR, SYS_rename, c"a/", c"b");
    fails!(ENOTDIR, SYS_rename, c"a", c"b/");
    gives!(0, SYS_rename, c"d/", c"e/");
    Ok(())
}

fn rename_too_long() -> Outcome {
    put("a", "1")?;
    let name = std::ffi::CString::new("n".repeat(256)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_rename, c"a", name.as_c_str());
    Ok(())
}

fn rename_parent_onto_child() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/e", 0o755);
    fails!(ENOTEMPTY, SYS_rename, c"d/e", c"d");
    Ok(())
}

fn renameat_descriptors() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"e", 0o755);
    put("d/a", "1")?;
    let (from, to) = (
        works!(SYS_open, c"d", O_PATH),
        works!(SYS_open, c"e", O_PATH),
    );
    gives!(0, SYS_renameat, from, c"a", to, c"b");
    same!(get("e/b")?, "1");
    fails!(EBADF, SYS_renameat, 99, c"a", to, c"b");
    Ok(())
}

fn rename_no_replace() -> Outcome {
    put("a", "1")?;
    put("b", "2")?;
    fails!(
        EEXIST,
        SYS_renameat2,
        AT_FDCWD,
        c"a",
        AT_FDCWD,
        c"b",
        RENAME_NOREPLACE
    );
    gives!(
        0,
        SYS_renameat2,
        AT_FDCWD,
        c"a",
        AT_FDCWD,
        c"c",
        RENAME_NOREPLACE
    );
    same!(get("c")?, "1");
    Ok(())
}

fn rename_exchange() -> Outcome {
    put("a", "1")?;
    put("b", "2")?;
    gives!(
        0,
        SYS_renameat2,
        AT_FDCWD,
        c"a",
        AT_FDCWD,
        c"b",
        RENAME_EXCHANGE
    );
    same!((get("a")?, get("b")?), ("2".into(), "1".into()));
    fails!(
        ENOENT,
        SYS_renameat2,
        AT_FDCWD,
        c"a",
        AT_FDCWD,
        c"c",
        RENAME_EXCHANGE
    );
    Ok(())
}

fn rename_exchange_directory_and_file() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/full", 0o755);
    works!(SYS_mkdir, c"x", 0o755);
    put("x/a", "1")?;
    gives!(
        0,
        SYS_renameat2,
        AT_FDCWD,
        c"d/full",
        AT_FDCWD,
        c"x/a",
        RENAME_EXCHANGE
    );
    same!(
        (get("d/full")?, std::fs::metadata("x/a")?.is_dir()),
        ("1".into(), true)
    );
    same!(
        (
            std::fs::metadata("d")?.nlink(),
            std::fs::metadata("x")?.nlink()
        ),
        (2, 3)
    );
    fails!(
        EINVAL,
        SYS_renameat2,
        AT_FDCWD,
        c"x",
        AT_FDCWD,
        c"x/a",
        RENAME_EXCHANGE
    );
    Ok(())
}

fn rename_bad_flags() -> Outcome {
    put("a", "1")?;
    fails!(EINVAL, SYS_renameat2, AT_FDCWD, c"a", AT_FDCWD, c"b", 0x80);
    let both = RENAME_NOREPLACE | RENAME_EXCHANGE;
    fails!(EINVAL, SYS_renameat2, AT_FDCWD, c"a", AT_FDCWD, c"b", both);
    Ok(())
}

fn rename_without_permission() -> Outcome {
    put("a", "1")?;
    works!(SYS_mkdir, c"open", 0o755);
    works!(SYS_chmod, c"open", 0o777);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EACCES, SYS_rename, c"a", c"open/a");
        fails!(EACCES, SYS_rename, c"a", c"b");
        Ok(())
    })
}

fn rename_mount_point() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    if abi_tests::sys!(SYS_mount, c"none", c"d", c"tmpfs", 0, 0) != 0 {
        return Err(abi_tests::check::Failure::Skipped);
    }
    let moved = abi_tests::sys!(SYS_rename, c"d", c"e");
    let removed = abi_tests::sys!(SYS_rmdir, c"d");
    works!(SYS_umount2, c"d", 0);
    same!((moved, removed), (-(EBUSY as isize), -(EBUSY as isize)));
    Ok(())
}
