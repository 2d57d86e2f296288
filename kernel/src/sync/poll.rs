//! Waiting for many things at once: what `poll(2)` and its kin are built on.
//!
//! A file answers what it is ready for and, when asked with a registrar, names the queues that
//! will be woken when that changes. The registrar keeps the queues alive and takes itself out
//! of them when it is dropped.

use alloc::sync::Arc;
use alloc::vec::Vec;

use abi::raw::general;
use bitflags::bitflags;

use super::WaitQueue;
use crate::process::Thread;
use crate::process::scheduler;

bitflags! {
    /// What a file is ready for (`poll(2)`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PollEvents: u32 {
        /// There is data to read.
        const IN = general::POLLIN;
        /// There is urgent data, or a state to look at.
        const PRI = general::POLLPRI;
        /// Writing will not block.
        const OUT = general::POLLOUT;
        /// An error: the other end of a pipe is gone.
        const ERR = general::POLLERR;
        /// The other end hung up.
        const HUP = general::POLLHUP;
        /// The descriptor is not open.
        const NVAL = general::POLLNVAL;
        /// As IN.
        const RDNORM = general::POLLRDNORM;
        /// Priority data to read.
        const RDBAND = general::POLLRDBAND;
        /// As OUT.
        const WRNORM = general::POLLWRNORM;
        /// Priority data may be written.
        const WRBAND = general::POLLWRBAND;
        /// The other end will write no more.
        const RDHUP = general::POLLRDHUP;
    }
}

/// Somebody to tell that a state has changed.
pub trait Wake: Send + Sync {
    /// Called with a wait queue's lock held: must not sleep nor touch that queue, and takes only
    /// locks below it.
    fn wake(self: Arc<Self>);
}

impl Wake for Thread {
    fn wake(self: Arc<Self>) {
        scheduler::unpark(&self);
    }
}

/// A poller's place in the queues of all it polls.
pub struct PollRegistrar {
    poller: Arc<dyn Wake>,
    queues: Vec<Arc<WaitQueue>>,
}

impl PollRegistrar {
    /// A registrar on behalf of `poller`, which is woken by each queue it is registered with.
    pub fn new(poller: Arc<dyn Wake>) -> Self {
        Self {
            poller,
            queues: Vec::new(),
        }
    }

    /// Whether `poll` names any queue: a file that names none is always ready, and nothing of it
    /// can be waited for. `poller` may be woken once without need.
    pub fn finds_queues<T>(poller: &Arc<Thread>, poll: impl FnOnce(&mut Self) -> T) -> bool {
        let mut registrar = Self::new(poller.clone());
        poll(&mut registrar);
        !registrar.queues.is_empty()
    }

    /// Asks to be woken by `queue` from now on.
    pub fn register(&mut self, queue: &Arc<WaitQueue>) {
        queue.add_poller(Arc::clone(&self.poller));
        self.queues.push(Arc::clone(queue));
    }
}

impl Drop for PollRegistrar {
    fn drop(&mut self) {
        for queue in &self.queues {
            queue.remove_poller(&self.poller);
        }
    }
}
