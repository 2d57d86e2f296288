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
//! ```
//! # use core::num::NonZeroU64;
//! # use devns::{Gate, ThreadNumber};
//! # struct HostGate(std::sync::Mutex<()>);
//! # impl Gate for HostGate {
//! #     fn enter(&self, work: &mut dyn FnMut()) {
//! #         let _held = self.0.lock().unwrap();
//! #         work();
//! #     }
//! #     fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
//! #         self.0.try_lock().map(|_held| work()).is_ok()
//! #     }
//! #     fn current_thread(&self) -> ThreadNumber {
//! #         ThreadNumber(NonZeroU64::MIN)
//! #     }
//! # }
//! use core::convert::Infallible;
//! use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
//! use devns::{Class, Foreground, Jiffies, Namespace, Switching};
//!
//! /// A lamp that every persona believes to be its own.
//! #[derive(Default)]
//! struct Lamp {
//!     hardware: AtomicBool,
//! }
//!
//! impl Class for Lamp {
//!     type State = AtomicBool; // as this persona has left it
//!     type Error = Infallible;
//!
//!     fn create(&self, _: &Namespace) -> Result<AtomicBool, Infallible> {
//!         Ok(AtomicBool::new(false))
//!     }
//!     fn activate(&self, lamp: &AtomicBool, _: &Switching<'_>) {
//!         self.hardware.store(lamp.load(SeqCst), SeqCst);
//!     }
//!     fn deactivate(&self, _: &AtomicBool, _: &Switching<'_>) {
//!         self.hardware.store(false, SeqCst);
//!     }
//! }
//!
//! # let gate = Box::new(HostGate(std::sync::Mutex::new(())));
//! let foreground = Foreground::new(gate, 1);
//! let lamps = foreground.register("lamp", Lamp::default())?;
//! let persona = foreground.create(2);
//! persona.join()?;
//!
//! let file = lamps.get(&persona)?; // open
//! file.store(true, SeqCst); // write, in the background: the lamp stays dark
//! assert!(!file.is_active() && !lamps.class().hardware.load(SeqCst));
//! foreground.switch(&persona, Jiffies(100))?;
//! assert!(lamps.class().hardware.load(SeqCst));
//! drop(file); // close; nobody else has it open, so its state goes
//! assert!(lamps.find(&persona).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
