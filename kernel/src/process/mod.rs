//! Processes and threads.
//!
//! A *thread* is what the scheduler runs: a kernel stack, a program's registers, and its hold
//! on the things that `clone(2)` may share (memory, files, directories, handlers). A *process*
//! is what `fork(2)` makes and `wait(2)` collects: a group of threads with one number, one
//! parent, one exit status. The [`table`] knows all of them and who belongs to whom.

mod border;
pub mod capabilities;
pub mod clone;
mod counters;
pub mod credentials;
pub mod exec;
pub mod exit;
pub mod futex;
#[cfg(any(feature = "devns", feature = "ktest"))]
pub mod kernel_thread;
pub mod limits;
pub mod out_of_memory;
pub mod personality;
pub mod pidfd;
mod policy;
mod processor_time;
pub mod real_time;
pub mod restartable;
mod run;
pub mod scheduler;
pub mod session;
pub mod signal;
pub mod sleep;
pub mod table;
#[cfg(feature = "ktest")]
mod tests;
mod thread;
mod thread_group;
pub mod timer;
pub mod wait;

pub use counters::Counts;
pub use scheduler::{current, yield_if_needed};
pub use table::{all, find, find_thread};
pub use thread::{Attention, Thread};
pub use thread_group::{ExitStatus, Process, Times};

/// The number of a process, thread, group or session, as the root pid namespace counts.
pub type ProcessId = u32;
