//! How a path is walked: symlinks, limits, the working directory and the root. Source:
//! path_resolution(7), getcwd(2), chdir(2), chroot(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    symlink_relative_to_its_folder,
    symlink_absolute,
    symlink_chain_of_forty,
    symlink_loop_everywhere,
    name_of_255_bytes,
    path_search_permission,
    path_search_permission_of_root,
    dotdot_of_root_is_root,
    dotdot_through_symlink,
    empty_components,
    getcwd_and_chdir,
    getcwd_size,
    getcwd_after_rename,
    chdir_errors,
    fchdir_descriptor,
    fchdir_errors,
    chdir_without_permission,
    chroot_confines,
    chroot_needs_privilege,
    chroot_errors,
    getcwd_unreachable,
];

fn cwd() -> Result<String, Failure> {
    let mut text = [0u8; 4096];
    let length = works!(SYS_getcwd, &mut text, 4096) as usize;
    Ok(String::from_utf8_lossy(&text[..length - 1]).into_owned())
}

fn symlink_relative_to_its_folder() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    std::fs::write("d/f", "in d")?;
    works!(SYS_symlink, c"f", c"d/l");
    same!(std::fs::read_to_string("d/l")?, "in d");
    works!(SYS_symlink, c"../d/./l", c"d/m");
    same!(std::fs::read_to_string("d/m")?, "in d");
    Ok(())
}

fn symlink_absolute() -> Outcome {
    works!(SYS_symlink, c"/", c"l");
    same!(std::fs::metadata("l")?.ino(), std::fs::metadata("/")?.ino());
    works!(SYS_open, c"l/proc", O_RDONLY);
    Ok(())
}

/// Forty links are followed in one walk, and not one more.
fn symlink_chain_of_forty() -> Outcome {
    std::fs::write("0", "end")?;
    for n in 1..=41 {
        std::os::unix::fs::symlink(format!("{}", n - 1), format!("{n}"))?;
    }
    same!(std::fs::read_to_string("40")?, "end");
    fails!(ELOOP, SYS_open, c"41", O_RDONLY);
    Ok(())
}

fn symlink_loop_everywhere() -> Outcome {
    works!(SYS_symlink, c"l", c"l");
    fails!(ELOOP, SYS_stat, c"l", &mut [0u64; 18]);
    fails!(ELOOP, SYS_chdir, c"l");
    fails!(ELOOP, SYS_chmod, c"l", 0o644);
    fails!(ELOOP, SYS_truncate, c"l", 0);
    fails!(ELOOP, SYS_mkdir, c"l/x", 0o755);
    fails!(ELOOP, SYS_unlink, c"l/x");
    fails!(ELOOP, SYS_rename, c"l/x", c"y");
    works!(SYS_unlink, c"l");
    Ok(())
}

fn name_of_255_bytes() -> Outcome {
    let name = "ä".repeat(127) + "x";
    std::fs::write(&name, "long")?;
    same!(std::fs::read_to_string(&name)?, "long");
    let longer = std::ffi::CString::new("ä".repeat(128)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_mkdir, longer.as_c_str(), 0o755);
    fails!(ENAMETOOLONG, SYS_stat, longer.as_c_str(), &mut [0u64; 18]);
    Ok(())
}

fn path_search_permission() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    works!(SYS_chmod, c"d", 0o644);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EACCES, SYS_open, c"d/f", O_RDONLY);
        fails!(EACCES, SYS_stat, c"d/f", &mut [0u64; 18]);
        fails!(EACCES, SYS_stat, c"d/.", &mut [0u64; 18]);
        fails!(EACCES, SYS_mkdir, c"d/x", 0o755);
        works!(SYS_open, c"d", O_RDONLY);
        works!(SYS_stat, c"d", &mut [0u64; 18]);
        Ok(())
    })
}

fn path_search_permission_of_root() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0);
    works!(SYS_chmod, c"d", 0);
    works!(SYS_open, c"d/f", O_RDWR);
    Ok(())
}

fn dotdot_of_root_is_root() -> Outcome {
    same!(
        std::fs::metadata("/..")?.ino(),
        std::fs::metadata("/")?.ino()
    );
    same!(
        std::fs::metadata("/../../.")?.ino(),
        std::fs::metadata("/")?.ino()
    );
    Ok(())
}

/// `..` is taken from where the link leads, not from where the link is.
fn dotdot_through_symlink() -> Outcome {
    works!(SYS_mkdir, c"a", 0o755);
    works!(SYS_mkdir, c"a/b", 0o755);
    works!(SYS_symlink, c"a/b", c"l");
    same!(
        std::fs::metadata("l/..")?.ino(),
        std::fs::metadata("a")?.ino()
    );
    Ok(())
}

fn empty_components() -> Outcome {
    works!(SYS_mkdir, c"a", 0o755);
    works!(SYS_mkdir, c"a////b///", 0o755);
    works!(SYS_open, c".///a//b/", O_RDONLY);
    same!(
        std::fs::metadata("///")?.ino(),
        std::fs::metadata("/")?.ino()
    );
    Ok(())
}

fn getcwd_and_chdir() -> Outcome {
    let start = cwd()?;
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_symlink, c"d", c"l");
    gives!(0, SYS_chdir, c"l");
    same!(cwd()?, format!("{start}/d"));
    gives!(0, SYS_chdir, c"..");
    same!(cwd()?, start);
    gives!(0, SYS_chdir, c"/");
    same!(cwd()?, "/");
    Ok(())
}

fn getcwd_size() -> Outcome {
    works!(SYS_chdir, c"/");
    let mut text = [b'#'; 8];
    gives!(2, SYS_getcwd, &mut text, 8);
    same!(&text[..3], b"/\0#");
    fails!(ERANGE, SYS_getcwd, &mut text, 1);
    fails!(ERANGE, SYS_getcwd, &mut text, 0);
    fails!(EFAULT, SYS_getcwd, 8, 4096);
    Ok(())
}

fn getcwd_after_rename() -> Outcome {
    let start = cwd()?;
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/e", 0o755);
    works!(SYS_chdir, c"d/e");
    works!(SYS_rename, c"../../d", c"../../moved");
    same!(cwd()?, format!("{start}/moved/e"));
    Ok(())
}

fn chdir_errors() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOENT, SYS_chdir, c"missing");
    fails!(ENOENT, SYS_chdir, c"");
    fails!(ENOTDIR, SYS_chdir, c"f");
    fails!(ENOTDIR, SYS_chdir, c"f/");
    fails!(EFAULT, SYS_chdir, 8);
    Ok(())
}

fn fchdir_descriptor() -> Outcome {
    let start = cwd()?;
    works!(SYS_mkdir, c"d", 0o755);
    let fd = works!(SYS_open, c"d", O_RDONLY);
    gives!(0, SYS_fchdir, fd);
    same!(cwd()?, format!("{start}/d"));
    let fd = works!(SYS_open, c"..", O_PATH);
    gives!(0, SYS_fchdir, fd);
    same!(cwd()?, start);
    Ok(())
}

fn fchdir_errors() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o644);
    fails!(ENOTDIR, SYS_fchdir, fd);
    fails!(EBADF, SYS_fchdir, 99);
    Ok(())
}

fn chdir_without_permission() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chmod, c"d", 0o700);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EACCES, SYS_chdir, c"d");
        Ok(())
    })
}

fn chroot_confines() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_mkdir, c"d/e", 0o755);
    std::fs::write("d/f", "inside")?;
    works!(SYS_symlink, c"/f", c"d/l");
    works!(SYS_chdir, c"d/e");
    inside_child(|| {
        gives!(0, SYS_chroot, c"..");
        same!(std::fs::read_to_string("/f")?, "inside");
        same!(std::fs::read_to_string("/l")?, "inside");
        same!(std::fs::read_to_string("/../../f")?, "inside");
        same!(cwd()?, "/e");
        fails!(ENOENT, SYS_open, c"/proc", O_RDONLY);
        Ok(())
    })?;
    holds!(cwd()?.ends_with("/d/e"));
    Ok(())
}

fn chroot_needs_privilege() -> Outcome {
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_chroot, c".");
        fails!(ENOENT, SYS_chroot, c"missing");
        Ok(())
    })
}

fn chroot_errors() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    fails!(ENOENT, SYS_chroot, c"missing");
    fails!(ENOTDIR, SYS_chroot, c"f");
    fails!(EFAULT, SYS_chroot, 8);
    Ok(())
}

/// Outside of its root a process sits in a place that has no path; getcwd says so.
fn getcwd_unreachable() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    inside_child(|| {
        works!(SYS_chroot, c"d");
        holds!(cwd()?.starts_with("(unreachable)/"));
        Ok(())
    })
}
