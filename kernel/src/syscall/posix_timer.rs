//! The timers that programs create. Source: timer_create(2), timer_settime(2),
//! timer_getoverrun(2), timer_delete(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::time::{Itimerspec, Sigevent};

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::capabilities::Capability;
use crate::process::signal;
use crate::process::timer::Setting;
use crate::process::timer::created::{self, Target, Value};
use crate::time::{Clock, Nanoseconds};

/// timer_create(2): without an event it is SIGALRM with the timer's number.
pub fn sys_timer_create(
    thread: &Arc<Thread>,
    clock: usize,
    event: usize,
    result: usize,
) -> Result<usize> {
    let event: Option<Sigevent> = match event {
        0 => None,
        address => Some(user::read(address)?),
    };
    let clock = Clock::named(thread, clock as i32)?;
    check_clock(thread, &clock)?;
    let (target, value) = match event {
        None => (Target::Process(linux::SIGALRM as u8), Value::Number),
        Some(event) => (target(thread, &event)?, Value::Given(event.sigev_value)),
    };
    let number = created::create(thread, clock, target, value)?;
    if let Err(error) = user::write(result, &number) {
        created::delete(&thread.process, number)?;
        return Err(error);
    }
    Ok(0)
}

/// Whether timers can run on a clock: on one that sleeps can be measured by, or the processor
/// time of the own process.
fn check_clock(thread: &Thread, clock: &Clock) -> Result<()> {
    match clock {
        Clock::Realtime { sleeps: false, .. } | Clock::Monotonic { sleeps: false, .. } => {
            Err(Errno::EOPNOTSUPP)
        }
        Clock::Realtime { alarm: true, .. } | Clock::Monotonic { alarm: true, .. }
            if !thread.credentials().has(Capability::WakeAlarm) =>
        {
            Err(Errno::EPERM)
        }
        Clock::Process(process, ..) if !Arc::ptr_eq(process, &thread.process) => Err(Errno::EINVAL),
        _ => Ok(()),
    }
}

fn target(thread: &Thread, event: &Sigevent) -> Result<Target> {
    const TO_THREAD: u32 = linux::SIGEV_SIGNAL | linux::SIGEV_THREAD_ID;
    let kind = event.sigev_notify as u32;
    if kind == linux::SIGEV_NONE {
        return Ok(Target::Nobody);
    }
    let signal = signal::check_number(event.sigev_signo)?;
    if signal == 0 {
        return Err(Errno::EINVAL);
    }
    match kind {
        linux::SIGEV_SIGNAL | linux::SIGEV_THREAD => Ok(Target::Process(signal)),
        TO_THREAD => {
            let other = thread
                .thread_named(event.sigev_notify_thread_id as u32)
                .ok();
            let other = other.filter(|other| Arc::ptr_eq(&other.process, &thread.process));
            let other = other.ok_or(Errno::EINVAL)?;
            Ok(Target::Thread(Arc::downgrade(&other), signal))
        }
        _ => Err(Errno::EINVAL),
    }
}

fn to_user(setting: Setting) -> Itimerspec {
    Itimerspec {
        it_interval: setting.interval.to_timespec(),
        it_value: setting.value.to_timespec(),
    }
}

/// timer_settime(2).
pub fn sys_timer_settime(
    thread: &Arc<Thread>,
    number: usize,
    flags: usize,
    new: usize,
    old: usize,
) -> Result<usize> {
    if new == 0 {
        return Err(Errno::EINVAL);
    }
    let wanted: Itimerspec = user::read(new)?;
    let setting = Setting {
        value: Nanoseconds::from_timespec(wanted.it_value)?,
        interval: Nanoseconds::from_timespec(wanted.it_interval)?,
    };
    let process = &thread.process;
    let timer = created::find(process, number as i32)?;
    let absolute = flags as u32 & linux::TIMER_ABSTIME != 0;
    let before = timer.set(process, setting, absolute)?;
    user::write_if_wanted(old, &to_user(before)).map(|()| 0)
}

/// timer_gettime(2).
pub fn sys_timer_gettime(thread: &Arc<Thread>, number: usize, result: usize) -> Result<usize> {
    let process = &thread.process;
    let setting = created::find(process, number as i32)?.get(process);
    user::write(result, &to_user(setting)).map(|()| 0)
}

/// timer_getoverrun(2).
pub fn sys_timer_getoverrun(thread: &Arc<Thread>, number: usize) -> Result<usize> {
    let timer = created::find(&thread.process, number as i32)?;
    Ok(timer.overruns() as usize)
}

/// timer_delete(2).
pub fn sys_timer_delete(thread: &Arc<Thread>, number: usize) -> Result<usize> {
    created::delete(&thread.process, number as i32).map(|()| 0)
}
