//! In place of `device` when the kernel is built without device namespaces: the baseline for
//! what they cost. All processes are the root's: there is no other persona, so no pid namespace
//! can be made either, as in the original.

#[path = "device/gate.rs"]
mod gate;

use alloc::boxed::Box;
use alloc::sync::Arc;

use devns::{Foreground, Namespace as DeviceNamespace};
use spin::LazyLock;

use self::gate::KernelGate;
use crate::error::{Errno, Result};
use crate::namespace::PidNamespace;
use crate::process::{Process, ProcessId, Thread};

/// The root, which is always in front, and the device classes.
pub fn foreground() -> &'static Foreground {
    static FOREGROUND: LazyLock<Foreground> =
        LazyLock::new(|| Foreground::new(Box::new(KernelGate::new()), 1));
    &FOREGROUND
}

/// What goes with a pid namespace: nothing.
pub struct Companion;

impl Companion {
    /// That of the root pid namespace.
    pub fn root() -> Self {
        Self
    }

    /// There is none for a new pid namespace.
    ///
    /// # Errors
    /// EINVAL.
    pub fn new() -> Result<Self> {
        Err(Errno::EINVAL)
    }
}

/// A move into another device namespace: there is none to move to.
pub enum Move {}

impl Move {
    /// Never called, since there is no such move.
    ///
    /// # Errors
    /// None.
    pub fn carry_out(self, _thread: &Thread) -> Result<()> {
        match self {}
    }
}

/// A process's place among the personas: there are none.
pub struct Membership;

impl Membership {
    /// For a process of the pid namespace `of` that is born to `_parent`.
    ///
    /// # Errors
    /// None.
    pub fn new(of: &PidNamespace, _parent: Option<&Process>) -> Result<Self> {
        let Companion = of.companion();
        Ok(Self)
    }

    /// The device namespace: the root's.
    pub fn namespace(&self) -> Arc<DeviceNamespace> {
        Arc::clone(foreground().root())
    }

    /// The process is the first of its pid namespace.
    pub fn note_init(&self, _pid: ProcessId) {}

    /// The process has ended.
    pub fn end(&self) {}
}
