//! A context: processes that can reach each other, and the one behind handle 0.

use core::ops::{Deref, DerefMut};

use abi::Errno;
use abi::binder::object::FlatObject;
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::arena::Arena;
use super::death::Death;
use super::list::Lists;
use super::node::{Node, NodeKey};
use super::process::{Process, ProcessKey};
use super::statistics::Statistics;
use super::thread::Thread;
use super::transaction::{Discarded, Transaction};

/// A context.
pub struct Context {
    state: SpinMutex<State>,
}

/// All that is in a context.
pub struct State {
    /// The processes.
    pub processes: Arena<Process, 4>,
    /// Their threads.
    pub threads: Arena<Thread>,
    /// Their nodes, and those of processes that have ended.
    pub nodes: Arena<Node>,
    /// What is on its way or being dealt with.
    pub transactions: Arena<Transaction>,
    /// Requests to be told of deaths.
    pub deaths: Arena<Death>,
    /// What waits to be told.
    pub lists: Lists,
    /// The node behind handle 0.
    pub manager: Option<NodeKey>,
    /// Whose nodes alone may be there, once there was one.
    pub manager_user: Option<u32>,
    /// What is to be dropped when the lock is no longer held.
    pub discarded: Discarded,
    /// What processes that have ended did.
    pub statistics: Statistics,
    last_id: u32,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            state: SpinMutex::new(State::new()),
        }
    }
}

impl Context {
    /// Takes the lock. See the head of [`super`] for what may be done meanwhile.
    #[inline]
    pub(super) fn lock(&self) -> Held<'_> {
        Held {
            state: self.state.lock(),
            discarded: Discarded::default(),
        }
    }
}

/// Holds the lock of a context until dropped; then files that nobody is to get are dropped, too.
pub(super) struct Held<'a> {
    // Dropped in this order.
    state: SpinMutexGuard<'a, State>,
    discarded: Discarded,
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.state.discarded.is_empty() {
            self.discarded = self.state.discarded.take();
        }
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            processes: Arena::new(),
            threads: Arena::new(),
            nodes: Arena::new(),
            transactions: Arena::new(),
            deaths: Arena::new(),
            lists: Lists::new(),
            manager: None,
            manager_user: None,
            discarded: Discarded::default(),
            statistics: Statistics::default(),
            last_id: 0,
        }
    }

    /// A number that nothing else is called in the files of debugfs.
    pub fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// BINDER_SET_CONTEXT_MGR: the process becomes the context manager, with a node that is always
    /// held and known.
    ///
    /// # Errors
    /// EBUSY: there is one; EPERM: there was one, of another user; ENOMEM.
    pub fn set_manager(
        &mut self,
        process: ProcessKey,
        euid: u32,
        object: &FlatObject,
    ) -> Result<(), Errno> {
        if self.manager.is_some() {
            return Err(Errno::EBUSY);
        }
        if *self.manager_user.get_or_insert(euid) != euid {
            return Err(Errno::EPERM);
        }
        let key = self.node_for(process, object)?;
        let node = &mut self.nodes[key];
        node.local_strong += 1;
        node.local_weak += 1;
        (node.has_strong, node.has_weak) = (true, true);
        self.manager = Some(key);
        Ok(())
    }

    /// The process of the context manager.
    pub fn manager_process(&self) -> Option<ProcessKey> {
        self.nodes.get(self.manager?)?.process
    }
}
