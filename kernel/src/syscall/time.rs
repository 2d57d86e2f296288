//! Clocks and sleeps. Source: clock_gettime(2), clock_nanosleep(2), gettimeofday(2), time(2),
//! times(2).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::raw::general as linux;
use abi::time::{Timex, Timezone, Tms};
use abi::{Timespec, Timeval};
use drivers::time_of_day::timex;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::capabilities::Capability;
use crate::process::sleep::{self, Ended, Sleep};
use crate::process::{Thread, Times};
use crate::time::{
    self, Clock, Deadline, NANOSECONDS_PER_SECOND, Nanoseconds, monotonic_now, realtime_now,
};

/// clock_gettime(2).
pub fn sys_clock_gettime(thread: &Arc<Thread>, clock: usize, result: usize) -> Result<usize> {
    // Nearly every call asks for one of these two: they need no look at who asks.
    let now = match clock as u32 {
        linux::CLOCK_MONOTONIC => Nanoseconds(monotonic_now().0),
        linux::CLOCK_REALTIME => realtime_now(),
        _ => Clock::named(thread, clock as i32)?.now(),
    };
    user::write(result, &now.to_timespec()).map(|()| 0)
}

/// clock_getres(2): every clock here counts nanoseconds.
pub fn sys_clock_getres(thread: &Arc<Thread>, clock: usize, result: usize) -> Result<usize> {
    Clock::named(thread, clock as i32)?;
    user::write_if_wanted(result, &Nanoseconds(1).to_timespec()).map(|()| 0)
}

/// clock_settime(2): only CLOCK_REALTIME can be set.
pub fn sys_clock_settime(thread: &Arc<Thread>, clock: usize, time: usize) -> Result<usize> {
    check_pointer_of_processor_clock(clock as i32, time)?;
    match Clock::named(thread, clock as i32)? {
        Clock::Realtime { settable: true, .. } => {}
        Clock::Process(_, _, false) | Clock::Thread(_, _, false) => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    }
    set_time_of_day(thread, user::read::<Timespec>(time)?)
}

/// Linux looks at the time before it looks whose processor time a negative number means.
fn check_pointer_of_processor_clock(number: i32, time: usize) -> Result<()> {
    if number < 0 {
        user::read::<Timespec>(time)?;
    }
    Ok(())
}

fn set_time_of_day(thread: &Thread, time: Timespec) -> Result<usize> {
    let now = time::settable(time)?;
    thread.credentials().require(Capability::SysTime)?;
    if !time::set_realtime(now) {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// nanosleep(2).
pub fn sys_nanosleep(thread: &Arc<Thread>, request: usize, rest: usize) -> Result<usize> {
    let span = Nanoseconds::from_timespec(user::read(request)?)?;
    let deadline = Deadline::after(span);
    Sleep { deadline, rest }.run(thread).map(|()| 0)
}

/// clock_nanosleep(2).
pub fn sys_clock_nanosleep(
    thread: &Arc<Thread>,
    clock: usize,
    flags: usize,
    request: usize,
    rest: usize,
) -> Result<usize> {
    let number = clock as i32;
    check_pointer_of_processor_clock(number, request)?;
    let clock = Clock::named(thread, number)?;
    check_sleeps(thread, &clock, number)?;
    let time = Nanoseconds::from_timespec(user::read(request)?)?;
    let absolute = flags as u32 & linux::TIMER_ABSTIME != 0;
    match &clock {
        Clock::Process(..) | Clock::Thread(..) => {
            sleep_processor_time(thread, &clock, time, absolute, rest)
        }
        _ => match clock.deadline(time).filter(|_| absolute) {
            Some(deadline) => sleep_until(thread, deadline),
            None => {
                let deadline = Deadline::after(time);
                Sleep { deadline, rest }.run(thread).map(|()| 0)
            }
        },
    }
}

/// Whether a clock can measure sleeps, and this thread's.
fn check_sleeps(thread: &Thread, clock: &Clock, number: i32) -> Result<()> {
    match clock {
        Clock::Realtime { sleeps: false, .. } | Clock::Monotonic { sleeps: false, .. } => {
            Err(Errno::EOPNOTSUPP)
        }
        Clock::Realtime { alarm: true, .. } | Clock::Monotonic { alarm: true, .. }
            if !thread.credentials().has(Capability::WakeAlarm) =>
        {
            Err(Errno::EPERM)
        }
        Clock::Thread(..) if number >= 0 => Err(Errno::EOPNOTSUPP),
        // A thread that sleeps uses no time: it would never wake.
        Clock::Thread(target, ..) if target.tid() == thread.tid() => Err(Errno::EINVAL),
        _ => Ok(()),
    }
}

fn sleep_until(thread: &Arc<Thread>, deadline: Deadline) -> Result<usize> {
    match sleep::until(thread, Some(deadline), || false) {
        // It starts again with the same moment, or not at all.
        Ended::Interrupted => Err(Errno::ERESTARTNOHAND),
        Ended::Done | Ended::DeadlinePassed => Ok(0),
    }
}

/// Sleeps until others have used so much processor time. They use it no faster than time
/// passes, so the rest is slept and then looked at again.
fn sleep_processor_time(
    thread: &Arc<Thread>,
    clock: &Clock,
    time: Nanoseconds,
    absolute: bool,
    rest: usize,
) -> Result<usize> {
    /// Looks are at least this far apart.
    const STEP: Nanoseconds = Nanoseconds(1_000_000);
    let start = if absolute { 0 } else { clock.now().0 };
    let end = start.saturating_add(time.0);
    loop {
        let left = Nanoseconds(end.saturating_sub(clock.now().0));
        if left.0 == 0 {
            return Ok(0);
        }
        let deadline = Deadline::after(left.max(STEP));
        if sleep::until(thread, Some(deadline), || false) == Ended::Interrupted {
            if absolute {
                return Err(Errno::ERESTARTNOHAND);
            }
            user::write_if_wanted(rest, &left.to_timespec())?;
            return Err(Errno::EINTR);
        }
    }
}

/// As a `timeval`.
pub fn to_timeval(time: Nanoseconds) -> Timeval {
    Timeval {
        tv_sec: (time.0 / NANOSECONDS_PER_SECOND) as i64,
        tv_usec: (time.0 % NANOSECONDS_PER_SECOND / 1000) as i64,
    }
}

/// adjtimex(2).
pub fn sys_adjtimex(thread: &Arc<Thread>, timex: usize) -> Result<usize> {
    let mut wanted: Timex = user::read(timex)?;
    let may_set = thread.credentials().has(Capability::SysTime);
    timex::check(&wanted, may_set)?;
    let state = time::adjust(&mut wanted)?;
    user::write(timex, &wanted)?;
    Ok(state)
}

/// clock_adjtime(2): only CLOCK_REALTIME can be adjusted.
pub fn sys_clock_adjtime(thread: &Arc<Thread>, clock: usize, timex: usize) -> Result<usize> {
    user::read::<Timex>(timex)?;
    match Clock::named(thread, clock as i32)? {
        Clock::Realtime { settable: true, .. } => sys_adjtimex(thread, timex),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

/// The time zone that somebody has set, which the kernel keeps and does not use: minutes west
/// of Greenwich in the low half, the kind of summer time in the high half.
static TIME_ZONE: AtomicU64 = AtomicU64::new(0);

/// gettimeofday(2).
pub fn sys_gettimeofday(_thread: &Arc<Thread>, time: usize, zone: usize) -> Result<usize> {
    user::write_if_wanted(time, &to_timeval(realtime_now()))?;
    let kept = TIME_ZONE.load(Ordering::Relaxed);
    let kept = Timezone {
        tz_minuteswest: kept as i32,
        tz_dsttime: (kept >> 32) as i32,
    };
    user::write_if_wanted(zone, &kept).map(|()| 0)
}

/// settimeofday(2).
pub fn sys_settimeofday(thread: &Arc<Thread>, time: usize, zone: usize) -> Result<usize> {
    const MINUTES_WEST_MAX: u32 = 15 * 60;
    let wanted = if time == 0 {
        None
    } else {
        let time: Timeval = user::read(time)?;
        if !(0..1_000_000).contains(&time.tv_usec) {
            return Err(Errno::EINVAL);
        }
        let (tv_sec, tv_nsec) = (time.tv_sec, time.tv_usec * 1000);
        Some(Timespec { tv_sec, tv_nsec })
    };
    let zone = match zone {
        0 => None,
        address => Some(user::read::<Timezone>(address)?),
    };
    thread.credentials().require(Capability::SysTime)?;
    if let Some(zone) = zone {
        if zone.tz_minuteswest.unsigned_abs() > MINUTES_WEST_MAX {
            return Err(Errno::EINVAL);
        }
        let (west, summer) = (zone.tz_minuteswest as u32, zone.tz_dsttime as u32);
        TIME_ZONE.store(u64::from(west) | u64::from(summer) << 32, Ordering::Relaxed);
    }
    wanted.map_or(Ok(0), |time| set_time_of_day(thread, time))
}

/// time(2).
pub fn sys_time(_thread: &Arc<Thread>, result: usize) -> Result<usize> {
    let seconds = (realtime_now().0 / NANOSECONDS_PER_SECOND) as i64;
    user::write_if_wanted(result, &seconds)?;
    Ok(seconds as usize)
}

/// times(2): in ticks, of which sysconf(_SC_CLK_TCK) says that there are a hundred a second.
pub fn sys_times(thread: &Arc<Thread>, result: usize) -> Result<usize> {
    const NANOSECONDS_PER_TICK: u64 = NANOSECONDS_PER_SECOND / 100;
    let ticks = |time: Nanoseconds| (time.0 / NANOSECONDS_PER_TICK) as i64;
    if result != 0 {
        let own: Times = thread.process.times();
        let children = *thread.process.children_time.lock();
        let times = Tms {
            tms_utime: ticks(own.user),
            tms_stime: ticks(own.system),
            tms_cutime: ticks(children.user),
            tms_cstime: ticks(children.system),
        };
        user::write(result, &times)?;
    }
    Ok((monotonic_now().0 / NANOSECONDS_PER_TICK) as usize)
}
