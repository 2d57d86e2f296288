//! Many clocks on one: the hardware's alarm is always set for the earliest of all alarms.
//!
//! The chip compares only when a second begins, so after each change the time is looked at again:
//! an alarm whose second has begun meanwhile rings now, as one does that lies behind. Alarms of
//! the same second ring together.
//!
//! Everything is done under one lock; a clock's own is taken after it. Interrupt handlers never
//! come here: they acknowledge the chip and leave word, and [`Mux::service`] is called soon after
//! in a thread's context.

use abi::Errno;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::mutex::SpinMutex;

use super::periodic::Timers;
use super::persona::{Alarm, Clock};
use super::{ClockError, Condition, Rtc};

/// The hardware and the clocks of all personas.
pub struct Mux {
    timers: Box<dyn Timers>,
    core: SpinMutex<Core>,
}

struct Core {
    hardware: Box<dyn Rtc>,
    clocks: Vec<Arc<Clock>>,
    /// What the hardware's alarm is set for.
    armed: Option<i64>,
}

impl Mux {
    /// Nobody has a clock yet; `timers` makes one for each.
    pub fn new(hardware: Box<dyn Rtc>, timers: Box<dyn Timers>) -> Self {
        let core = Core {
            hardware,
            clocks: Vec::new(),
            armed: None,
        };
        Self {
            timers,
            core: SpinMutex::new(core),
        }
    }

    /// What the hardware's driver is called.
    pub fn name(&self) -> &'static str {
        self.core.lock().hardware.name()
    }

    /// Makes a persona's clock. The root's has the alarm that was on when the machine started.
    pub(super) fn add(&self, is_root: bool) -> Arc<Clock> {
        let clock = Clock::new(is_root, &*self.timers);
        let mut core = self.core.lock();
        let untouched = is_root && core.armed.is_none();
        if untouched && let Some(moment) = core.hardware.alarm() {
            clock.set_alarm(Alarm {
                moment,
                enabled: true,
            });
            core.armed = Some(moment);
        }
        core.clocks.push(Arc::clone(&clock));
        clock
    }

    /// Takes it out. What the hardware does for it only, it does once more at most.
    pub(super) fn remove(&self, clock: &Arc<Clock>) {
        let mut core = self.core.lock();
        core.clocks.retain(|other| !Arc::ptr_eq(other, clock));
        core.follow_updates();
    }

    /// What else there is to say of the hardware.
    pub fn condition(&self) -> Condition {
        self.core.lock().hardware.condition()
    }

    /// The time of a clock.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn time(&self, clock: &Clock) -> Result<i64, ClockError> {
        let hardware = self.core.lock().hardware.time()?;
        let time = hardware.saturating_add(clock.offset());
        (time >= 0).then_some(time).ok_or(ClockError::TooEarly)
    }

    /// Sets the time of a clock; that of the root is the hardware's.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn set_time(&self, clock: &Clock, seconds: i64) -> Result<(), ClockError> {
        let mut core = self.core.lock();
        if clock.is_root {
            core.hardware.set_time(seconds)?;
        } else {
            clock.set_offset(seconds.saturating_sub(core.hardware.time()?));
        }
        core.settle()
    }

    /// Sets the hardware's time; all clocks move with it.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn set_hardware_time(&self, seconds: i64) -> Result<(), ClockError> {
        let mut core = self.core.lock();
        core.hardware.set_time(seconds)?;
        core.settle()
    }

    /// Sets the alarm of a clock. One that lies behind rings at once.
    ///
    /// # Errors
    /// EINVAL: it is further ahead than the hardware can hold; it is off then. What is wrong with
    /// the hardware.
    pub fn set_alarm(&self, clock: &Clock, alarm: Alarm) -> Result<(), Errno> {
        let mut core = self.core.lock();
        clock.set_alarm(Alarm {
            enabled: false,
            ..alarm
        });
        if alarm.enabled {
            let ahead = alarm.moment.saturating_sub(clock.offset());
            let ahead = ahead.saturating_sub(core.hardware.time()?);
            if ahead > core.hardware.alarm_span() {
                core.settle()?;
                return Err(Errno::EINVAL);
            }
            clock.set_alarm(alarm);
        }
        Ok(core.settle()?)
    }

    /// Turns the alarm of a clock on or off.
    ///
    /// # Errors
    /// As [`Mux::set_alarm`].
    pub fn enable_alarm(&self, clock: &Clock, enabled: bool) -> Result<(), Errno> {
        let alarm = clock.alarm();
        if alarm.enabled == enabled {
            return Ok(());
        }
        self.set_alarm(clock, Alarm { enabled, ..alarm })
    }

    /// Has the beginning of each second interrupt this clock, or not.
    pub fn set_updates(&self, clock: &Clock, on: bool) {
        let core = self.core.lock();
        clock.set_updates(on);
        core.follow_updates();
    }

    /// The hardware has interrupted; `update` says that a second began. Thread context.
    ///
    /// # Errors
    /// [`ClockError`]: alarms may come late, with the next that somebody sets.
    pub fn service(&self, update: bool) -> Result<(), ClockError> {
        let mut core = self.core.lock();
        if update {
            core.clocks.iter().for_each(|clock| clock.update());
        }
        core.settle()
    }
}

impl Core {
    /// Rings what is due, and sets the hardware for what comes next.
    fn settle(&mut self) -> Result<(), ClockError> {
        let mut now = self.hardware.time()?;
        loop {
            self.clocks.iter().for_each(|clock| clock.ring(now));
            let next = self.clocks.iter().filter_map(|clock| clock.due()).min();
            if next != self.armed {
                self.hardware.set_alarm(next)?;
                self.armed = next;
            }
            let Some(next) = next else { return Ok(()) };
            now = self.hardware.time()?;
            if next > now {
                return Ok(());
            }
        }
    }

    fn follow_updates(&self) {
        let wanted = self.clocks.iter().any(|clock| clock.updates());
        self.hardware.set_update_interrupts(wanted);
    }
}
