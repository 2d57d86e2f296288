//! Timers of a process: those that watch the time ([`wall`]) and those that watch how much
//! processor time it uses ([`processor`]). A process has three from birth (setitimer(2)) and
//! may create more ([`created`]).
//!
//! Source: setitimer(2), timer_settime(2), getrlimit(2) (RLIMIT_CPU).

pub mod created;
pub mod processor;
pub mod wall;

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};

use abi::raw::general as linux;
use spin::Once;

use created::CreatedTimer;
use processor::{Name, ProcessorTimers};
use wall::WallTimer;

use super::signal::{self, SignalInfo};
use super::{Process, Thread};
use crate::error::Result;
use crate::sync::SpinLock;
use crate::time::{Clock, Deadline, Nanoseconds, Portion};

/// When a timer expires and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// How long it is until the next expiry; zero for a timer that is off.
    pub value: Nanoseconds,
    /// From one expiry to the next; zero for one expiry only.
    pub interval: Nanoseconds,
}

/// One of the three timers of setitimer(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalTimer {
    /// ITIMER_REAL.
    Real,
    /// ITIMER_VIRTUAL.
    Virtual,
    /// ITIMER_PROF.
    Profiling,
}

/// The timers of a process.
pub struct ProcessTimers {
    /// ITIMER_REAL, once it has been used.
    real: Once<Arc<WallTimer>>,
    /// All that watch processor time.
    pub processor: ProcessorTimers,
    /// Those of timer_create(2), by their numbers.
    created: SpinLock<BTreeMap<i32, Arc<CreatedTimer>>>,
}

impl ProcessTimers {
    /// None is on. `limited` says that there is a limit to the processor time.
    pub fn new(limited: bool) -> Self {
        Self {
            real: Once::new(),
            processor: ProcessorTimers::new(limited),
            created: SpinLock::new(BTreeMap::new()),
        }
    }

    /// How a timer of setitimer(2) is set.
    pub fn get(&self, which: IntervalTimer) -> Setting {
        match which {
            IntervalTimer::Real => self.real.get().map(|timer| timer.get()).unwrap_or_default(),
            IntervalTimer::Virtual => self.processor.get(Name::Virtual),
            IntervalTimer::Profiling => self.processor.get(Name::Profiling),
        }
    }

    /// Turns everything off, when the process ends.
    pub fn release(&self) {
        drop(core::mem::take(&mut *self.created.lock()));
        if let Some(real) = self.real.get() {
            real.set(None, Nanoseconds(0));
        }
        self.processor.release();
    }
}

/// Deletes the timers that the old program has created (execve(2)).
pub fn delete_created(process: &Process) {
    let created = core::mem::take(&mut *process.timers.created.lock());
    for timer in created.values() {
        timer.turn_off(process);
    }
}

/// Sets a timer of the calling thread's process; returns how it was set.
///
/// # Errors
/// ENOMEM.
pub fn set(thread: &Arc<Thread>, which: IntervalTimer, setting: Setting) -> Result<Setting> {
    let process = &thread.process;
    let timers = &process.timers;
    let (name, portion, signal) = match which {
        IntervalTimer::Real => {
            let timer = timers
                .real
                .call_once(|| WallTimer::new(sender(process, linux::SIGALRM)));
            let first = (setting.value.0 != 0).then(|| Deadline::after(setting.value));
            return Ok(timer.set(first, setting.interval));
        }
        IntervalTimer::Virtual => (Name::Virtual, Portion::User, linux::SIGVTALRM),
        IntervalTimer::Profiling => (Name::Profiling, Portion::Total, linux::SIGPROF),
    };
    let clock = Clock::Process(Arc::clone(process), portion, false);
    let old = timers.processor.get(name);
    let now = clock.now();
    timers.processor.set(
        name,
        clock,
        (setting.value.0 != 0).then(|| Nanoseconds(now.0.saturating_add(setting.value.0))),
        setting.interval,
        sender(process, signal),
    )?;
    processor::check();
    Ok(old)
}

/// What an expiry does; it is told how many expiries there were since the last.
pub type Expired = Arc<dyn Fn(u64) + Send + Sync>;

/// Sends a signal from the kernel to a process, as long as it is there.
fn sender(process: &Arc<Process>, number: u32) -> Expired {
    let process: Weak<Process> = Arc::downgrade(process);
    Arc::new(move |_| {
        if let Some(process) = process.upgrade() {
            signal::send_to_process(&process, SignalInfo::from_kernel(number));
        }
    })
}
