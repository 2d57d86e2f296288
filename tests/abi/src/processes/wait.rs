//! wait4 and waitid, exit statuses, orphans. Source: wait(2), exit(2).

use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, status_of, wait};
use abi_tests::signal::{self, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;

cases![
    exit_status_is_low_byte,
    killed_status,
    aborted_status,
    wait_no_children,
    wait_wrong_pid,
    wait_nohang_running,
    wait_by_group,
    wait_own_group,
    wait_bad_options,
    wait_bad_address,
    wait_any_order,
    wait_stopped_and_continued,
    wait_without_untraced_ignores_stop,
    wait_orphaned_group_does_not_stop,
    wait_interrupted,
    waitid_exited,
    waitid_killed,
    waitid_nowait_leaves_zombie,
    waitid_stopped_continued,
    waitid_nohang_clears,
    waitid_bad_arguments,
    waitid_by_group,
    ignored_child_signal_reaps,
    no_child_wait_flag_reaps,
    zombie_keeps_pid,
    orphan_goes_to_reaper,
    subreaper_adopts,
    subreaper_not_inherited,
    rusage_of_children,
    exit_closes_descriptors,
    exit_of_session_keeps_others,
];

fn exit_status_is_low_byte() -> Outcome {
    same!(status_of(|| 0)?, 0);
    same!(status_of(|| 255)?, 0xff00);
    same!(status_of(|| 0x1234)?, 0x3400);
    same!(status_of(|| -1)?, 0xff00);
    Ok(())
}

fn sleeper() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

fn killed_status() -> Outcome {
    for number in [SIGKILL, SIGTERM, SIGHUP, SIGUSR1, SIGALRM, SIGRTMIN()] {
        let child = spawn(sleeper)?;
        gives!(0, SYS_kill, child, number);
        same!(wait(child)?, number);
    }
    Ok(())
}

/// Signals whose default is a core dump set the 0x80 bit only if a core was written.
fn aborted_status() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_CORE, &[0u64, 0], 0);
    for number in [SIGABRT, SIGQUIT, SIGSEGV] {
        let status = status_of(|| signal::raise(number) as i32)?;
        same!(status, number);
    }
    Ok(())
}

fn wait_no_children() -> Outcome {
    fails!(ECHILD, SYS_wait4, -1, 0, 0, 0);
    fails!(ECHILD, SYS_wait4, -1, 0, WNOHANG, 0);
    fails!(ECHILD, SYS_wait4, 0, 0, 0, 0);
    Ok(())
}

fn wait_wrong_pid() -> Outcome {
    let child = spawn(|| 0)?;
    fails!(ECHILD, SYS_wait4, 1, 0, 0, 0);
    fails!(ECHILD, SYS_wait4, works!(SYS_getpid), 0, 0, 0);
    wait(child)?;
    fails!(ECHILD, SYS_wait4, child, 0, 0, 0);
    fails!(ESRCH, SYS_wait4, i32::MIN, 0, 0, 0);
    Ok(())
}

fn wait_nohang_running() -> Outcome {
    let child = spawn(sleeper)?;
    let mut status = 77i32;
    gives!(0, SYS_wait4, child, &mut status, WNOHANG, 0);
    same!(status, 77);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn wait_by_group() -> Outcome {
    let child = spawn(|| {
        sys!(SYS_setpgid, 0, 0);
        sleeper()
    })?;
    // Both sides set it, as a shell does, so that neither has to win.
    sys!(SYS_setpgid, child, child);
    fails!(ECHILD, SYS_wait4, 0, 0, WNOHANG, 0);
    works!(SYS_kill, -child, SIGTERM);
    gives!(child, SYS_wait4, -child, 0, 0, 0);
    Ok(())
}

fn wait_own_group() -> Outcome {
    let child = spawn(|| 4)?;
    let mut status = 0i32;
    gives!(child, SYS_wait4, 0, &mut status, 0, 0);
    same!(status, 4 << 8);
    Ok(())
}

fn wait_bad_options() -> Outcome {
    let child = spawn(|| 4)?;
    fails!(EINVAL, SYS_wait4, child, 0, 0x100, 0);
    fails!(EINVAL, SYS_wait4, child, 0, WEXITED, 0);
    wait(child)?;
    Ok(())
}

/// The child is reaped although its status cannot be stored.
fn wait_bad_address() -> Outcome {
    let child = spawn(|| 4)?;
    fails!(EFAULT, SYS_wait4, child, 8, 0, 0);
    fails!(ECHILD, SYS_wait4, child, 0, 0, 0);
    Ok(())
}

fn wait_any_order() -> Outcome {
    let slow = spawn(sleeper)?;
    let quick = spawn(|| 1)?;
    gives!(quick, SYS_wait4, -1, 0, 0, 0);
    works!(SYS_kill, slow, SIGKILL);
    gives!(slow, SYS_wait4, -1, 0, 0, 0);
    Ok(())
}

fn wait_stopped_and_continued() -> Outcome {
    let child = spawn(sleeper)?;
    let mut status = 0i32;
    works!(SYS_kill, child, SIGSTOP);
    gives!(child, SYS_wait4, child, &mut status, WUNTRACED, 0);
    same!(status, SIGSTOP << 8 | 0x7f);
    gives!(0, SYS_wait4, child, &mut status, WUNTRACED | WNOHANG, 0);
    works!(SYS_kill, child, SIGCONT);
    gives!(child, SYS_wait4, child, &mut status, WCONTINUED, 0);
    same!(status, 0xffff);
    works!(SYS_kill, child, SIGKILL);
    same!(wait(child)?, SIGKILL);
    Ok(())
}

fn wait_without_untraced_ignores_stop() -> Outcome {
    let child = spawn(|| {
        signal::raise(SIGSTOP);
        3
    })?;
    holds!(process::until(|| process::state(child) == 'T'));
    gives!(0, SYS_wait4, child, 0, WNOHANG, 0);
    works!(SYS_kill, child, SIGCONT);
    same!(wait(child)?, 3 << 8);
    Ok(())
}

/// Nobody could continue a process of an orphaned group, so the stop signals of a terminal do
/// nothing there.
fn wait_orphaned_group_does_not_stop() -> Outcome {
    let status = status_of(|| {
        sys!(SYS_setsid);
        signal::raise(SIGTSTP);
        signal::raise(SIGTTIN);
        signal::raise(SIGTTOU);
        3
    })?;
    same!(status, 3 << 8);
    Ok(())
}

extern "C" fn ignore(_: i32, _: &Info, _: &mut signal::Context) {}

fn wait_interrupted() -> Outcome {
    raw::set_handler(SIGALRM, ignore, 0, 0);
    let child = spawn(sleeper)?;
    let soon = [0i64, 0, 0, 20_000];
    works!(SYS_setitimer, ITIMER_REAL, &soon, 0);
    fails!(EINTR, SYS_wait4, child, 0, 0, 0);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn waitid_exited() -> Outcome {
    let child = spawn(|| 33)?;
    let mut info = Info::default();
    gives!(0, SYS_waitid, P_PID, child, &mut info, WEXITED, 0);
    same!(
        (info.signal, info.code, info.pid(), info.status()),
        (SIGCHLD, CLD_EXITED, child, 33)
    );
    same!((info.uid(), info.errno), (0, 0));
    Ok(())
}

fn waitid_killed() -> Outcome {
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGTERM);
    let mut info = Info::default();
    gives!(0, SYS_waitid, P_ALL, 0, &mut info, WEXITED, 0);
    same!(
        (info.code, info.pid(), info.status()),
        (CLD_KILLED, child, SIGTERM)
    );
    Ok(())
}

fn waitid_nowait_leaves_zombie() -> Outcome {
    let child = spawn(|| 2)?;
    let mut info = Info::default();
    for _ in 0..3 {
        gives!(0, SYS_waitid, P_PID, child, &mut info, WEXITED | WNOWAIT, 0);
        same!(info.status(), 2);
    }
    same!(wait(child)?, 2 << 8);
    Ok(())
}

fn waitid_stopped_continued() -> Outcome {
    let child = spawn(sleeper)?;
    let mut info = Info::default();
    works!(SYS_kill, child, SIGSTOP);
    gives!(0, SYS_waitid, P_PID, child, &mut info, WSTOPPED, 0);
    same!((info.code, info.status()), (CLD_STOPPED, SIGSTOP));
    works!(SYS_kill, child, SIGCONT);
    gives!(0, SYS_waitid, P_PID, child, &mut info, WCONTINUED, 0);
    same!((info.code, info.status()), (CLD_CONTINUED, SIGCONT));
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn waitid_nohang_clears() -> Outcome {
    let child = spawn(sleeper)?;
    let mut info = Info {
        signal: 5,
        code: 5,
        ..Info::default()
    };
    info.fields[0] = 5;
    gives!(0, SYS_waitid, P_PID, child, &mut info, WEXITED | WNOHANG, 0);
    same!((info.signal, info.pid()), (0, 0));
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn waitid_bad_arguments() -> Outcome {
    let mut info = Info::default();
    fails!(EINVAL, SYS_waitid, P_ALL, 0, &mut info, 0, 0);
    fails!(EINVAL, SYS_waitid, P_ALL, 0, &mut info, WNOHANG, 0);
    fails!(EINVAL, SYS_waitid, 9, 0, &mut info, WEXITED, 0);
    fails!(EINVAL, SYS_waitid, P_PID, 0, &mut info, WEXITED, 0);
    fails!(EINVAL, SYS_waitid, P_PID, -5, &mut info, WEXITED, 0);
    fails!(ECHILD, SYS_waitid, P_ALL, 0, &mut info, WEXITED, 0);
    Ok(())
}

fn waitid_by_group() -> Outcome {
    let child = spawn(|| 1)?;
    let mut info = Info::default();
    let group = works!(SYS_getpgrp);
    gives!(0, SYS_waitid, P_PGID, group, &mut info, WEXITED, 0);
    same!(info.pid(), child);
    Ok(())
}

/// With SIGCHLD ignored children leave no zombies and wait ends with ECHILD when all are gone.
fn ignored_child_signal_reaps() -> Outcome {
    signal::dispose(SIGCHLD, SIG_IGN);
    spawn(|| {
        process::pause(20);
        1
    })?;
    fails!(ECHILD, SYS_wait4, -1, 0, 0, 0);
    Ok(())
}

fn no_child_wait_flag_reaps() -> Outcome {
    raw::set_handler(SIGCHLD, ignore, SA_NOCLDWAIT | SA_RESTART, 0);
    spawn(|| 1)?;
    fails!(ECHILD, SYS_wait4, -1, 0, 0, 0);
    Ok(())
}

fn zombie_keeps_pid() -> Outcome {
    let child = spawn(|| 1)?;
    holds!(process::until(|| process::state(child) == 'Z'));
    gives!(0, SYS_kill, child, 0);
    gives!(0, SYS_kill, child, SIGKILL);
    same!(wait(child)?, 1 << 8);
    fails!(ESRCH, SYS_kill, child, 0);
    Ok(())
}

/// When its parent dies a process gets another parent: pid 1 or a reaper above.
fn orphan_goes_to_reaper() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let middle = spawn(|| {
        let me = sys!(SYS_getpid);
        if raw::fork() == 0 {
            let moved = process::until(|| sys!(SYS_getppid) != me);
            sys!(SYS_write, ends[1], &[moved as u8], 1);
            leave(0);
        }
        0
    })?;
    wait(middle)?;
    let mut byte = [9u8];
    gives!(1, SYS_read, ends[0], &mut byte, 1);
    same!(byte[0], 1);
    Ok(())
}

fn subreaper_adopts() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    let mut on = 0i32;
    gives!(0, SYS_prctl, PR_GET_CHILD_SUBREAPER, &mut on, 0, 0, 0);
    same!(on, 1);
    let reaper = works!(SYS_getpid);
    let middle = spawn(|| {
        if raw::fork() == 0 {
            let adopted = process::until(|| sys!(SYS_getppid) == reaper);
            leave(if adopted { 44 } else { 1 });
        }
        0
    })?;
    wait(middle)?;
    let mut status = 0i32;
    works!(SYS_wait4, -1, &mut status, 0, 0);
    same!(status, 44 << 8);
    Ok(())
}

fn subreaper_not_inherited() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    process::inside_child(|| {
        let mut on = 7i32;
        gives!(0, SYS_prctl, PR_GET_CHILD_SUBREAPER, &mut on, 0, 0, 0);
        same!(on, 0);
        Ok(())
    })
}

fn rusage_of_children() -> Outcome {
    let child = spawn(|| {
        let start = process::now();
        while process::now() < start + 50_000_000 {}
        0
    })?;
    let mut usage = [0i64; 18];
    gives!(child, SYS_wait4, child, 0, 0, &mut usage);
    holds!(usage[0] * 1_000_000 + usage[1] + usage[2] * 1_000_000 + usage[3] > 0);
    let mut all = [0i64; 18];
    gives!(0, SYS_getrusage, RUSAGE_CHILDREN, &mut all);
    holds!(all[0] * 1_000_000 + all[1] + all[2] * 1_000_000 + all[3] > 0);
    fails!(EINVAL, SYS_getrusage, 5, &mut all);
    fails!(EFAULT, SYS_getrusage, RUSAGE_SELF, 0);
    Ok(())
}

fn exit_closes_descriptors() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let child = spawn(sleeper)?;
    works!(SYS_close, ends[1]);
    works!(SYS_kill, child, SIGKILL);
    let mut byte = [0u8];
    gives!(0, SYS_read, ends[0], &mut byte, 1);
    wait(child)?;
    Ok(())
}

/// The end of a session leader without a terminal does not end its session's processes.
fn exit_of_session_keeps_others() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let leader = spawn(|| {
        sys!(SYS_setsid);
        let me = sys!(SYS_getpid);
        if raw::fork() == 0 {
            process::until(|| sys!(SYS_getppid) != me);
            sys!(SYS_write, ends[1], b"a", 1);
            leave(0);
        }
        0
    })?;
    wait(leader)?;
    let mut byte = [0u8];
    gives!(1, SYS_read, ends[0], &mut byte, 1);
    Ok(())
}
