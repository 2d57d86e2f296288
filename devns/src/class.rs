//! Device classes: what one implements, and how it finds its states.
//!
//! The first process of a namespace that uses the device has the state created; every later one
//! shares it. When the creation fails nothing is left behind, and the next use tries again.
//! Creation and release happen under the foreground's gate, so there are never two states of one
//! class for one namespace, and none is created between the halves of a switch.
//!
//! # Two lifetimes
//! Most states go with their last user ([`Lifetime::LastUser`]). Some outlast their users: a
//! namespace finds its screen again after everybody has closed it ([`Lifetime::Namespace`]).

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use crate::core_state::Core;
use crate::error::{Refused, StateError};
use crate::foreground::Switching;
use crate::namespace::Namespace;
use crate::slot::Entry;
use crate::state::StateRef;
use crate::sync::Short;

/// The most classes there can be.
pub const CLASSES_MAX: usize = 16;

/// How long a state lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until its last user is gone.
    LastUser,
    /// Until its namespace is gone.
    Namespace,
}

/// A kind of device that gives every namespace a state of its own.
///
/// `create`, `release`, `activate` and `deactivate` are called with the gate held: they may
/// sleep, but what enters the gate again (a switch, a creation, a walk) is refused there with
/// [`Refused::Inside`]. A state that is there may be looked up ([`Handle::find`]), and any
/// [`StateRef`] may be dropped.
pub trait Class: Send + Sync + Sized + 'static {
    /// What is kept for each namespace.
    type State: Send + Sync + 'static;
    /// Why a state could not be created.
    type Error;
    /// How long a state lives.
    const LIFETIME: Lifetime = Lifetime::LastUser;

    /// Makes the state of a namespace. Whether the namespace is in front is asked of it here
    /// ([`Namespace::is_active`]): for a state created in front, no `activate` follows.
    ///
    /// # Errors
    /// What the one who wanted the state is told. The next use tries again.
    fn create(&self, namespace: &Namespace) -> Result<Self::State, Self::Error>;

    /// Takes a state back. For [`Lifetime::Namespace`] this is called by whoever lets go of the
    /// namespace last, with the gate held or without.
    fn release(&self, namespace: &Namespace, state: Self::State) {
        let _ = namespace;
        drop(state);
    }

    /// The state's namespace has come to the front.
    fn activate(&self, state: &Self::State, switching: &Switching<'_>);

    /// The state's namespace has left the front.
    fn deactivate(&self, state: &Self::State, switching: &Switching<'_>);
}

/// A class in its place in the table.
pub(crate) struct Registered<C> {
    pub class: C,
    pub name: Arc<str>,
    pub index: usize,
    /// Who has a state, by serial number.
    holders: Short<BTreeMap<u64, Weak<Namespace>>>,
}

impl<C> Registered<C> {
    pub fn new(class: C, name: Arc<str>, index: usize) -> Self {
        Self {
            class,
            name,
            index,
            holders: Short::new(BTreeMap::new()),
        }
    }

    fn remember(&self, namespace: &Namespace) {
        let mut holders = self.holders.lock();
        holders.insert(namespace.serial, namespace.weak());
    }

    pub fn forget(&self, namespace: &Namespace) {
        self.holders.lock().remove(&namespace.serial);
    }

    fn holders(&self) -> Vec<Arc<Namespace>> {
        let holders = self.holders.lock();
        holders.values().filter_map(Weak::upgrade).collect()
    }
}

/// What registration returns: the way to a class's states.
pub struct Handle<C: Class> {
    registered: Arc<Registered<C>>,
    core: Weak<Core>,
}

impl<C: Class> Handle<C> {
    pub(crate) fn new(registered: Arc<Registered<C>>, core: Weak<Core>) -> Self {
        Self { registered, core }
    }

    /// The class.
    pub fn class(&self) -> &C {
        &self.registered.class
    }

    /// The name it was registered by.
    pub fn name(&self) -> &str {
        &self.registered.name
    }

    /// The state of a namespace, created if there is none. Waits for a switch that is under way
    /// only if it must be created.
    ///
    /// # Errors
    /// The class's own, when it cannot create the state; [`Refused::Inside`] when it would have
    /// to be created and the caller is inside a class; [`Refused::Foreign`].
    pub fn get(&self, namespace: &Arc<Namespace>) -> Result<StateRef<C>, StateError<C::Error>> {
        let core = self.core_of(namespace)?;
        if let Some(state) = self.find(namespace) {
            return Ok(state);
        }
        core.exclusively(|| match self.find(namespace) {
            Some(state) => Ok(state),
            None => self.create(namespace).map_err(StateError::Class),
        })?
    }

    /// The state of a namespace, if there is one. Never waits.
    pub fn find(&self, namespace: &Arc<Namespace>) -> Option<StateRef<C>> {
        self.core_of(namespace).ok()?;
        let entry = namespace.slots.find(self.registered.index)?;
        Some(StateRef::new(namespace, entry))
    }

    /// Shows each state to `visit`, in the order of the namespaces' creation. No state comes or
    /// goes meanwhile, and there is no switch: a state created afterwards sees what was changed
    /// before the walk.
    ///
    /// # Errors
    /// [`Refused::Inside`]; [`Refused::Foreign`] when the foreground is gone.
    pub fn walk(&self, mut visit: impl FnMut(&StateRef<C>)) -> Result<(), Refused> {
        let core = self.core.upgrade().ok_or(Refused::Foreign)?;
        core.exclusively(|| self.states().iter().for_each(&mut visit))
    }

    /// The states there are at this moment; each is a user of its own. Never waits. One that is
    /// being created meanwhile may be missing: [`Handle::walk`] misses none.
    pub fn states(&self) -> Vec<StateRef<C>> {
        let holders = self.registered.holders();
        holders
            .iter()
            .filter_map(|holder| self.find(holder))
            .collect()
    }

    fn core_of(&self, namespace: &Namespace) -> Result<Arc<Core>, Refused> {
        if !Weak::ptr_eq(&self.core, &namespace.core) {
            return Err(Refused::Foreign);
        }
        self.core.upgrade().ok_or(Refused::Foreign)
    }

    /// Under the gate; there is no state that lives.
    fn create(&self, namespace: &Arc<Namespace>) -> Result<StateRef<C>, C::Error> {
        // One whose last user has gone may still await its release.
        namespace.release_unused(self.registered.index);
        let state = self.registered.class.create(namespace)?;
        self.registered.remember(namespace);
        let entry = Entry {
            registered: Arc::clone(&self.registered),
            state,
        };
        let entry = namespace.slots.insert(self.registered.index, entry);
        Ok(StateRef::new(namespace, entry))
    }
}

impl<C: Class> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.registered), Weak::clone(&self.core))
    }
}
