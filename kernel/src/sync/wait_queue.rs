//! Threads that wait for something to become so.
//!
//! The waiter looks at its condition, queues itself, looks again, and only then sleeps; the
//! one who makes the condition true changes the state first and wakes afterwards. So no
//! wake-up is lost, and a wake-up too many only makes a thread look again.
//!
//! Pollers are kept apart from sleepers: waking one sleeper is enough when one thing has
//! become available, but a poller that is woken may never come and take it.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::SpinLock;
use super::poll::Wake;
use crate::error::{Errno, Result};
use crate::process::scheduler;
use crate::process::{Thread, current};
use crate::time::{self, Instant, Nanoseconds};

/// A queue of threads that wait for one thing.
pub struct WaitQueue {
    /// Sleepers and pollers together, to be asked without the lock.
    count: AtomicUsize,
    waiting: SpinLock<Waiting>,
}

struct Waiting {
    sleepers: VecDeque<Arc<Thread>>,
    pollers: Vec<Arc<dyn Wake>>,
}

impl Waiting {
    fn wake_pollers(&self) {
        for poller in &self.pollers {
            Arc::clone(poller).wake();
        }
    }
}

impl WaitQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            waiting: SpinLock::new(Waiting {
                sleepers: VecDeque::new(),
                pollers: Vec::new(),
            }),
        }
    }

    /// Sleeps until `condition` gives a value.
    ///
    /// # Errors
    /// ERESTARTSYS when a signal must be looked at first.
    pub fn wait_until<T>(&self, condition: impl FnMut() -> Option<T>) -> Result<T> {
        let outcome = self.wait(None, true, condition)?;
        // Without a deadline the wait ends with a value or an error.
        outcome.ok_or(Errno::ERESTARTSYS)
    }

    /// Sleeps until `condition` gives a value or `deadline` has passed (then `None`).
    ///
    /// # Errors
    /// ERESTARTSYS when a signal must be looked at first.
    pub fn wait_until_deadline<T>(
        &self,
        deadline: Option<Instant>,
        condition: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>> {
        self.wait(deadline, true, condition)
    }

    /// Sleeps until `condition` gives a value, whatever signals come. Only for waits that
    /// another thread is bound to end.
    pub fn wait_uninterruptible<T>(&self, mut condition: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Ok(Some(value)) = self.wait(None, false, &mut condition) {
                return value;
            }
        }
    }

    fn wait<T>(
        &self,
        deadline: Option<Instant>,
        interruptible: bool,
        mut condition: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>> {
        if let Some(value) = condition() {
            return Ok(Some(value));
        }
        let thread = current();
        loop {
            let is_queued = self.enqueue(&thread);
            if let Some(value) = condition() {
                self.dequeue(&thread);
                return Ok(Some(value));
            }
            if interruptible && thread.must_interrupt_wait() {
                self.dequeue(&thread);
                return Err(Errno::ERESTARTSYS);
            }
            let in_time = if is_queued {
                scheduler::park(&thread, deadline)
            } else {
                look_again_soon(&thread, deadline)
            };
            self.dequeue(&thread);
            if let Some(value) = condition() {
                return Ok(Some(value));
            }
            if !in_time {
                return Ok(None);
            }
        }
    }

    /// Puts a sleeper at the end. Returns false when there is no memory for a longer queue.
    fn enqueue(&self, thread: &Arc<Thread>) -> bool {
        let mut waiting = self.waiting.lock();
        let has_room = waiting.sleepers.try_reserve(1).is_ok();
        if has_room {
            waiting.sleepers.push_back(Arc::clone(thread));
            self.count.fetch_add(1, Ordering::SeqCst);
        }
        has_room
    }

    /// Takes the thread out, if whoever woke it has not done so. A wake-up that was meant for
    /// one sleeper and is not needed by it is not passed on: the sleeper has looked at the
    /// condition after it, and either took what there was or found nothing.
    fn dequeue(&self, thread: &Arc<Thread>) {
        let mut waiting = self.waiting.lock();
        let position = waiting
            .sleepers
            .iter()
            .position(|sleeper| Arc::ptr_eq(sleeper, thread));
        if let Some(position) = position {
            waiting.sleepers.remove(position);
            self.count.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Wakes the sleeper that has waited longest, and all pollers.
    #[inline]
    pub fn wake_one(&self) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.wake_first();
        }
    }

    fn wake_first(&self) {
        let mut waiting = self.waiting.lock();
        waiting.wake_pollers();
        let sleeper = waiting.sleepers.pop_front();
        drop(waiting);
        if let Some(sleeper) = sleeper {
            self.count.fetch_sub(1, Ordering::SeqCst);
            scheduler::unpark(&sleeper);
        }
    }

    /// Wakes all sleepers and all pollers.
    pub fn wake_all(&self) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut waiting = self.waiting.lock();
        waiting.wake_pollers();
        while let Some(sleeper) = waiting.sleepers.pop_front() {
            self.count.fetch_sub(1, Ordering::SeqCst);
            scheduler::unpark(&sleeper);
        }
    }

    /// Wakes all pollers and no sleeper.
    pub fn wake_pollers(&self) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.waiting.lock().wake_pollers();
        }
    }

    /// Adds a poller, to be woken by every wake-up until removed.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn add_poller(&self, poller: Arc<dyn Wake>) -> Result<()> {
        let mut waiting = self.waiting.lock();
        waiting.pollers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        waiting.pollers.push(poller);
        self.count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Removes a poller that was added `count` times, in one go.
    pub(super) fn remove_poller(&self, poller: &Arc<dyn Wake>, count: usize) {
        let mut waiting = self.waiting.lock();
        let pollers = &mut waiting.pollers;
        let (mut place, mut left) = (0, count);
        while left > 0 && place < pollers.len() {
            if core::ptr::addr_eq(Arc::as_ptr(&pollers[place]), Arc::as_ptr(poller)) {
                pollers.swap_remove(place);
                left -= 1;
            } else {
                place += 1;
            }
        }
        self.count.fetch_sub(count - left, Ordering::SeqCst);
    }
}

/// Sleeps where nobody is to wake the thread. Returns false when the deadline has passed.
fn look_again_soon(thread: &Arc<Thread>, deadline: Option<Instant>) -> bool {
    const PAUSE: Nanoseconds = Nanoseconds(10_000_000);
    let soon = time::monotonic_now() + PAUSE;
    scheduler::park(
        thread,
        Some(deadline.map_or(soon, |deadline| deadline.min(soon))),
    );
    deadline.is_none_or(|deadline| time::monotonic_now() < deadline)
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}
