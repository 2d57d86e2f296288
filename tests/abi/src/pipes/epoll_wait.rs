//! Waiting with epoll_wait, epoll_pwait and epoll_pwait2: timeouts, wakers, signals, bad arguments.
//! Source: epoll_wait(2).

use super::epoll::{EDGE, IN, OUT, add, create, event, pairs, pipe, put, ready, ready_of};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, now, spawn, wait};
use abi_tests::signal::{Context, Info, bit, mask};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    epoll_wait_errnos,
    epoll_wait_bad_address_loses_nothing,
    epoll_takes_turns_when_room_is_small,
    epoll_wait_timeout_passes,
    epoll_wait_wakes_on_write,
    epoll_wait_wakes_on_add,
    epoll_wait_interrupted_never_restarted,
    epoll_pwait_mask_lets_signal_in,
    epoll_pwait2_timeout,
];

fn epoll_wait_errnos() -> Outcome {
    let (epoll, [out, _into]) = (create()?, pipe()?);
    let mut room = [event(0, 0); 2];
    fails!(EBADF, SYS_epoll_wait, 99, &mut room, 2, 0);
    fails!(EINVAL, SYS_epoll_wait, out, &mut room, 2, 0);
    fails!(EINVAL, SYS_epoll_wait, epoll, &mut room, 0, 0);
    fails!(EINVAL, SYS_epoll_wait, epoll, &mut room, -1, 0);
    fails!(
        EINVAL,
        SYS_epoll_wait,
        epoll,
        &mut room,
        i32::MAX / 12 + 1,
        0
    );
    fails!(EFAULT, SYS_epoll_wait, epoll, -4096isize, 1, 0);
    gives!(0, SYS_epoll_wait, epoll, 8, 1, 0);
    Ok(())
}

fn epoll_wait_bad_address_loses_nothing() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN | EDGE, 1)?;
    put(into)?;
    fails!(EFAULT, SYS_epoll_wait, epoll, 8, 1, 0);
    same!(ready(epoll)?, [(IN, 1)]);
    Ok(())
}

fn epoll_takes_turns_when_room_is_small() -> Outcome {
    let epoll = create()?;
    for data in 0..3 {
        add(epoll, pipe()?[1], OUT, data)?;
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.extend(ready_of(epoll, 1)?);
    }
    let order: Vec<u64> = seen.iter().map(|one| one.1).collect();
    same!(order, [0, 1, 2, 0, 1, 2]);
    Ok(())
}

fn epoll_wait_timeout_passes() -> Outcome {
    let (epoll, mut room) = (create()?, [event(0, 0)]);
    let start = now();
    gives!(0, SYS_epoll_wait, epoll, &mut room, 1, 30);
    holds!((30_000_000..3_000_000_000).contains(&(now() - start)));
    Ok(())
}

/// A child that waits for one event and ends with 1 if it is `expected`.
pub(super) fn waiting_child(epoll: i32, expected: (u32, u64)) -> Result<i32, Failure> {
    let child = spawn(|| {
        let mut room = [event(0, 0)];
        let count = sys!(SYS_epoll_wait, epoll, &mut room, 1, -1);
        (count == 1 && pairs(&room) == [expected]) as i32
    })?;
    holds!(process::until_asleep(child));
    Ok(child)
}

fn epoll_wait_wakes_on_write() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN, 5)?;
    let child = waiting_child(epoll, (IN, 5))?;
    put(into)?;
    same!(wait(child)?, 1 << 8);
    Ok(())
}

fn epoll_wait_wakes_on_add() -> Outcome {
    let (epoll, [_out, into]) = (create()?, pipe()?);
    let child = waiting_child(epoll, (OUT, 6))?;
    add(epoll, into, OUT, 6)?;
    same!(wait(child)?, 1 << 8);
    Ok(())
}

static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn epoll_wait_interrupted_never_restarted() -> Outcome {
    raw::set_handler(SIGUSR1, count, SA_RESTART, 0);
    let epoll = create()?;
    let child = spawn(|| {
        let mut room = [event(0, 0)];
        -sys!(SYS_epoll_wait, epoll, &mut room, 1, -1) as i32
    })?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn epoll_pwait_mask_lets_signal_in() -> Outcome {
    raw::set_handler(SIGUSR1, count, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    abi_tests::signal::raise(SIGUSR1);
    let (epoll, mut room) = (create()?, [event(0, 0)]);
    fails!(EINTR, SYS_epoll_pwait, epoll, &mut room, 1, -1, &0u64, 8);
    same!((COUNT.load(SeqCst), mask(SIG_BLOCK, 0)), (1, bit(SIGUSR1)));
    fails!(EINVAL, SYS_epoll_pwait, epoll, &mut room, 1, -1, &0u64, 4);
    gives!(0, SYS_epoll_pwait, epoll, &mut room, 1, 0, 0, 4);
    Ok(())
}

fn epoll_pwait2_timeout() -> Outcome {
    let (epoll, mut room) = (create()?, [event(0, 0)]);
    let start = now();
    gives!(
        0,
        SYS_epoll_pwait2,
        epoll,
        &mut room,
        1,
        &[0i64, 20_000_000],
        0,
        8
    );
    holds!(now() - start >= 20_000_000);
    fails!(
        EINVAL,
        SYS_epoll_pwait2,
        epoll,
        &mut room,
        1,
        &[0i64, 1_000_000_000],
        0,
        8
    );
    fails!(EFAULT, SYS_epoll_pwait2, epoll, &mut room, 1, 8, 0, 8);
    add(epoll, pipe()?[1], OUT, 3)?;
    gives!(1, SYS_epoll_pwait2, epoll, &mut room, 1, 0, 0, 8);
    same!(pairs(&room), [(OUT, 3)]);
    Ok(())
}
