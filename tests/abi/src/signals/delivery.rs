//! What a signal carries and what it interrupts. Source: signal(7), sigaction(2).

use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, wait};
use abi_tests::signal::{Context, Info, bit, mask};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    info_of_kill,
    info_of_tgkill,
    info_of_child_exit,
    read_interrupted,
    read_restarts,
    nanosleep_interrupted_gives_rest,
    nanosleep_goes_on_after_ignored,
    pause_returns_eintr,
    stop_and_continue_keeps_sleep,
];

static LAST: Mutex<Option<Info>> = Mutex::new(None);
static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn keep(_: i32, info: &Info, _: &mut Context) {
    // Signals come only while the main flow waits in a call, so the lock is never held here.
    if let Ok(mut last) = LAST.try_lock() {
        *last = Some(*info);
    }
    COUNT.fetch_add(1, SeqCst);
}

fn last() -> Info {
    LAST.lock().ok().and_then(|last| *last).unwrap_or_default()
}

fn info_of_kill() -> Outcome {
    raw::set_handler(SIGUSR1, keep, 0, 0);
    let me = works!(SYS_getpid);
    works!(SYS_kill, me, SIGUSR1);
    let info = last();
    same!(
        (info.signal, info.code, info.pid(), info.uid()),
        (SIGUSR1, SI_USER, me as i32, 0)
    );
    Ok(())
}

fn info_of_tgkill() -> Outcome {
    raw::set_handler(SIGUSR1, keep, 0, 0);
    let me = works!(SYS_getpid);
    works!(SYS_tgkill, me, me, SIGUSR1);
    let info = last();
    same!(
        (info.signal, info.code, info.pid()),
        (SIGUSR1, SI_TKILL, me as i32)
    );
    Ok(())
}

fn info_of_child_exit() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCHLD));
    raw::set_handler(SIGCHLD, keep, 0, 0);
    let child = spawn(|| 12)?;
    works!(SYS_waitid, P_PID, child, 0, WEXITED | WNOWAIT, 0);
    mask(SIG_UNBLOCK, bit(SIGCHLD));
    let info = last();
    same!(
        (info.code, info.pid(), info.status()),
        (CLD_EXITED, child, 12)
    );
    Ok(())
}

/// Runs `body` in a child that handles SIGUSR1 with `flags`, sends it the signal while it sleeps
/// there, then writes a byte to the pipe it may read from. Gives the child's exit status.
fn signalled(flags: i32, body: impl FnOnce(i32) -> i32) -> Result<i32, abi_tests::check::Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    raw::set_handler(SIGUSR1, keep, flags, 0);
    let child = spawn(|| body(ends[0]))?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    process::pause(20);
    gives!(1, SYS_write, ends[1], b"x", 1);
    Ok(wait(child)? >> 8)
}

fn read_interrupted() -> Outcome {
    let status = signalled(0, |end| -sys!(SYS_read, end, &mut [0u8], 1) as i32)?;
    same!(status, EINTR);
    Ok(())
}

fn read_restarts() -> Outcome {
    let status = signalled(SA_RESTART, |end| {
        let got = sys!(SYS_read, end, &mut [0u8], 1);
        if got == 1 && COUNT.load(SeqCst) == 1 {
            7
        } else {
            1
        }
    })?;
    same!(status, 7);
    Ok(())
}

/// nanosleep is not restarted even with SA_RESTART; it says how much was left.
fn nanosleep_interrupted_gives_rest() -> Outcome {
    let status = signalled(SA_RESTART, |_| {
        let mut rest = [0i64; 2];
        let seen = sys!(SYS_nanosleep, &[100i64, 0], &mut rest);
        if seen == -(EINTR as isize) && (90..100).contains(&rest[0]) {
            7
        } else {
            1
        }
    })?;
    same!(status, 7);
    Ok(())
}

fn nanosleep_goes_on_after_ignored() -> Outcome {
    abi_tests::signal::dispose(SIGUSR2, SIG_IGN);
    let child = spawn(|| -sys!(SYS_nanosleep, &[0i64, 50_000_000], 0) as i32)?;
    process::until_asleep(child);
    works!(SYS_kill, child, SIGUSR2);
    same!(wait(child)?, 0);
    Ok(())
}

fn pause_returns_eintr() -> Outcome {
    same!(signalled(SA_RESTART, |_| -sys!(SYS_pause) as i32)?, EINTR);
    Ok(())
}

/// Stopping and continuing a process is no reason for EINTR: the sleep goes on for its rest.
fn stop_and_continue_keeps_sleep() -> Outcome {
    let child = spawn(|| {
        let start = process::now();
        let seen = sys!(SYS_nanosleep, &[0i64, 200_000_000], 0);
        leave((seen != 0 || process::now() - start < 200_000_000) as i32)
    })?;
    process::until_asleep(child);
    works!(SYS_kill, child, SIGSTOP);
    holds!(process::until(|| process::state(child) == 'T'));
    works!(SYS_kill, child, SIGCONT);
    same!(wait(child)?, 0);
    fails!(ECHILD, SYS_wait4, child, 0, 0, 0);
    Ok(())
}
