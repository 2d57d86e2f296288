//! What of an epoll instance may be ready: the list that wake-ups fill and waiters empty.
//!
//! A file that wakes its pollers says nothing of what it is ready for, so being in the list means
//! only "look at it again". An interest is in the list at most once, and the list has room for all
//! interests from the moment they are made: a wake-up allocates nothing.

use super::super::OpenFile;
use crate::{
    error::Result,
    sync::{SpinLock, WaitQueue, poll::Wake},
};
use abi::{Errno, raw::general};
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// The bits of an interest that say how to tell, not what of.
pub(super) const MANNER: u32 =
    general::EPOLLWAKEUP | general::EPOLLONESHOT | general::EPOLLET | general::EPOLLEXCLUSIVE;

/// A descriptor that a program wants to hear of.
pub(super) struct Interest {
    /// It may be closed at any time; then nothing is heard of it any more.
    pub(super) file: Weak<OpenFile>,
    pub(super) descriptor: i32,
    /// What of, and how (EPOLL*).
    asked: AtomicU32,
    /// What the program wants to get back with each event.
    data: AtomicU64,
    /// Whether it is in the list. Changes only under the list's lock.
    listed: AtomicBool,
    ready: Arc<Ready>,
}

impl Interest {
    pub(super) fn new(file: &Arc<OpenFile>, descriptor: i32, ready: &Arc<Ready>) -> Self {
        Self {
            file: Arc::downgrade(file),
            descriptor,
            asked: AtomicU32::new(0),
            data: AtomicU64::new(0),
            listed: AtomicBool::new(false),
            ready: Arc::clone(ready),
        }
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(super) fn data(&self) -> u64 {
        self.data.load(Ordering::Relaxed)
    }

    /// Asks for something else from now on. Only under the lock of the instance's interests.
    pub(super) fn ask(&self, asked: u32, data: u64) {
        self.data.store(data, Ordering::Relaxed);
        self.asked.store(asked, Ordering::SeqCst);
    }

    /// Stops telling until the program asks again (EPOLLONESHOT).
    pub(super) fn disarm(&self) {
        self.asked.fetch_and(MANNER, Ordering::SeqCst);
    }

    /// Whether nothing is asked for at present.
    fn is_disarmed(&self) -> bool {
        self.asked.load(Ordering::SeqCst) & !MANNER == 0
    }
}

impl Wake for Interest {
    fn wake(self: Arc<Self>) {
        if self.is_disarmed() {
            return;
        }
        let ready = Arc::clone(&self.ready);
        if ready.add(self) {
            ready.waiters.wake_one();
        }
    }
}

/// The list, and who waits for it to be filled.
pub(super) struct Ready {
    list: SpinLock<VecDeque<Arc<Interest>>>,
    /// Threads in epoll_wait(2), and those who poll the epoll descriptor itself.
    pub(super) waiters: Arc<WaitQueue>,
}

impl Ready {
    pub(super) fn new() -> Self {
        Self {
            list: SpinLock::new(VecDeque::new()),
            waiters: Arc::new(WaitQueue::new()),
        }
    }

    /// Makes room for `count` interests. `ENOMEM`.
    pub(super) fn reserve(&self, count: usize) -> Result<()> {
        let mut list = self.list.lock();
        let more = count.saturating_sub(list.len());
        list.try_reserve(more).map_err(|_| Errno::ENOMEM)
    }

    /// How many are listed now.
    pub(super) fn len(&self) -> usize {
        self.list.lock().len()
    }

    /// Puts an interest at the end. Returns false if it was listed already.
    pub(super) fn add(&self, interest: Arc<Interest>) -> bool {
        let mut list = self.list.lock();
        let is_new = !interest.listed.swap(true, Ordering::Relaxed);
        if is_new {
            list.push_back(interest);
        }
        is_new
    }

    /// Puts an interest back in front, for the next one who looks.
    pub(super) fn put_back(&self, interest: Arc<Interest>) {
        let mut list = self.list.lock();
        if !interest.listed.swap(true, Ordering::Relaxed) {
            list.push_front(interest);
        }
    }

    /// Takes the first out. From here on a wake-up lists it again, so it is asked what it is ready
    /// for after this.
    pub(super) fn take(&self) -> Option<Arc<Interest>> {
        let mut list = self.list.lock();
        let interest = list.pop_front()?;
        interest.listed.store(false, Ordering::Relaxed);
        Some(interest)
    }

    /// Takes an interest out wherever it is.
    pub(super) fn remove(&self, interest: &Arc<Interest>) {
        let mut list = self.list.lock();
        if interest.listed.swap(false, Ordering::Relaxed) {
            list.retain(|other| !Arc::ptr_eq(other, interest));
        }
    }

    /// Empties the list. The interests know the list and the list knows them; who closes the
    /// instance parts them.
    pub(super) fn clear(&self) {
        let mut list = self.list.lock();
        let old = core::mem::take(&mut *list);
        drop(list);
        drop(old);
    }
}
