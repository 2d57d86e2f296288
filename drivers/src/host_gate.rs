//! The lock of the device namespaces as tests on the host have it: a mutex of std, and one thread.

use core::num::NonZeroU64;
use std::sync::Mutex;

use devns::{Gate, ThreadNumber};

/// A gate for a test that runs in one thread.
#[derive(Default)]
pub struct HostGate(Mutex<()>);

impl Gate for HostGate {
    fn enter(&self, work: &mut dyn FnMut()) {
        let _held = self.0.lock().unwrap();
        work();
    }

    fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
        self.0.try_lock().map(|_held| work()).is_ok()
    }

    fn current_thread(&self) -> ThreadNumber {
        ThreadNumber(NonZeroU64::MIN)
    }
}
