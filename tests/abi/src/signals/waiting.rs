//! Waiting for signals: sigsuspend, sigtimedwait, sigqueue, and the order of what is queued.
//! Source: sigsuspend(2), sigwaitinfo(2), sigqueue(3), signal(7).

use abi_tests::check::Outcome;
use abi_tests::process::{self, now, spawn, wait};
use abi_tests::signal::{Context, Info, bit, mask, pending, raise};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    suspend_lets_in_and_restores,
    suspend_errors,
    timed_wait_takes_pending,
    timed_wait_times_out,
    timed_wait_zero_polls,
    timed_wait_woken,
    timed_wait_interrupted_by_other,
    timed_wait_errors,
    queue_carries_value,
    queue_errors,
    queue_forged_code_refused,
    queue_tgsigqueue,
    realtime_signals_queue_in_order,
    realtime_lower_number_first,
    standard_before_realtime,
    queue_limit,
    pending_of_thread_and_process,
];

static COUNT: AtomicI32 = AtomicI32::new(0);
static ORDER: Mutex<Vec<(i32, i32)>> = Mutex::new(Vec::new());

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

extern "C" fn append(number: i32, info: &Info, _: &mut Context) {
    // The main flow does not hold the lock while signals are unblocked.
    if let Ok(mut order) = ORDER.try_lock() {
        order.push((number, info.status()));
    }
}

/// The details as sigqueue wants them: signal, code, sender, value.
fn details(number: i32, code: i32, value: i32) -> Info {
    let mut info = Info {
        signal: number,
        code,
        ..Info::default()
    };
    info.fields[0] = sys!(SYS_getpid) as u64;
    info.fields[1] = value as u64;
    info
}

fn queue(number: i32, value: i32) -> isize {
    sys!(
        SYS_rt_sigqueueinfo,
        sys!(SYS_getpid),
        number,
        &details(number, SI_QUEUE, value)
    )
}

fn suspend_lets_in_and_restores() -> Outcome {
    raw::set_handler(SIGUSR1, count, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    raise(SIGUSR1);
    fails!(EINTR, SYS_rt_sigsuspend, &0u64, 8);
    same!((COUNT.load(SeqCst), mask(SIG_BLOCK, 0)), (1, bit(SIGUSR1)));
    Ok(())
}

fn suspend_errors() -> Outcome {
    fails!(EINVAL, SYS_rt_sigsuspend, &0u64, 4);
    fails!(EFAULT, SYS_rt_sigsuspend, 8, 8);
    Ok(())
}

fn timed_wait_takes_pending() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    raise(SIGUSR1);
    let mut info = Info::default();
    gives!(SIGUSR1, SYS_rt_sigtimedwait, &bit(SIGUSR1), &mut info, 0, 8);
    same!((info.signal, info.code, pending()), (SIGUSR1, SI_TKILL, 0));
    Ok(())
}

fn timed_wait_times_out() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    let start = now();
    fails!(
        EAGAIN,
        SYS_rt_sigtimedwait,
        &bit(SIGUSR1),
        0,
        &[0i64, 20_000_000],
        8
    );
    holds!((20_000_000..3_000_000_000).contains(&(now() - start)));
    Ok(())
}

fn timed_wait_zero_polls() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    fails!(EAGAIN, SYS_rt_sigtimedwait, &bit(SIGUSR1), 0, &[0i64, 0], 8);
    raise(SIGUSR1);
    gives!(
        SIGUSR1,
        SYS_rt_sigtimedwait,
        &bit(SIGUSR1),
        0,
        &[0i64, 0],
        8
    );
    Ok(())
}

fn timed_wait_woken() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    let child = spawn(|| sys!(SYS_rt_sigtimedwait, &bit(SIGUSR1), 0, 0, 8) as i32)?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, SIGUSR1 << 8);
    Ok(())
}

fn timed_wait_interrupted_by_other() -> Outcome {
    raw::set_handler(SIGUSR2, count, SA_RESTART, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    let child = spawn(|| -sys!(SYS_rt_sigtimedwait, &bit(SIGUSR1), 0, 0, 8) as i32)?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR2);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn timed_wait_errors() -> Outcome {
    fails!(EINVAL, SYS_rt_sigtimedwait, &0u64, 0, 0, 4);
    fails!(EFAULT, SYS_rt_sigtimedwait, 8, 0, 0, 8);
    fails!(
        EINVAL,
        SYS_rt_sigtimedwait,
        &0u64,
        0,
        &[0i64, 1_000_000_000],
        8
    );
    fails!(EFAULT, SYS_rt_sigtimedwait, &0u64, 0, 8, 8);
    Ok(())
}

fn queue_carries_value() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    same!(queue(SIGUSR1, 1234), 0);
    let mut info = Info::default();
    gives!(SIGUSR1, SYS_rt_sigtimedwait, &bit(SIGUSR1), &mut info, 0, 8);
    same!(
        (info.code, info.status(), info.pid()),
        (SI_QUEUE, 1234, works!(SYS_getpid) as i32)
    );
    Ok(())
}

fn queue_errors() -> Outcome {
    let info = details(SIGUSR1, SI_QUEUE, 0);
    fails!(ESRCH, SYS_rt_sigqueueinfo, 4_000_000, SIGUSR1, &info);
    fails!(EINVAL, SYS_rt_sigqueueinfo, works!(SYS_getpid), 65, &info);
    fails!(EFAULT, SYS_rt_sigqueueinfo, works!(SYS_getpid), SIGUSR1, 8);
    same!(queue(0, 0), 0);
    // What nobody knows the meaning of must be 0 beyond the known part.
    let mut words = [0u64; 16];
    words[1] = u64::from(-9_i32 as u32);
    gives!(0, SYS_rt_sigqueueinfo, works!(SYS_getpid), 0, &words);
    words[6] = 1;
    fails!(E2BIG, SYS_rt_sigqueueinfo, works!(SYS_getpid), 0, &words);
    words[1] = u64::from(SI_QUEUE as u32);
    gives!(0, SYS_rt_sigqueueinfo, works!(SYS_getpid), 0, &words);
    Ok(())
}

/// Nobody may pretend to another process to be the kernel or a plain kill.
fn queue_forged_code_refused() -> Outcome {
    process::inside_child(|| {
        let parent = works!(SYS_getppid);
        for code in [SI_USER, SI_KERNEL, SI_TKILL] {
            fails!(
                EPERM,
                SYS_rt_sigqueueinfo,
                parent,
                SIGURG,
                &details(SIGURG, code, 0)
            );
        }
        gives!(
            0,
            SYS_rt_sigqueueinfo,
            parent,
            SIGURG,
            &details(SIGURG, SI_QUEUE, 0)
        );
        Ok(())
    })
}

fn queue_tgsigqueue() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    let me = works!(SYS_getpid);
    let info = details(SIGUSR1, SI_QUEUE, 5);
    gives!(0, SYS_rt_tgsigqueueinfo, me, me, SIGUSR1, &info);
    fails!(EINVAL, SYS_rt_tgsigqueueinfo, 0, me, SIGUSR1, &info);
    fails!(ESRCH, SYS_rt_tgsigqueueinfo, 1, me, SIGUSR1, &info);
    same!(pending(), bit(SIGUSR1));
    Ok(())
}

fn realtime_signals_queue_in_order() -> Outcome {
    let number = SIGRTMIN() + 2;
    raw::set_handler(number, append, 0, 0);
    mask(SIG_BLOCK, bit(number));
    for value in 1..=5 {
        same!(queue(number, value), 0);
    }
    mask(SIG_UNBLOCK, bit(number));
    let order = ORDER.lock().map(|order| order.clone()).unwrap_or_default();
    same!(order, [1, 2, 3, 4, 5].map(|value| (number, value)).to_vec());
    Ok(())
}

/// Of several pending realtime signals the lowest number is taken first.
fn realtime_lower_number_first() -> Outcome {
    let all = [SIGRTMIN() + 5, SIGRTMIN() + 1, SIGRTMIN() + 3];
    let set = all.iter().fold(0, |set, number| set | bit(*number));
    mask(SIG_BLOCK, set);
    for number in all {
        same!(queue(number, number), 0);
    }
    let mut taken = Vec::new();
    for _ in all {
        taken.push(works!(SYS_rt_sigtimedwait, &set, 0, 0, 8) as i32);
    }
    same!(taken, vec![all[1], all[2], all[0]]);
    Ok(())
}

fn standard_before_realtime() -> Outcome {
    let set = bit(SIGUSR1) | bit(SIGRTMIN());
    mask(SIG_BLOCK, set);
    same!(queue(SIGRTMIN(), 1), 0);
    raise(SIGUSR1);
    gives!(SIGUSR1, SYS_rt_sigtimedwait, &set, 0, 0, 8);
    gives!(SIGRTMIN(), SYS_rt_sigtimedwait, &set, 0, 0, 8);
    Ok(())
}

/// RLIMIT_SIGPENDING bounds what one user may queue.
fn queue_limit() -> Outcome {
    process::inside_child(|| {
        works!(SYS_prlimit64, 0, RLIMIT_SIGPENDING, &[5u64, 5], 0);
        works!(SYS_setuid, 54_321);
        mask(SIG_BLOCK, bit(SIGRTMIN()));
        let results: Vec<isize> = (0..7).map(|value| queue(SIGRTMIN(), value)).collect();
        let full = -(EAGAIN as isize);
        same!(results, vec![0, 0, 0, 0, 0, full, full]);
        Ok(())
    })
}

fn pending_of_thread_and_process() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1) | bit(SIGUSR2));
    raise(SIGUSR1);
    works!(SYS_kill, works!(SYS_getpid), SIGUSR2);
    let inside = std::thread::spawn(pending);
    same!(inside.join().unwrap_or(0), bit(SIGUSR2));
    same!(pending(), bit(SIGUSR1) | bit(SIGUSR2));
    Ok(())
}
