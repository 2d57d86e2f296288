//! The clock that a device namespace believes to have.
//!
//! Its time is the hardware's plus an offset, which the root's never has: when the root sets the
//! time it sets the hardware, and the others move with it. Its alarm is a moment of its own time;
//! when its time is set, the alarm stays where it is on the dial. All of it lives as long as the
//! namespace, whoever has the clock open. A persona's alarms come in the background too.

use abi::rtc::{RTC_AF, RTC_IRQF, RTC_PF, RTC_UF};
use alloc::sync::{Arc, Weak};
use core::convert::Infallible;
use devns::{Class, Foreground, Handle, Lifetime, Namespace, RegisterError, Switching};
use spin::mutex::SpinMutex;

use super::mux::Mux;
use super::periodic::{Periodic, Timers};

/// Wakes those who wait for an interrupt. Must not sleep.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The clock of one persona.
pub struct Clock {
    /// Whether its time is the hardware's.
    pub(super) is_root: bool,
    /// Its interrupts at a rate of its own.
    pub periodic: Periodic,
    own: SpinMutex<Own>,
}

/// An alarm, in its persona's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// When; a moment that was never set is 0.
    pub moment: i64,
    /// Whether it is on. It goes off when it has come.
    pub enabled: bool,
}

#[derive(Default)]
struct Own {
    /// Seconds that this clock is ahead of the hardware's.
    offset: i64,
    alarm: Alarm,
    /// Whether the beginning of each second interrupts.
    updates: bool,
    /// What the next read answers: kinds of interrupts in the low byte, their number above.
    data: u64,
    /// Whoever has it open.
    opener: Option<Wake>,
}

impl Clock {
    pub(super) fn new(is_root: bool, timers: &dyn Timers) -> Arc<Self> {
        Arc::new_cyclic(|clock: &Weak<Self>| {
            let clock = clock.clone();
            let expired = move |count| {
                let clock = clock.upgrade();
                if let Some(clock) = clock.filter(|clock| clock.periodic.is_on()) {
                    clock.note(count, RTC_PF);
                }
            };
            Self {
                is_root,
                periodic: Periodic::new(timers.timer(Arc::new(expired))),
                own: SpinMutex::new(Own::default()),
            }
        })
    }

    /// Seconds that it is ahead of the hardware.
    pub(super) fn offset(&self) -> i64 {
        self.own.lock().offset
    }

    pub(super) fn set_offset(&self, offset: i64) {
        self.own.lock().offset = offset;
    }

    pub(super) fn alarm(&self) -> Alarm {
        self.own.lock().alarm
    }

    pub(super) fn set_alarm(&self, alarm: Alarm) {
        self.own.lock().alarm = alarm;
    }

    /// When the hardware is to interrupt for its alarm.
    pub(super) fn due(&self) -> Option<i64> {
        let own = self.own.lock();
        own.alarm
            .enabled
            .then(|| own.alarm.moment.saturating_sub(own.offset))
    }

    /// The hardware's time has come to `now`: rings, if it is time.
    pub(super) fn ring(&self, now: i64) {
        if self.due().is_some_and(|due| due <= now) {
            self.own.lock().alarm.enabled = false;
            self.note(1, RTC_AF);
        }
    }

    pub(super) fn updates(&self) -> bool {
        self.own.lock().updates
    }

    pub(super) fn set_updates(&self, on: bool) {
        self.own.lock().updates = on;
    }

    /// A second began.
    pub(super) fn update(&self) {
        if self.updates() {
            self.note(1, RTC_UF);
        }
    }

    /// There were so many interrupts of this kind.
    fn note(&self, count: u64, kind: u64) {
        let mut own = self.own.lock();
        own.data = own.data.wrapping_add(count << 8) | RTC_IRQF | kind;
        let opener = own.opener.clone();
        drop(own);
        if let Some(wake) = opener {
            wake();
        }
    }

    /// Opens it for one who forgets what was before. False: it is open.
    pub(super) fn open(&self, wake: Wake) -> bool {
        let mut own = self.own.lock();
        if own.opener.is_some() {
            return false;
        }
        own.opener = Some(wake);
        own.data = 0;
        true
    }

    pub(super) fn close(&self) {
        self.own.lock().opener = None;
    }

    pub(super) fn has_data(&self) -> bool {
        self.own.lock().data != 0
    }

    pub(super) fn take_data(&self) -> u64 {
        core::mem::take(&mut self.own.lock().data)
    }
}

/// The device class.
pub struct RtcClass {
    mux: Arc<Mux>,
}

/// The way to each persona's clock.
pub type RtcHandle = Handle<RtcClass>;

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(foreground: &Foreground, mux: &Arc<Mux>) -> Result<RtcHandle, RegisterError> {
    let class = RtcClass {
        mux: Arc::clone(mux),
    };
    foreground.register("rtc", class)
}

impl Class for RtcClass {
    type State = Arc<Clock>;
    type Error = Infallible;
    const LIFETIME: Lifetime = Lifetime::Namespace;

    fn create(&self, namespace: &Namespace) -> Result<Arc<Clock>, Infallible> {
        Ok(self.mux.add(namespace.is_root()))
    }

    fn release(&self, _namespace: &Namespace, clock: Arc<Clock>) {
        self.mux.remove(&clock);
    }

    fn activate(&self, _clock: &Arc<Clock>, _switching: &Switching<'_>) {}

    fn deactivate(&self, _clock: &Arc<Clock>, _switching: &Switching<'_>) {}
}
