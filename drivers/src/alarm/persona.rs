//! The alarms of one device namespace.
//!
//! An alarm is on until it comes; then its bit is pending until a wait takes it. One open file
//! owns the device in its namespace, and when it is closed all is as new.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::convert::Infallible;
use devns::{Class, Foreground, Handle, Namespace, RegisterError, Switching};
use spin::mutex::SpinMutex;

use super::{Clocks, Kind, Timer};

/// The bit that says that the time of day was set.
const TIME_CHANGE: u32 = 1 << 16;

/// Wakes the owner, if it waits. Must not sleep.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What a namespace has.
pub struct Alarms {
    timers: [Box<dyn Timer>; Kind::ALL.len()],
    masks: SpinMutex<Masks>,
}

#[derive(Default)]
struct Masks {
    enabled: u32,
    pending: u32,
    /// Whoever owns the device.
    owner: Option<Wake>,
}

impl Alarms {
    fn new(clocks: &dyn Clocks) -> Arc<Self> {
        Arc::new_cyclic(|alarms: &Weak<Self>| {
            let timer = |kind| {
                let alarms = Weak::clone(alarms);
                let expired = move || {
                    if let Some(alarms) = alarms.upgrade() {
                        alarms.expire(kind);
                    }
                };
                clocks.timer(kind, Arc::new(expired))
            };
            Self {
                timers: Kind::ALL.map(timer),
                masks: SpinMutex::new(Masks::default()),
            }
        })
    }

    /// Takes the device. False: it has an owner.
    pub(super) fn claim(&self, owner: &Wake) -> bool {
        let mut masks = self.masks.lock();
        if masks.owner.is_some() {
            return false;
        }
        masks.owner = Some(Arc::clone(owner));
        true
    }

    /// The owner is gone.
    pub(super) fn give_back(&self) {
        self.timers.iter().for_each(|timer| timer.cancel());
        *self.masks.lock() = Masks::default();
    }

    pub(super) fn set(&self, kind: Kind, moment: u64) {
        self.masks.lock().enabled |= kind.bit();
        self.timers[kind as usize].start(moment);
    }

    pub(super) fn clear(&self, kind: Kind) {
        self.timers[kind as usize].cancel();
        let mut masks = self.masks.lock();
        masks.enabled &= !kind.bit();
        masks.pending &= !kind.bit();
    }

    fn expire(&self, kind: Kind) {
        let mut masks = self.masks.lock();
        let came = masks.enabled & kind.bit();
        masks.enabled &= !came;
        masks.add(came);
    }

    /// The time of day was set.
    pub(super) fn time_changed(&self) {
        self.masks.lock().add(TIME_CHANGE);
    }

    /// Takes what is pending, if anything.
    pub(super) fn take(&self) -> Option<u32> {
        let pending = core::mem::take(&mut self.masks.lock().pending);
        (pending != 0).then_some(pending)
    }
}

impl Masks {
    fn add(&mut self, bits: u32) {
        self.pending |= bits;
        if let Some(wake) = self.owner.as_ref().filter(|_| bits != 0) {
            wake();
        }
    }
}

/// The device class.
pub struct AlarmClass {
    pub(super) clocks: Box<dyn Clocks>,
}

/// The way to each persona's alarms.
pub type AlarmHandle = Handle<AlarmClass>;

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(
    foreground: &Foreground,
    clocks: Box<dyn Clocks>,
) -> Result<AlarmHandle, RegisterError> {
    foreground.register("alarm", AlarmClass { clocks })
}

impl Class for AlarmClass {
    type State = Arc<Alarms>;
    type Error = Infallible;

    fn create(&self, _namespace: &Namespace) -> Result<Arc<Alarms>, Infallible> {
        Ok(Alarms::new(&*self.clocks))
    }

    fn activate(&self, _alarms: &Arc<Alarms>, _switching: &Switching<'_>) {}

    fn deactivate(&self, _alarms: &Arc<Alarms>, _switching: &Switching<'_>) {}
}
