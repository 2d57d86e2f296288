//! A lock that is slept for.
//!
//! The usual case, a free lock, is one atomic exchange; only a thread that finds it taken
//! touches the wait queue, and only then does the holder have somebody to wake.

use core::ops::{Deref, DerefMut};

use super::{SpinLock, WaitQueue};

/// Guards a value; contenders sleep.
pub struct Mutex<T> {
    waiters: WaitQueue,
    value: SpinLock<T>,
}

/// Holds a [`Mutex`] until dropped.
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: Option<spin::mutex::SpinMutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// A free lock around `value`.
    pub const fn new(value: T) -> Self {
        Self {
            waiters: WaitQueue::new(),
            value: SpinLock::new(value),
        }
    }

    /// Takes the lock, sleeping while another thread has it.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.try_lock().unwrap_or_else(|| self.wait())
    }

    /// Kept out of the callers' way: they have a free lock at the price of an exchange, wherever
    /// the compiler puts them.
    #[cold]
    #[inline(never)]
    fn wait(&self) -> MutexGuard<'_, T> {
        let guard = self.waiters.wait_uninterruptible(|| self.value.try_lock());
        MutexGuard {
            mutex: self,
            guard: Some(guard),
        }
    }

    /// Takes the lock if nobody has it.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.value.try_lock().map(|guard| MutexGuard {
            mutex: self,
            guard: Some(guard),
        })
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.guard.as_ref().expect("held until dropped")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("held until dropped")
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Free first, then wake: whoever wakes must find it free.
        self.guard = None;
        self.mutex.waiters.wake_one();
    }
}
