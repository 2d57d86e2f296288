//! Ends openings whose last trace was a mapping.
//!
//! A mapping goes with its address space locked, but the end of an opening closes files that were
//! on their way to it, which may do anything. So such openings are ended by a thread of their own.

use alloc::sync::Arc;

use super::file::BinderFile;
use crate::error::Result;
use crate::process::kernel_thread;
use crate::sync::{SpinLock, WaitQueue};

/// The first one that is to end; each has the next.
static FIRST: SpinLock<Option<Arc<BinderFile>>> = SpinLock::new(None);
static WAITING: WaitQueue = WaitQueue::new();

/// Starts the thread.
///
/// # Errors
/// ENOMEM.
pub(super) fn initialise() -> Result<()> {
    kernel_thread::start_unseen(b"binder", run)
}

/// Lets go of an opening later.
pub(super) fn let_go(file: Arc<BinderFile>) {
    let mut first = FIRST.lock();
    *file.next_ending.lock() = first.take();
    *first = Some(file);
    drop(first);
    WAITING.wake_one();
}

fn run() -> ! {
    loop {
        let mut next = WAITING.wait_uninterruptible(|| FIRST.lock().take().map(Some));
        while let Some(file) = next {
            next = file.next_ending.lock().take();
            drop(file);
        }
    }
}
