//! The clocks that programs name by number, and what each says.
//!
//! The coarse clocks exist because reading the fine ones can be slow; here it is not, so they
//! are the same. The machine never sleeps with its clock stopped, so BOOTTIME is MONOTONIC, and
//! adjtimex(2) changes the pace of the time of day alone, so RAW is too. It also says what TAI is
//! ahead of the time of day: nothing at first.
//!
//! A negative number is a processor-time clock of a process or thread: the complement of its
//! number, shifted left by three, and the kind in the low three bits.
//!
//! Source: clock_gettime(2), clock_getcpuclockid(3).

use alloc::sync::Arc;

use abi::raw::general as linux;

use super::{Deadline, Instant, Nanoseconds, monotonic_now, realtime_now, tai_offset};
use crate::error::{Errno, Result};
use crate::process::{Process, Thread, Times};

/// A clock.
#[derive(Clone)]
pub enum Clock {
    /// The time of day.
    Realtime {
        /// CLOCK_REALTIME itself, and not one that shows the same.
        settable: bool,
        /// Sleeps can be measured by it.
        sleeps: bool,
        /// Its sleeps are to wake the machine, which not everybody may ask for.
        alarm: bool,
        /// It is TAI.
        tai: bool,
    },
    /// The time since boot.
    Monotonic {
        /// Sleeps can be measured by it.
        sleeps: bool,
        /// As above.
        alarm: bool,
    },
    /// The processor time of a process, named by one of the fixed numbers or by its own.
    Process(Arc<Process>, Portion, bool),
    /// The processor time of a thread.
    Thread(Arc<Thread>, Portion, bool),
}

/// Which processor time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All.
    Total,
    /// Only that in user mode.
    User,
}

impl Portion {
    /// That part of the times.
    pub fn of(self, times: Times) -> Nanoseconds {
        match self {
            Self::Total => Nanoseconds(times.user.0 + times.system.0),
            Self::User => times.user,
        }
    }
}

impl Clock {
    /// The clock that a number names for the calling thread.
    ///
    /// # Errors
    /// EINVAL when there is no such clock, or no process or thread for it.
    pub fn named(thread: &Arc<Thread>, number: i32) -> Result<Self> {
        let realtime = |settable, sleeps, alarm| {
            Ok(Self::Realtime {
                settable,
                sleeps,
                alarm,
                tai: number as u32 == linux::CLOCK_TAI,
            })
        };
        let monotonic = |sleeps, alarm| Ok(Self::Monotonic { sleeps, alarm });
        if number < 0 {
            return Self::of_number(thread, number);
        }
        match number as u32 {
            linux::CLOCK_REALTIME => realtime(true, true, false),
            linux::CLOCK_TAI => realtime(false, true, false),
            linux::CLOCK_REALTIME_ALARM => realtime(false, true, true),
            linux::CLOCK_REALTIME_COARSE => realtime(false, false, false),
            linux::CLOCK_MONOTONIC | linux::CLOCK_BOOTTIME => monotonic(true, false),
            linux::CLOCK_BOOTTIME_ALARM => monotonic(true, true),
            linux::CLOCK_MONOTONIC_RAW | linux::CLOCK_MONOTONIC_COARSE => monotonic(false, false),
            linux::CLOCK_PROCESS_CPUTIME_ID => Ok(Self::Process(
                Arc::clone(&thread.process),
                Portion::Total,
                true,
            )),
            linux::CLOCK_THREAD_CPUTIME_ID => {
                Ok(Self::Thread(Arc::clone(thread), Portion::Total, true))
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// A processor-time clock by the number of its process or thread.
    fn of_number(thread: &Arc<Thread>, number: i32) -> Result<Self> {
        const OF_THREAD: i32 = 4;
        let portion = match number & 3 {
            0 | 2 => Portion::Total,
            1 => Portion::User,
            _ => return Err(Errno::EINVAL), // a clock behind a descriptor: there are none
        };
        let owner = !(number >> 3) as u32;
        if number & OF_THREAD != 0 {
            let target = match owner {
                0 => Some(Arc::clone(thread)),
                tid => thread.thread_named(tid).ok(),
            };
            let target = target.filter(|target| Arc::ptr_eq(&target.process, &thread.process));
            let target = target.ok_or(Errno::EINVAL)?;
            return Ok(Self::Thread(target, portion, false));
        }
        let target = match owner {
            0 => Arc::clone(&thread.process),
            tid if tid == thread.local_tid() => Arc::clone(&thread.process),
            pid => thread.process_named(pid).map_err(|_| Errno::EINVAL)?,
        };
        Ok(Self::Process(target, portion, false))
    }

    /// When it shows `time`, if it is one of those that waits are measured by.
    pub fn deadline(&self, time: Nanoseconds) -> Option<Deadline> {
        match self {
            Self::Realtime { tai: true, .. } => {
                let time = time.0.saturating_sub(tai_offset().0);
                Some(Deadline::Realtime(Nanoseconds(time)))
            }
            Self::Realtime { .. } => Some(Deadline::Realtime(time)),
            Self::Monotonic { .. } => Some(Deadline::Monotonic(Instant(time.0))),
            Self::Process(..) | Self::Thread(..) => None,
        }
    }

    /// What it shows.
    pub fn now(&self) -> Nanoseconds {
        match self {
            Self::Realtime { tai: true, .. } => Nanoseconds(realtime_now().0 + tai_offset().0),
            Self::Realtime { .. } => realtime_now(),
            Self::Monotonic { .. } => Nanoseconds(monotonic_now().0),
            Self::Process(process, portion, _) => portion.of(process.times()),
            Self::Thread(thread, portion, _) => portion.of(thread.times()),
        }
    }
}
