//! What stands behind the foreground: who is inside the gate, and what waits to be done by
//! whoever leaves it.
//!
//! # Inside
//! The thread that is through the gate writes its number into `holder`. A thread that finds its
//! own number there is inside already and is refused; one that finds another's, or an old value,
//! waits at the gate. Nobody but the thread itself writes its number, so what it compares with
//! is never stale where it matters.
//!
//! # Releasing
//! Whoever takes the last use from a state puts it on the list of the retired and *tries* the
//! gate. If the try fails somebody is inside, and whoever is inside looks at the list once more
//! after leaving. The list has a lock, which orders the two: either the look finds the retired
//! state, or the gate was open before it was put there and the try succeeds.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::Refused;
use crate::foreground::Observer;
use crate::gate::Gate;
use crate::list::List;
use crate::namespace::Namespace;
use crate::sync::{AtomicU64, Ordering, Short};

/// Shared by the foreground, its namespaces and the handles of its classes.
pub struct Core {
    gate: Box<dyn Gate>,
    /// The thread inside the gate, 0 for none.
    holder: AtomicU64,
    /// States that lost their last user, by namespace and slot.
    retired: Short<VecDeque<(Arc<Namespace>, usize)>>,
    pub root: Arc<Namespace>,
    /// Written under the gate only.
    pub active: Short<Arc<Namespace>>,
    /// The names of the classes in the order of registration. Written under the gate only.
    pub classes: Short<Vec<Arc<str>>>,
    /// Replaced as a whole, under the gate only, so that it can be walked without a lock.
    pub observers: Short<Arc<Vec<Arc<dyn Observer>>>>,
    pub list: List,
    /// How many namespaces there have been.
    pub created: AtomicU64,
}

/// Writes that nobody is inside, also when a class panics (on the host, where that unwinds).
struct Inside<'a>(&'a AtomicU64);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

impl Core {
    pub fn new(gate: Box<dyn Gate>, root: Arc<Namespace>) -> Self {
        Self {
            gate,
            holder: AtomicU64::new(0),
            retired: Short::new(VecDeque::new()),
            active: Short::new(Arc::clone(&root)),
            root,
            classes: Short::new(Vec::new()),
            observers: Short::new(Arc::new(Vec::new())),
            list: List::new(),
            created: AtomicU64::new(1),
        }
    }

    /// Runs `work` while no other thread does, waiting for its turn.
    ///
    /// # Errors
    /// [`Refused::Inside`] when this thread is doing so already.
    pub fn exclusively<R>(&self, work: impl FnOnce() -> R) -> Result<R, Refused> {
        let thread = self.gate.current_thread().0.get();
        if self.holder.load(Ordering::Acquire) == thread {
            return Err(Refused::Inside);
        }
        let mut work = Some(work);
        let mut result = None;
        self.gate.enter(&mut || {
            self.inside(thread, || result = work.take().map(|work| work()));
        });
        self.settle();
        Ok(result.expect("a gate that is entered does the work"))
    }

    /// With the gate held.
    fn inside(&self, thread: u64, work: impl FnOnce()) {
        self.holder.store(thread, Ordering::Release);
        let _inside = Inside(&self.holder);
        work();
        self.release_retired();
    }

    /// A state in this slot has lost its last user.
    pub fn retire(&self, namespace: Arc<Namespace>, index: usize) {
        self.retired.lock().push_back((namespace, index));
        self.settle();
    }

    /// Sees to it that somebody releases what is retired: this thread, or the one inside.
    fn settle(&self) {
        let thread = self.gate.current_thread().0.get();
        while !self.retired.lock().is_empty() && self.holder.load(Ordering::Acquire) != thread {
            if !self.gate.try_enter(&mut || self.inside(thread, || ())) {
                return;
            }
        }
    }

    /// Under the gate. A class's `release` may retire more.
    fn release_retired(&self) {
        loop {
            let retired = self.retired.lock().pop_front();
            let Some((namespace, index)) = retired else {
                return;
            };
            namespace.release_unused(index);
        }
    }

    /// Who is in front.
    pub fn active(&self) -> Arc<Namespace> {
        Arc::clone(&self.active.lock())
    }
}

impl Namespace {
    /// Takes a user's hold on a state; if it was the last, the state is released, here or by
    /// whoever is inside the gate.
    pub(crate) fn give_back<S: crate::slot::AnyState + ?Sized>(
        self: &Arc<Self>,
        index: usize,
        entry: Arc<S>,
    ) {
        if !self.slots.give_back(index, entry) {
            return;
        }
        match self.core.upgrade() {
            Some(core) => core.retire(Arc::clone(self), index),
            // Without a foreground there are neither switches nor creations to keep out.
            None => self.release_unused(index),
        }
    }

    /// Under the gate: releases the state in this slot if it has lost its last user.
    pub(crate) fn release_unused(&self, index: usize) {
        if let Some(entry) = self.slots.take_unused(index) {
            entry.release(self);
        }
    }
}
