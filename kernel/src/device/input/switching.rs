//! Runs the switches that the keys ask for.

use alloc::sync::{Arc, Weak};

use devns::{Namespace, Observer, Outcome, Switching};
use drivers::input::switch::Target;

use super::{arm_repetition, delay, input, turn_locks};
use crate::error::{Errno, Result};
use crate::namespace::device::{foreground, now};
use crate::process::kernel_thread;
use crate::sync::{SpinLock, WaitQueue};

static WANTED: WaitQueue = WaitQueue::new();
/// Who was in front before.
static PREVIOUS: SpinLock<Option<Weak<Namespace>>> = SpinLock::new(None);

/// Starts the thread that switches.
pub(super) fn initialise() -> Result<()> {
    foreground()
        .observe(Arc::new(Memory))
        .map_err(|refused| Errno::from_number(refused.errno()))?;
    delay::initialise()?;
    // Nothing that programs do may keep anyone from leaving them.
    kernel_thread::start_urgent(b"input", run)
}

/// A switch is wanted, by a key that came with the last interrupt.
pub(super) fn wake() {
    delay::note_key();
    WANTED.wake_all();
}

/// Remembers who was in front.
struct Memory;

impl Observer for Memory {
    fn deactivated(&self, _switching: &Switching<'_>) {}

    fn activated(&self, switching: &Switching<'_>) {
        *PREVIOUS.lock() = Some(switching.old.weak());
    }
}

fn run() -> ! {
    loop {
        let target = WANTED.wait_uninterruptible(|| input().mux.wanted_switch());
        switch(target);
        // What came behind the key goes to whoever is in front now; it may be such a key again.
        input().mux.switch_done();
        delay::forget_key();
        turn_locks();
        arm_repetition();
    }
}

fn switch(target: Target) {
    let Some(namespace) = find(target) else {
        crate::log::limited!(debug, "the switch keys name nobody: {target:?}");
        return;
    };
    match foreground().switch(&namespace, now()) {
        Ok(Outcome::Changed) => delay::note_switch(),
        Ok(Outcome::Unchanged) => {}
        Err(error) => crate::log::limited!(warn, "the switch keys cannot switch: {error}"),
    }
}

/// Whom the keys mean.
pub(super) fn find(target: Target) -> Option<Arc<Namespace>> {
    match target {
        Target::Slot(slot) => foreground().at(slot.checked_sub(1)?),
        Target::Previous => {
            let lives =
                |namespace: &Arc<Namespace>| namespace.is_root() || namespace.processes() > 0;
            let previous = PREVIOUS.lock().clone()?;
            previous.upgrade().filter(lives)
        }
    }
}
