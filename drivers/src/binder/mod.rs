//! `/dev/binder`: calls from one program into another, with objects that can be passed on.
//!
//! A *process* (one opening of the device) has *nodes*, objects that others can call. Who was
//! given one has a *reference* to it, by a *handle* of its own. A *transaction* goes along a
//! reference to the process of the node, whose *threads* take it and answer. One process is the
//! *context manager*: handle 0 leads to it in every other one, and from there all references come.
//! Processes of different *contexts* therefore never reach each other, and each device namespace
//! has a context of its own ([`persona`]).
//!
//! There is no hardware, so of the four doors of a device class there are two: [`persona`] and
//! [`mod@file`]. What lies between is the device:
//!
//! - [`context`]: all of one context under one lock; [`places`], [`arena`] and [`list`]: how its
//!   things lie in memory, name each other, and wait in lists.
//! - [`process`], [`thread`], [`node`], [`mod@reference`], [`death`]: the things, and how they count
//!   each other.
//! - [`space`] and [`buffer`]: the memory of a process that transactions are delivered into.
//! - [`transaction`], [`send`], [`translate`]: a call on its way, and what it carries.
//! - [`write`](mod@write) and [`read`]: the commands of programs, and what they are returned.
//! - [`release`], [`freeze`], [`text`]: the end of a process, its halt, and what is told of all.
//!
//! # Locks
//! 1. A context's lock, a spin lock: all that is in [`context::State`]. It is never held while a
//!    program's memory is touched, a descriptor is opened or closed, or a thread sleeps; and for
//!    no longer than one object takes where there may be many.
//! 2. Under it, what [`Pages`] and [`Waker`] need in the kernel.
//!
//! What happens between two times that the lock is held may end anything: whoever comes back with
//! a key asks whether what it names is still there.
//!
//! Source: Linux's `include/uapi/linux/android/binder.h`, its documentation of binder, and the
//! behaviour of its driver in 6.1.

mod arena;
mod buffer;
pub mod context;
mod death;
#[cfg(test)]
mod fake;
pub mod file;
mod freeze;
mod list;
mod node;
pub mod persona;
mod places;
mod process;
mod read;
mod reference;
mod release;
mod send;
mod space;
mod statistics;
#[cfg(test)]
mod tests;
mod text;
mod thread;
mod transaction;
mod translate;
mod write;

use alloc::sync::Arc;
use core::any::Any;
use core::ops::Range;

use abi::Errno;

pub use process::Opener;
pub use space::LENGTH_MAX;
pub use text::Reader;

use crate::user::UserMemory;

/// An open file on its way from one process to another.
pub type PassedFile = Arc<dyn Any + Send + Sync>;

/// Wakes a thread that sleeps in [`Caller::sleep`], or whoever polls an opening. Called with a
/// context's lock held: it must not sleep.
pub trait Waker: Send + Sync {
    /// Wakes it, or them.
    fn wake(self: Arc<Self>);
}

/// The memory of a process's room, page by page. Offsets are in bytes from its beginning, and
/// callers stay within what was mapped.
pub trait Pages: Send + Sync {
    /// Sees to it that there is memory at these bytes, zeros where there was none. May sleep.
    ///
    /// # Errors
    /// ENOMEM.
    fn supply(&self, bytes: Range<usize>) -> Result<(), Errno>;

    /// Copies bytes, for which there is memory, out.
    fn read(&self, offset: usize, into: &mut [u8]);

    /// Copies bytes in.
    fn write(&self, offset: usize, from: &[u8]);

    /// Makes bytes zero.
    fn zero(&self, bytes: Range<usize>);

    /// Copies bytes in from the memory of the program that calls, and supplies memory for them
    /// where there is none. May sleep.
    ///
    /// # Errors
    /// EFAULT, ENOMEM.
    fn copy_from_caller(&self, offset: usize, address: usize, length: usize) -> Result<(), Errno>;

    /// Nobody needs these pages now; returns whether [`Pages::reclaim`] has something to do. Called
    /// with a context's lock held.
    fn release(&self, pages: Range<usize>) -> bool;

    /// Gives the memory of released pages back. May sleep.
    fn reclaim(&self);
}

/// The thread that calls, and its program.
pub trait Caller: UserMemory {
    /// Its number, as the root sees it.
    fn tid(&self) -> u32;

    /// The user whose rights count.
    fn euid(&self) -> u32;

    /// The same for the process that opened the device, if it lives.
    fn opener_euid(&self) -> Option<u32>;

    /// The number by which it sees a process that the root sees by this one; 0 if it does not.
    fn sees(&self, pid: u32) -> i32;

    /// The number by which the root sees what the caller sees by this one.
    fn means(&self, pid: u32) -> Option<u32>;

    /// Its nice value.
    fn nice(&self) -> i32;

    /// Changes it, as far as the thread may; a value that is none changes nothing.
    fn set_nice(&self, nice: i32);

    /// What wakes it while it sleeps.
    fn waker(&self) -> Arc<dyn Waker>;

    /// Sleeps until it is woken.
    ///
    /// # Errors
    /// EINTR: a signal must be looked at first.
    fn sleep(&self) -> Result<(), Errno>;

    /// Sleeps until it is woken or so long. Returns false when the time is over.
    ///
    /// # Errors
    /// EINTR.
    fn sleep_until(&self, deadline: Milliseconds) -> Result<bool, Errno>;

    /// The time since boot.
    fn now(&self) -> Milliseconds;

    /// The open file behind a descriptor.
    ///
    /// # Errors
    /// EBADF.
    fn file(&self, descriptor: u32) -> Result<PassedFile, Errno>;

    /// Gives the process a descriptor for a file, which execve(2) closes.
    ///
    /// # Errors
    /// EMFILE, ENOMEM.
    fn install(&self, file: &PassedFile) -> Result<u32, Errno>;

    /// Closes a descriptor, if it is open.
    fn close(&self, descriptor: u32);

    /// To be asked before something is kept that takes so many bytes in small pieces.
    ///
    /// # Errors
    /// ENOMEM.
    fn require_room(&self, bytes: usize) -> Result<(), Errno>;
}

/// A time, or a moment since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Milliseconds(pub u64);
