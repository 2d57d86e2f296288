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
use crate::error::{Errno, Result};
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
    /// A queue was named that could not be joined for want of memory.
    is_incomplete: bool,
}

impl PollRegistrar {
    /// A registrar on behalf of `poller`, which is woken by each queue it is registered with.
    pub fn new(poller: Arc<dyn Wake>) -> Self {
        Self {
            poller,
            queues: Vec::new(),
            is_incomplete: false,
        }
    }

    /// Whether `poll` names any queue: a file that names none is always ready, and nothing of it
    /// can be waited for. `poller` may be woken once without need.
    pub fn finds_queues<T>(poller: &Arc<Thread>, poll: impl FnOnce(&mut Self) -> T) -> bool {
        let mut registrar = Self::new(poller.clone());
        poll(&mut registrar);
        registrar.is_incomplete || !registrar.queues.is_empty()
    }

    /// Asks to be woken by `queue` from now on; [`Self::check`] tells whether that worked.
    pub fn register(&mut self, queue: &Arc<WaitQueue>) {
        let is_added = self.queues.try_reserve(1).is_ok()
            && queue.add_poller(Arc::clone(&self.poller)).is_ok();
        if is_added {
            self.queues.push(Arc::clone(queue));
        } else {
            self.is_incomplete = true;
        }
    }

    /// To be asked before the first sleep.
    ///
    /// # Errors
    /// ENOMEM when not all queues will wake the poller.
    pub fn check(&self) -> Result<()> {
        (!self.is_incomplete).then_some(()).ok_or(Errno::ENOMEM)
    }
}

impl Drop for PollRegistrar {
    fn drop(&mut self) {
        // One that is named a thousand times, by many who do that, is looked through once by each.
        self.queues.sort_unstable_by_key(Arc::as_ptr);
        for same in self.queues.chunk_by(Arc::ptr_eq) {
            same[0].remove_poller(&self.poller, same.len());
        }
    }
}
