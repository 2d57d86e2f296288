//! Whose changes to the lights have an effect.
//!
//! The rule is the caller's: a store counts if the caller's namespace is in front while it is
//! done. What a persona has of its own are the locks of its keyboard and, under
//! [`Policy::Remember`], what each light is to be at when it is in front.

use abi::Errno;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU8, Ordering};
use devns::{Class, Foreground, Handle, Lifetime, Namespace, Observer, RegisterError, StateRef};
use devns::{StateError, Switching};
use spin::mutex::SpinMutex;

use super::hardware::{Hardware, Wishes};

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

/// The lights of the machine: the device class.
pub struct Lights {
    policy: Policy,
    hardware: Hardware,
}

/// What a persona has.
#[derive(Default)]
pub struct Own {
    /// The locks of its keyboard that are on, a bit each.
    pub(super) locks: AtomicU8,
    /// What the lights are to be at when it is in front.
    pub(super) wishes: SpinMutex<Wishes>,
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
        hardware: Hardware::default(),
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
    /// The lights.
    pub fn hardware(&self) -> &Hardware {
        &self.handle.class().hardware
    }

    /// What a persona has.
    pub(super) fn own(&self, namespace: &Arc<Namespace>) -> Result<StateRef<Lights>, Errno> {
        self.handle.get(namespace).map_err(|error| match error {
            StateError::Class(never) => match never {},
            StateError::Refused(refused) => Errno::from_number(refused.errno()),
        })
    }

    /// What a persona has, if its wishes are to be remembered.
    pub(super) fn remembering(
        &self,
        namespace: &Arc<Namespace>,
    ) -> Result<Option<StateRef<Lights>>, Errno> {
        let remembers = self.handle.class().policy == Policy::Remember;
        remembers.then(|| self.own(namespace)).transpose()
    }

    /// Does `work` if `caller` is in front, and stays there meanwhile. Returns whether it is.
    pub(super) fn in_front(
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

impl Class for Lights {
    type State = Own;
    type Error = Infallible;
    const LIFETIME: Lifetime = Lifetime::Namespace;

    fn create(&self, _namespace: &Namespace) -> Result<Own, Infallible> {
        Ok(Own::default())
    }

    /// What was wished for comes last: a lamp may be wished to shine whose lock is off.
    fn activate(&self, own: &Own, _switching: &Switching<'_>) {
        self.hardware.show_locks(own.locks.load(Ordering::Relaxed));
        self.hardware.fulfil(&own.wishes.lock());
    }

    fn deactivate(&self, own: &Own, _switching: &Switching<'_>) {
        if self.policy == Policy::Remember {
            *own.wishes.lock() = self.hardware.values();
        }
    }
}

impl Observer for LightHandle {
    fn deactivated(&self, _switching: &Switching<'_>) {}

    /// Who has nothing yet has no lock on either, and the lamps show it.
    fn activated(&self, switching: &Switching<'_>) {
        if self.handle.find(switching.new).is_none() {
            self.hardware().show_locks(0);
        }
    }
}
