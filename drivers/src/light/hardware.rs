//! The lights that a machine has: its settings and its lamps.

use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::mutex::SpinMutex;

use super::led::{Led, Lock};
use super::setting::Setting;

/// The lights of the machine.
#[derive(Default)]
pub struct Hardware {
    /// In the order in which they were added; none goes.
    settings: SpinMutex<Vec<Arc<Setting>>>,
    leds: SpinMutex<Vec<Arc<Led>>>,
}

/// What each setting is to be at, in their order; short where nobody asked for the last.
pub type Wishes = Vec<Option<u32>>;

impl Hardware {
    /// Adds a setting.
    pub fn add(&self, setting: Setting) -> Arc<Setting> {
        let setting = Arc::new(setting);
        self.settings.lock().push(Arc::clone(&setting));
        setting
    }

    /// Adds a lamp, whose brightness was added before.
    pub fn add_led(&self, led: Led) -> Arc<Led> {
        let led = Arc::new(led);
        self.leds.lock().push(Arc::clone(&led));
        led
    }

    /// The setting of this name.
    pub fn setting(&self, name: &str) -> Option<Arc<Setting>> {
        let settings = self.settings.lock();
        let named = settings.iter().find(|setting| setting.name == name);
        named.cloned()
    }

    /// The first lamp that follows `lock`.
    pub fn led_of(&self, lock: Lock) -> Option<Arc<Led>> {
        let leds = self.leds.lock();
        leds.iter().find(|led| led.trigger() == Some(lock)).cloned()
    }

    /// Notes what a setting is to be at.
    pub fn wish(&self, wishes: &mut Wishes, setting: &Arc<Setting>, value: u32) {
        let settings = self.settings.lock();
        let same = |other: &Arc<Setting>| Arc::ptr_eq(other, setting);
        let Some(place) = settings.iter().position(same) else {
            return;
        };
        if wishes.len() <= place {
            wishes.resize(place + 1, None);
        }
        wishes[place] = Some(value);
    }

    /// What all settings are at.
    pub fn values(&self) -> Wishes {
        let settings = self.settings.lock().clone();
        settings
            .iter()
            .map(|setting| Some(setting.value()))
            .collect()
    }

    /// Does what was wished for.
    pub fn fulfil(&self, wishes: &Wishes) {
        if wishes.is_empty() {
            return;
        }
        let settings = self.settings.lock().clone();
        for (setting, wish) in settings.iter().zip(wishes) {
            if let Some(value) = wish {
                setting.set(*value);
            }
        }
    }

    /// Shows `lock`, one of `locks`, on the lamps that follow it.
    pub(super) fn show_lock(&self, lock: Lock, locks: u8) {
        let leds = self.leds.lock().clone();
        leds.iter().for_each(|led| led.follow_if(lock, locks));
    }

    /// Shows all `locks` on the lamps that follow one.
    pub(super) fn show_locks(&self, locks: u8) {
        let leds = self.leds.lock().clone();
        let following = leds.iter().filter(|led| led.trigger().is_some());
        following.for_each(|led| led.follow(locks));
    }
}
