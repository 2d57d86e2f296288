//! Device namespaces: several personas, each of which believes that it has the devices to itself.
//!
//! A [`Namespace`] is what the processes of one persona share. Exactly one is *active*: it is in
//! the [`Foreground`], and its processes talk to the real devices. The others talk to a state
//! that each device [`Class`] keeps for them.
//!
//! - [`namespace`]: the object, whose flags a driver may ask on every event.
//! - [`class`]: what a device class implements, and the [`Handle`] by which it finds its states.
//! - [`state`]: the counted hold on one state.
//! - [`foreground`]: who is active, and the only way to change it.
//! - [`gate`]: the one lock, which whoever uses this crate supplies.
//! - [`proc`]: the text of `/proc/dev_ns`.
//!
//! # What a device class does
//! It registers once and keeps the handle. When a process opens the device, the class asks the
//! handle for the state of that process's namespace and keeps the [`StateRef`] in the open file;
//! with the last of them the state is released. On a switch the class is called for the states
//! that the two namespaces have.
//!
//! # What the kernel does
//! It supplies the lock, creates a namespace where the original couples one to a pid namespace,
//! and says who comes and goes ([`Namespace::join`], [`Foreground::leave`]).
//!
//! Nothing in here knows a kernel or hardware. The behaviour follows the device namespaces of
//! the Cells project (Andrus et al., SOSP 2011) as shipped for Android's 3.4 kernel.
#![cfg_attr(not(any(test, loom)), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod class;
mod core_state;
pub mod error;
pub mod foreground;
pub mod gate;
mod list;
pub mod namespace;
pub mod proc;
mod slot;
pub mod state;
mod sync;
pub mod tag;

pub use class::{Class, Handle, Lifetime};
pub use error::{Ended, Refused, RegisterError, StateError, SwitchError};
pub use foreground::{Departure, Foreground, Observer, Outcome, Switching};
pub use gate::{Gate, ThreadNumber};
pub use namespace::{Jiffies, Namespace};
pub use state::StateRef;
pub use tag::Tag;
