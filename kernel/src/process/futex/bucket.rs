//! Who waits for which futex: a table of buckets, each with its lock.
//!
//! A waiter is in exactly one bucket, from before it sleeps until somebody wakes it or it
//! gives up; whoever takes it out decides which of the two it was. The lock of its bucket also
//! covers the look at the word that comes before, so a wake-up between the look and the sleep
//! is not lost. Two buckets are locked in the order of their numbers.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::key::{Key, Named};
use crate::error::{Errno, Result};
use crate::memory::Pager;
use crate::process::{Thread, scheduler};
use crate::sync::SpinLock;

const BUCKETS: usize = 256;

static TABLE: [SpinLock<Bucket>; BUCKETS] = [const { SpinLock::new(Bucket::new()) }; BUCKETS];

/// What a thread keeps of its wait.
pub struct ThreadWait {
    /// Somebody has woken it, and has taken it out of its bucket before.
    woken: AtomicBool,
    /// The number of its bucket; changes only under that bucket's lock.
    bucket: AtomicUsize,
}

impl ThreadWait {
    /// That of a thread that does not wait.
    pub const fn new() -> Self {
        Self {
            woken: AtomicBool::new(false),
            bucket: AtomicUsize::new(0),
        }
    }

    /// Whether the wait has been ended by a wake-up.
    pub(super) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }
}

/// Those who wait for the futexes of one bucket, the longest first.
pub(super) struct Bucket {
    waiters: Vec<Waiter>,
}

struct Waiter {
    key: Key,
    /// FUTEX_WAIT_BITSET's: a wake-up with none of these bits passes by.
    mask: u32,
    thread: Arc<Thread>,
    /// Keeps the object that gives the key.
    object: Option<Arc<dyn Pager>>,
}

type Guard = spin::mutex::SpinMutexGuard<'static, Bucket>;

fn number_of(key: &Key) -> usize {
    key.hash() % BUCKETS
}

/// Locks the bucket of a futex.
pub(super) fn lock(key: &Key) -> Guard {
    TABLE[number_of(key)].lock()
}

/// The locked buckets of two futexes, which may be one and the same.
pub(super) struct Pair {
    first: Guard,
    second: Option<Guard>,
    swapped: bool,
}

impl Pair {
    /// Locks the buckets of both.
    pub(super) fn lock(a: &Key, b: &Key) -> Self {
        let (a, b) = (number_of(a), number_of(b));
        Self {
            first: TABLE[a.min(b)].lock(),
            second: (a != b).then(|| TABLE[a.max(b)].lock()),
            swapped: a > b,
        }
    }

    /// The bucket of the first one that was named.
    pub(super) fn from(&mut self) -> &mut Bucket {
        match &mut self.second {
            Some(second) if self.swapped => second,
            _ => &mut self.first,
        }
    }

    /// The bucket of the second one.
    pub(super) fn to(&mut self) -> &mut Bucket {
        match &mut self.second {
            Some(second) if !self.swapped => second,
            _ => &mut self.first,
        }
    }

    /// Wakes and moves waiters of `from`: the first `wake` are woken, up to `moved` of the
    /// others wait for `to` from now on. Returns how many of both.
    ///
    /// # Errors
    /// ENOMEM; nobody was woken or moved then.
    pub(super) fn requeue(
        &mut self,
        from: &Key,
        to: &Named,
        wake: usize,
        moved: usize,
    ) -> Result<usize> {
        let (first, second) = match &mut self.second {
            Some(second) if self.swapped => (&mut **second, Some(&mut *self.first)),
            Some(second) => (&mut *self.first, Some(&mut **second)),
            None => (&mut *self.first, None),
        };
        let waiting = first
            .waiters
            .iter()
            .filter(|waiter| waiter.key == *from)
            .count();
        let moved = moved.min(waiting.saturating_sub(wake));
        let Some(second) = second else {
            // Both are in one bucket: they stay where they are, among those who wait there.
            let woken = first.wake(from, u32::MAX, wake);
            let stay = first
                .waiters
                .iter_mut()
                .filter(|waiter| waiter.key == *from);
            stay.take(moved).for_each(|waiter| waiter.rename(to));
            return Ok(woken + moved);
        };
        let room = second.waiters.try_reserve(moved);
        room.map_err(|_| Errno::ENOMEM)?;
        let woken = first.wake(from, u32::MAX, wake);
        for mut waiter in first.extract(from, u32::MAX, moved) {
            waiter.rename(to);
            second.waiters.push(waiter);
        }
        Ok(woken + moved)
    }
}

impl Waiter {
    /// It waits for another futex from now on.
    fn rename(&mut self, to: &Named) {
        self.key = to.key;
        self.object.clone_from(&to.object);
        let wait = &self.thread.futex_wait;
        wait.bucket.store(number_of(&to.key), Ordering::Relaxed);
    }
}

impl Bucket {
    const fn new() -> Self {
        Self {
            waiters: Vec::new(),
        }
    }

    /// Lets `thread` wait here. `ENOMEM`.
    pub(super) fn add(&mut self, thread: &Arc<Thread>, named: Named, mask: u32) -> Result<()> {
        self.waiters.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let wait = &thread.futex_wait;
        wait.woken.store(false, Ordering::Relaxed);
        wait.bucket.store(number_of(&named.key), Ordering::Relaxed);
        self.waiters.push(Waiter {
            key: named.key,
            mask,
            thread: Arc::clone(thread),
            object: named.object,
        });
        Ok(())
    }

    /// Takes up to `count` waiters of a futex out, the longest waiting first.
    fn extract(&mut self, key: &Key, mask: u32, count: usize) -> impl Iterator<Item = Waiter> {
        let chosen = move |waiter: &mut Waiter| waiter.key == *key && waiter.mask & mask != 0;
        self.waiters.extract_if(.., chosen).take(count)
    }

    /// Wakes up to `count` waiters of a futex; returns how many.
    pub(super) fn wake(&mut self, key: &Key, mask: u32, count: usize) -> usize {
        let matches = |waiter: &Waiter| waiter.key == *key && waiter.mask & mask != 0;
        if count == 1 {
            // The usual number.
            let first = self.waiters.iter().position(matches);
            first.map_or(0, |first| {
                wake(&self.waiters.remove(first));
                1
            })
        } else {
            let woken = self.extract(key, mask, count);
            woken.inspect(wake).count()
        }
    }
}

/// The order matters: once the flag is up the thread may go on without being woken.
fn wake(waiter: &Waiter) {
    waiter
        .thread
        .futex_wait
        .woken
        .store(true, Ordering::Release);
    scheduler::unpark(&waiter.thread);
}

/// Ends the wait of a thread that gives up. Returns false when somebody has woken it before.
pub(super) fn give_up(thread: &Arc<Thread>) -> bool {
    loop {
        let number = thread.futex_wait.bucket.load(Ordering::Relaxed);
        let mut bucket = TABLE[number].lock();
        if thread.futex_wait.is_woken() {
            return false;
        }
        let waiters = &mut bucket.waiters;
        let position = waiters
            .iter()
            .position(|waiter| Arc::ptr_eq(&waiter.thread, thread));
        if let Some(position) = position {
            let waiter = waiters.remove(position);
            drop(bucket);
            // The object may be the last of a deleted file: not under the lock.
            drop(waiter);
            return true;
        }
        // It was moved to another bucket between the look and the lock.
    }
}
