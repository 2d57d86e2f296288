//! Process groups and sessions. Source: setpgid(2), setsid(2), credentials(7).

use abi_tests::check::Outcome;
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, fails, gives, same, sys, works};
use libc::*;

cases![
    group_inherited,
    setpgid_self_makes_group,
    setpgid_child,
    setpgid_join_sibling,
    setpgid_errors,
    setpgid_after_exec_refused,
    setpgid_session_leader,
    setsid_makes_session,
    setsid_group_leader_refused,
    getsid_and_getpgid_of_others,
    kill_group,
    kill_zero_is_own_group,
    kill_errors,
    kill_permission,
];

fn group_inherited() -> Outcome {
    let group = works!(SYS_getpgrp);
    process::inside_child(|| {
        gives!(group, SYS_getpgrp);
        gives!(group, SYS_getpgid, 0);
        gives!(group, SYS_getsid, 0);
        Ok(())
    })
}

fn setpgid_self_makes_group() -> Outcome {
    process::inside_child(|| {
        gives!(0, SYS_setpgid, 0, 0);
        gives!(works!(SYS_getpid), SYS_getpgrp);
        gives!(0, SYS_setpgid, 0, 0);
        Ok(())
    })
}

fn sleeper() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

fn setpgid_child() -> Outcome {
    let child = spawn(sleeper)?;
    gives!(0, SYS_setpgid, child, 0);
    gives!(child, SYS_getpgid, child);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn setpgid_join_sibling() -> Outcome {
    let first = spawn(sleeper)?;
    let second = spawn(sleeper)?;
    gives!(0, SYS_setpgid, first, first);
    gives!(0, SYS_setpgid, second, first);
    gives!(first, SYS_getpgid, second);
    works!(SYS_kill, -first, SIGKILL);
    same!((wait(first)?, wait(second)?), (SIGKILL, SIGKILL));
    Ok(())
}

fn setpgid_errors() -> Outcome {
    let child = spawn(sleeper)?;
    fails!(EINVAL, SYS_setpgid, child, -1);
    fails!(EPERM, SYS_setpgid, child, 4_000_000);
    fails!(ESRCH, SYS_setpgid, 1, 0);
    fails!(ESRCH, SYS_setpgid, 4_000_000, 0);
    // Who it is about is looked up before the group that it is to join.
    fails!(ESRCH, SYS_setpgid, -3, 3);
    fails!(EINVAL, SYS_setpgid, -3, 0);
    fails!(ESRCH, SYS_setpgid, 1, 4_000_000);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

/// A parent may move its child only until the child has run a program.
fn setpgid_after_exec_refused() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC);
    let mut block = [0i32; 2];
    works!(SYS_pipe, &mut block);
    let child = spawn(|| {
        sys!(SYS_dup2, block[0], 0);
        sys!(SYS_close, block[1]);
        crate::helper::again(&["wait"])
    })?;
    works!(SYS_close, ends[1]);
    // The end of the close-on-exec pipe is seen when the program has been replaced.
    gives!(0, SYS_read, ends[0], &mut [0u8], 1);
    fails!(EACCES, SYS_setpgid, child, 0);
    works!(SYS_close, block[1]);
    wait(child)?;
    Ok(())
}

fn setpgid_session_leader() -> Outcome {
    fails!(EPERM, SYS_setpgid, 0, 0);
    let child = spawn(|| {
        sys!(SYS_setsid);
        sleeper()
    })?;
    process::until(|| sys!(SYS_getsid, child) == child as isize);
    fails!(EPERM, SYS_setpgid, child, 0);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn setsid_makes_session() -> Outcome {
    process::inside_child(|| {
        let me = works!(SYS_getpid);
        gives!(me, SYS_setsid);
        gives!(me, SYS_getsid, 0);
        gives!(me, SYS_getpgrp);
        fails!(EPERM, SYS_setsid);
        fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
        Ok(())
    })
}

fn setsid_group_leader_refused() -> Outcome {
    process::inside_child(|| {
        gives!(0, SYS_setpgid, 0, 0);
        fails!(EPERM, SYS_setsid);
        Ok(())
    })
}

fn getsid_and_getpgid_of_others() -> Outcome {
    gives!(works!(SYS_getsid, 0), SYS_getsid, works!(SYS_getpid));
    fails!(ESRCH, SYS_getsid, 4_000_000);
    fails!(ESRCH, SYS_getpgid, 4_000_000);
    fails!(ESRCH, SYS_getpgid, -1);
    Ok(())
}

fn kill_group() -> Outcome {
    let first = spawn(sleeper)?;
    sys!(SYS_setpgid, first, first);
    let second = spawn(sleeper)?;
    sys!(SYS_setpgid, second, first);
    gives!(0, SYS_kill, -first, SIGUSR2);
    same!((wait(first)?, wait(second)?), (SIGUSR2, SIGUSR2));
    fails!(ESRCH, SYS_kill, -first, 0);
    Ok(())
}

fn kill_zero_is_own_group() -> Outcome {
    process::inside_child(|| {
        works!(SYS_setpgid, 0, 0);
        abi_tests::signal::dispose(SIGUSR1, SIG_IGN);
        let child = spawn(|| {
            abi_tests::signal::dispose(SIGUSR1, SIG_DFL);
            sleeper()
        })?;
        process::until_asleep(child);
        gives!(0, SYS_kill, 0, SIGUSR1);
        same!(wait(child)?, SIGUSR1);
        Ok(())
    })
}

fn kill_errors() -> Outcome {
    fails!(ESRCH, SYS_kill, 4_000_000, 0);
    fails!(EINVAL, SYS_kill, works!(SYS_getpid), 65);
    fails!(EINVAL, SYS_kill, works!(SYS_getpid), -1);
    gives!(0, SYS_kill, works!(SYS_getpid), 0);
    fails!(ESRCH, SYS_kill, i32::MIN, 0);
    fails!(EINVAL, SYS_tgkill, 0, 1, 0);
    fails!(EINVAL, SYS_tgkill, 1, -1, 0);
    fails!(ESRCH, SYS_tgkill, works!(SYS_getpid), 1, 0);
    fails!(EINVAL, SYS_tkill, 0, 0);
    fails!(ESRCH, SYS_tkill, 4_000_000, 0);
    Ok(())
}

fn kill_permission() -> Outcome {
    let child = spawn(sleeper)?;
    process::inside_child(|| {
        works!(SYS_setuid, 54_321);
        fails!(EPERM, SYS_kill, child, SIGTERM);
        fails!(EPERM, SYS_kill, child, 0);
        fails!(EPERM, SYS_kill, 1, 0);
        Ok(())
    })?;
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}
