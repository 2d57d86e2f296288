//! Who may read, write, execute: the permission check and the calls that ask. Source: access(2),
//! path_resolution(7), credentials(7), capabilities(7).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, works};
use libc::*;

cases![
    access_as_root,
    access_execute_as_root_needs_a_bit,
    access_errors,
    access_follows_symlink,
    access_uses_real_ids,
    faccessat2_effective,
    faccessat2_flags,
    open_as_owner_uses_owner_bits_only,
    open_as_group_member,
    open_as_supplementary_member,
    open_as_other,
    directory_needs_write_to_create,
    directory_needs_read_to_list,
    truncate_needs_write,
    effective_id_decides,
    file_system_id_decides,
    dropping_root_drops_privilege,
];

/// Becomes user `uid` of group `gid` with these supplementary groups.
fn become_user(uid: u32, gid: u32, groups: &[u32]) -> Outcome {
    works!(SYS_setgroups, groups.len(), groups);
    works!(SYS_setresgid, gid, gid, gid);
    works!(SYS_setresuid, uid, uid, uid);
    Ok(())
}

/// Makes `f` with this mode and owner.
fn file(mode: u32, uid: u32, gid: u32) -> Result<(), Failure> {
    works!(SYS_creat, c"f", 0o600);
    works!(SYS_chown, c"f", uid, gid);
    works!(SYS_chmod, c"f", mode);
    Ok(())
}

fn access_as_root() -> Outcome {
    file(0, 5, 5)?;
    gives!(0, SYS_access, c"f", R_OK | W_OK);
    gives!(0, SYS_access, c"f", F_OK);
    works!(SYS_mkdir, c"d", 0);
    gives!(0, SYS_access, c"d", R_OK | W_OK | X_OK);
    Ok(())
}

fn access_execute_as_root_needs_a_bit() -> Outcome {
    file(0o666, 5, 5)?;
    fails!(EACCES, SYS_access, c"f", X_OK);
    works!(SYS_chmod, c"f", 0o001);
    gives!(0, SYS_access, c"f", X_OK);
    Ok(())
}

fn access_errors() -> Outcome {
    fails!(ENOENT, SYS_access, c"missing", F_OK);
    fails!(EINVAL, SYS_access, c".", 8);
    fails!(EINVAL, SYS_access, c".", -1);
    fails!(EFAULT, SYS_access, 8, F_OK);
    fails!(ENOENT, SYS_access, c"", F_OK);
    Ok(())
}

fn access_follows_symlink() -> Outcome {
    works!(SYS_symlink, c"nowhere", c"l");
    fails!(ENOENT, SYS_access, c"l", F_OK);
    gives!(0, SYS_faccessat2, AT_FDCWD, c"l", F_OK, AT_SYMLINK_NOFOLLOW);
    Ok(())
}

fn access_uses_real_ids() -> Outcome {
    file(0o600, 1000, 1000)?;
    works!(SYS_setresuid, 2000, 0, 0);
    fails!(EACCES, SYS_access, c"f", R_OK);
    works!(SYS_open, c"f", O_RDONLY);
    Ok(())
}

fn faccessat2_effective() -> Outcome {
    file(0o600, 1000, 1000)?;
    works!(SYS_setresuid, 2000, 1000, 0);
    gives!(0, SYS_faccessat2, AT_FDCWD, c"f", R_OK, AT_EACCESS);
    fails!(EACCES, SYS_faccessat2, AT_FDCWD, c"f", R_OK, 0);
    fails!(EACCES, SYS_faccessat, AT_FDCWD, c"f", R_OK);
    Ok(())
}

fn faccessat2_flags() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o600);
    gives!(0, SYS_faccessat2, fd, c"", R_OK, AT_EMPTY_PATH);
    fails!(EINVAL, SYS_faccessat2, AT_FDCWD, c"f", R_OK, 0x4000_0000);
    fails!(EINVAL, SYS_faccessat2, AT_FDCWD, c"f", 0o10, 0);
    fails!(EBADF, SYS_faccessat2, 99, c"f", R_OK, 0);
    Ok(())
}

/// The owner's bits are the owner's, even when the others would allow more.
fn open_as_owner_uses_owner_bits_only() -> Outcome {
    file(0o077, 1000, 1000)?;
    inside_child(|| {
        become_user(1000, 1000, &[])?;
        fails!(EACCES, SYS_open, c"f", O_RDONLY);
        fails!(EACCES, SYS_open, c"f", O_WRONLY);
        fails!(EACCES, SYS_access, c"f", X_OK);
        gives!(0, SYS_chmod, c"f", 0o600);
        works!(SYS_open, c"f", O_RDWR);
        Ok(())
    })
}

fn open_as_group_member() -> Outcome {
    file(0o640, 1000, 77)?;
    inside_child(|| {
        become_user(2000, 77, &[])?;
        works!(SYS_open, c"f", O_RDONLY);
        fails!(EACCES, SYS_open, c"f", O_WRONLY);
        fails!(EACCES, SYS_open, c"f", O_RDWR);
        fails!(EACCES, SYS_open, c"f", O_RDONLY | O_TRUNC);
        Ok(())
    })
}

fn open_as_supplementary_member() -> Outcome {
    file(0o060, 1000, 77)?;
    inside_child(|| {
        become_user(2000, 2000, &[1, 77, 3])?;
        works!(SYS_open, c"f", O_RDWR);
        Ok(())
    })?;
    inside_child(|| {
        become_user(2000, 2000, &[1, 3])?;
        fails!(EACCES, SYS_open, c"f", O_RDONLY);
        Ok(())
    })
}

fn open_as_other() -> Outcome {
    file(0o774, 1000, 1000)?;
    inside_child(|| {
        become_user(2000, 2000, &[])?;
        works!(SYS_open, c"f", O_RDONLY);
        fails!(EACCES, SYS_open, c"f", O_WRONLY);
        fails!(EACCES, SYS_execve, c"f", 0, 0);
        Ok(())
    })
}

fn directory_needs_write_to_create() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0o666);
    works!(SYS_chmod, c"d/f", 0o666);
    inside_child(|| {
        become_user(2000, 2000, &[])?;
        fails!(EACCES, SYS_creat, c"d/new", 0o644);
        works!(SYS_creat, c"d/f", 0o644);
        fails!(EACCES, SYS_mkdir, c"d/e", 0o755);
        fails!(EACCES, SYS_unlink, c"d/f");
        fails!(EACCES, SYS_symlink, c"x", c"d/l");
        fails!(EACCES, SYS_link, c"d/f", c"d/g");
        fails!(EEXIST, SYS_mkdir, c"d/f", 0o755);
        Ok(())
    })
}

fn directory_needs_read_to_list() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    works!(SYS_chmod, c"d", 0o711);
    inside_child(|| {
        become_user(2000, 2000, &[])?;
        fails!(EACCES, SYS_open, c"d", O_RDONLY);
        works!(SYS_open, c"d/f", O_RDONLY);
        works!(SYS_open, c"d", O_PATH);
        works!(SYS_chdir, c"d");
        Ok(())
    })
}

fn truncate_needs_write() -> Outcome {
    file(0o644, 1000, 1000)?;
    inside_child(|| {
        become_user(2000, 2000, &[])?;
        fails!(EACCES, SYS_truncate, c"f", 0);
        Ok(())
    })
}

fn effective_id_decides() -> Outcome {
    file(0o600, 1000, 1000)?;
    works!(SYS_setresuid, 0, 2000, 0);
    fails!(EACCES, SYS_open, c"f", O_RDONLY);
    works!(SYS_setresuid, 0, 0, 0);
    works!(SYS_setresuid, 0, 1000, 0);
    works!(SYS_open, c"f", O_RDONLY);
    Ok(())
}

fn file_system_id_decides() -> Outcome {
    file(0o600, 1000, 1000)?;
    gives!(0, SYS_setfsuid, 2000);
    fails!(EACCES, SYS_open, c"f", O_RDONLY);
    gives!(2000, SYS_setfsuid, 1000);
    works!(SYS_open, c"f", O_RDONLY);
    Ok(())
}

/// Once all three user ids are another's nothing of root's power is left.
fn dropping_root_drops_privilege() -> Outcome {
    inside_child(|| {
        become_user(1000, 1000, &[])?;
        fails!(EPERM, SYS_setuid, 0);
        fails!(EPERM, SYS_chroot, c".");
        fails!(EPERM, SYS_sethostname, c"x", 1);
        fails!(EPERM, SYS_mount, c"none", c".", c"tmpfs", 0, 0);
        fails!(
            EPERM,
            SYS_reboot,
            LINUX_REBOOT_MAGIC1,
            LINUX_REBOOT_MAGIC2,
            0,
            0
        );
        fails!(EACCES, SYS_setpriority, PRIO_PROCESS, 0, -5);
        fails!(EPERM, SYS_settimeofday, &[0i64, 0], 0);
        fails!(EPERM, SYS_clock_settime, CLOCK_REALTIME, &[0i64, 0]);
        Ok(())
    })
}
