//! epoll_wait(2): from the list of what may be ready to the events that are.
//!
//! Each listed interest is taken out before its file is asked, so that a wake-up in between lists
//! it again and nothing is lost. No more are taken than were listed at the beginning: a
//! level-triggered one that goes back to the end is not met twice in one call.

use super::{Epoll, ready::Interest};
use crate::{error::Result, memory::user, process::Thread, time::Instant};
use abi::{EpollEvent, Errno, raw::general};
use alloc::sync::Arc;

/// Where the events go: an array of the program's.
#[derive(Clone, Copy)]
pub struct Destination {
    /// The address of the first event.
    pub address: usize,
    /// Events that there is room for; at least one.
    pub room: usize,
}

impl Destination {
    /// Stores an event as number `index`. `EFAULT`.
    fn store(self, index: usize, event: &EpollEvent) -> Result<()> {
        let address = self
            .address
            .checked_add(index * size_of::<EpollEvent>())
            .ok_or(Errno::EFAULT)?;
        user::write(address, event)
    }
}

/// What the interest's file is ready for of what is asked. Nothing of a file that is closed.
fn events_of(interest: &Interest) -> u32 {
    let events = interest.file.upgrade().map(|file| file.poll(None));
    events.map_or(0, |events| events.bits() & interest.asked())
}

impl Epoll {
    /// Waits until there are events or the deadline has passed, and stores them. Returns how many.
    ///
    /// # Errors
    /// EFAULT, and then no event is lost; EINTR.
    pub fn wait(
        &self,
        thread: &Arc<Thread>,
        destination: Destination,
        deadline: Option<Instant>,
    ) -> Result<usize> {
        loop {
            let count = self.hand_over(destination)?;
            if count != 0 || deadline.is_some_and(Instant::has_passed) {
                return Ok(count);
            }
            if thread.must_interrupt_wait() {
                return Err(Errno::EINTR);
            }
            // Not restarted, whatever the handler's flags say (signal(7)).
            let outcome = self
                .ready
                .waiters
                .wait_until_deadline(deadline, || (self.ready.len() != 0).then_some(()))
                .map_err(|_| Errno::EINTR)?;
            if outcome.is_none() {
                return Ok(0);
            }
        }
    }

    /// Stores the events that there are now. Returns how many.
    fn hand_over(&self, destination: Destination) -> Result<usize> {
        let interests = self.interests.lock();
        let mut count = 0;
        let mut outcome = Ok(());
        for _ in 0..self.ready.len() {
            if count == destination.room {
                break;
            }
            let Some(interest) = self.ready.take() else {
                break;
            };
            let events = events_of(&interest);
            if events == 0 {
                continue;
            }
            let data = interest.data();
            outcome = destination.store(count, &EpollEvent { events, data });
            if outcome.is_err() {
                self.ready.put_back(interest);
                break;
            }
            count += 1;
            self.settle(interest);
        }
        drop(interests);
        // What is left is for another who waits.
        if self.ready.len() != 0 {
            self.ready.waiters.wake_one();
        }
        if count == 0 {
            outcome.map(|()| 0)
        } else {
            Ok(count)
        }
    }

    /// An event has been told: what becomes of its interest.
    fn settle(&self, interest: Arc<Interest>) {
        if interest.asked() & general::EPOLLONESHOT != 0 {
            interest.disarm();
        } else if interest.asked() & general::EPOLLET == 0 {
            self.ready.add(interest);
        }
    }

    /// Whether epoll_wait(2) would find something. What turns out not to be ready leaves the list.
    pub(super) fn has_events(&self) -> bool {
        let _interests = self.interests.lock();
        for _ in 0..self.ready.len() {
            let Some(interest) = self.ready.take() else {
                return false;
            };
            if events_of(&interest) != 0 {
                self.ready.put_back(interest);
                return true;
            }
        }
        false
    }
}
