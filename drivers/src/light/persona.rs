//! Whose changes to the lights have an effect.
//!
//! The rule is the caller's: a store counts if the caller's namespace is in front while it is
//! done. What a persona has of its own are the locks of its keyboard and, under
//! [`Policy::Remember`], what each light is to be at when it is in front.

use abi::Errno;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU8, Ordering};
use devns::{Class, Foreground, Handle, Lifetime, Namespace, Observer, RegisterError, StateRef};
use devns::{StateError, Switching};
use spin::mutex::SpinMutex;

use super::led::{Led, Lock, parse_trigger};
use super::setting::Setting;

/// What becomes of a store from the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing but a line in the kernel log.
    #[default]
    Ignore,
    /// It is done when the persona comes to the front; and what a persona leaves behind at the
    /// front it finds again.
    Remember,
}

/// What became of a store. The program is told the same in all cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It will be done when the persona comes to the front.
    Kept,
    /// Nothing: the persona is in the background.
    Ignored,
}

impl Outcome {
    /// The line for the kernel log, if there is something to say: which setting, and the value as
    /// it was given.
    pub fn line(self, setting: &Setting, text: &[u8], caller: &Namespace) -> Option<String> {
        let what = match self {
            Self::Done => return None,
            Self::Kept => "kept until it comes to the front",
            Self::Ignored => "not set",
        };
        let name = &setting.name;
        let text = text.trim_ascii_end().escape_ascii();
        let (pid, tag) = (caller.init_pid(), caller.tag());
        let tag = tag.as_bytes().escape_ascii();
        Some(format!(
            "{name} {text}: {what}, device namespace {pid} \"{tag}\" is in the background"
        ))
    }
}

/// The lights of the machine: the device class.
pub struct Lights {
    policy: Policy,
    /// In the order in which they were added; none goes.
    settings: SpinMutex<Vec<Arc<Setting>>>,
    leds: SpinMutex<Vec<Arc<Led>>>,
}

/// What a persona has.
#[derive(Default)]
pub struct Own {
    /// By [`Lock::bit`].
    locks: AtomicU8,
    /// By setting: what it is to be at. Short where the persona never asked for anything.
    wishes: SpinMutex<Vec<Option<u32>>>,
}

/// The way to the lights.
pub struct LightHandle {
    handle: Handle<Lights>,
    /// The root's, so that what it leaves behind at the front is remembered from the beginning.
    _root: StateRef<Lights>,
}

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(
    foreground: &Foreground,
    policy: Policy,
) -> Result<Arc<LightHandle>, RegisterError> {
    let class = Lights {
        policy,
        settings: SpinMutex::new(Vec::new()),
        leds: SpinMutex::new(Vec::new()),
    };
    let handle = foreground.register("light", class)?;
    let root = handle.get(foreground.root());
    let root = root.map_err(|_| RegisterError::Inside)?;
    let handle = Arc::new(LightHandle {
        handle,
        _root: root,
    });
    let observer = Arc::clone(&handle) as Arc<dyn Observer>;
    let observed = foreground.observe(observer);
    observed.map_err(|_| RegisterError::Inside)?;
    Ok(handle)
}

impl LightHandle {
    /// Adds a setting.
    pub fn add(&self, setting: Setting) -> Arc<Setting> {
        let setting = Arc::new(setting);
        self.handle
            .class()
            .settings
            .lock()
            .push(Arc::clone(&setting));
        setting
    }

    /// The setting of this name.
    pub fn setting(&self, name: &str) -> Option<Arc<Setting>> {
        let settings = self.handle.class().settings.lock();
        let named = settings.iter().find(|setting| setting.name == name);
        named.cloned()
    }

    /// Adds a lamp, whose brightness was added before.
    pub fn add_led(&self, led: Led) -> Arc<Led> {
        let led = Arc::new(led);
        self.handle.class().leds.lock().push(Arc::clone(&led));
        led
    }

    /// The first lamp that follows `lock`.
    pub fn led_of(&self, lock: Lock) -> Option<Arc<Led>> {
        let leds = self.handle.class().leds.lock();
        leds.iter().find(|led| led.trigger() == Some(lock)).cloned()
    }

    /// A program of `caller` stores `text` into a setting.
    ///
    /// # Errors
    /// What is wrong with the text, wherever the caller is; EAGAIN from inside a switch.
    pub fn store(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        setting: &Arc<Setting>,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let value = setting.parse(text)?;
        let wish = (self.handle.class().policy == Policy::Remember)
            .then(|| self.own(caller))
            .transpose()?;
        let place = self.place(setting);
        let in_front = self.in_front(foreground, caller, || setting.set(value))?;
        if let (Some(own), Some(place)) = (&wish, place) {
            own.wish(place, value);
        }
        Ok(outcome(in_front, wish.is_some()))
    }

    /// A program of `caller` stores `text` into the brightness of a lamp. 0 takes it off its
    /// trigger.
    ///
    /// # Errors
    /// See [`LightHandle::store`].
    pub fn store_brightness(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        led: &Led,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let outcome = self.store(foreground, caller, &led.brightness, text)?;
        if led.brightness.parse(text)? == 0 {
            self.in_front(foreground, caller, || led.set_trigger(None))?;
        }
        Ok(outcome)
    }

    /// A program of `caller` stores the name of a trigger.
    ///
    /// # Errors
    /// EINVAL: there is none of this name; EAGAIN from inside a switch.
    pub fn store_trigger(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        led: &Led,
        text: &[u8],
    ) -> Result<Outcome, Errno> {
        let trigger = parse_trigger(text)?;
        let own = self.own(caller)?;
        let in_front = self.in_front(foreground, caller, || {
            led.set_trigger(trigger);
            led.follow(own.locks.load(Ordering::Relaxed));
        })?;
        Ok(outcome(in_front, false))
    }

    /// A lock's key was pressed for the persona in front.
    ///
    /// # Errors
    /// EAGAIN from inside a switch.
    pub fn toggle(&self, foreground: &Foreground, lock: Lock) -> Result<(), Errno> {
        let front = foreground.active();
        let own = self.own(&front)?;
        let locks = own.locks.fetch_xor(lock.bit(), Ordering::Relaxed) ^ lock.bit();
        let leds = self.handle.class().leds.lock().clone();
        let follow = || leds.iter().for_each(|led| led.follow_if(lock, locks));
        self.in_front(foreground, &front, follow).map(drop)
    }

    fn own(&self, namespace: &Arc<Namespace>) -> Result<StateRef<Lights>, Errno> {
        self.handle.get(namespace).map_err(|error| match error {
            StateError::Class(never) => match never {},
            StateError::Refused(refused) => Errno::from_number(refused.errno()),
        })
    }

    fn place(&self, setting: &Arc<Setting>) -> Option<usize> {
        let settings = self.handle.class().settings.lock();
        settings
            .iter()
            .position(|other| Arc::ptr_eq(other, setting))
    }

    /// Does `work` if `caller` is in front, and stays there meanwhile. Returns whether it is.
    fn in_front(
        &self,
        foreground: &Foreground,
        caller: &Arc<Namespace>,
        work: impl FnOnce(),
    ) -> Result<bool, Errno> {
        let settled = foreground.settled(|front| {
            let in_front = Arc::ptr_eq(front, caller);
            if in_front {
                work();
            }
            in_front
        });
        settled.map_err(|refused| Errno::from_number(refused.errno()))
    }
}

fn outcome(in_front: bool, kept: bool) -> Outcome {
    match (in_front, kept) {
        (true, _) => Outcome::Done,
        (false, true) => Outcome::Kept,
        (false, false) => Outcome::Ignored,
    }
}

impl Led {
    /// Shows the lock that it follows, if any.
    fn follow(&self, locks: u8) {
        match self.trigger() {
            Some(lock) => self.follow_if(lock, locks),
            None => self.brightness.set(0),
        }
    }

    /// Shows `lock`, if that is the one that it follows.
    fn follow_if(&self, lock: Lock, locks: u8) {
        if self.trigger() == Some(lock) {
            let is_on = locks & lock.bit() != 0;
            let full = self.brightness.maximum;
            self.brightness.set(if is_on { full } else { 0 });
        }
    }
}

impl Own {
    fn wish(&self, place: usize, value: u32) {
        let mut wishes = self.wishes.lock();
        if wishes.len() <= place {
            wishes.resize(place + 1, None);
        }
        wishes[place] = Some(value);
    }
}

impl Class for Lights {
    type State = Own;
    type Error = Infallible;
    const LIFETIME: Lifetime = Lifetime::Namespace;

    fn create(&self, _namespace: &Namespace) -> Result<Own, Infallible> {
        Ok(Own::default())
    }

    fn activate(&self, own: &Own, _switching: &Switching<'_>) {
        let settings = self.settings.lock().clone();
        let wishes = own.wishes.lock();
        for (setting, wish) in settings.iter().zip(wishes.iter()) {
            if let Some(value) = wish {
                setting.set(*value);
            }
        }
    }

    fn deactivate(&self, own: &Own, _switching: &Switching<'_>) {
        if self.policy == Policy::Remember {
            let settings = self.settings.lock().clone();
            let values = settings.iter().map(|setting| Some(setting.value()));
            *own.wishes.lock() = values.collect();
        }
    }
}

impl Observer for LightHandle {
    fn deactivated(&self, _switching: &Switching<'_>) {}

    /// The lamps show the locks of who is in front, also of one that never pressed one.
    fn activated(&self, switching: &Switching<'_>) {
        let own = self.handle.find(switching.new);
        let locks = own.map_or(0, |own| own.locks.load(Ordering::Relaxed));
        let leds = self.handle.class().leds.lock().clone();
        for led in leds {
            if led.trigger().is_some() {
                led.follow(locks);
            }
        }
    }
}
