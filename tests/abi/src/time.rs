//! Clocks, sleeps and timers. Source: clock_gettime(2), clock_nanosleep(2), setitimer(2),
//! times(2), timer_create(2).
//!
//! A sleep may be longer than asked, on a busy machine much longer, so only lower bounds are
//! tight.

use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::process::{self, inside_child, now, spawn, wait};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

mod adjust;
mod timerfd;
mod vdso;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[CASES, adjust::CASES, timerfd::CASES, vdso::CASES];

cases![
    all_clocks_answer,
    clocks_do_not_go_back,
    clock_resolution,
    clock_errors,
    realtime_and_gettimeofday_agree,
    boottime_not_behind_monotonic,
    cpu_clock_counts_work_only,
    thread_clock_is_own,
    clock_of_other_process,
    clock_settime_moves_realtime_only,
    nanosleep_sleeps_long_enough,
    nanosleep_zero,
    nanosleep_errors,
    clock_nanosleep_relative,
    clock_nanosleep_absolute,
    clock_nanosleep_past,
    clock_nanosleep_errors,
    clock_nanosleep_absolute_leaves_rest,
    itimer_real_fires_and_repeats,
    itimer_virtual_and_prof,
    itimer_get_and_cancel,
    itimer_errors,
    alarm_returns_rest,
    alarm_cancelled,
    times_and_tick,
    time_call,
    usage_grows,
    cpu_limit_signal,
];

fn clock(kind: i32) -> Result<i64, Failure> {
    let mut time = [0i64; 2];
    works!(SYS_clock_gettime, kind, &mut time);
    holds!((0..1_000_000_000).contains(&time[1]));
    Ok(time[0] * 1_000_000_000 + time[1])
}

const CLOCKS: [i32; 9] = [
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME,
    CLOCK_TAI,
];

/// Uses the processor for this many nanoseconds.
fn work(nanoseconds: i64) {
    let end = now() + nanoseconds;
    while now() < end {}
}

fn all_clocks_answer() -> Outcome {
    for kind in CLOCKS {
        holds!(clock(kind)? >= 0);
    }
    Ok(())
}

fn clocks_do_not_go_back() -> Outcome {
    for kind in CLOCKS {
        let mut last = 0;
        for _ in 0..200 {
            let next = clock(kind)?;
            holds!(next >= last, "clock {kind}");
            last = next;
        }
    }
    Ok(())
}

fn clock_resolution() -> Outcome {
    for kind in CLOCKS {
        let mut time = [9i64; 2];
        gives!(0, SYS_clock_getres, kind, &mut time);
        same!(time[0], 0);
        holds!((1..=10_000_000).contains(&time[1]), "clock {kind}");
    }
    gives!(0, SYS_clock_getres, CLOCK_MONOTONIC, 0);
    Ok(())
}

fn clock_errors() -> Outcome {
    let mut time = [0i64; 2];
    fails!(EINVAL, SYS_clock_gettime, 99, &mut time);
    fails!(EINVAL, SYS_clock_getres, 99, &mut time);
    fails!(EFAULT, SYS_clock_gettime, CLOCK_MONOTONIC, 8);
    fails!(EINVAL, SYS_clock_settime, CLOCK_MONOTONIC, &[1i64, 0]);
    fails!(
        EINVAL,
        SYS_clock_settime,
        CLOCK_REALTIME,
        &[1i64, 1_000_000_000]
    );
    fails!(EINVAL, SYS_clock_settime, CLOCK_REALTIME, &[-1i64, 0]);
    fails!(EFAULT, SYS_clock_settime, CLOCK_REALTIME, 8);
    Ok(())
}

fn realtime_and_gettimeofday_agree() -> Outcome {
    let mut time = [0i64; 2];
    gives!(0, SYS_gettimeofday, &mut time, 0);
    let other = clock(CLOCK_REALTIME)? / 1000;
    holds!((other - time[0] * 1_000_000 - time[1]).abs() < 2_000_000);
    let mut zone = [9i32; 2];
    gives!(0, SYS_gettimeofday, 0, &mut zone);
    same!(zone, [0, 0]);
    fails!(EFAULT, SYS_gettimeofday, 8, 0);
    Ok(())
}

fn boottime_not_behind_monotonic() -> Outcome {
    let monotonic = clock(CLOCK_MONOTONIC)?;
    holds!(clock(CLOCK_BOOTTIME)? >= monotonic);
    Ok(())
}

fn cpu_clock_counts_work_only() -> Outcome {
    let start = clock(CLOCK_PROCESS_CPUTIME_ID)?;
    process::pause(100);
    let slept = clock(CLOCK_PROCESS_CPUTIME_ID)? - start;
    holds!(slept < 80_000_000);
    let start = clock(CLOCK_PROCESS_CPUTIME_ID)?;
    let until = now() + 10_000_000_000;
    while clock(CLOCK_PROCESS_CPUTIME_ID)? - start < 20_000_000 {
        holds!(now() < until);
    }
    Ok(())
}

fn thread_clock_is_own() -> Outcome {
    work(30_000_000);
    let inside = std::thread::spawn(|| clock(CLOCK_THREAD_CPUTIME_ID).unwrap_or(i64::MAX));
    let mine = clock(CLOCK_THREAD_CPUTIME_ID)?;
    holds!(inside.join().unwrap_or(i64::MAX) < mine);
    Ok(())
}

/// Clock ids made of a pid: the complement of the pid, and the kind in the low three bits.
fn clock_of_other_process() -> Outcome {
    let child = spawn(|| {
        work(2_000_000_000);
        0
    })?;
    let id = !child << 3 | 2;
    holds!(process::until(|| clock(id).unwrap_or(0) > 1_000_000));
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    fails!(EINVAL, SYS_clock_gettime, id, &mut [0i64; 2]);
    Ok(())
}

/// Sets the clock to what it is, so that a host is not disturbed.
fn clock_settime_moves_realtime_only() -> Outcome {
    let before = clock(CLOCK_MONOTONIC)?;
    let time = clock(CLOCK_REALTIME)?;
    match sys!(
        SYS_clock_settime,
        CLOCK_REALTIME,
        &[time / 1_000_000_000, time % 1_000_000_000]
    ) {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    holds!((clock(CLOCK_REALTIME)? - time).abs() < 2_000_000_000);
    holds!(clock(CLOCK_MONOTONIC)? >= before);
    Ok(())
}

fn nanosleep_sleeps_long_enough() -> Outcome {
    for milliseconds in [1, 5, 30] {
        let start = now();
        gives!(0, SYS_nanosleep, &[0i64, milliseconds * 1_000_000], 0);
        let slept = now() - start;
        holds!((milliseconds * 1_000_000..3_000_000_000).contains(&slept));
    }
    Ok(())
}

fn nanosleep_zero() -> Outcome {
    gives!(0, SYS_nanosleep, &[0i64, 0], 0);
    Ok(())
}

fn nanosleep_errors() -> Outcome {
    fails!(EINVAL, SYS_nanosleep, &[0i64, 1_000_000_000], 0);
    fails!(EINVAL, SYS_nanosleep, &[0i64, -1], 0);
    fails!(EINVAL, SYS_nanosleep, &[-1i64, 0], 0);
    fails!(EFAULT, SYS_nanosleep, 8, 0);
    fails!(EFAULT, SYS_nanosleep, 0, 0);
    Ok(())
}

fn clock_nanosleep_relative() -> Outcome {
    for kind in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI] {
        let start = now();
        gives!(0, SYS_clock_nanosleep, kind, 0, &[0i64, 5_000_000], 0);
        holds!(now() - start >= 5_000_000);
    }
    Ok(())
}

fn clock_nanosleep_absolute() -> Outcome {
    for kind in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME] {
        let end = clock(kind)? + 10_000_000;
        let time = [end / 1_000_000_000, end % 1_000_000_000];
        gives!(0, SYS_clock_nanosleep, kind, TIMER_ABSTIME, &time, 0);
        holds!(clock(kind)? >= end);
    }
    Ok(())
}

fn clock_nanosleep_past() -> Outcome {
    gives!(
        0,
        SYS_clock_nanosleep,
        CLOCK_MONOTONIC,
        TIMER_ABSTIME,
        &[0i64, 1],
        0
    );
    Ok(())
}

fn clock_nanosleep_errors() -> Outcome {
    fails!(EINVAL, SYS_clock_nanosleep, 99, 0, &[0i64, 1], 0);
    fails!(
        EOPNOTSUPP,
        SYS_clock_nanosleep,
        CLOCK_THREAD_CPUTIME_ID,
        0,
        &[0i64, 1],
        0
    );
    fails!(
        EINVAL,
        SYS_clock_nanosleep,
        CLOCK_MONOTONIC,
        0,
        &[0i64, 1_000_000_000],
        0
    );
    fails!(
        EOPNOTSUPP,
        SYS_clock_nanosleep,
        CLOCK_MONOTONIC_RAW,
        0,
        &[0i64, 1],
        0
    );
    fails!(EFAULT, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 8, 0);
    Ok(())
}

extern "C" fn ignore(_: i32, _: &Info, _: &mut Context) {}

fn clock_nanosleep_absolute_leaves_rest() -> Outcome {
    raw::set_handler(SIGALRM, ignore, 0, 0);
    works!(SYS_setitimer, ITIMER_REAL, &[0i64, 0, 0, 10_000], 0);
    let end = now() / 1_000_000_000 + 100;
    let mut rest = [77i64; 2];
    fails!(
        EINTR,
        SYS_clock_nanosleep,
        CLOCK_MONOTONIC,
        TIMER_ABSTIME,
        &[end, 0],
        &mut rest
    );
    same!(rest, [77; 2]);
    works!(SYS_setitimer, ITIMER_REAL, &[0i64, 0, 0, 10_000], 0);
    fails!(
        EINTR,
        SYS_clock_nanosleep,
        CLOCK_MONOTONIC,
        0,
        &[100i64, 0],
        &mut rest
    );
    holds!((90..100).contains(&rest[0]), "saw {rest:?}");
    Ok(())
}

static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn itimer_real_fires_and_repeats() -> Outcome {
    raw::set_handler(SIGALRM, count, SA_RESTART, 0);
    works!(SYS_setitimer, ITIMER_REAL, &[0i64, 5_000, 0, 5_000], 0);
    holds!(process::until(|| COUNT.load(SeqCst) >= 3));
    works!(SYS_setitimer, ITIMER_REAL, &[0i64; 4], 0);
    let seen = COUNT.load(SeqCst);
    process::pause(30);
    same!(COUNT.load(SeqCst) - seen, 0);
    Ok(())
}

fn itimer_virtual_and_prof() -> Outcome {
    for (kind, number) in [(ITIMER_VIRTUAL, SIGVTALRM), (ITIMER_PROF, SIGPROF)] {
        COUNT.store(0, SeqCst);
        raw::set_handler(number, count, SA_RESTART, 0);
        works!(SYS_setitimer, kind, &[0i64, 0, 0, 10_000], 0);
        let limit = now() + 10_000_000_000;
        let mut sum = 0u64;
        while COUNT.load(SeqCst) == 0 && now() < limit {
            // User time, since the virtual timer counts no other.
            sum = (0..20_000).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
        same!((kind, COUNT.load(SeqCst)), (kind, 1));
    }
    Ok(())
}

fn itimer_get_and_cancel() -> Outcome {
    works!(SYS_setitimer, ITIMER_REAL, &[7i64, 0, 100, 0], 0);
    let mut now = [0i64; 4];
    gives!(0, SYS_getitimer, ITIMER_REAL, &mut now);
    same!((now[0], now[1]), (7, 0));
    holds!((90..=100).contains(&now[2]));
    let mut old = [0i64; 4];
    gives!(0, SYS_setitimer, ITIMER_REAL, &[0i64; 4], &mut old);
    same!(old[0], 7);
    gives!(0, SYS_getitimer, ITIMER_REAL, &mut now);
    same!(now, [0; 4]);
    Ok(())
}

fn itimer_errors() -> Outcome {
    fails!(EINVAL, SYS_setitimer, 3, &[0i64; 4], 0);
    fails!(EINVAL, SYS_getitimer, 3, &mut [0i64; 4]);
    fails!(
        EINVAL,
        SYS_setitimer,
        ITIMER_REAL,
        &[0i64, 0, 0, 1_000_000],
        0
    );
    fails!(EFAULT, SYS_setitimer, ITIMER_REAL, 8, 0);
    fails!(EFAULT, SYS_getitimer, ITIMER_REAL, 8);
    Ok(())
}

fn alarm_returns_rest() -> Outcome {
    gives!(0, SYS_alarm, 100);
    gives!(100, SYS_alarm, 50);
    gives!(50, SYS_alarm, 0);
    gives!(0, SYS_alarm, 0);
    Ok(())
}

fn alarm_cancelled() -> Outcome {
    raw::set_handler(SIGALRM, count, 0, 0);
    works!(SYS_setitimer, ITIMER_REAL, &[0i64, 0, 0, 20_000], 0);
    works!(SYS_alarm, 0);
    process::pause(50);
    same!(COUNT.load(SeqCst), 0);
    Ok(())
}

fn times_and_tick() -> Outcome {
    let mut seen = [9i64; 4];
    let first = works!(SYS_times, &mut seen);
    process::pause(50);
    let second = works!(SYS_times, 0);
    holds!(second - first >= 4);
    fails!(EFAULT, SYS_times, 8);
    Ok(())
}

fn time_call() -> Outcome {
    let mut stored = 0i64;
    let seen = works!(SYS_time, &mut stored);
    same!(stored, seen as i64);
    holds!((clock(CLOCK_REALTIME)? / 1_000_000_000 - stored).abs() <= 2);
    fails!(EFAULT, SYS_time, 8);
    Ok(())
}

fn usage_grows() -> Outcome {
    let mut before = [0i64; 18];
    works!(SYS_getrusage, RUSAGE_SELF, &mut before);
    work(50_000_000);
    let mut after = [0i64; 18];
    works!(SYS_getrusage, RUSAGE_SELF, &mut after);
    let total = |usage: &[i64; 18]| (usage[0] + usage[2]) * 1_000_000 + usage[1] + usage[3];
    holds!(total(&after) > total(&before));
    holds!(after[4] > 0, "no resident size");
    Ok(())
}

/// RLIMIT_CPU: SIGXCPU at the soft limit, SIGKILL at the hard one.
fn cpu_limit_signal() -> Outcome {
    inside_child(|| {
        raw::set_handler(SIGXCPU, count, 0, 0);
        works!(SYS_prlimit64, 0, RLIMIT_CPU, &[1u64, 10], 0);
        let limit = now() + 15_000_000_000;
        while COUNT.load(SeqCst) == 0 && now() < limit {}
        holds!(COUNT.load(SeqCst) >= 1);
        Ok(())
    })
}
