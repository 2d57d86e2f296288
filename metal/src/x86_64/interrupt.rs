//! Interrupts: on, off, and a lock for what handlers share with threads.
//!
//! A handler runs with interrupts off, on the stack of whoever it interrupted. It may take
//! only a [`Lock`], because a thread that holds one has interrupts off and so can never be the
//! one that was interrupted. Nothing may be allocated inside.

use core::ops::{Deref, DerefMut};

use ::x86_64::instructions::interrupts;

/// Turns interrupts on for the calling processor, from the instruction after the next.
#[inline]
pub fn enable() {
    // SAFETY: handlers are in place since the processor was taken over, and whoever must not
    // be interrupted holds a [`Lock`]. Not `nomem`: what was done with interrupts off must
    // not be put off beyond this.
    unsafe { core::arch::asm!("sti", options(preserves_flags, nostack)) };
}

/// Turns interrupts off for the calling processor.
#[inline]
pub fn disable() {
    interrupts::disable();
}

/// Whether interrupts are on.
pub fn enabled() -> bool {
    interrupts::are_enabled()
}

/// Turns interrupts on and waits for one. With `disable` before the last look for work, none
/// is missed: the instruction after `sti` runs before any interrupt is taken.
pub fn enable_and_wait() {
    interrupts::enable_and_hlt();
}

/// A lock that turns interrupts off while it is held.
pub struct Lock<T>(spin::Mutex<T>);

impl<T> Lock<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Self(spin::Mutex::new(value))
    }

    /// Takes the lock. Held for a few instructions at most, so waiting for it is spinning.
    pub fn lock(&self) -> Guard<'_, T> {
        let were_enabled = enabled();
        disable();
        Guard {
            guard: Some(self.0.lock()),
            were_enabled,
        }
    }
}

/// Holds a [`Lock`]; dropping it restores interrupts.
pub struct Guard<'a, T> {
    guard: Option<spin::MutexGuard<'a, T>>,
    were_enabled: bool,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.guard.as_ref().expect("held until dropped")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("held until dropped")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // The lock goes first: an interrupt right after must find it free.
        self.guard = None;
        if self.were_enabled {
            enable();
        }
    }
}
