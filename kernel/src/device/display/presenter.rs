//! The thread that brings to the eye what programs draw: 60 times a second while somebody may be
//! drawing on the screen in front, and otherwise not at all.
//!
//! Whoever begins to draw wakes it: the first write through a resting mapping (see
//! `memory::written`), a write to the file, a persona that comes to the front. It looks, sends
//! what has changed, and looks again a frame later until the screen's mappings rest again.

use core::any::Any;
use core::sync::atomic::{AtomicBool, Ordering};

use alloc::sync::Arc;
use drivers::display::mux::{Audience, Presenter};
use drivers::display::panel::PanelError;

use super::memory::ScreenFrames;
use super::{Machine, machine};
use crate::error::Result;
use crate::file::sysfs::Changes;
use crate::process::{current, kernel_thread, scheduler};
use crate::sync::WaitQueue;
use crate::time::{Instant, NANOSECONDS_PER_SECOND, Nanoseconds, monotonic_now};

/// From one frame to the next.
const FRAME: Nanoseconds = Nanoseconds(NANOSECONDS_PER_SECOND / 60);

static WAITING: WaitQueue = WaitQueue::new();
static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// How the drivers wake the thread.
pub(super) struct Waker;

impl Presenter for Waker {
    fn wake(&self) {
        wake();
    }

    fn failed(&self, error: PanelError) {
        super::warn(error);
    }

    fn audience(&self) -> Arc<dyn Audience> {
        Changes::new()
    }
}

/// There may be something to send.
pub(super) fn wake() {
    if !IS_WANTED.swap(true, Ordering::AcqRel) {
        WAITING.wake_all();
    }
}

/// Starts the thread.
pub(super) fn initialise() -> Result<()> {
    kernel_thread::start_unseen(b"display", run)
}

fn run() -> ! {
    let wanted = || IS_WANTED.swap(false, Ordering::AcqRel).then_some(());
    loop {
        match machine() {
            Some(machine) if is_open(machine) => IS_WANTED.store(false, Ordering::Release),
            _ => WAITING.wait_uninterruptible(wanted),
        }
        let start = monotonic_now();
        if let Some(machine) = machine() {
            machine.display.present();
        }
        sleep_until(start + FRAME);
    }
}

/// Whether a program may be drawing on the screen in front without anybody being woken.
fn is_open(machine: &Machine) -> bool {
    let memory = machine.display.active_memory();
    let memory = memory.map(|memory| memory as Arc<dyn Any + Send + Sync>);
    let frames = memory.and_then(|memory| memory.downcast::<ScreenFrames>().ok());
    frames.is_some_and(|frames| frames.is_open())
}

fn sleep_until(moment: Instant) {
    let thread = current();
    while monotonic_now() < moment {
        scheduler::park(&thread, Some(moment));
    }
}

/// Sleeps until the next frame begins, for a program that wants to draw in step with them.
///
/// # Errors
/// ERESTARTSYS when a signal must be looked at first.
pub(super) fn wait_for_frame() -> Result<()> {
    let now = monotonic_now();
    let next = Instant((now.0 / FRAME.0 + 1) * FRAME.0);
    let nothing = || None::<()>;
    let waited = WaitQueue::new().wait_until_deadline(Some(next), nothing);
    waited.map(|_| ())
}
