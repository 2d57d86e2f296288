//! SIGCHLD: when it comes, what it says, and the flags that change that. Source: sigaction(2),
//! wait(2), signal(7).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, status_of, wait};
use abi_tests::signal::{Context, Info, bit, dispose, mask, pending, raise};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    child_killed_info,
    child_stopped_and_continued_info,
    no_child_stop_flag,
    continue_wakes_even_if_blocked,
    stop_discards_pending_continue,
    continue_discards_pending_stop,
    stop_cannot_be_caught,
    stopped_process_takes_signals_later,
    kill_ends_stopped_process,
    terminal_stop_handler_instead,
    hang_up_of_orphaned_stopped_group,
    wait_restarts_after_child_signal,
    alarm_kills_by_default,
    ignored_by_default,
    core_signals_by_default,
];

fn sleeper() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

/// Takes the SIGCHLD that is blocked and pending, or waits for it.
fn take() -> Result<Info, Failure> {
    let mut info = Info::default();
    works!(SYS_rt_sigtimedwait, &bit(SIGCHLD), &mut info, &[5i64, 0], 8);
    Ok(info)
}

fn child_killed_info() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCHLD));
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGTERM);
    let info = take()?;
    same!(
        (info.code, info.pid(), info.status()),
        (CLD_KILLED, child, SIGTERM)
    );
    wait(child)?;
    Ok(())
}

fn child_stopped_and_continued_info() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCHLD));
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGSTOP);
    let info = take()?;
    same!(
        (info.code, info.pid(), info.status()),
        (CLD_STOPPED, child, SIGSTOP)
    );
    works!(SYS_kill, child, SIGCONT);
    let info = take()?;
    same!(
        (info.code, info.pid(), info.status()),
        (CLD_CONTINUED, child, SIGCONT)
    );
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

extern "C" fn ignore(_: i32, _: &Info, _: &mut Context) {}

fn no_child_stop_flag() -> Outcome {
    raw::set_handler(SIGCHLD, ignore, SA_NOCLDSTOP, 0);
    mask(SIG_BLOCK, bit(SIGCHLD));
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGSTOP);
    works!(SYS_wait4, child, 0, WUNTRACED, 0);
    same!(pending(), 0);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    same!(pending(), bit(SIGCHLD));
    Ok(())
}

/// SIGCONT continues a stopped process even if it ignores or blocks the signal.
fn continue_wakes_even_if_blocked() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCONT));
    dispose(SIGCONT, SIG_IGN);
    let child = spawn(|| {
        raise(SIGSTOP);
        7
    })?;
    works!(SYS_wait4, child, 0, WUNTRACED, 0);
    works!(SYS_kill, child, SIGCONT);
    same!(wait(child)?, 7 << 8);
    Ok(())
}

fn stop_discards_pending_continue() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCONT) | bit(SIGTSTP));
    raise(SIGCONT);
    same!(pending(), bit(SIGCONT));
    raise(SIGTSTP);
    same!(pending(), bit(SIGTSTP));
    Ok(())
}

fn continue_discards_pending_stop() -> Outcome {
    mask(SIG_BLOCK, bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGCONT));
    raise(SIGTSTP);
    raise(SIGTTIN);
    raise(SIGCONT);
    same!(pending(), bit(SIGCONT));
    Ok(())
}

fn stop_cannot_be_caught() -> Outcome {
    same!(raw::set_handler(SIGSTOP, ignore, 0, 0), -(EINVAL as isize));
    same!(raw::set_handler(SIGKILL, ignore, 0, 0), -(EINVAL as isize));
    Ok(())
}

fn stopped_process_takes_signals_later() -> Outcome {
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGSTOP);
    works!(SYS_wait4, child, 0, WUNTRACED, 0);
    works!(SYS_kill, child, SIGUSR1);
    process::pause(10);
    gives!(0, SYS_wait4, child, 0, WNOHANG, 0);
    works!(SYS_kill, child, SIGCONT);
    same!(wait(child)?, SIGUSR1);
    Ok(())
}

fn kill_ends_stopped_process() -> Outcome {
    let child = spawn(sleeper)?;
    works!(SYS_kill, child, SIGSTOP);
    works!(SYS_wait4, child, 0, WUNTRACED, 0);
    works!(SYS_kill, child, SIGKILL);
    same!(wait(child)?, SIGKILL);
    Ok(())
}

static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn terminal_stop_handler_instead() -> Outcome {
    raw::set_handler(SIGTSTP, count, 0, 0);
    raise(SIGTSTP);
    same!(COUNT.load(SeqCst), 1);
    Ok(())
}

/// When a group becomes orphaned while one of it is stopped, all get SIGHUP and SIGCONT.
fn hang_up_of_orphaned_stopped_group() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    // The middle process is the one link of the inner one's group to another group.
    let middle = spawn(|| {
        let inner = spawn(|| {
            sys!(SYS_setpgid, 0, 0);
            raise(SIGSTOP);
            sleeper()
        });
        let inner = inner.unwrap_or(-1);
        sys!(SYS_wait4, inner, 0, WUNTRACED, 0);
        sys!(SYS_write, ends[1], &inner, 4);
        0
    })?;
    wait(middle)?;
    let mut inner = 0i32;
    gives!(4, SYS_read, ends[0], &mut inner, 4);
    // We are its new parent and in another group of the same session, which would keep it from
    // being orphaned; so here it must still be stopped.
    let mut status = 0i32;
    gives!(0, SYS_wait4, inner, &mut status, WNOHANG, 0);
    works!(SYS_kill, inner, SIGKILL);
    same!(wait(inner)?, SIGKILL);
    Ok(())
}

fn wait_restarts_after_child_signal() -> Outcome {
    raw::set_handler(SIGCHLD, count, SA_RESTART, 0);
    let slow = spawn(|| {
        process::pause(60);
        4
    })?;
    spawn(|| 3)?;
    // The quick child's SIGCHLD comes while the slow one is waited for.
    same!(wait(slow)?, 4 << 8);
    works!(SYS_wait4, -1, 0, 0, 0);
    fails!(ECHILD, SYS_wait4, -1, 0, 0, 0);
    same!(COUNT.load(SeqCst), 2);
    Ok(())
}

fn alarm_kills_by_default() -> Outcome {
    let status = status_of(|| {
        sys!(SYS_setitimer, ITIMER_REAL, &[0i64, 0, 0, 10_000], 0);
        sleeper()
    })?;
    same!(status, SIGALRM);
    Ok(())
}

fn ignored_by_default() -> Outcome {
    for number in [SIGCHLD, SIGURG, SIGWINCH, SIGCONT] {
        same!((number, raise(number)), (number, 0));
    }
    Ok(())
}

fn core_signals_by_default() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_CORE, &[0u64, 0], 0);
    let deadly = [
        SIGHUP,
        SIGINT,
        SIGQUIT,
        SIGILL,
        SIGTRAP,
        SIGABRT,
        SIGBUS,
        SIGFPE,
        SIGKILL,
        SIGUSR1,
        SIGSEGV,
        SIGUSR2,
        SIGPIPE,
        SIGALRM,
        SIGTERM,
        SIGSTKFLT,
        SIGXCPU,
        SIGXFSZ,
        SIGVTALRM,
        SIGPROF,
        SIGIO,
        SIGPWR,
        SIGSYS,
        SIGRTMAX(),
    ];
    for number in deadly {
        same!(
            (number, status_of(|| raise(number) as i32)?),
            (number, number)
        );
    }
    holds!(deadly.len() == 24);
    Ok(())
}
