//! mkdir, rmdir, mknod and unlink. Source: mkdir(2), rmdir(2), mknod(2), unlink(2).

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    mkdir_mode_and_umask,
    mkdir_existing,
    mkdir_missing_parent,
    mkdir_under_file,
    mkdir_trailing_slash,
    mkdir_dot,
    mkdir_dangling_symlink,
    mkdir_counts_links,
    mkdir_at_descriptor,
    mkdir_inherits_set_group_id,
    rmdir_empty,
    rmdir_not_empty,
    rmdir_file,
    rmdir_missing,
    rmdir_dot_and_dotdot,
    rmdir_symlink,
    rmdir_current_directory,
    rmdir_root,
    rmdir_trailing_slash,
    unlink_file,
    unlink_directory,
    unlink_missing,
    unlink_symlink_only,
    unlink_trailing_slash,
    unlinkat_flags,
    mknod_kinds,
    mknod_existing,
    mknod_bad_kind,
    mknod_needs_privilege,
    sticky_directory_protects,
];

fn mode(name: &str) -> Result<u32, std::io::Error> {
    Ok(std::fs::symlink_metadata(name)?.mode())
}

fn mkdir_mode_and_umask() -> Outcome {
    works!(SYS_umask, 0o027);
    works!(SYS_mkdir, c"d", 0o777);
    same!(mode("d")?, S_IFDIR | 0o750);
    works!(SYS_umask, 0);
    works!(SYS_mkdir, c"e", 0o1777);
    same!(mode("e")?, S_IFDIR | 0o1777);
    Ok(())
}

fn mkdir_existing() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EEXIST, SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"f", 0o644);
    fails!(EEXIST, SYS_mkdir, c"f", 0o755);
    fails!(EEXIST, SYS_mkdir, c"/", 0o755);
    Ok(())
}

fn mkdir_missing_parent() -> Outcome {
    fails!(ENOENT, SYS_mkdir, c"a/b", 0o755);
    fails!(ENOENT, SYS_mkdir, c"", 0o755);
    Ok(())
}

fn mkdir_under_file() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_mkdir, c"f/d", 0o755);
    Ok(())
}

fn mkdir_trailing_slash() -> Outcome {
    works!(SYS_mkdir, c"d///", 0o755);
    same!(mode("d")?, S_IFDIR | 0o755);
    Ok(())
}

fn mkdir_dot() -> Outcome {
    fails!(EEXIST, SYS_mkdir, c".", 0o755);
    fails!(EEXIST, SYS_mkdir, c"..", 0o755);
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EEXIST, SYS_mkdir, c"d/.", 0o755);
    fails!(ENOENT, SYS_mkdir, c"x/.", 0o755);
    Ok(())
}

fn mkdir_dangling_symlink() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    fails!(EEXIST, SYS_mkdir, c"l", 0o755);
    Ok(())
}

fn mkdir_counts_links() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    same!(std::fs::metadata("d")?.nlink(), 2);
    works!(SYS_mkdir, c"d/e", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    same!(std::fs::metadata("d")?.nlink(), 3);
    works!(SYS_rmdir, c"d/e");
    same!(std::fs::metadata("d")?.nlink(), 2);
    Ok(())
}

fn mkdir_at_descriptor() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let fd = works!(SYS_open, c"d", O_RDONLY);
    works!(SYS_mkdirat, fd, c"e", 0o700);
    same!(mode("d/e")?, S_IFDIR | 0o700);
    fails!(EBADF, SYS_mkdirat, 99, c"e", 0o700);
    let file = works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_mkdirat, file, c"e", 0o700);
    Ok(())
}

fn mkdir_inherits_set_group_id() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chown, c"d", -1, 77);
    works!(SYS_chmod, c"d", 0o2755);
    works!(SYS_mkdir, c"d/e", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    let (folder, file) = (std::fs::metadata("d/e")?, std::fs::metadata("d/f")?);
    same!((folder.gid(), folder.mode() & 0o7777), (77, 0o2755));
    same!((file.gid(), file.mode() & 0o7777), (77, 0o644));
    Ok(())
}

fn rmdir_empty() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    gives!(0, SYS_rmdir, c"d");
    fails!(ENOENT, SYS_rmdir, c"d");
    Ok(())
}

fn rmdir_not_empty() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    fails!(ENOTEMPTY, SYS_rmdir, c"d");
    works!(SYS_unlink, c"d/f");
    gives!(0, SYS_rmdir, c"d");
    Ok(())
}

fn rmdir_file() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_rmdir, c"f");
    Ok(())
}

fn rmdir_missing() -> Outcome {
    fails!(ENOENT, SYS_rmdir, c"missing");
    fails!(ENOENT, SYS_rmdir, c"");
    Ok(())
}

fn rmdir_dot_and_dotdot() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EINVAL, SYS_rmdir, c"d/.");
    fails!(ENOTEMPTY, SYS_rmdir, c"d/..");
    fails!(EINVAL, SYS_rmdir, c".");
    Ok(())
}

fn rmdir_symlink() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_symlink, c"d", c"l");
    fails!(ENOTDIR, SYS_rmdir, c"l");
    fails!(ENOTDIR, SYS_rmdir, c"l/");
    Ok(())
}

/// A process may sit in a directory that is gone; nothing can be made there any more.
fn rmdir_current_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chdir, c"d");
    works!(SYS_rmdir, c"../d");
    fails!(ENOENT, SYS_getcwd, &mut [0u8; 100], 100);
    fails!(ENOENT, SYS_creat, c"f", 0o644);
    fails!(ENOENT, SYS_mkdir, c"e", 0o755);
    works!(SYS_open, c".", O_RDONLY);
    same!(std::fs::metadata(".")?.nlink(), 0);
    works!(SYS_chdir, c"..");
    Ok(())
}

fn rmdir_root() -> Outcome {
    fails!(EBUSY, SYS_rmdir, c"/");
    fails!(EBUSY, SYS_rmdir, c"/proc");
    Ok(())
}

fn rmdir_trailing_slash() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    gives!(0, SYS_rmdir, c"d/");
    Ok(())
}

fn unlink_file() -> Outcome {
    works!(SYS_creat, c"f", 0o444);
    gives!(0, SYS_unlink, c"f");
    fails!(ENOENT, SYS_unlink, c"f");
    Ok(())
}

fn unlink_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EISDIR, SYS_unlink, c"d");
    fails!(EISDIR, SYS_unlink, c".");
    fails!(EISDIR, SYS_unlink, c"/");
    Ok(())
}

fn unlink_missing() -> Outcome {
    fails!(ENOENT, SYS_unlink, c"missing");
    fails!(ENOENT, SYS_unlink, c"");
    fails!(EFAULT, SYS_unlink, 8);
    Ok(())
}

fn unlink_symlink_only() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_symlink, c"f", c"l");
    works!(SYS_unlink, c"l");
    same!(mode("f")?, S_IFREG | 0o644);
    Ok(())
}

fn unlink_trailing_slash() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_unlink, c"f/");
    works!(SYS_mkdir, c"d", 0o755);
    fails!(EISDIR, SYS_unlink, c"d/");
    fails!(ENOENT, SYS_unlink, c"missing/");
    Ok(())
}

fn unlinkat_flags() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"f", 0o644);
    fails!(EISDIR, SYS_unlinkat, AT_FDCWD, c"d", 0);
    fails!(ENOTDIR, SYS_unlinkat, AT_FDCWD, c"f", AT_REMOVEDIR);
    fails!(EINVAL, SYS_unlinkat, AT_FDCWD, c"f", 0x1000);
    gives!(0, SYS_unlinkat, AT_FDCWD, c"d", AT_REMOVEDIR);
    fails!(EBADF, SYS_unlinkat, 99, c"f", 0);
    Ok(())
}

fn mknod_kinds() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    works!(SYS_mknod, c"s", S_IFSOCK | 0o600, 0);
    works!(SYS_mknod, c"f", S_IFREG | 0o600, 0);
    works!(SYS_mknod, c"plain", 0o600, 0);
    works!(SYS_mknod, c"c", S_IFCHR | 0o600, makedev(1, 3));
    works!(SYS_mknod, c"b", S_IFBLK | 0o600, makedev(7, 300));
    let kinds = [
        mode("p")?,
        mode("s")?,
        mode("f")?,
        mode("plain")?,
        mode("c")?,
        mode("b")?,
    ];
    same!(
        kinds.map(|m| m & S_IFMT),
        [S_IFIFO, S_IFSOCK, S_IFREG, S_IFREG, S_IFCHR, S_IFBLK]
    );
    same!(std::fs::metadata("c")?.rdev(), makedev(1, 3));
    same!(std::fs::metadata("b")?.rdev(), makedev(7, 300));
    let null = works!(SYS_open, c"c", O_RDWR);
    gives!(5, SYS_write, null, b"hello", 5);
    Ok(())
}

fn mknod_existing() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(EEXIST, SYS_mknod, c"f", S_IFIFO | 0o600, 0);
    fails!(ENOENT, SYS_mknod, c"missing/f", S_IFIFO | 0o600, 0);
    fails!(ENOENT, SYS_mknod, c"new/", S_IFIFO | 0o600, 0);
    Ok(())
}

fn mknod_bad_kind() -> Outcome {
    fails!(EPERM, SYS_mknod, c"d", S_IFDIR | 0o755, 0);
    fails!(EINVAL, SYS_mknod, c"l", S_IFLNK | 0o755, 0);
    fails!(EINVAL, SYS_mknod, c"x", 0o50000 | 0o755, 0);
    Ok(())
}

fn mknod_needs_privilege() -> Outcome {
    works!(SYS_chmod, c".", 0o777);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_mknod, c"c", S_IFCHR | 0o600, makedev(1, 3));
        fails!(EPERM, SYS_mknod, c"b", S_IFBLK | 0o600, makedev(1, 3));
        // What is wrong with the path comes first.
        fails!(EEXIST, SYS_mknod, c".", S_IFCHR | 0o600, makedev(1, 3));
        fails!(ENOENT, SYS_mknod, c"no/c", S_IFCHR | 0o600, makedev(1, 3));
        fails!(EFAULT, SYS_mknod, 8, S_IFBLK | 0o600, makedev(1, 3));
        works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
        works!(SYS_mknod, c"s", S_IFSOCK | 0o600, 0);
        Ok(())
    })
}

/// In a sticky directory only the owner of a file, of the directory, or root removes or renames.
fn sticky_directory_protects() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chmod, c"d", 0o1777);
    works!(SYS_creat, c"d/root", 0o666);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_unlink, c"d/root");
        fails!(EPERM, SYS_rename, c"d/root", c"d/mine");
        works!(SYS_creat, c"d/own", 0o644);
        fails!(EPERM, SYS_rename, c"d/own", c"d/root");
        works!(SYS_rename, c"d/own", c"d/owned");
        works!(SYS_unlink, c"d/owned");
        Ok(())
    })
}
