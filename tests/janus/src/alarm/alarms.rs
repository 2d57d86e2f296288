//! Commands, masks and errors.

use abi_tests::check::Outcome;
use abi_tests::process::{now, pause, status_of};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, works};
use janus_tests::alarms::*;
use libc::*;

cases![
    times_are_those_of_the_clocks,
    a_wait_answers_what_came_and_takes_it,
    alarms_come_when_they_are_due,
    what_lies_behind_comes_at_once,
    clearing_drops_what_came,
    what_came_stays_until_it_is_taken,
    a_signal_ends_a_wait,
    one_file_owns_the_device,
    a_read_only_file_may_ask_for_the_time,
    unknown_alarms_and_commands,
    bad_pointers,
    closing_clears,
    setting_the_time_is_told,
    an_alarm_of_the_time_of_day_moves_with_it,
];

fn times_are_those_of_the_clocks() -> Outcome {
    let alarms = Alarms::open()?;
    for (kind, clock) in [
        (0, CLOCK_REALTIME),
        (RTC, CLOCK_REALTIME),
        (ELAPSED_WAKEUP, CLOCK_BOOTTIME),
        (ELAPSED, CLOCK_BOOTTIME),
        (SYSTEMTIME, CLOCK_MONOTONIC),
    ] {
        let mut time = [0_i64; 2];
        works!(SYS_clock_gettime, clock, &mut time);
        let before = time[0] * 1_000_000_000 + time[1];
        let between = alarms.now(kind);
        works!(SYS_clock_gettime, clock, &mut time);
        let after = time[0] * 1_000_000_000 + time[1];
        holds!((before..=after).contains(&between), "{kind}");
    }
    Ok(())
}

fn a_wait_answers_what_came_and_takes_it() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET_AND_WAIT, SYSTEMTIME, 20), 1 << SYSTEMTIME);
    same!(alarms.set(SET, RTC, 0), 0);
    same!(alarms.set(SET, ELAPSED, 0), 0);
    pause(50);
    same!(alarms.wait(), 1 << RTC | 1 << ELAPSED);
    same!(alarms.set(SET, SYSTEMTIME, 30), 0);
    same!(alarms.wait(), 1 << SYSTEMTIME);
    Ok(())
}

fn alarms_come_when_they_are_due() -> Outcome {
    let alarms = Alarms::open()?;
    for kind in 0..5 {
        let start = now();
        same!(alarms.set(SET_AND_WAIT, kind, 50), 1 << kind);
        holds!(now() - start >= 50_000_000);
    }
    // The later setting counts.
    let start = now();
    same!(alarms.set(SET, SYSTEMTIME, 1), 0);
    same!(alarms.set(SET, SYSTEMTIME, 100_000), 0);
    same!(alarms.set(SET, SYSTEMTIME, 100), 0);
    same!(alarms.wait(), 1 << SYSTEMTIME);
    holds!(now() - start >= 100_000_000);
    Ok(())
}

fn what_lies_behind_comes_at_once() -> Outcome {
    let alarms = Alarms::open()?;
    for moment in [[0, 0], [-1, 0], [i64::MIN, i64::MIN], [0, 1]] {
        same!(alarms.call(SET_AND_WAIT, ELAPSED, &moment), 1 << ELAPSED);
    }
    Ok(())
}

fn clearing_drops_what_came() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, RTC, 0), 0);
    same!(alarms.set(SET, ELAPSED, 0), 0);
    same!(alarms.set(SET, SYSTEMTIME, 100), 0);
    pause(20);
    same!(alarms.call(CLEAR, RTC, 0), 0);
    same!(alarms.call(CLEAR, SYSTEMTIME, 0), 0);
    same!(alarms.call(CLEAR, 0, 0), 0);
    pause(150);
    same!(alarms.wait(), 1 << ELAPSED);
    Ok(())
}

fn what_came_stays_until_it_is_taken() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, ELAPSED, 10), 0);
    pause(50);
    // Another alarm of the kind does not take the first one's bit.
    same!(alarms.set(SET, ELAPSED, 100_000), 0);
    same!(alarms.wait(), 1 << ELAPSED);
    Ok(())
}

extern "C" fn nothing(_: i32, _: &Info, _: &mut Context) {}

fn a_signal_ends_a_wait() -> Outcome {
    let alarms = Alarms::open()?;
    raw::set_handler(SIGALRM, nothing, 0, 0);
    let soon = [0_i64, 0, 0, 50_000];
    works!(SYS_setitimer, ITIMER_REAL, &soon, 0);
    fails!(EINTR, SYS_ioctl, alarms.fd, WAIT, 0);
    raw::set_handler(SIGALRM, nothing, SA_RESTART, 0);
    same!(alarms.set(SET, SYSTEMTIME, 300), 0);
    works!(SYS_setitimer, ITIMER_REAL, &soon, 0);
    same!(alarms.wait(), 1 << SYSTEMTIME);
    Ok(())
}

fn one_file_owns_the_device() -> Outcome {
    let (first, second) = (Alarms::open()?, Alarms::open()?);
    first.now(RTC);
    same!(second.call(CLEAR, RTC, 0), 0);
    for command in [CLEAR, WAIT, SET, SET_AND_WAIT, 0x6106] {
        fails!(EBUSY, SYS_ioctl, first.fd, command, 8);
    }
    holds!(first.now(RTC) > 0);
    // The owner is the open file, whoever has it.
    same!(status_of(|| -second.call(CLEAR, RTC, 0) as i32)?, 0);
    let again = works!(SYS_dup, second.fd);
    drop(second);
    fails!(EBUSY, SYS_ioctl, first.fd, CLEAR, 0);
    works!(SYS_close, again);
    gives!(0, SYS_ioctl, first.fd, CLEAR, 0);
    Ok(())
}

fn a_read_only_file_may_ask_for_the_time() -> Outcome {
    let alarms = Alarms::open_to(O_RDONLY)?;
    holds!(alarms.now(RTC) > 0);
    for command in [CLEAR, WAIT, SET, SET_AND_WAIT, SET_RTC, 0x6106] {
        fails!(EPERM, SYS_ioctl, alarms.fd, command, 8);
    }
    let writer = Alarms::open_to(O_WRONLY)?;
    gives!(0, SYS_ioctl, writer.fd, CLEAR, 0);
    holds!(writer.now(RTC) > 0);
    Ok(())
}

fn unknown_alarms_and_commands() -> Outcome {
    let (alarms, reader) = (Alarms::open()?, Alarms::open_to(O_RDONLY)?);
    for kind in 5..16_u32 {
        for command in [CLEAR, WAIT, SET, SET_AND_WAIT, GET_TIME, SET_RTC] {
            fails!(EINVAL, SYS_ioctl, alarms.fd, command | kind << 4, 8);
            fails!(EINVAL, SYS_ioctl, reader.fd, command | kind << 4, 8);
        }
    }
    for command in [0x6106_u32, 0x610f, 0x6200, 0x6102, 0x8010_6104, 0x4008_6102] {
        fails!(EINVAL, SYS_ioctl, alarms.fd, command, 8);
    }
    let byte = 0_u8;
    fails!(EINVAL, SYS_read, alarms.fd, &byte, 1);
    fails!(EINVAL, SYS_write, alarms.fd, &byte, 1);
    Ok(())
}

fn bad_pointers() -> Outcome {
    let alarms = Alarms::open()?;
    for command in [SET, SET_AND_WAIT, GET_TIME, SET_RTC] {
        fails!(EFAULT, SYS_ioctl, alarms.fd, command, 8);
        fails!(EFAULT, SYS_ioctl, alarms.fd, command, -4096_i64);
    }
    for time in [[-1_i64, 0], [0, -1], [1000, 1_000_000_000], [i64::MAX, 0]] {
        fails!(EINVAL, SYS_ioctl, alarms.fd, SET_RTC, &time);
    }
    Ok(())
}

fn closing_clears() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, RTC, 0), 0);
    same!(alarms.set(SET, ELAPSED, 50), 0);
    pause(20);
    drop(alarms);
    let alarms = Alarms::open()?;
    same!(alarms.set(SET_AND_WAIT, SYSTEMTIME, 100), 1 << SYSTEMTIME);
    Ok(())
}

fn setting_the_time_is_told() -> Outcome {
    let (alarms, other) = (Alarms::open()?, Alarms::open()?);
    same!(alarms.call(CLEAR, RTC, 0), 0);
    let now = alarms.now(RTC) / 1_000_000_000;
    same!(other.call(SET_RTC, 0, &[now + 5000, 0]), 0);
    same!(alarms.wait(), TIME_CHANGE);
    let shown = std::fs::read_to_string("/sys/class/rtc/rtc0/since_epoch")?;
    let shown: i64 = shown.trim_end().parse().unwrap_or(0);
    let later = alarms.now(RTC) / 1_000_000_000;
    same!(other.call(SET_RTC, 0, &[now, 0]), 0);
    same!(alarms.wait(), TIME_CHANGE);
    holds!((now + 5000..now + 5060).contains(&later));
    holds!((now + 5000..now + 5060).contains(&shown), "{shown}");
    Ok(())
}

fn an_alarm_of_the_time_of_day_moves_with_it() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, RTC, 4_000_000), 0);
    same!(alarms.set(SET, ELAPSED, 4_000_000), 0);
    let now = alarms.now(RTC) / 1_000_000_000;
    same!(alarms.call(SET_RTC, 0, &[now + 5000, 0]), 0);
    pause(20);
    let came = alarms.wait();
    same!(alarms.call(SET_RTC, 0, &[now, 0]), 0);
    same!(came, TIME_CHANGE | 1 << RTC);
    Ok(())
}
