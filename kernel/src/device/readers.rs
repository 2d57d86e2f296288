//! Who waits for one opening of a device.

use alloc::sync::Arc;

use drivers::input::client::Waker;

use crate::file::{DefaultOwner, Readiness, SignalList, SignalSource};
use crate::sync::WaitQueue;
use crate::sync::poll::PollEvents;

/// Those who sleep, those who poll, and those who want signals.
pub(in crate::device) struct Readers {
    pub(super) queue: Arc<WaitQueue>,
    signals: SignalList,
}

impl Readers {
    /// Nobody yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            queue: Arc::new(WaitQueue::new()),
            signals: SignalList::new(),
        })
    }

    /// What an opening tells of its signals.
    pub(super) fn signal_source(&self) -> SignalSource<'_> {
        SignalSource {
            list: &self.signals,
            interest: PollEvents::IN,
            default_owner: DefaultOwner::Nobody,
        }
    }
}

impl Waker for Readers {
    fn wake(&self) {
        self.queue.wake_all();
        self.signals.notify(Readiness::Input);
    }
}
