//! The one lock of the foreground, as whoever uses this crate supplies it.
//!
//! A device class may sleep while its state is created or while it is told of a switch, so the
//! lock must be one that is slept for: the kernel's sleeping mutex, `std::sync::Mutex` on the
//! host. A gate is all that is asked of it.
//!
//! # Its place in the lock order
//! A device class is called with the gate held and takes its own locks there, so the gate comes
//! before them: whoever holds a lock that a class takes in its functions may not wait at the gate.
//! What waits is a switch, the leave of a namespace's last process, the creation of a state
//! ([`crate::Handle::get`]), a walk, a registration and a read of `/proc/dev_ns`. What never waits is
//! [`crate::Handle::find`], [`crate::Handle::states`], [`crate::Foreground::active`] and to drop
//! a [`crate::StateRef`].

use core::num::NonZeroU64;

/// Which thread calls: a number that no other living thread has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadNumber(pub NonZeroU64);

/// Lets one thread through at a time.
///
/// ```
/// use core::num::NonZeroU64;
/// use devns::{Gate, ThreadNumber};
///
/// struct HostGate(std::sync::Mutex<()>);
///
/// impl Gate for HostGate {
///     fn enter(&self, work: &mut dyn FnMut()) {
///         let _held = self.0.lock().unwrap();
///         work();
///     }
///     fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
///         self.0.try_lock().map(|_held| work()).is_ok()
///     }
///     fn current_thread(&self) -> ThreadNumber {
///         ThreadNumber(NonZeroU64::MIN) // a program of one thread
///     }
/// }
/// ```
pub trait Gate: Send + Sync {
    /// Calls `work` once, while no other thread is inside; sleeps until its turn comes. It is
    /// not called by a thread that is inside.
    fn enter(&self, work: &mut dyn FnMut());

    /// The same without waiting: when a thread is inside (this one too), false, and `work` is
    /// not called.
    fn try_enter(&self, work: &mut dyn FnMut()) -> bool;

    /// Who calls. It tells a device class that asks for a switch from inside of one, which must
    /// be refused, from another thread, which waits.
    fn current_thread(&self) -> ThreadNumber;
}
