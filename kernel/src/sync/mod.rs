//! Locks and waiting.
//!
//! - [`SpinLock`]: for a few instructions. While one is held the thread must not sleep, touch
//!   user memory or call anything that may.
//! - [`Mutex`]: for longer work; a thread that finds it taken sleeps.
//! - [`WaitQueue`]: sleep until something is so; [`poll`] for many things at once.
//!
//! Interrupt handlers take none of these (see `device::interrupt`), so none of them turns
//! interrupts off.
//!
//! # The lock order
//!
//! A thread that holds a lock may take only locks further down. Locks on one line are never
//! held together, unless a rule is given.
//!
//! 1. In this order: an open file's offset; the interests of an epoll instance (one that watches
//!    another before that one); the edges between epoll instances; the gate of the device namespaces, in which device
//!    classes take their own locks; the changes of mounts; the moves between
//!    directories; a directory's names (two of them only by who holds the moves); a regular
//!    file's contents; a pipe; a reader of a log, then the log; a terminal.
//!    The input devices' spin lock, with a persona's readers and a reader's ring taken under it
//!    in this order, is taken inside the gate; what those wake is further down.
//!    A terminal's state and its job control are two spin locks, never held together; the
//!    serial chip's interrupt lock is taken under the state, the table of processes under the
//!    job control.
//!    The layout of a binder room's memory is taken before the address space that shows it.
//! 2. An address space. A page fault takes it, so user memory may be touched only while
//!    nothing from here down is held.
//!    Below it, a spin lock each: a binder context, then the frames of a room.
//! 3. The short locks of files: a page cache, attributes, remembered names, advisory locks, the
//!    frames of a screen, which of them were written.
//! 4. The table of processes ([`crate::process::table`]); then the numbers of a pid namespace.
//! 5. A process's or a thread's own small fields (handlers, credentials, limits, files); its
//!    timers before the others, since they ask what time was used.
//! 6. A wait queue, with the list and then the wait queue of each epoll instance that watches its
//!    file, upwards (there are no circles); a bucket of futexes (two of them: the one with the lower number first).
//! 7. The run queue, the timer queue.
//! 8. The frame allocator and the kernel heap (inside `metal`).

mod mutex;
pub mod poll;
#[cfg(feature = "ktest")]
mod tests;
mod wait_queue;

pub use mutex::{Mutex, MutexGuard};
pub use spin::mutex::SpinMutex as SpinLock;
pub use wait_queue::WaitQueue;
