//! The timers that a program creates for itself: any number, on any clock that can be waited
//! for, each with a signal of its own choice.
//!
//! While a timer's signal is still pending, expiries send no other: they are counted and told
//! when it is taken (overruns).
//!
//! Source: timer_create(2), timer_settime(2), timer_getoverrun(2), sigevent(3type).

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use super::processor::{self, Name};
use super::wall::WallTimer;
use super::{Expired, Setting};
use crate::error::{Errno, Result};
use crate::process::limits::Resource;
use crate::process::signal::{self, Origin, SignalInfo};
use crate::process::{Process, Thread};
use crate::time::{Clock, Deadline, Nanoseconds};

/// Whom an expiry is told to.
pub enum Target {
    /// Nobody: the program looks for itself.
    Nobody,
    /// The process, by this signal.
    Process(u8),
    /// One thread of it, by this signal.
    Thread(Weak<Thread>, u8),
}

/// The value that the signal carries.
#[derive(Clone, Copy)]
pub enum Value {
    /// One that the program chose.
    Given(u64),
    /// The timer's number.
    Number,
}

/// A timer that a program created.
pub struct CreatedTimer {
    number: i32,
    clock: Clock,
    wall: Arc<WallTimer>,
    expired: Expired,
    overruns: Arc<Overruns>,
}

#[derive(Default)]
struct Overruns {
    /// Expiries that were not told yet.
    missed: AtomicU64,
    /// What the last signal told.
    told: AtomicI32,
}

impl Overruns {
    /// What was missed up to now becomes what the last signal told.
    fn tell(&self) -> u32 {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        let told = i32::try_from(missed).unwrap_or(i32::MAX);
        self.told.store(told, Ordering::Relaxed);
        told as u32
    }
}

/// Creates a timer of the calling thread's process and returns its number.
///
/// # Errors
/// EAGAIN when there are as many as signals may be pending.
pub fn create(thread: &Thread, clock: Clock, target: Target, value: Value) -> Result<i32> {
    let process = &thread.process;
    let limit = process.limit(Resource::PendingSignals);
    let mut created = process.timers.created.lock();
    if created.len() as u64 >= limit {
        return Err(Errno::EAGAIN);
    }
    let last = created.last_key_value().map_or(-1, |(number, _)| *number);
    let unused = || (0..i32::MAX).find(|number| !created.contains_key(number));
    let number = match last.checked_add(1) {
        Some(number) => number,
        None => unused().ok_or(Errno::EAGAIN)?,
    };
    let value = match value {
        Value::Given(value) => value,
        Value::Number => number as u64,
    };
    let overruns = Arc::new(Overruns::default());
    let expired = teller(process, target, number, value, Arc::clone(&overruns));
    let timer = CreatedTimer {
        number,
        clock,
        wall: WallTimer::new(Arc::clone(&expired)),
        expired,
        overruns,
    };
    created.insert(number, Arc::new(timer));
    Ok(number)
}

/// The function that an expiry calls.
fn teller(
    process: &Arc<Process>,
    target: Target,
    number: i32,
    value: u64,
    overruns: Arc<Overruns>,
) -> Expired {
    let process = Arc::downgrade(process);
    let info = move |signal| SignalInfo {
        signal,
        origin: Origin::Timer {
            number,
            overruns: 0,
            value,
        },
    };
    Arc::new(move |count| {
        let Some(process) = process.upgrade() else {
            return;
        };
        let (signal, thread) = match &target {
            Target::Nobody => return,
            Target::Process(signal) => (*signal, None),
            Target::Thread(thread, signal) => match thread.upgrade() {
                Some(thread) => (*signal, Some(thread)),
                None => return,
            },
        };
        let sets = signal::sets(&process, thread.as_deref());
        let pending = match thread {
            Some(_) => sets.pending,
            None => sets.process_pending,
        };
        if pending & 1 << (signal - 1) != 0 {
            overruns.missed.fetch_add(count, Ordering::Relaxed);
            return;
        }
        overruns.missed.store(count - 1, Ordering::Relaxed);
        let info = info(signal);
        match thread {
            Some(thread) => signal::send_to_thread(&thread, info),
            None => signal::send_to_process(&process, info),
        }
    })
}

/// A signal is taken: that of a timer tells what it stands for besides its own expiry.
#[inline]
pub fn complete(process: &Process, info: &mut SignalInfo) {
    if let Origin::Timer {
        number, overruns, ..
    } = &mut info.origin
    {
        *overruns = find(process, *number).map_or(0, |timer| timer.overruns.tell());
    }
}

/// The timer with this number.
///
/// # Errors
/// EINVAL when there is none.
pub fn find(process: &Process, number: i32) -> Result<Arc<CreatedTimer>> {
    let created = process.timers.created.lock();
    created.get(&number).cloned().ok_or(Errno::EINVAL)
}

/// Deletes a timer.
///
/// # Errors
/// EINVAL when there is none.
pub fn delete(process: &Process, number: i32) -> Result<()> {
    let timer = process.timers.created.lock().remove(&number);
    timer.ok_or(Errno::EINVAL)?.turn_off(process);
    Ok(())
}

impl CreatedTimer {
    /// How it is set.
    pub fn get(&self, process: &Process) -> Setting {
        match self.clock {
            Clock::Realtime { .. } | Clock::Monotonic { .. } => self.wall.get(),
            _ => process.timers.processor.get(Name::Created(self.number)),
        }
    }

    /// Sets it, to a span from now or to a moment of its clock; returns how it was set.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn set(&self, process: &Process, setting: Setting, absolute: bool) -> Result<Setting> {
        let Setting { value, interval } = setting;
        let on = value.0 != 0;
        self.overruns.missed.store(0, Ordering::Relaxed);
        let deadline = match self.clock.deadline(value) {
            Some(moment) if absolute => moment,
            Some(_) => Deadline::after(value),
            None => return self.set_processor_time(process, setting, absolute),
        };
        Ok(self.wall.set(on.then_some(deadline), interval))
    }

    fn set_processor_time(
        &self,
        process: &Process,
        setting: Setting,
        absolute: bool,
    ) -> Result<Setting> {
        let name = Name::Created(self.number);
        let timers = &process.timers.processor;
        let old = timers.get(name);
        let start = if absolute { 0 } else { self.clock.now().0 };
        let first = Nanoseconds(start.saturating_add(setting.value.0));
        timers.set(
            name,
            self.clock.clone(),
            (setting.value.0 != 0).then_some(first),
            setting.interval,
            Arc::clone(&self.expired),
        )?;
        processor::check();
        Ok(old)
    }

    /// How many expiries the last signal stood for besides its own.
    pub fn overruns(&self) -> i32 {
        self.overruns.told.load(Ordering::Relaxed)
    }

    pub(super) fn turn_off(&self, process: &Process) {
        self.wall.set(None, Nanoseconds(0));
        let name = Name::Created(self.number);
        process.timers.processor.turn_off(name);
    }
}
