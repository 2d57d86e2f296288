//! What a process and a thread remember about signals.
//!
//! Everything pending is guarded so: whoever looks at more than one queue holds the process's
//! lock first, then the list of its threads, then one thread's lock at a time, then the
//! handlers'. A thread changes its own mask only while it holds its own lock.

use alloc::sync::Arc;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU64, Ordering};

use spin::mutex::SpinMutexGuard;

use super::alternate_stack::AlternateStack;
use super::handlers::{Action, Handlers};
use super::pending::Pending;
use super::restart::{Interrupted, Restart};
use super::set::SignalSet;
use super::stop::Stop;
use crate::sync::{SpinLock, WaitQueue};

/// The signals of a process as a whole.
pub struct ProcessSignals {
    state: SpinLock<ProcessState>,
    /// The set of `state.pending`, for a look without the lock.
    pending: AtomicU64,
    /// Threads of a stopped process wait here until it is continued.
    pub(super) continued: WaitQueue,
    handlers: SpinLock<Arc<Handlers>>,
}

/// What the process's lock guards.
pub(super) struct ProcessState {
    /// Pending for any thread.
    pub pending: Pending,
    /// Stopping and continuing.
    pub stop: Stop,
    /// Process 1 is not killed by what it has no handler for, until a fault of its own is the
    /// reason.
    pub is_mortal: bool,
}

impl ProcessSignals {
    /// Nothing pending, everything at its default.
    pub fn new() -> Self {
        Self::with_handlers(Handlers::new())
    }

    fn with_handlers(handlers: Arc<Handlers>) -> Self {
        Self {
            state: SpinLock::new(ProcessState {
                pending: Pending::default(),
                stop: Stop::default(),
                is_mortal: false,
            }),
            pending: AtomicU64::new(0),
            continued: WaitQueue::new(),
            handlers: SpinLock::new(handlers),
        }
    }

    /// Whether another process has the same handlers.
    pub fn shares_handlers(&self) -> bool {
        Arc::strong_count(&self.handlers.lock()) > 1
    }

    /// What a child of clone(2) starts with: nothing pending, and the handlers: shared, or a
    /// copy, or all at their defaults.
    pub fn fork(&self, share_handlers: bool, clear_handlers: bool) -> Self {
        let handlers = self.handlers();
        Self::with_handlers(if share_handlers {
            handlers
        } else if clear_handlers {
            handlers.without_caught()
        } else {
            handlers.copy()
        })
    }

    pub(super) fn lock(&self) -> ProcessGuard<'_> {
        ProcessGuard {
            state: self.state.lock(),
            pending: &self.pending,
        }
    }

    /// What is pending for any thread. A look without the lock, for whoever changes a mask: it
    /// sees here what was sent before, and whoever sends later sees the new mask.
    pub(super) fn pending(&self) -> SignalSet {
        SignalSet(self.pending.load(Ordering::SeqCst))
    }

    pub(super) fn handlers(&self) -> Arc<Handlers> {
        Arc::clone(&self.handlers.lock())
    }

    pub(super) fn action(&self, signal: u8) -> Action {
        self.handlers.lock().get(signal)
    }

    /// For a new program: what was caught is at its default, and nobody shares it any more.
    pub(super) fn reset_handlers(&self) {
        let mut handlers = self.handlers.lock();
        let new = handlers.without_caught();
        let old = core::mem::replace(&mut *handlers, new);
        drop(handlers);
        drop(old);
    }
}

/// The process's lock, held. Letting it go publishes what is pending.
pub(super) struct ProcessGuard<'a> {
    state: SpinMutexGuard<'a, ProcessState>,
    pending: &'a AtomicU64,
}

impl Deref for ProcessGuard<'_> {
    type Target = ProcessState;
    fn deref(&self) -> &ProcessState {
        &self.state
    }
}

impl DerefMut for ProcessGuard<'_> {
    fn deref_mut(&mut self) -> &mut ProcessState {
        &mut self.state
    }
}

impl Drop for ProcessGuard<'_> {
    fn drop(&mut self) {
        self.pending
            .store(self.state.pending.set().0, Ordering::SeqCst);
    }
}

/// The signals of one thread.
pub struct ThreadSignals {
    state: SpinLock<ThreadState>,
}

/// What the thread's lock guards.
pub(super) struct ThreadState {
    /// Pending for this thread only.
    pub pending: Pending,
    /// Not delivered for now.
    pub blocked: SignalSet,
    /// The mask to go back to after a call that set another for its own time.
    pub saved_mask: Option<SignalSet>,
    /// What the thread waits for in sigtimedwait(2): it is told of these even if it blocks them.
    pub awaited: SignalSet,
    /// Where handlers run that ask for it.
    pub alternate_stack: AlternateStack,
    /// The call that was interrupted, until it is decided what becomes of it.
    pub interrupted: Option<Interrupted>,
    /// How restart_syscall(2) goes on.
    pub restart: Option<Restart>,
    /// The last exception, for the frames of handlers.
    pub exception: ExceptionRecord,
}

/// The last exception of a thread, as a handler finds it in its context.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExceptionRecord {
    /// Its vector (SDM volume 3, table 7-1).
    pub vector: u8,
    /// Its error code.
    pub error: u32,
    /// The address of the last page fault.
    pub address: u64,
}

impl ThreadSignals {
    /// Nothing pending, nothing blocked.
    pub fn new() -> Self {
        Self::with(SignalSet::EMPTY, AlternateStack::FIRST)
    }

    fn with(blocked: SignalSet, alternate_stack: AlternateStack) -> Self {
        Self {
            state: SpinLock::new(ThreadState {
                pending: Pending::default(),
                blocked,
                saved_mask: None,
                awaited: SignalSet::EMPTY,
                alternate_stack,
                interrupted: None,
                restart: None,
                exception: ExceptionRecord::default(),
            }),
        }
    }

    /// What a new thread or child starts with: the mask, nothing pending, and the alternate
    /// stack if it is to be kept.
    pub fn inherit(&self, keep_stack: bool) -> Self {
        let state = self.state.lock();
        let stack = if keep_stack {
            state.alternate_stack
        } else {
            AlternateStack::NONE
        };
        Self::with(state.blocked, stack)
    }

    pub(super) fn lock(&self) -> SpinMutexGuard<'_, ThreadState> {
        self.state.lock()
    }

    /// What the thread blocks.
    pub fn blocked(&self) -> SignalSet {
        self.state.lock().blocked
    }
}

impl ThreadState {
    /// Whether there is something to deliver, or to rest for.
    pub fn has_deliverable(&self, process: &ProcessState) -> bool {
        let pending = process.pending.set().union(self.pending.set());
        !pending.without(self.blocked).is_empty() || process.stop.is_wanted()
    }

    /// Whether the thread is to be told of this signal.
    pub fn wants(&self, signal: u8) -> bool {
        !self.blocked.contains(signal) || self.awaited.contains(signal)
    }
}
