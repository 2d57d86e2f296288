//! The interval timers. Source: setitimer(2), alarm(2).

use alloc::sync::Arc;

use abi::Timeval;
use abi::raw::general as linux;
use abi::time::Itimerval;

use super::time::to_timeval;
use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::timer::{self, IntervalTimer, Setting};
use crate::time::{NANOSECONDS_PER_SECOND, Nanoseconds};

fn named(which: usize) -> Result<IntervalTimer> {
    match which as u32 {
        linux::ITIMER_REAL => Ok(IntervalTimer::Real),
        linux::ITIMER_VIRTUAL => Ok(IntervalTimer::Virtual),
        linux::ITIMER_PROF => Ok(IntervalTimer::Profiling),
        _ => Err(Errno::EINVAL),
    }
}

fn from_timeval(time: Timeval) -> Result<Nanoseconds> {
    let seconds = u64::try_from(time.tv_sec).map_err(|_| Errno::EINVAL)?;
    let microseconds = u64::try_from(time.tv_usec).map_err(|_| Errno::EINVAL)?;
    if microseconds >= 1_000_000 {
        return Err(Errno::EINVAL);
    }
    let whole = seconds.saturating_mul(NANOSECONDS_PER_SECOND);
    Ok(Nanoseconds(whole.saturating_add(microseconds * 1000)))
}

/// A timer that is on shows at least a microsecond.
fn to_user(setting: Setting) -> Itimerval {
    let on = Nanoseconds(if setting.value.0 == 0 { 0 } else { 1000 });
    Itimerval {
        it_interval: to_timeval(setting.interval),
        it_value: to_timeval(setting.value.max(on)),
    }
}

/// getitimer(2).
pub fn sys_getitimer(thread: &Arc<Thread>, which: usize, result: usize) -> Result<usize> {
    let setting = thread.process.timers.get(named(which)?);
    user::write(result, &to_user(setting)).map(|()| 0)
}

/// setitimer(2): a null pointer for the new setting turns the timer off, as on Linux.
pub fn sys_setitimer(thread: &Arc<Thread>, which: usize, new: usize, old: usize) -> Result<usize> {
    let setting = if new == 0 {
        Setting::default()
    } else {
        let wanted: Itimerval = user::read(new)?;
        Setting {
            value: from_timeval(wanted.it_value)?,
            interval: from_timeval(wanted.it_interval)?,
        }
    };
    let before = timer::set(thread, named(which)?, setting)?;
    user::write_if_wanted(old, &to_user(before)).map(|()| 0)
}

/// alarm(2): answers the seconds that were left, rounded, and never 0 for a timer that was on.
pub fn sys_alarm(thread: &Arc<Thread>, seconds: usize) -> Result<usize> {
    let setting = Setting {
        value: Nanoseconds(u64::from(seconds as u32) * NANOSECONDS_PER_SECOND),
        interval: Nanoseconds(0),
    };
    let before = timer::set(thread, IntervalTimer::Real, setting)?.value;
    let rounded = (before.0 + NANOSECONDS_PER_SECOND / 2) / NANOSECONDS_PER_SECOND;
    Ok(if before.0 == 0 { 0 } else { rounded.max(1) } as usize)
}
