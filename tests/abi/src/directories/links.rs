//! link, symlink and readlink. Source: link(2), symlink(2), readlink(2), symlink(7).

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    link_shares_inode,
    link_directory_refused,
    link_existing,
    link_missing,
    link_does_not_follow,
    link_follow_flag,
    link_empty_path,
    link_to_deleted_refused,
    rename_to_other_mount,
    link_trailing_slash,
    link_protected_for_others,
    symlink_stores_any_text,
    symlink_existing,
    symlink_empty,
    symlink_too_long,
    symlink_mode_and_size,
    symlink_at_descriptor,
    readlink_cuts,
    readlink_not_a_link,
    readlink_bad_size,
    readlink_trailing_slash,
    readlink_missing,
    readlink_descriptor_empty_path,
];

fn link_shares_inode() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    gives!(0, SYS_link, c"a", c"b");
    let (a, b) = (std::fs::metadata("a")?, std::fs::metadata("b")?);
    same!((a.ino() == b.ino(), b.nlink()), (true, 2));
    std::fs::write("a", "text")?;
    same!(std::fs::read("b")?, b"text");
    works!(SYS_unlink, c"a");
    same!(std::fs::metadata("b")?.nlink(), 1);
    Ok(())
}

fn link_directory_refused() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EPERM, SYS_link, c"d", c"e");
    Ok(())
}

fn link_existing() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    works!(SYS_creat, c"b", 0o644);
    fails!(EEXIST, SYS_link, c"a", c"b");
    fails!(EEXIST, SYS_link, c"a", c"a");
    Ok(())
}

fn link_missing() -> Outcome {
    fails!(ENOENT, SYS_link, c"missing", c"b");
    works!(SYS_creat, c"a", 0o644);
    fails!(ENOENT, SYS_link, c"a", c"missing/b");
    fails!(ENOENT, SYS_link, c"", c"b");
    fails!(ENOENT, SYS_link, c"a", c"");
    fails!(ENOTDIR, SYS_link, c"a", c"a/b");
    Ok(())
}

fn link_does_not_follow() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    gives!(0, SYS_link, c"l", c"m");
    same!(
        std::fs::read_link("m")?.to_string_lossy().into_owned(),
        "nowhere"
    );
    same!(std::fs::symlink_metadata("l")?.nlink(), 2);
    Ok(())
}

fn link_follow_flag() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    works!(SYS_symlink, c"a", c"l");
    gives!(
        0,
        SYS_linkat,
        AT_FDCWD,
        c"l",
        AT_FDCWD,
        c"b",
        AT_SYMLINK_FOLLOW
    );
    same!(std::fs::symlink_metadata("b")?.is_file(), true);
    fails!(EINVAL, SYS_linkat, AT_FDCWD, c"l", AT_FDCWD, c"c", 0x8000);
    Ok(())
}

fn link_empty_path() -> Outcome {
    let fd = works!(SYS_creat, c"a", 0o644);
    gives!(0, SYS_linkat, fd, c"", AT_FDCWD, c"b", AT_EMPTY_PATH);
    same!(std::fs::metadata("b")?.nlink(), 2);
    Ok(())
}

/// A file without a name gets none again, unless it was made without one (O_TMPFILE).
fn link_to_deleted_refused() -> Outcome {
    let fd = works!(SYS_creat, c"a", 0o644);
    works!(SYS_unlink, c"a");
    fails!(ENOENT, SYS_linkat, fd, c"", AT_FDCWD, c"b", AT_EMPTY_PATH);
    let unnamed = works!(SYS_open, c".", O_TMPFILE | O_WRONLY, 0o600);
    gives!(0, SYS_linkat, unnamed, c"", AT_FDCWD, c"b", AT_EMPTY_PATH);
    Ok(())
}

fn rename_to_other_mount() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    fails!(EXDEV, SYS_rename, c"a", c"/proc/x");
    Ok(())
}

fn link_trailing_slash() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    fails!(ENOTDIR, SYS_link, c"a/", c"b");
    fails!(ENOENT, SYS_link, c"a", c"b/");
    Ok(())
}

/// What /proc/sys/fs/protected_hardlinks forbids where it is on; both answers are Linux's.
fn link_protected_for_others() -> Outcome {
    works!(SYS_chmod, c".", 0o777);
    works!(SYS_creat, c"a", 0o600);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        let seen = abi_tests::sys!(SYS_link, c"a", c"b");
        abi_tests::holds!(seen == 0 || seen == -(EPERM as isize), "saw {seen}");
        Ok(())
    })
}

fn symlink_stores_any_text() -> Outcome {
    gives!(0, SYS_symlink, c"../no such/place//x/", c"l");
    same!(
        std::fs::read_link("l")?.to_string_lossy().into_owned(),
        "../no such/place//x/"
    );
    Ok(())
}

fn symlink_existing() -> Outcome {
    works!(SYS_creat, c"a", 0o644);
    fails!(EEXIST, SYS_symlink, c"x", c"a");
    works!(SYS_symlink, c"x", c"l");
    fails!(EEXIST, SYS_symlink, c"y", c"l");
    Ok(())
}

fn symlink_empty() -> Outcome {
    fails!(ENOENT, SYS_symlink, c"", c"l");
    fails!(ENOENT, SYS_symlink, c"x", c"");
    fails!(ENOENT, SYS_symlink, c"x", c"l/");
    fails!(EFAULT, SYS_symlink, 8, c"l");
    Ok(())
}

fn symlink_too_long() -> Outcome {
    let text = std::ffi::CString::new("x".repeat(4096)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_symlink, text.as_c_str(), c"l");
    let text = std::ffi::CString::new("x".repeat(4095)).unwrap_or_default();
    works!(SYS_symlink, text.as_c_str(), c"l");
    let mut buffer = vec![0u8; 5000];
    gives!(4095, SYS_readlink, c"l", buffer.as_mut_slice(), 5000);
    Ok(())
}

fn symlink_mode_and_size() -> Outcome {
    works!(SYS_symlink, c"12345", c"l");
    let stat = std::fs::symlink_metadata("l")?;
    same!(
        (stat.mode(), stat.len(), stat.nlink()),
        (S_IFLNK | 0o777, 5, 1)
    );
    Ok(())
}

fn symlink_at_descriptor() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let fd = works!(SYS_open, c"d", O_PATH);
    gives!(0, SYS_symlinkat, c"x", fd, c"l");
    let mut buffer = [0u8; 8];
    gives!(1, SYS_readlinkat, fd, c"l", &mut buffer, 8);
    fails!(EBADF, SYS_symlinkat, c"x", 99, c"l");
    Ok(())
}

fn readlink_cuts() -> Outcome {
    works!(SYS_symlink, c"abcdef", c"l");
    let mut buffer = [b'#'; 8];
    gives!(3, SYS_readlink, c"l", &mut buffer, 3);
    same!(&buffer, b"abc#####");
    gives!(6, SYS_readlink, c"l", &mut buffer, 8);
    same!(&buffer, b"abcdef##");
    Ok(())
}

fn readlink_not_a_link() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    let mut buffer = [0u8; 8];
    fails!(EINVAL, SYS_readlink, c"f", &mut buffer, 8);
    fails!(EINVAL, SYS_readlink, c".", &mut buffer, 8);
    Ok(())
}

fn readlink_bad_size() -> Outcome {
    works!(SYS_symlink, c"abcdef", c"l");
    let mut buffer = [0u8; 8];
    fails!(EINVAL, SYS_readlink, c"l", &mut buffer, 0);
    fails!(EINVAL, SYS_readlink, c"l", &mut buffer, -1);
    fails!(EFAULT, SYS_readlink, c"l", 8, 8);
    Ok(())
}

fn readlink_trailing_slash() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_symlink, c"d", c"l");
    let mut buffer = [0u8; 8];
    fails!(EINVAL, SYS_readlink, c"l/", &mut buffer, 8);
    Ok(())
}

fn readlink_missing() -> Outcome {
    let mut buffer = [0u8; 8];
    fails!(ENOENT, SYS_readlink, c"missing", &mut buffer, 8);
    fails!(ENOENT, SYS_readlink, c"", &mut buffer, 8);
    Ok(())
}

fn readlink_descriptor_empty_path() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    let fd = works!(SYS_open, c"f", O_PATH);
    let mut buffer = [0u8; 8];
    fails!(ENOENT, SYS_readlinkat, fd, c"", &mut buffer, 8);
    fails!(ENOENT, SYS_readlinkat, AT_FDCWD, c"", &mut buffer, 8);
    Ok(())
}
