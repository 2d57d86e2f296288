//! `adjtimex(2)` and `clock_adjtime(2)`: what they tell, and who may not change what. Nothing here
//! changes the time of the machine that the test runs on, unless it is one's own to change.

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    reading_needs_no_right,
    fields_and_state_agree,
    both_calls_tell_the_same,
    changing_needs_a_right,
    errors_come_in_order,
    only_the_time_of_day_is_adjusted,
    senseless_values,
];

/// What ADJ_* means to the kernel itself.
const ADJTIME: u32 = 0x8000;

fn timex(modes: u32) -> timex {
    // All fields are numbers.
    let mut timex = EMPTY;
    timex.modes = modes;
    timex
}

const EMPTY: timex = timex {
    modes: 0,
    offset: 0,
    freq: 0,
    maxerror: 0,
    esterror: 0,
    status: 0,
    constant: 0,
    precision: 0,
    tolerance: 0,
    time: timeval {
        tv_sec: 0,
        tv_usec: 0,
    },
    tick: 0,
    ppsfreq: 0,
    jitter: 0,
    shift: 0,
    stabil: 0,
    jitcnt: 0,
    calcnt: 0,
    errcnt: 0,
    stbcnt: 0,
    tai: 0,
    __unused1: 0,
    __unused2: 0,
    __unused3: 0,
    __unused4: 0,
    __unused5: 0,
    __unused6: 0,
    __unused7: 0,
    __unused8: 0,
    __unused9: 0,
    __unused10: 0,
    __unused11: 0,
};

fn without_rights(body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        body()
    })
}

fn reading_needs_no_right() -> Outcome {
    without_rights(|| {
        let mut read = timex(0);
        holds!((0..=5).contains(&works!(SYS_adjtimex, &mut read)));
        let mut adjtime = timex(0xa001);
        holds!((0..=5).contains(&works!(SYS_adjtimex, &mut adjtime)));
        Ok(())
    })
}

fn fields_and_state_agree() -> Outcome {
    let mut read = timex(0);
    let state = works!(SYS_adjtimex, &mut read);
    // Nobody has vouched for the time: TIME_ERROR.
    same!(state == 5, read.status & 0x40 != 0);
    same!(
        (read.precision, read.tolerance, read.tick),
        (1, 32_768_000, 10_000)
    );
    holds!((0..=16_000_000).contains(&read.maxerror));
    holds!((0..=16_000_000).contains(&read.esterror));
    holds!((0..=10).contains(&read.constant) && read.freq.abs() <= 32_768_000);
    let mut now = [0_i64; 2];
    works!(SYS_clock_gettime, CLOCK_REALTIME, &mut now);
    holds!((now[0] - read.time.tv_sec).abs() <= 2);
    let whole = if read.status & 0x2000 != 0 {
        1_000_000_000
    } else {
        1_000_000
    };
    holds!((0..whole).contains(&read.time.tv_usec));
    same!(
        (read.ppsfreq, read.jitter, read.shift, read.stabil),
        (0, 0, 0, 0)
    );
    Ok(())
}

fn both_calls_tell_the_same() -> Outcome {
    let (mut one, mut other) = (timex(0), timex(0));
    let state = works!(SYS_adjtimex, &mut one);
    gives!(state, SYS_clock_adjtime, CLOCK_REALTIME, &mut other);
    same!(
        (one.freq, one.status, one.constant),
        (other.freq, other.status, other.constant)
    );
    same!(
        (one.tick, one.tai, one.tolerance),
        (other.tick, other.tai, other.tolerance)
    );
    Ok(())
}

fn changing_needs_a_right() -> Outcome {
    without_rights(|| {
        for modes in [
            1, 2, 4, 8, 0x10, 0x20, 0x80, 0x100, 0x1000, 0x2000, 0x4000, 0x8001,
        ] {
            fails!(EPERM, SYS_adjtimex, &mut timex(modes));
            fails!(EPERM, SYS_clock_adjtime, CLOCK_REALTIME, &mut timex(modes));
        }
        Ok(())
    })
}

fn errors_come_in_order() -> Outcome {
    fails!(EFAULT, SYS_adjtimex, 8);
    fails!(EFAULT, SYS_clock_adjtime, CLOCK_REALTIME, 8);
    fails!(EFAULT, SYS_clock_adjtime, 77, 8);
    without_rights(|| {
        // What makes no sense by its number comes before the right, a value behind it.
        fails!(EINVAL, SYS_adjtimex, &mut timex(ADJTIME));
        let mut tick = timex(0x4000);
        tick.tick = 1;
        fails!(EPERM, SYS_adjtimex, &mut tick);
        fails!(EFAULT, SYS_adjtimex, 8);
        Ok(())
    })
}

fn only_the_time_of_day_is_adjusted() -> Outcome {
    for clock in [
        CLOCK_MONOTONIC,
        CLOCK_BOOTTIME,
        CLOCK_MONOTONIC_RAW,
        CLOCK_REALTIME_COARSE,
        CLOCK_TAI,
        CLOCK_REALTIME_ALARM,
        CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID,
    ] {
        fails!(EOPNOTSUPP, SYS_clock_adjtime, clock, &mut timex(0));
    }
    for clock in [10, 12, 77, 1000] {
        fails!(EINVAL, SYS_clock_adjtime, clock, &mut timex(0));
    }
    Ok(())
}

/// All are refused, so nothing changes.
fn senseless_values() -> Outcome {
    for tick in [0, -1, 8_999, 11_001, i64::MAX] {
        let mut wrong = timex(0x4000);
        wrong.tick = tick;
        fails!(EINVAL, SYS_adjtimex, &mut wrong);
    }
    for (modes, fraction) in [
        (0x100, -1),
        (0x100, 1_000_000),
        (0x2100, 1_000_000_000),
        (0x2100, i64::MIN),
    ] {
        let mut wrong = timex(modes);
        wrong.time.tv_usec = fraction;
        fails!(EINVAL, SYS_adjtimex, &mut wrong);
    }
    // To before 1970, and further than anything counts.
    for seconds in [-(1_i64 << 40), i64::MIN, i64::MAX] {
        let mut wrong = timex(0x100);
        wrong.time.tv_sec = seconds;
        fails!(EINVAL, SYS_adjtimex, &mut wrong);
    }
    for freq in [i64::MAX, i64::MIN] {
        let mut wrong = timex(2);
        wrong.freq = freq;
        fails!(EINVAL, SYS_adjtimex, &mut wrong);
    }
    fails!(EINVAL, SYS_adjtimex, &mut timex(ADJTIME | 2));
    fails!(EINVAL, SYS_adjtimex, &mut timex(ADJTIME));
    Ok(())
}
