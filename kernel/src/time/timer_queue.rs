//! What is to happen when, in order, on the processor's one timer.
//!
//! The timer interrupt only says that it is time to look ([`crate::device::deferred`]); the
//! queue is looked at in thread context. The timer is set for the earliest moment that
//! anything wants, and not at all when nothing does: an idle machine gets no interrupts.
//!
//! There are two queues, because a moment of the time of day comes earlier or later when
//! somebody sets the clock, while one of the monotonic clock does not.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use metal::apic;

use super::{Deadline, Instant, Nanoseconds, monotonic_now, realtime_offset};
use crate::device::deferred::{self, Work};
use crate::process::timer::processor;
use crate::process::{Thread, scheduler};
use crate::sync::SpinLock;

/// What happens when a timer expires. Runs in thread context and must not sleep.
pub enum Expiry {
    /// The thread is woken.
    Wake(Arc<Thread>),
    /// The function is called with the moment that was asked for.
    Call(Arc<dyn Fn(Instant) + Send + Sync>),
    /// Nothing: the entry that keeps a queue from being empty.
    Nothing,
}

/// Names a timer, to remove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    realtime: bool,
    place: Place,
}

/// The moment in nanoseconds on the queue's clock, and a number that tells timers of the same
/// moment apart.
type Place = (u64, u64);

/// After all places that a timer can have.
const END: Place = (u64::MAX, u64::MAX);

struct TimerQueue {
    monotonic: BTreeMap<Place, Expiry>,
    realtime: BTreeMap<Place, Expiry>,
    next_number: u64,
}

impl TimerQueue {
    fn side(&mut self, realtime: bool) -> &mut BTreeMap<Place, Expiry> {
        if realtime {
            &mut self.realtime
        } else {
            &mut self.monotonic
        }
    }

    /// When the first timer expires.
    fn first_moment(&self) -> Instant {
        let first = |side: &BTreeMap<Place, Expiry>| {
            let first = side.first_key_value();
            first.map_or(u64::MAX, |(place, _)| place.0)
        };
        let realtime = match first(&self.realtime) {
            u64::MAX => u64::MAX,
            moment => moment.saturating_sub(realtime_offset().0),
        };
        Instant(first(&self.monotonic).min(realtime))
    }
}

static QUEUE: SpinLock<TimerQueue> = SpinLock::new(TimerQueue {
    monotonic: BTreeMap::new(),
    realtime: BTreeMap::new(),
    next_number: 0,
});
/// The moment the processor's timer is set for.
static ARMED: AtomicU64 = AtomicU64::new(u64::MAX);
/// The moment the running thread's turn ends, if others wait for theirs.
static SLICE_END: AtomicU64 = AtomicU64::new(u64::MAX);

/// When the processor-time timers of the process that runs are to be looked at.
static PROCESSOR_TIME_CHECK: AtomicU64 = AtomicU64::new(u64::MAX);

/// Makes timer interrupts look at the queue. To be called once.
pub fn initialise() {
    let mut queue = QUEUE.lock();
    // A map frees its first node when it becomes empty and allocates it again for the next
    // entry: with one that stays, a short sleep among few others allocates nothing.
    queue.monotonic.insert(END, Expiry::Nothing);
    queue.realtime.insert(END, Expiry::Nothing);
    drop(queue);
    deferred::register(Work::TIMER, run_expired);
}

/// Adds a timer; it expires once, at or after `deadline`.
pub fn add_timer(deadline: impl Into<Deadline>, expiry: Expiry) -> TimerKey {
    let deadline = deadline.into();
    let mut queue = QUEUE.lock();
    let number = queue.next_number;
    queue.next_number += 1;
    let (realtime, moment, due) = match deadline {
        Deadline::Monotonic(moment) => (false, moment.0, moment),
        Deadline::Realtime(moment) => {
            let due = moment.0.saturating_sub(realtime_offset().0);
            (true, moment.0, Instant(due))
        }
    };
    let place = (moment, number);
    queue.side(realtime).insert(place, expiry);
    drop(queue);
    arm_for(due);
    TimerKey { realtime, place }
}

/// Removes a timer. Returns false when it has expired already.
pub fn remove_timer(key: TimerKey) -> bool {
    let removed = QUEUE.lock().side(key.realtime).remove(&key.place);
    // What it would have done is dropped without the lock.
    removed.is_some()
}

/// Looks at the queue again because the time of day has been set.
pub fn realtime_was_set() {
    let first = QUEUE.lock().first_moment();
    arm_for(first);
}

/// Makes the running thread give way at `end`.
pub fn request_slice_end(end: Instant) {
    SLICE_END.store(end.0, Ordering::Relaxed);
    arm_for(end);
}

/// Whether an end of the running thread's turn has been requested.
pub fn slice_ends() -> bool {
    SLICE_END.load(Ordering::Relaxed) != u64::MAX
}

/// The turn is over: its end, if one was requested, concerns nobody any more.
pub fn forget_slice_end() {
    SLICE_END.store(u64::MAX, Ordering::Relaxed);
}

/// Makes the processor-time timers of the process that runs be looked at, at `moment`.
pub fn request_processor_time_check(moment: Instant) {
    PROCESSOR_TIME_CHECK.store(moment.0, Ordering::Relaxed);
    arm_for(moment);
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
    if PROCESSOR_TIME_CHECK.load(Ordering::Relaxed) <= now.0 {
        PROCESSOR_TIME_CHECK.store(u64::MAX, Ordering::Relaxed);
        processor::check();
    }
    while let Some((moment, expiry)) = pop_due(now) {
        match expiry {
            Expiry::Wake(thread) => scheduler::unpark(&thread),
            Expiry::Call(call) => call(moment),
            Expiry::Nothing => {}
        }
    }
    let next = QUEUE.lock().first_moment();
    let slice_end = Instant(SLICE_END.load(Ordering::Relaxed));
    let check = Instant(PROCESSOR_TIME_CHECK.load(Ordering::Relaxed));
    let next = next.min(slice_end).min(check);
    if next != Instant::NEVER {
        arm_for(next);
    }
}

/// The first timer that is due, with its moment on the monotonic clock.
fn pop_due(now: Instant) -> Option<(Instant, Expiry)> {
    let offset = realtime_offset().0;
    let mut queue = QUEUE.lock();
    for (realtime, offset) in [(false, 0), (true, offset)] {
        let first = queue.side(realtime).first_entry();
        let due = |place: &Place| place.0.saturating_sub(offset);
        if let Some(first) = first.filter(|first| due(first.key()) <= now.0) {
            let moment = Instant(due(first.key()));
            return Some((moment, first.remove()));
        }
    }
    None
}

#[cfg(feature = "ktest")]
mod tests {
    use crate::process::{current, scheduler};
    use crate::time::{Nanoseconds, monotonic_now};

    metal::ktest! {
        /// The clock and the local timer were measured by the same watch. A busy host may let
        /// the machine wait, but not each time.
        fn the_timer_and_the_clock_agree() {
            const SLEEP: Nanoseconds = Nanoseconds(5_000_000);
            let lasted = || {
                let start = monotonic_now();
                scheduler::park(&current(), Some(start + SLEEP));
                monotonic_now().since(start)
            };
            let shortest = (0..20).map(|_| lasted()).min().unwrap();
            assert!(shortest >= SLEEP && shortest.0 < SLEEP.0 * 3 / 2, "{shortest:?}");
        }
    }
}
