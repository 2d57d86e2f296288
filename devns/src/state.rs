//! The counted hold on a class's state of one namespace.

use alloc::sync::Arc;
use core::ops::Deref;

use crate::class::Class;
use crate::namespace::Namespace;
use crate::slot::Entry;

/// Keeps a state, and with it its namespace. An open file has one; a clone counts as a user more.
///
/// With the last one the state is released ([`Class::release`]), under the gate. Dropping one
/// never waits: if a thread is inside the gate, this one or another, that thread releases the
/// state on its way out. So one may be dropped anywhere, but for two places: under a lock that
/// the class's `release` takes, and where `release` may not run (it may sleep if it likes).
pub struct StateRef<C: Class> {
    namespace: Arc<Namespace>,
    index: usize,
    /// Always there until dropped.
    entry: Option<Arc<Entry<C>>>,
}

impl<C: Class> StateRef<C> {
    pub(crate) fn new(namespace: &Arc<Namespace>, entry: Arc<Entry<C>>) -> Self {
        Self {
            namespace: Arc::clone(namespace),
            index: entry.registered.index,
            entry: Some(entry),
        }
    }

    /// The namespace whose state this is.
    pub fn namespace(&self) -> &Arc<Namespace> {
        &self.namespace
    }

    /// Whether that namespace is in front.
    pub fn is_active(&self) -> bool {
        self.namespace.is_active()
    }

    /// The class that made it.
    pub fn class(&self) -> &C {
        &self.entry().registered.class
    }

    fn entry(&self) -> &Arc<Entry<C>> {
        self.entry.as_ref().expect("held until dropped")
    }
}

impl<C: Class> Deref for StateRef<C> {
    type Target = C::State;

    fn deref(&self) -> &C::State {
        &self.entry().state
    }
}

impl<C: Class> Clone for StateRef<C> {
    fn clone(&self) -> Self {
        Self::new(&self.namespace, Arc::clone(self.entry()))
    }
}

impl<C: Class> Drop for StateRef<C> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.namespace.give_back(self.index, entry);
        }
    }
}
