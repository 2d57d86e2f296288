//! What each capability allows, and that without it even root is refused. Only those that a
//! container usually has are counted on. Source: capabilities(7).

use crate::helper;
use abi_tests::capabilities::{
    CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_MKNOD,
    CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_CHROOT, CAP_SYS_NICE,
    CAP_SYS_TIME, Sets, set, sets, without,
};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, spawn_by, wait};
use abi_tests::{cases, fails, gives, same, sys, works};
use libc::*;

cases![
    kill_asks_for_kill,
    ids_ask_for_setuid_and_setgid,
    files_ask_for_the_dac_capabilities,
    owner_and_mode_ask_for_chown_fowner_and_fsetid,
    nodes_ask_for_mknod_and_roots_for_chroot,
    access_of_a_real_user_without_them,
    the_machine_asks_for_admin,
    shared_directories_keep_a_program_from_rights,
];

/// A child of root that does nothing until it is killed.
fn sleeper() -> Result<i32, Failure> {
    spawn(|| {
        loop {
            sys!(SYS_pause);
        }
    })
}

fn kill_asks_for_kill() -> Outcome {
    let other = sleeper()?;
    inside_child(|| {
        gives!(0, SYS_setresuid, 1000, 0, 0);
        without(&[CAP_KILL])?;
        // Still its effective user.
        gives!(0, SYS_kill, other, 0);
        same!(
            set(Sets {
                effective: sets()?.permitted,
                ..sets()?
            }),
            0
        );
        gives!(0, SYS_setresuid, 1000, 1000, 0);
        fails!(EPERM, SYS_kill, other, 0);
        same!(
            set(Sets {
                effective: 1 << CAP_KILL,
                ..sets()?
            }),
            0
        );
        gives!(0, SYS_kill, other, 0);
        Ok(())
    })?;
    works!(SYS_kill, other, SIGKILL);
    Ok(())
}

fn ids_ask_for_setuid_and_setgid() -> Outcome {
    without(&[CAP_SETUID, CAP_SETGID])?;
    fails!(EPERM, SYS_setuid, 5);
    fails!(EPERM, SYS_setresuid, 5, -1, -1);
    fails!(EPERM, SYS_setgid, 5);
    fails!(EPERM, SYS_setgroups, 0, 0);
    gives!(0, SYS_setfsuid, 5);
    gives!(0, SYS_setfsuid, -1);
    Ok(())
}

fn files_ask_for_the_dac_capabilities() -> Outcome {
    works!(SYS_creat, c"f", 0o600);
    works!(SYS_mkdir, c"d", 0o700);
    works!(SYS_creat, c"d/f", 0o600);
    works!(SYS_creat, c"d/x", 0o710);
    for name in [c"f", c"d", c"d/f", c"d/x"] {
        works!(SYS_chown, name, 1000, 1000);
    }
    inside_child(|| {
        without(&[CAP_DAC_OVERRIDE])?;
        gives!(0, SYS_close, works!(SYS_open, c"f", O_RDONLY));
        gives!(0, SYS_close, works!(SYS_open, c"d", O_RDONLY));
        gives!(0, SYS_close, works!(SYS_open, c"d/f", O_RDONLY));
        fails!(EACCES, SYS_open, c"f", O_WRONLY);
        fails!(EACCES, SYS_open, c"f", O_RDWR);
        fails!(EACCES, SYS_mkdir, c"d/new", 0o700);
        fails!(EACCES, SYS_unlink, c"d/f");
        fails!(EACCES, SYS_faccessat2, AT_FDCWD, c"d/x", X_OK, AT_EACCESS);
        Ok(())
    })?;
    inside_child(|| {
        without(&[CAP_DAC_READ_SEARCH])?;
        gives!(0, SYS_close, works!(SYS_open, c"d/f", O_RDWR));
        gives!(0, SYS_mkdir, c"d/new", 0o700);
        Ok(())
    })?;
    let opened = works!(SYS_open, c"f", O_PATH);
    without(&[CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH])?;
    fails!(EACCES, SYS_open, c"f", O_RDONLY);
    fails!(EACCES, SYS_open, c"d/f", O_RDONLY);
    fails!(
        ENOENT,
        SYS_linkat,
        opened,
        c"",
        AT_FDCWD,
        c"l",
        AT_EMPTY_PATH
    );
    Ok(())
}

fn mode_of(name: &std::ffi::CStr) -> Result<u32, Failure> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(name.to_str().unwrap_or_default())?.mode() & 0o7777)
}

fn owner_and_mode_ask_for_chown_fowner_and_fsetid() -> Outcome {
    works!(SYS_creat, c"own", 0o600);
    works!(SYS_creat, c"other", 0o666);
    works!(SYS_chown, c"other", 1000, 1000);
    inside_child(|| {
        without(&[CAP_CHOWN])?;
        fails!(EPERM, SYS_chown, c"own", 1000, -1);
        fails!(EPERM, SYS_chown, c"other", 0, -1);
        gives!(0, SYS_chown, c"own", 0, 0);
        gives!(0, SYS_chmod, c"other", 0o666);
        Ok(())
    })?;
    inside_child(|| {
        without(&[CAP_FOWNER])?;
        fails!(EPERM, SYS_chmod, c"other", 0o644);
        gives!(0, SYS_chmod, c"own", 0o644);
        gives!(0, SYS_chown, c"other", 1000, 1000);
        fails!(EPERM, SYS_open, c"other", O_RDONLY | O_NOATIME);
        Ok(())
    })?;
    inside_child(|| {
        without(&[CAP_FSETID])?;
        gives!(0, SYS_chmod, c"other", 0o2777);
        same!(mode_of(c"other")?, 0o777);
        gives!(0, SYS_chmod, c"own", 0o4755);
        let fd = works!(SYS_open, c"own", O_WRONLY);
        gives!(1, SYS_write, fd, b"x", 1);
        same!(mode_of(c"own")?, 0o755);
        Ok(())
    })
}

fn nodes_ask_for_mknod_and_roots_for_chroot() -> Outcome {
    without(&[CAP_MKNOD, CAP_SYS_CHROOT])?;
    fails!(EPERM, SYS_mknod, c"n", S_IFCHR | 0o600, 0x103);
    gives!(0, SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    fails!(EPERM, SYS_chroot, c".");
    Ok(())
}

/// access(2) asks for the real user, with the capabilities that one would have.
fn access_of_a_real_user_without_them() -> Outcome {
    works!(SYS_creat, c"f", 0);
    gives!(0, SYS_access, c"f", R_OK | W_OK);
    inside_child(|| {
        gives!(0, SYS_setresuid, 1000, 0, 0);
        fails!(EACCES, SYS_access, c"f", R_OK);
        gives!(0, SYS_close, works!(SYS_open, c"f", O_RDONLY));
        Ok(())
    })?;
    // Root has what is permitted, in force or not.
    without(&[CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH])?;
    gives!(0, SYS_access, c"f", R_OK);
    fails!(EACCES, SYS_open, c"f", O_RDONLY);
    Ok(())
}

fn the_machine_asks_for_admin() -> Outcome {
    without(&[CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_NICE, CAP_SYS_TIME])?;
    fails!(EPERM, SYS_sethostname, c"x", 1);
    fails!(EPERM, SYS_mount, c"none", c".", c"tmpfs", 0, 0);
    fails!(EPERM, SYS_umount2, c".", 0);
    fails!(EPERM, SYS_unshare, CLONE_NEWUTS);
    fails!(EPERM, SYS_reboot, 0, 0, 0, 0);
    fails!(EPERM, SYS_clock_settime, CLOCK_REALTIME, &[1u64, 0]);
    works!(SYS_setpriority, PRIO_PROCESS, 0, 5);
    let other = sleeper()?;
    works!(SYS_setresuid, 1000, 1000, 0);
    fails!(EPERM, SYS_setpriority, PRIO_PROCESS, other, 10);
    works!(SYS_setresuid, 0, 0, 0);
    works!(SYS_kill, other, SIGKILL);
    Ok(())
}

/// Whoever shares the directories could change the root under a set-user-ID program (clone(2),
/// CLONE_FS): it gains nothing, unless its caller may change user ids itself.
fn shared_directories_keep_a_program_from_rights() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    gives!(0, SYS_chmod, c".", 0o755);
    works!(SYS_chown, c"abi-helper", 111, 222);
    works!(SYS_chmod, c"abi-helper", 0o6755);
    let vector = [c"abi-helper".as_ptr(), c"users".as_ptr(), std::ptr::null()];
    let users = |user: u32, shared: i32| {
        helper::output_of(|| {
            sys!(SYS_setresgid, user, user, user);
            sys!(SYS_setresuid, user, user, user);
            let child = spawn_by(
                || sys!(SYS_clone, shared | SIGCHLD, 0, 0, 0, 0),
                || -sys!(SYS_execve, c"./abi-helper", vector.as_slice(), 0) as i32,
            );
            child.and_then(wait).map_or(99, |status| status >> 8)
        })
    };
    same!(users(1000, 0)?, "1000 111 111 1000 222 222 secure 1\n");
    same!(
        users(1000, CLONE_FS)?,
        "1000 1000 1000 1000 1000 1000 secure 1\n"
    );
    same!(users(0, CLONE_FS)?, "0 111 111 0 222 222 secure 1\n");
    Ok(())
}
