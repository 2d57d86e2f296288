//! Timers behind descriptors. Source: timerfd_create(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::time::Itimerspec;

use crate::error::{Errno, Result};
use crate::file::timerfd;
use crate::memory::user;
use crate::process::Thread;
use crate::process::capabilities::Capability;
use crate::process::timer::Setting;
use crate::time::{Clock, Nanoseconds};

/// timerfd_create(2).
pub fn sys_timerfd_create(thread: &Arc<Thread>, clock: usize, flags: usize) -> Result<usize> {
    const CLOCKS: [u32; 5] = [
        linux::CLOCK_REALTIME,
        linux::CLOCK_MONOTONIC,
        linux::CLOCK_BOOTTIME,
        linux::CLOCK_REALTIME_ALARM,
        linux::CLOCK_BOOTTIME_ALARM,
    ];
    let flags = flags as u32;
    let known = linux::TFD_CLOEXEC | linux::TFD_NONBLOCK;
    if flags & !known != 0 || !CLOCKS.contains(&(clock as u32)) {
        return Err(Errno::EINVAL);
    }
    let number = clock as i32;
    let clock = Clock::named(thread, number)?;
    check_alarm(thread, &clock)?;
    let file = timerfd::create(number, clock, flags);
    let close_on_exec = flags & linux::TFD_CLOEXEC != 0;
    let descriptor = thread.files()?.install(file, close_on_exec)?;
    Ok(descriptor as usize)
}

/// A timer that wakes the machine is not for everybody.
fn check_alarm(thread: &Thread, clock: &Clock) -> Result<()> {
    match clock {
        Clock::Realtime { alarm: true, .. } | Clock::Monotonic { alarm: true, .. } => {
            thread.credentials().require(Capability::WakeAlarm)
        }
        _ => Ok(()),
    }
}

/// timerfd_settime(2).
pub fn sys_timerfd_settime(
    thread: &Arc<Thread>,
    descriptor: usize,
    flags: usize,
    new: usize,
    old: usize,
) -> Result<usize> {
    let wanted: Itimerspec = user::read(new)?;
    let flags = flags as u32;
    if flags & !(linux::TFD_TIMER_ABSTIME | linux::TFD_TIMER_CANCEL_ON_SET) != 0 {
        return Err(Errno::EINVAL);
    }
    let setting = Setting {
        value: Nanoseconds::from_timespec(wanted.it_value)?,
        interval: Nanoseconds::from_timespec(wanted.it_interval)?,
    };
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let timer = timerfd::behind(&file).ok_or(Errno::EINVAL)?;
    check_alarm(thread, timer.clock())?;
    let before = timer.set(setting, flags)?;
    user::write_if_wanted(old, &to_user(before)).map(|()| 0)
}

/// timerfd_gettime(2).
pub fn sys_timerfd_gettime(
    thread: &Arc<Thread>,
    descriptor: usize,
    result: usize,
) -> Result<usize> {
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let timer = timerfd::behind(&file).ok_or(Errno::EINVAL)?;
    user::write(result, &to_user(timer.get())).map(|()| 0)
}

fn to_user(setting: Setting) -> Itimerspec {
    Itimerspec {
        it_interval: setting.interval.to_timespec(),
        it_value: setting.value.to_timespec(),
    }
}
