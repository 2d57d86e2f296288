//! How a program waits for a value to become another: poll(2) on the file that shows it.
//!
//! A file that has been read says POLLERR and POLLPRI from the moment its value is announced to
//! have changed until it is read again from the start. One that was never read says so at once.
//! Whoever waits reads first, sleeps in poll(2) asking for POLLPRI, and reads again.
//!
//! Source: Linux's `Documentation/filesystems/sysfs.rst` ("Reading/Writing Attribute Data").
use crate::sync::WaitQueue;
use crate::sync::poll::{PollEvents, PollRegistrar};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

/// The changes of a value: how many there were, and who waits for the next.
pub struct Changes {
    /// Never 0, which a file that was not read yet has seen.
    count: AtomicU64,
    pollers: Arc<WaitQueue>,
}

impl Changes {
    /// Of a value that nobody has announced anything about.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            count: AtomicU64::new(1),
            pollers: Arc::new(WaitQueue::new()),
        })
    }

    /// The value is another now. Wakes whoever waits; does not sleep. Only a display has news, and
    /// a kernel without device namespaces has no display.
    #[cfg(any(feature = "devns", feature = "ktest"))]
    pub fn announce(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.pollers.wake_pollers();
    }
}

/// What one opening of a file has seen of the changes.
pub(super) struct Seen {
    changes: Arc<Changes>,
    count: AtomicU64,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn nothing(changes: Arc<Changes>) -> Self {
        Self {
            changes,
            count: AtomicU64::new(0),
        }
    }

    /// The value is about to be read: what changes from now on is news.
    pub(super) fn all(&self) {
        let count = self.changes.count.load(Ordering::SeqCst);
        self.count.store(count, Ordering::Relaxed);
    }

    /// What poll(2) says besides that reads and writes do not wait.
    pub(super) fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.changes.pollers);
        }
        let is_known =
            self.changes.count.load(Ordering::SeqCst) == self.count.load(Ordering::Relaxed);
        if is_known {
            PollEvents::empty()
        } else {
            PollEvents::ERR | PollEvents::PRI
        }
    }
}
