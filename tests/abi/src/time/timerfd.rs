//! Timers behind descriptors. What is expected: timerfd_create(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, now, pause, status_of};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    once,
    again_and_again,
    absolute,
    reads_of_the_wrong_length,
    polls,
    setting_forgets_what_was,
    tells_how_it_is_set,
    goes_on_in_a_child,
    unknown_clocks_and_flags,
    bad_settings,
    alarm_clocks,
    shown_in_proc,
    waits_for_a_time_that_may_be_set,
];

/// `struct itimerspec` in nanoseconds: the interval, and the first expiry.
fn setting(interval: i64, value: i64) -> [i64; 4] {
    const SECOND: i64 = 1_000_000_000;
    [
        interval / SECOND,
        interval % SECOND,
        value / SECOND,
        value % SECOND,
    ]
}

const MILLISECOND: i64 = 1_000_000;

fn timer(flags: i32) -> Result<isize, Failure> {
    Ok(works!(SYS_timerfd_create, CLOCK_MONOTONIC, flags))
}

fn read(timer: isize) -> Result<u64, Failure> {
    let mut expiries = 0_u64;
    gives!(8, SYS_read, timer, &mut expiries, 8);
    Ok(expiries)
}

fn once() -> Outcome {
    let timer = timer(0)?;
    let start = now();
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(0, 50 * MILLISECOND),
        0
    );
    same!(read(timer)?, 1);
    holds!(now() - start >= 50 * MILLISECOND);
    works!(SYS_fcntl, timer, F_SETFL, O_NONBLOCK);
    pause(20);
    fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
    Ok(())
}

fn again_and_again() -> Outcome {
    let timer = timer(0)?;
    let start = now();
    let often = setting(10 * MILLISECOND, 30 * MILLISECOND);
    gives!(0, SYS_timerfd_settime, timer, 0, &often, 0);
    let mut expiries = read(timer)?;
    pause(55);
    let more = read(timer)?;
    holds!(more >= 4, "{more}");
    expiries += more;
    while expiries < 20 {
        expiries += read(timer)?;
    }
    holds!(now() - start >= 30 * MILLISECOND + (expiries as i64 - 1) * 10 * MILLISECOND);
    Ok(())
}

fn absolute() -> Outcome {
    for clock in [CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME] {
        let timer = works!(SYS_timerfd_create, clock, TFD_NONBLOCK);
        let mut time = [0_i64; 2];
        works!(SYS_clock_gettime, clock, &mut time);
        let moment = [0, 0, time[0] + 1000, time[1]];
        gives!(0, SYS_timerfd_settime, timer, TFD_TIMER_ABSTIME, &moment, 0);
        fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
        // One that lies behind expires at once, and as often as it would have.
        let behind = [1, 0, time[0] - 1, time[1]];
        gives!(0, SYS_timerfd_settime, timer, TFD_TIMER_ABSTIME, &behind, 0);
        let mut expiries = 0_u64;
        holds!(process::until(|| {
            abi_tests::sys!(SYS_read, timer, &mut expiries, 8) == 8
        }));
        holds!(expiries >= 2, "{expiries}");
    }
    Ok(())
}

fn reads_of_the_wrong_length() -> Outcome {
    let timer = timer(TFD_NONBLOCK)?;
    let mut bytes = [0_u8; 16];
    for length in [0, 1, 7] {
        fails!(EINVAL, SYS_read, timer, &mut bytes, length);
    }
    fails!(EAGAIN, SYS_read, timer, &mut bytes, 16);
    fails!(EINVAL, SYS_write, timer, &bytes, 8);
    gives!(0, SYS_timerfd_settime, timer, 0, &setting(0, 1), 0);
    pause(20);
    gives!(8, SYS_read, timer, &mut bytes, 16);
    same!(u64::from_le_bytes(std::array::from_fn(|n| bytes[n])), 1);
    Ok(())
}

fn polls() -> Outcome {
    let timer = timer(0)?;
    let mut poll = [pollfd {
        fd: timer as i32,
        events: POLLIN | POLLOUT,
        revents: 0,
    }];
    gives!(0, SYS_poll, poll.as_mut_slice(), 1, 0);
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(0, 30 * MILLISECOND),
        0
    );
    gives!(0, SYS_poll, poll.as_mut_slice(), 1, 0);
    gives!(1, SYS_poll, poll.as_mut_slice(), 1, 60_000);
    same!(poll[0].revents, POLLIN);
    read(timer)?;
    gives!(0, SYS_poll, poll.as_mut_slice(), 1, 0);
    Ok(())
}

fn setting_forgets_what_was() -> Outcome {
    let timer = timer(TFD_NONBLOCK)?;
    gives!(0, SYS_timerfd_settime, timer, 0, &setting(0, 1), 0);
    pause(20);
    gives!(0, SYS_timerfd_settime, timer, 0, &setting(0, 0), 0);
    fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(0, 30 * MILLISECOND),
        0
    );
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(MILLISECOND, 0),
        0
    );
    pause(60);
    fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
    Ok(())
}

fn tells_how_it_is_set() -> Outcome {
    const SECOND: i64 = 1_000_000_000;
    let timer = timer(0)?;
    let mut seen = [-1_i64; 4];
    gives!(0, SYS_timerfd_gettime, timer, &mut seen);
    same!(seen, [0; 4]);
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(7 * SECOND, 500 * SECOND),
        0
    );
    gives!(0, SYS_timerfd_gettime, timer, &mut seen);
    same!(&seen[..2], &[7, 0]);
    holds!((400..500).contains(&seen[2]));
    gives!(0, SYS_timerfd_settime, timer, 0, &setting(0, 1), &mut seen);
    same!(&seen[..2], &[7, 0]);
    pause(20);
    gives!(0, SYS_timerfd_gettime, timer, &mut seen);
    same!(seen, [0; 4]);
    Ok(())
}

fn goes_on_in_a_child() -> Outcome {
    let timer = timer(0)?;
    gives!(
        0,
        SYS_timerfd_settime,
        timer,
        0,
        &setting(0, 30 * MILLISECOND),
        0
    );
    same!(
        status_of(|| read(timer).map_or(9, |count| count as i32))?,
        1 << 8
    );
    works!(SYS_fcntl, timer, F_SETFL, O_NONBLOCK);
    fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
    Ok(())
}

fn unknown_clocks_and_flags() -> Outcome {
    for clock in [
        CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID,
        CLOCK_MONOTONIC_RAW,
        CLOCK_TAI,
        77,
        -1,
    ] {
        fails!(EINVAL, SYS_timerfd_create, clock, 0);
    }
    for flags in [1, TFD_NONBLOCK | 2, -1] {
        fails!(EINVAL, SYS_timerfd_create, CLOCK_MONOTONIC, flags);
    }
    let timer = timer(TFD_CLOEXEC)?;
    gives!(FD_CLOEXEC as isize, SYS_fcntl, timer, F_GETFD);
    gives!(O_RDWR as isize, SYS_fcntl, timer, F_GETFL);
    Ok(())
}

fn bad_settings() -> Outcome {
    let timer = timer(0)?;
    let good = setting(0, MILLISECOND);
    for wrong in [
        [0_i64, -1, 0, 0],
        [0, 0, 0, 1_000_000_000],
        [0, 0, -1, 0],
        [-1, 0, 0, 0],
    ] {
        fails!(EINVAL, SYS_timerfd_settime, timer, 0, &wrong, 0);
    }
    fails!(EINVAL, SYS_timerfd_settime, timer, 4, &good, 0);
    fails!(EFAULT, SYS_timerfd_settime, timer, 0, 8, 0);
    fails!(EFAULT, SYS_timerfd_settime, -1, 4, 8, 0);
    fails!(EINVAL, SYS_timerfd_settime, -1, 4, &good, 0);
    fails!(EBADF, SYS_timerfd_settime, -1, 0, &good, 0);
    fails!(EFAULT, SYS_timerfd_settime, timer, 0, &good, 8);
    fails!(EFAULT, SYS_timerfd_gettime, timer, 8);
    fails!(EBADF, SYS_timerfd_gettime, -1, 8);
    let mut ends = [0_i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(EINVAL, SYS_timerfd_settime, ends[0], 0, &good, 0);
    fails!(EINVAL, SYS_timerfd_gettime, ends[0], 8);
    Ok(())
}

fn alarm_clocks() -> Outcome {
    for clock in [CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM] {
        let refused = status_of(|| {
            abi_tests::sys!(SYS_setresuid, 1000, 1000, 1000);
            -abi_tests::sys!(SYS_timerfd_create, clock, 0) as i32
        })?;
        same!(refused, EPERM << 8);
        let timer = match abi_tests::sys!(SYS_timerfd_create, clock, 0) {
            timer if timer >= 0 => timer,
            _ => return Err(Failure::Skipped),
        };
        gives!(
            0,
            SYS_timerfd_settime,
            timer,
            0,
            &setting(0, 20 * MILLISECOND),
            0
        );
        same!(read(timer)?, 1);
    }
    Ok(())
}

fn shown_in_proc() -> Outcome {
    let timer = timer(0)?;
    gives!(0, SYS_timerfd_settime, timer, 0, &setting(5, 0), 0);
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{timer}"))?;
    let own: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("clockid"))
        .collect();
    let expected = [
        "clockid: 1",
        "ticks: 0",
        "settime flags: 00",
        "it_value: (0, 0)",
    ];
    same!(&own[..4], &expected);
    let link = std::fs::read_link(format!("/proc/self/fd/{timer}"))?;
    same!(link.to_string_lossy(), "anon_inode:[timerfd]");
    Ok(())
}

/// That it is cancelled then is tested where the time may be set.
fn waits_for_a_time_that_may_be_set() -> Outcome {
    let timer = works!(SYS_timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
    let flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    let mut time = [0_i64; 2];
    works!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
    let moment = [0, 0, time[0] + 1000, 0];
    gives!(0, SYS_timerfd_settime, timer, flags, &moment, 0);
    fails!(EAGAIN, SYS_read, timer, &mut 0_u64, 8);
    Ok(())
}
