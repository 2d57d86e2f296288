//! What is to happen when, in order, on the processor's one timer.
//!
//! The timer interrupt only says that it is time to look ([`crate::device::deferred`]); the
//! queue is looked at in thread context. The timer is set for the earliest moment that
//! anything wants, and not at all when nothing does: an idle machine gets no interrupts.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use metal::apic;

use super::{Instant, Nanoseconds, monotonic_now};
use crate::device::deferred::{self, Work};
use crate::process::{Thread, scheduler};
use crate::sync::SpinLock;

/// What happens when a timer expires. Runs in thread context and must not sleep.
pub enum Expiry {
    /// The thread is woken.
    Wake(Arc<Thread>),
    /// The function is called with the moment that was asked for.
    Call(Arc<dyn Fn(Instant) + Send + Sync>),
}

/// Names a timer, to remove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey {
    deadline: Instant,
    number: u64,
}

struct TimerQueue {
    timers: BTreeMap<TimerKey, Expiry>,
    next_number: u64,
}

static QUEUE: SpinLock<TimerQueue> = SpinLock::new(TimerQueue {
    timers: BTreeMap::new(),
    next_number: 0,
});
/// The moment the processor's timer is set for.
static ARMED: AtomicU64 = AtomicU64::new(u64::MAX);
/// The moment the running thread's turn ends, if others wait for theirs.
static SLICE_END: AtomicU64 = AtomicU64::new(u64::MAX);

/// Makes timer interrupts look at the queue. To be called once.
pub fn initialise() {
    deferred::register(Work::TIMER, run_expired);
}

/// Adds a timer; it expires once, at or after `deadline`.
pub fn add_timer(deadline: Instant, expiry: Expiry) -> TimerKey {
    let mut queue = QUEUE.lock();
    let key = TimerKey {
        deadline,
        number: queue.next_number,
    };
    queue.next_number += 1;
    queue.timers.insert(key, expiry);
    drop(queue);
    arm_for(deadline);
    key
}

/// Removes a timer. Returns false when it has expired already.
pub fn remove_timer(key: TimerKey) -> bool {
    QUEUE.lock().timers.remove(&key).is_some()
}

/// Makes the running thread give way at `end`.
pub fn request_slice_end(end: Instant) {
    SLICE_END.store(end.0, Ordering::Relaxed);
    arm_for(end);
}

fn arm_for(deadline: Instant) {
    if deadline.0 < ARMED.load(Ordering::Relaxed) {
        ARMED.store(deadline.0, Ordering::Relaxed);
        let Nanoseconds(distance) = deadline.since(monotonic_now());
        apic::set_timer(distance);
    }
}

/// Expires what is due and sets the timer for what comes next.
fn run_expired() {
    ARMED.store(u64::MAX, Ordering::Relaxed);
    let now = monotonic_now();
    if SLICE_END.load(Ordering::Relaxed) <= now.0 {
        SLICE_END.store(u64::MAX, Ordering::Relaxed);
        scheduler::request_reschedule();
    }
    while let Some((key, expiry)) = pop_due(now) {
        match expiry {
            Expiry::Wake(thread) => scheduler::unpark(&thread),
            Expiry::Call(call) => call(key.deadline),
        }
    }
    let next = QUEUE
        .lock()
        .timers
        .first_key_value()
        .map(|(key, _)| key.deadline);
    let slice_end = Instant(SLICE_END.load(Ordering::Relaxed));
    let next = next.unwrap_or(Instant::NEVER).min(slice_end);
    if next != Instant::NEVER {
        arm_for(next);
    }
}

fn pop_due(now: Instant) -> Option<(TimerKey, Expiry)> {
    let mut queue = QUEUE.lock();
    let first = queue.timers.first_entry()?;
    (first.key().deadline <= now).then(|| first.remove_entry())
}
