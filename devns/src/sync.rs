//! The locks held for a few instructions, and the atomics: spin's and core's, or loom's when the
//! lock protocol is checked.
//!
//! No lock of this file is held while a device class is called, and none while another is taken.

#[cfg(not(loom))]
pub use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
pub use spin::mutex::SpinMutex as Short;

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Guards a value for a few instructions.
#[cfg(loom)]
pub struct Short<T>(loom::sync::Mutex<T>);

#[cfg(loom)]
impl<T> Short<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    /// Takes the lock.
    pub fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().expect("no holder of a short lock panics")
    }
}
