//! The time of day adjusted for good, which a test on somebody's Linux may not do.
//!
//! On Linux the monotonic clock runs faster or slower with the time of day; here it never does.

use std::time::SystemTime;

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, now, pause, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    a_longer_tick_is_seen_by_every_reader,
    monotonic_sleepers_are_not_disturbed,
    sleepers_until_a_time_of_day_are_not_early,
    adjtime_takes_its_time,
    setting_forgets_what_is_left,
    a_jump_is_a_setting,
    what_is_set_is_read_back,
    tai_is_ahead_by_what_was_said,
    the_loop_follows_offsets,
];

const ADJ_TICK: u64 = 0x4000;
const ADJTIME: u64 = 0x8001;

/// `struct timex` as words. The first is `modes`; the status and TAI are halves.
type Timex = [u64; 26];
const OFFSET: usize = 1;
const FREQUENCY: usize = 2;
const MAX_ERROR: usize = 3;
const ESTIMATED_ERROR: usize = 4;
const STATUS: usize = 5;
const CONSTANT: usize = 6;
const SECONDS: usize = 9;
const FRACTION: usize = 10;
const TICK: usize = 11;
const TAI: usize = 20;

/// Adjusts: these fields, which `modes` names.
fn adjust(modes: u64, fields: &[(usize, i64)]) -> Result<(isize, Timex), Failure> {
    let mut timex = Timex::default();
    timex[0] = modes;
    for (field, value) in fields {
        timex[*field] = *value as u64;
    }
    let state = works!(SYS_adjtimex, &mut timex);
    Ok((state, timex))
}

/// Runs `body`, and lets the clock run again as it did.
fn restoring(body: impl FnOnce() -> Outcome) -> Outcome {
    let outcome = body();
    adjust(ADJTIME, &[(OFFSET, 0)])?;
    adjust(
        0x4032,
        &[
            (TICK, 10_000),
            (FREQUENCY, 0),
            (STATUS, 0x40),
            (CONSTANT, 2),
        ],
    )?;
    adjust(0x1080, &[(CONSTANT, 0)])?;
    outcome
}

fn realtime() -> i64 {
    let mut time = [0_i64; 2];
    sys!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
    time[0] * 1_000_000_000 + time[1]
}

/// As programs ask, through the vDSO.
fn realtime_by_library() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as i64)
}

/// How far the time of day and the monotonic clock go in a while.
fn race(milliseconds: i64) -> (i64, i64) {
    let (start, day) = (now(), realtime());
    pause(milliseconds);
    // The day is read last, and first: it has the longer way.
    let (monotonic, day) = (now() - start, realtime() - day);
    (monotonic, day)
}

/// Within a thousandth, and a millisecond for what comes between two readings.
fn is_about(value: i64, expected: i64) -> bool {
    (value - expected).abs() < expected / 1000 + 1_000_000
}

fn a_longer_tick_is_seen_by_every_reader() -> Outcome {
    restoring(|| {
        adjust(ADJ_TICK, &[(TICK, 11_000)])?;
        let (monotonic, day) = race(300);
        holds!(
            is_about(day, monotonic + monotonic / 10),
            "{day} in {monotonic}"
        );
        for _ in 0..1000 {
            let times = [realtime(), realtime_by_library(), realtime()];
            holds!(times.is_sorted(), "{times:?}");
        }
        adjust(ADJ_TICK, &[(TICK, 9_000)])?;
        let (monotonic, day) = race(300);
        holds!(
            is_about(day, monotonic - monotonic / 10),
            "{day} in {monotonic}"
        );
        for _ in 0..1000 {
            let times = [realtime(), realtime_by_library(), realtime()];
            holds!(times.is_sorted(), "{times:?}");
        }
        Ok(())
    })?;
    let (monotonic, day) = race(100);
    holds!(is_about(day, monotonic), "{day} in {monotonic}");
    let times = [realtime(), realtime_by_library(), realtime()];
    holds!(times.is_sorted(), "{times:?}");
    Ok(())
}

fn monotonic_sleepers_are_not_disturbed() -> Outcome {
    restoring(|| {
        let sleeper = spawn(|| {
            let start = now();
            pause(400);
            let lasted = now() - start;
            i32::from(!(400_000_000..900_000_000).contains(&lasted))
        })?;
        pause(50);
        for tick in [11_000, 9_000, 10_500] {
            adjust(ADJ_TICK, &[(TICK, tick)])?;
            pause(50);
        }
        adjust(0x100, &[(SECONDS, 1000)])?;
        pause(50);
        adjust(0x100, &[(SECONDS, -1000)])?;
        same!(wait(sleeper)?, 0);
        Ok(())
    })
}

fn sleepers_until_a_time_of_day_are_not_early() -> Outcome {
    restoring(|| {
        for tick in [11_000, 9_000] {
            adjust(ADJ_TICK, &[(TICK, tick)])?;
            let moment = realtime() + 300_000_000;
            let wanted = [moment / 1_000_000_000, moment % 1_000_000_000];
            gives!(0, SYS_clock_nanosleep, CLOCK_REALTIME, 1, &wanted, 0);
            let late = realtime() - moment;
            holds!((0..200_000_000).contains(&late), "{late} late");
        }
        Ok(())
    })
}

fn adjtime_takes_its_time() -> Outcome {
    restoring(|| {
        let (_, before) = adjust(ADJTIME, &[(OFFSET, 10_000)])?;
        same!(before[OFFSET], 0);
        let (monotonic, day) = race(1100);
        let gained = day - monotonic;
        holds!((400_000..700_000).contains(&gained), "{gained} gained");
        let (_, left) = adjust(0xa001, &[])?;
        holds!(
            (9_000..9_600).contains(&left[OFFSET]),
            "{} left",
            left[OFFSET]
        );
        // Another takes its place, and tells what was left of it.
        let (_, left) = adjust(ADJTIME, &[(OFFSET, -300)])?;
        holds!((9_000..9_600).contains(&left[OFFSET]));
        pause(1100);
        let (_, left) = adjust(0xa001, &[])?;
        same!(left[OFFSET], 0);
        Ok(())
    })
}

fn setting_forgets_what_is_left() -> Outcome {
    restoring(|| {
        adjust(ADJTIME, &[(OFFSET, 1_000_000)])?;
        let moment = realtime();
        let wanted = [moment / 1_000_000_000, moment % 1_000_000_000];
        gives!(0, SYS_clock_settime, CLOCK_REALTIME, &wanted);
        let (state, left) = adjust(0xa001, &[])?;
        same!((state, left[OFFSET]), (5, 0));
        Ok(())
    })
}

fn a_jump_is_a_setting() -> Outcome {
    let timer = works!(SYS_timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
    let moment = [0, 0, realtime() / 1_000_000_000 + 10_000, 0];
    let flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    gives!(0, SYS_timerfd_settime, timer, flags, &moment, 0);
    let before = realtime();
    // Forward in microseconds, back in nanoseconds.
    adjust(0x100, &[(SECONDS, 99), (FRACTION, 500_000)])?;
    let gone = realtime() - before;
    holds!((99_500_000_000..104_000_000_000).contains(&gone), "{gone}");
    let mut expiries = 0_u64;
    fails!(ECANCELED, SYS_read, timer, &mut expiries, 8);
    adjust(0x2100, &[(SECONDS, -100), (FRACTION, 500_000_000)])?;
    holds!((0..4_500_000_000).contains(&(realtime() - before)));
    adjust(0x1000, &[])?;
    Ok(())
}

fn what_is_set_is_read_back() -> Outcome {
    restoring(|| {
        let fields = [
            (FREQUENCY, 33 << 16),
            (MAX_ERROR, 5000),
            (ESTIMATED_ERROR, 50),
            (STATUS, 0x81),
            (CONSTANT, 3),
        ];
        let (state, set) = adjust(0x3e, &fields)?;
        same!(state, 0);
        let (_, read) = adjust(0, &[])?;
        same!((set[FREQUENCY], read[FREQUENCY]), (33 << 16, 33 << 16));
        holds!((5000..6000).contains(&read[MAX_ERROR]));
        same!(
            (read[ESTIMATED_ERROR], read[STATUS], read[CONSTANT]),
            (50, 0x81, 7)
        );
        let (_, nanoseconds) = adjust(0x2000, &[])?;
        same!(nanoseconds[STATUS], 0x2081);
        holds!(nanoseconds[FRACTION] < 1_000_000_000);
        let (_, clamped) = adjust(2, &[(FREQUENCY, 1000 << 16)])?;
        same!(clamped[FREQUENCY], 500 << 16);
        adjust(0x1000, &[])?;
        Ok(())
    })
}

fn tai_is_ahead_by_what_was_said() -> Outcome {
    restoring(|| {
        let (_, timex) = adjust(0x80, &[(CONSTANT, 37)])?;
        same!(timex[TAI] as i32, 37);
        let mut tai = [0_i64; 2];
        works!(SYS_clock_gettime, CLOCK_TAI, &mut tai);
        let day = realtime() / 1_000_000_000;
        holds!((36..=37).contains(&(tai[0] - day)));
        // By that clock, the moment is a tenth of a second away.
        let start = now();
        let wanted = [tai[0], tai[1] + 100_000_000];
        let wanted = [
            wanted[0] + wanted[1] / 1_000_000_000,
            wanted[1] % 1_000_000_000,
        ];
        gives!(0, SYS_clock_nanosleep, CLOCK_TAI, 1, &wanted, 0);
        holds!((90_000_000..5_000_000_000).contains(&(now() - start)));
        // No offset of this size exists; it is not taken.
        let (_, timex) = adjust(0x80, &[(CONSTANT, 100_001)])?;
        same!(timex[TAI] as i32, 37);
        Ok(())
    })
}

fn the_loop_follows_offsets() -> Outcome {
    restoring(|| {
        // A quarter of what is left in each second.
        let fields = [(STATUS, 1), (CONSTANT, 0), (OFFSET, 40_000_000)];
        let (state, set) = adjust(0x2031, &fields)?;
        same!((state, set[OFFSET]), (0, 40_000_000));
        let (monotonic, day) = race(1000);
        let gained = day - monotonic;
        holds!((8_000_000..14_000_000).contains(&gained), "{gained} gained");
        let (_, read) = adjust(0, &[])?;
        holds!(
            (26_000_000..33_000_000).contains(&read[OFFSET]),
            "{}",
            read[OFFSET]
        );
        inside_child(|| {
            works!(SYS_setresuid, 1000, 1000, 1000);
            fails!(EPERM, SYS_adjtimex, &mut [1_u64; 26]);
            Ok(())
        })?;
        adjust(0x1000, &[])?;
        Ok(())
    })
}
