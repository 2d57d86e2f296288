//! Where a namespace keeps the states of the device classes: one slot a class, in the order of
//! registration.
//!
//! The states differ in type. A slot holds one behind [`AnyState`], through which a switch calls
//! its class; the only cast back to the type is in [`Slots::find`].
//!
//! # Who counts
//! The slot has one reference to the state, each user one more. A user takes its reference from
//! the slot, or from another user, and gives it back, under the slots' lock. So a count of one
//! seen under that lock means that nobody uses the state and, until somebody is given it under
//! that lock, nobody will. Only who holds the gate takes a state out of its slot.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

use crate::class::{CLASSES_MAX, Class, Lifetime, Registered};
use crate::foreground::Switching;
use crate::namespace::Namespace;
use crate::sync::Short;

/// A state together with its class.
pub struct Entry<C: Class> {
    pub registered: Arc<Registered<C>>,
    pub state: C::State,
}

/// A state whose type is not known here.
pub trait AnyState: Any + Send + Sync {
    /// Tells the class that the namespace has become active.
    fn activate(&self, switching: &Switching<'_>);
    /// Tells the class that the namespace is active no more.
    fn deactivate(&self, switching: &Switching<'_>);
    /// Gives the state back to the class. The caller has the only reference.
    fn release(self: Arc<Self>, namespace: &Namespace);
    /// How long the state lives.
    fn lifetime(&self) -> Lifetime;
    /// The class's name.
    fn class_name(&self) -> Arc<str>;
}

impl<C: Class> AnyState for Entry<C> {
    fn activate(&self, switching: &Switching<'_>) {
        self.registered.class.activate(&self.state, switching);
    }

    fn deactivate(&self, switching: &Switching<'_>) {
        self.registered.class.deactivate(&self.state, switching);
    }

    fn release(self: Arc<Self>, namespace: &Namespace) {
        let entry = Arc::into_inner(self);
        debug_assert!(entry.is_some(), "a state is released by its only holder");
        if let Some(Self { registered, state }) = entry {
            registered.forget(namespace);
            registered.class.release(namespace, state);
        }
    }

    fn lifetime(&self) -> Lifetime {
        C::LIFETIME
    }

    fn class_name(&self) -> Arc<str> {
        Arc::clone(&self.registered.name)
    }
}

/// A state of any class.
pub type AnyEntry = Arc<dyn AnyState>;

/// The slots of one namespace.
pub struct Slots {
    slots: Short<[Option<AnyEntry>; CLASSES_MAX]>,
}

impl Slots {
    /// All empty.
    pub fn new() -> Self {
        Self {
            slots: Short::new(Default::default()),
        }
    }

    /// One more reference to the state of class `C`, whose slot is `index`, if there is one that
    /// lives.
    pub fn find<C: Class>(&self, index: usize) -> Option<Arc<Entry<C>>> {
        let slots = self.slots.lock();
        let entry = slots[index].as_ref().filter(|entry| !is_unused(entry))?;
        let entry: Arc<dyn Any + Send + Sync> = Arc::clone(entry) as _;
        entry.downcast().ok()
    }

    /// Puts a state into its empty slot, and returns the first user's reference.
    pub fn insert<C: Class>(&self, index: usize, entry: Entry<C>) -> Arc<Entry<C>> {
        let entry = Arc::new(entry);
        self.slots.lock()[index] = Some(Arc::clone(&entry) as AnyEntry);
        entry
    }

    /// Takes a user's reference. True: it was the last, and the state is to be released.
    pub fn give_back<S: AnyState + ?Sized>(&self, index: usize, entry: Arc<S>) -> bool {
        let slots = self.slots.lock();
        drop(entry);
        slots[index].as_ref().is_some_and(is_unused)
    }

    /// Takes out a state that has lost its last user.
    pub fn take_unused(&self, index: usize) -> Option<AnyEntry> {
        self.slots.lock()[index].take_if(|entry| is_unused(entry))
    }

    /// The names of the classes whose states live.
    pub fn names(&self) -> Vec<Arc<str>> {
        let slots = self.slots.lock();
        let living = slots.iter().flatten().filter(|entry| !is_unused(entry));
        living.map(|entry| entry.class_name()).collect()
    }

    /// Takes everything out, at the namespace's end.
    pub fn take_all(&self) -> [Option<AnyEntry>; CLASSES_MAX] {
        core::mem::take(&mut *self.slots.lock())
    }

    /// One more reference to each state that lives; each is to be given back.
    pub fn all(&self) -> [Option<AnyEntry>; CLASSES_MAX] {
        let slots = self.slots.lock();
        slots
            .each_ref()
            .map(|slot| slot.as_ref().filter(|entry| !is_unused(entry)).cloned())
    }
}

/// Whether a state in its slot has lost its last user. Asked under the slots' lock.
fn is_unused(entry: &AnyEntry) -> bool {
    entry.lifetime() == Lifetime::LastUser && Arc::strong_count(entry) == 1
}
