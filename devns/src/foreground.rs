//! Who is in front, and the only way to change it.
//!
//! Everything that changes it, or changes which states there are, goes through one gate
//! ([`crate::gate`]): a switch excludes every other switch and every creation and release of a
//! state.
//!
//! # A switch
//! 1. To the namespace that is in front: success, nothing happens.
//! 2. The old one: no longer active, stamped with now; its states are told, the class registered
//!    last first; then the observers, the last first.
//! 3. The new one: active, stamped with now; it is in front; its states are told, the class
//!    registered first first; then the observers, the first first.
//!
//! A switch costs what its two namespaces cost, however many others there are.
//!
//! # When a namespace ends
//! The foreground holds a reference to the namespace in front. When the last process of that one
//! leaves, the root comes to the front by an ordinary switch, in the same passage through the
//! gate. A namespace that has ended is not switched to. So no dead namespace is ever in front.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use crate::class::{CLASSES_MAX, Class, Handle, Registered};
use crate::core_state::Core;
use crate::error::{Refused, RegisterError, SwitchError};
use crate::gate::Gate;
use crate::namespace::{Jiffies, Namespace, Remains};
use crate::sync::Ordering;

/// What a switch tells those it calls.
#[derive(Clone, Copy, Debug)]
pub struct Switching<'a> {
    /// The namespace that leaves the front.
    pub old: &'a Arc<Namespace>,
    /// The one that comes to the front.
    pub new: &'a Arc<Namespace>,
    /// When; the timestamp of both.
    pub now: Jiffies,
}

/// Is told of every switch, whichever states there are. As for a class, what enters the gate is
/// refused there.
pub trait Observer: Send + Sync {
    /// The old namespace has left the front, and its states have been told.
    fn deactivated(&self, switching: &Switching<'_>);
    /// The new namespace has come to the front, and its states have been told.
    fn activated(&self, switching: &Switching<'_>);
}

/// What a switch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The namespace was in front already.
    Unchanged,
    /// It is now.
    Changed,
}

/// What a process left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A namespace that lives on.
    OthersRemain,
    /// A namespace that has ended, in the background.
    Ended,
    /// A namespace that has ended, and was in front: the root is in front now.
    EndedInFront,
}

/// The foreground.
pub struct Foreground {
    core: Arc<Core>,
}

impl Foreground {
    /// A foreground with the root namespace in it, whose init pid is 1, whose timestamp is 0 and
    /// whose number is `root_number`.
    pub fn new(gate: Box<dyn Gate>, root_number: u64) -> Self {
        let core = Arc::new_cyclic(|core| {
            let root = Namespace::new(Weak::clone(core), 0, root_number);
            root.set_init_pid(1);
            root.begin_active();
            Core::new(gate, root)
        });
        core.list.add(&core.root);
        Self { core }
    }

    /// The root namespace.
    pub fn root(&self) -> &Arc<Namespace> {
        &self.core.root
    }

    /// Who is in front. During a switch this is the old one until its states have been told.
    pub fn active(&self) -> Arc<Namespace> {
        self.core.active()
    }

    /// Makes a namespace, in the background and without a process yet. `number` is what
    /// [`Namespace::number`] answers.
    pub fn create(&self, number: u64) -> Arc<Namespace> {
        let serial = self.core.created.fetch_add(1, Ordering::Relaxed);
        let namespace = Namespace::new(Arc::downgrade(&self.core), serial, number);
        self.core.list.add(&namespace);
        namespace
    }

    /// Registers a device class for good.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn register<C: Class>(&self, name: &str, class: C) -> Result<Handle<C>, RegisterError> {
        let index = self
            .core
            .exclusively(|| self.take_slot(name))
            .map_err(|_| RegisterError::Inside)??;
        let registered = Registered::new(class, name.into(), index);
        let core = Arc::downgrade(&self.core);
        Ok(Handle::new(Arc::new(registered), core))
    }

    /// Under the gate.
    fn take_slot(&self, name: &str) -> Result<usize, RegisterError> {
        let mut classes = self.core.classes.lock();
        if name.is_empty() {
            return Err(RegisterError::NoName);
        }
        if classes.iter().any(|taken| **taken == *name) {
            return Err(RegisterError::NameTaken);
        }
        if classes.len() == CLASSES_MAX {
            return Err(RegisterError::Full);
        }
        classes.push(name.into());
        Ok(classes.len() - 1)
    }

    /// Adds an observer, for good.
    ///
    /// # Errors
    /// [`Refused::Inside`].
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Result<(), Refused> {
        self.core.exclusively(|| {
            let mut observers = self.core.observers.lock();
            let mut more = Vec::clone(&observers);
            more.push(observer);
            *observers = Arc::new(more);
        })
    }

    /// Brings `target` to the front; waits for a switch or a creation that is under way.
    ///
    /// # Errors
    /// [`SwitchError::NoProcess`]; [`SwitchError::Refused`] from inside a class or an observer
    /// and for another foreground's namespace.
    pub fn switch(&self, target: &Arc<Namespace>, now: Jiffies) -> Result<Outcome, SwitchError> {
        self.check(target)?;
        // The old one is let go of outside the gate: it may end there.
        let old = self.core.exclusively(|| {
            if Arc::ptr_eq(&self.core.active(), target) {
                return Ok(None);
            }
            if !target.may_be_active() {
                return Err(SwitchError::NoProcess);
            }
            Ok(Some(self.change(target, now)))
        })??;
        Ok(old.map_or(Outcome::Unchanged, |_| Outcome::Changed))
    }

    /// A process that had joined leaves. The last one ends the namespace, and if that one is in
    /// front the root comes to the front at `now`. Only the last one's leave waits at the gate.
    ///
    /// # Errors
    /// [`Refused`], and the process has not left.
    pub fn leave(&self, namespace: &Arc<Namespace>, now: Jiffies) -> Result<Departure, Refused> {
        self.check(namespace)?;
        if namespace.leave(false) == Remains::Living {
            return Ok(Departure::OthersRemain);
        }
        let (departure, _old) = self.core.exclusively(|| {
            if namespace.leave(true) == Remains::Living {
                return (Departure::OthersRemain, None);
            }
            if !Arc::ptr_eq(&self.core.active(), namespace) {
                return (Departure::Ended, None);
            }
            let old = self.change(&self.core.root, now);
            (Departure::EndedInFront, Some(old))
        })?;
        Ok(departure)
    }

    /// Reads what must not change meanwhile: `read` is given who is in front, between switches.
    ///
    /// # Errors
    /// [`Refused::Inside`].
    pub fn settled<R>(&self, read: impl FnOnce(&Arc<Namespace>) -> R) -> Result<R, Refused> {
        self.core.exclusively(|| read(&self.core.active()))
    }

    /// All namespaces there are, in the order of their creation, root first.
    pub fn namespaces(&self) -> Vec<Arc<Namespace>> {
        self.core.list.all()
    }

    /// The namespace with this init pid (in the root pid namespace) that lives.
    pub fn by_init_pid(&self, pid: u32) -> Option<Arc<Namespace>> {
        let matches = |namespace: &Namespace| {
            namespace.init_pid() == pid && !namespace.has_ended() && pid != 0
        };
        self.core.list.find(matches)
    }

    /// The one at `place`, from 0, among those that may come to the front, in the order of their
    /// creation, root first. Costs what those before it cost, however many there are behind.
    pub fn at(&self, place: usize) -> Option<Arc<Namespace>> {
        let mut before = 0;
        self.core.list.find(|namespace| {
            let found = namespace.may_be_active() && before == place;
            before += usize::from(namespace.may_be_active());
            found
        })
    }

    fn check(&self, namespace: &Namespace) -> Result<(), Refused> {
        if core::ptr::eq(Weak::as_ptr(&namespace.core), Arc::as_ptr(&self.core)) {
            Ok(())
        } else {
            Err(Refused::Foreign)
        }
    }

    /// Under the gate: steps 2 and 3. Returns the old namespace.
    fn change(&self, new: &Arc<Namespace>, now: Jiffies) -> Arc<Namespace> {
        let old = self.core.active();
        let observers = Arc::clone(&self.core.observers.lock());
        let switching = Switching {
            old: &old,
            new,
            now,
        };
        old.set_active(false, now);
        tell_deactivated(&old, &switching);
        let last_first = observers.iter().rev();
        last_first.for_each(|observer| observer.deactivated(&switching));
        new.set_active(true, now);
        *self.core.active.lock() = Arc::clone(new);
        tell_activated(new, &switching);
        let first_first = observers.iter();
        first_first.for_each(|observer| observer.activated(&switching));
        old
    }
}

fn tell_deactivated(namespace: &Arc<Namespace>, switching: &Switching<'_>) {
    for (index, state) in namespace.slots.all().into_iter().enumerate().rev() {
        if let Some(state) = state {
            state.deactivate(switching);
            namespace.give_back(index, state);
        }
    }
}

fn tell_activated(namespace: &Arc<Namespace>, switching: &Switching<'_>) {
    for (index, state) in namespace.slots.all().into_iter().enumerate() {
        if let Some(state) = state {
            state.activate(switching);
            namespace.give_back(index, state);
        }
    }
}
