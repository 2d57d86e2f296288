//! Timers that watch how much processor time a process uses, and its limit.
//!
//! Processor time passes no faster than time does. So each look at the timers says how long the
//! process may run before the next; what it runs is taken off that, and whenever one of its
//! threads gets the processor, a look is requested for when the rest will be used up. A
//! process without such timers pays two loads per context switch.
//!
//! Source: setitimer(2), timer_create(2), getrlimit(2).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use abi::raw::general as linux;

use super::{Expired, Setting};
use crate::error::{Errno, Result};
use crate::process::limits::{INFINITY, Limit, Resource};
use crate::process::signal::{self, SignalInfo};
use crate::process::{Process, scheduler};
use crate::sync::SpinLock;
use crate::time::{
    self, Clock, Instant, NANOSECONDS_PER_SECOND, Nanoseconds, Portion, monotonic_now,
};

/// Looks are at least this far apart.
const STEP: Nanoseconds = Nanoseconds(1_000_000);

/// Tells the timers of a process apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// ITIMER_VIRTUAL.
    Virtual,
    /// ITIMER_PROF.
    Profiling,
    /// One of timer_create(2).
    Created(i32),
}

struct Timer {
    name: Name,
    clock: Clock,
    moment: Nanoseconds,
    interval: Nanoseconds,
    expired: Expired,
}

/// The timers of a process that watch processor time.
pub struct ProcessorTimers {
    /// There are some, or there is a limit.
    active: AtomicBool,
    /// How many nanoseconds the process may run before the next look.
    left: AtomicU64,
    timers: SpinLock<Vec<Timer>>,
}

impl ProcessorTimers {
    /// None are on. `limited` says that the process has a limit.
    pub fn new(limited: bool) -> Self {
        Self {
            active: AtomicBool::new(limited),
            left: AtomicU64::new(0),
            timers: SpinLock::new(Vec::new()),
        }
    }

    /// How a timer is set.
    pub fn get(&self, name: Name) -> Setting {
        let timers = self.timers.lock();
        let timer = timers.iter().find(|timer| timer.name == name);
        timer.map(Timer::setting).unwrap_or_default()
    }

    /// Sets a timer to a moment of its clock, or turns it off.
    ///
    /// # Errors
    /// ENOMEM; the timer is as it was then.
    pub fn set(
        &self,
        name: Name,
        clock: Clock,
        first: Option<Nanoseconds>,
        interval: Nanoseconds,
        expired: Expired,
    ) -> Result<()> {
        let mut timers = self.timers.lock();
        timers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let old = take(&mut timers, name);
        if let Some(moment) = first {
            timers.push(Timer {
                name,
                clock,
                moment,
                interval,
                expired,
            });
            self.active.store(true, Ordering::Relaxed);
        }
        drop(timers);
        drop(old);
        Ok(())
    }

    /// Turns a timer off.
    pub fn turn_off(&self, name: Name) {
        let old = take(&mut self.timers.lock(), name);
        drop(old);
    }

    /// The limit has changed: it must be looked at soon.
    pub fn note_limit(&self) {
        self.left.store(0, Ordering::Relaxed);
        self.active.store(true, Ordering::Relaxed);
    }

    /// Turns all off.
    pub fn release(&self) {
        let timers = core::mem::take(&mut *self.timers.lock());
        drop(timers);
        self.active.store(false, Ordering::Relaxed);
    }

    /// Lets all timers that are due expire; returns how long it is until the next could be. Those
    /// that do not repeat are turned off.
    ///
    /// One after the other, with the list free in between and from its end: what is turned off
    /// meanwhile lets only one move that was looked at before.
    fn expire(&self) -> Option<Nanoseconds> {
        let mut place = self.timers.lock().len();
        while place > 0 {
            place -= 1;
            let mut timers = self.timers.lock();
            let due = timers.get_mut(place).and_then(Timer::take_expiries);
            let Some((expired, count)) = due else {
                continue;
            };
            let is_over = timers[place].interval.0 == 0;
            let over = is_over.then(|| timers.swap_remove(place));
            drop(timers);
            drop(over);
            expired(count);
        }
        let timers = self.timers.lock();
        let left = timers
            .iter()
            .map(|timer| timer.moment.0.saturating_sub(timer.clock.now().0));
        left.min().map(Nanoseconds)
    }
}

fn take(timers: &mut Vec<Timer>, name: Name) -> Option<Timer> {
    let position = timers.iter().position(|timer| timer.name == name)?;
    Some(timers.swap_remove(position))
}

fn nearer(next: &mut Option<Nanoseconds>, other: Nanoseconds) {
    *next = Some(next.map_or(other, |next| next.min(other)));
}

impl Timer {
    /// What is to be done if it is due, and for how many expiries. One that repeats is set to the
    /// next moment.
    fn take_expiries(&mut self) -> Option<(Expired, u64)> {
        let late = self.clock.now().0.checked_sub(self.moment.0)?;
        let count = late
            .checked_div(self.interval.0)
            .map_or(1, |missed| missed + 1);
        self.moment.0 += count * self.interval.0;
        Some((Arc::clone(&self.expired), count))
    }

    fn setting(&self) -> Setting {
        let left = self.moment.0.saturating_sub(self.clock.now().0);
        Setting {
            value: Nanoseconds(left.max(1)),
            interval: self.interval,
        }
    }
}

/// A thread of the process gets the processor: asks for a look in time.
pub fn note_start(process: &Process) {
    let timers = &process.timers.processor;
    if timers.active.load(Ordering::Relaxed) {
        request(Nanoseconds(timers.left.load(Ordering::Relaxed)));
    }
}

/// A thread of the process has had the processor for so many ticks, and gives it up.
pub fn note_end(process: &Process, ticks: u64) {
    let timers = &process.timers.processor;
    if timers.active.load(Ordering::Relaxed) {
        let left = timers.left.load(Ordering::Relaxed);
        let ran = metal::clock::nanoseconds_of(ticks);
        timers
            .left
            .store(left.saturating_sub(ran), Ordering::Relaxed);
        time::request_processor_time_check(Instant::NEVER);
    }
}

fn request(left: Nanoseconds) {
    time::request_processor_time_check(monotonic_now() + left.max(STEP));
}

/// Looks at the timers and the limit of the process that runs.
pub fn check() {
    let Some(thread) = scheduler::try_current() else {
        return;
    };
    let process = &thread.process;
    if process.has_ended() {
        return;
    }
    let mut next = process.timers.processor.expire();
    if let Some(left) = check_limit(process) {
        nearer(&mut next, left);
    }
    let timers = &process.timers.processor;
    match next {
        Some(left) => {
            timers.left.store(left.0, Ordering::Relaxed);
            request(left);
        }
        None => timers.active.store(false, Ordering::Relaxed),
    }
}

/// RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one.
/// Returns how long it is until the limit, if there is one.
fn check_limit(process: &Arc<Process>) -> Option<Nanoseconds> {
    let resource = Resource::Cpu as usize;
    let limit = process.limits.lock().get(resource)?;
    if limit.soft == INFINITY {
        return None;
    }
    let used = Portion::Total.of(process.times());
    let nanoseconds = |seconds: u64| seconds.saturating_mul(NANOSECONDS_PER_SECOND);
    if used.0 >= nanoseconds(limit.hard) {
        signal::send_to_process(process, SignalInfo::from_kernel(linux::SIGKILL));
        return None;
    }
    if used.0 < nanoseconds(limit.soft) {
        return Some(Nanoseconds(nanoseconds(limit.soft) - used.0));
    }
    signal::send_to_process(process, SignalInfo::from_kernel(linux::SIGXCPU));
    let later = Limit {
        soft: used.0 / NANOSECONDS_PER_SECOND + 1,
        ..limit
    };
    process.limits.lock().set(resource, later);
    Some(Nanoseconds(nanoseconds(later.soft) - used.0))
}
