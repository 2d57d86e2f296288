//! The lock of the foreground: the kernel's sleeping mutex, since a device class may sleep while
//! it makes a state or is told of a switch.

use core::num::NonZeroU64;

use devns::{Gate, ThreadNumber};

use crate::process;
use crate::sync::Mutex;

/// The gate that all switches and all creations of states pass, one at a time.
pub(super) struct KernelGate(Mutex<()>);

impl KernelGate {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(()))
    }
}

impl Gate for KernelGate {
    fn enter(&self, work: &mut dyn FnMut()) {
        let _inside = self.0.lock();
        work();
    }

    fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
        let Some(_inside) = self.0.try_lock() else {
            return false;
        };
        work();
        true
    }

    /// Threads are numbered from 1; before there are any, the boot code is alone and is called
    /// the highest number.
    fn current_thread(&self) -> ThreadNumber {
        let number = process::scheduler::try_current().map_or(0, |thread| thread.tid());
        ThreadNumber(NonZeroU64::new(number.into()).unwrap_or(NonZeroU64::MAX))
    }
}
