//! Who runs.
//!
//! Threads that can run wait in one queue and take turns; a thread that waits for something
//! is in no queue at all ([`park`]). When nobody can run, the processor goes back to the idle
//! context, the one that the boot code started. The kernel itself is never preempted: a turn
//! ends where a thread sleeps, goes back to its program, or says so in a long loop.
//!
//! A thread's state is one atomic:
//!
//! ```text
//! NEW ──start──▶ QUEUED ──chosen──▶ RUNNING ──park──▶ PARKED ──unpark──▶ QUEUED
//!                   ▲                  │  ▲
//!                   └──── turn over ───┘  └─ NOTIFIED: unparked before it could park
//! ```

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use metal::context::{Context, switch_to};
use metal::cpu::{self, PROCESSORS_MAX};
use metal::interrupt;
use spin::Once;

pub use super::policy::{Policy, Scheduling, may_have_nice};
use super::timer::processor;
use super::{Thread, real_time};
use crate::device::deferred::{self, Work};
use crate::sync::SpinLock;
use crate::time::{self, Deadline, Expiry, Instant, Nanoseconds, monotonic_now};

/// Made, not yet started.
pub const NEW: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const PARKED: u8 = 3;
const NOTIFIED: u8 = 4;

static QUEUE: SpinLock<VecDeque<Arc<Thread>>> = SpinLock::new(VecDeque::new());
static SWITCHES: AtomicU64 = AtomicU64::new(0);
/// Threads that run or wait for their turn, for the load average.
static RUNNABLE: AtomicUsize = AtomicUsize::new(0);

/// What each processor is at.
struct Processor {
    current: SpinLock<Option<Arc<Thread>>>,
    idle: Once<Arc<Context>>,
}

static PROCESSORS: [Processor; PROCESSORS_MAX] = [const {
    Processor {
        current: SpinLock::new(None),
        idle: Once::new(),
    }
}; PROCESSORS_MAX];

fn processor() -> &'static Processor {
    &PROCESSORS[cpu::number()]
}

/// The thread that runs on this processor.
///
/// # Panics
/// In the idle context, which is no thread: a bug, since only threads sleep or touch user
/// memory.
pub fn current() -> Arc<Thread> {
    try_current().expect("the idle context asked which thread it is")
}

/// The thread that runs on this processor; none in the idle context.
pub fn try_current() -> Option<Arc<Thread>> {
    processor().current.lock().clone()
}

/// Makes a new thread take its turns.
pub fn start(thread: &Arc<Thread>) {
    thread.run_state.store(QUEUED, Ordering::SeqCst);
    RUNNABLE.fetch_add(1, Ordering::Relaxed);
    enqueue(Arc::clone(thread));
}

/// Queues a thread behind those that it may not overtake, and makes whoever runs give way
/// some time, or at once to somebody more urgent.
fn enqueue(thread: Arc<Thread>) {
    let priority = thread.priority();
    let mut queue = QUEUE.lock();
    if priority == 0 && queue.back().is_none_or(|last| last.priority() == 0) {
        queue.push_back(thread);
    } else {
        let overtaken = |other: &Arc<Thread>| other.priority() < priority;
        let place = queue.iter().position(overtaken).unwrap_or(queue.len());
        queue.insert(place, thread);
    }
    drop(queue);
    let running = processor().current.lock();
    if let Some(running) = running.as_deref() {
        let held_back = running.priority() == 0 && real_time::holds_back();
        if priority > running.priority() && !held_back {
            request_reschedule();
        } else if !time::slice_ends() {
            limit_turn(running);
        }
    }
}

/// Makes the turn of the thread that runs end in good time: others wait for theirs.
fn limit_turn(running: &Thread) {
    let own = slice_of(running).map(|slice| monotonic_now() + slice);
    let bound = if running.priority() > 0 {
        let now = monotonic_now();
        // Without any left it runs only because nobody else does.
        real_time::left(true, now)
            .filter(|left| left.0 > 0)
            .map(|left| now + left)
    } else {
        real_time::holds_back().then(real_time::period_end)
    };
    let end = match (own, bound) {
        (Some(own), Some(bound)) => Some(own.min(bound)),
        (one, None) | (None, one) => one,
    };
    if let Some(end) = end {
        time::request_slice_end(end);
    }
}

/// Takes the next thread out of the queue: the first, unless that is a real-time thread, their
/// share of the time is used up, and somebody else waits.
fn take_next(queue: &mut VecDeque<Arc<Thread>>) -> Option<Arc<Thread>> {
    let is_urgent = queue.front()?.priority() > 0;
    let spent = || real_time::left(false, monotonic_now()) == Some(Nanoseconds(0));
    let other = if is_urgent && spent() {
        queue.iter().position(|thread| thread.priority() == 0)
    } else {
        None
    };
    if other.is_some() != real_time::holds_back() {
        real_time::set_holding_back(other.is_some());
    }
    match other {
        Some(place) => queue.remove(place),
        None => queue.pop_front(),
    }
}

/// How long a thread's turns are while others wait; none when they do not end by themselves.
fn slice_of(thread: &Thread) -> Option<Nanoseconds> {
    let nice = thread.nice.load(Ordering::Relaxed);
    thread.scheduling().slice(nice)
}

/// Whether a thread with this state runs or waits for its turn.
pub(super) fn is_runnable_state(state: u8) -> bool {
    matches!(state, QUEUED | RUNNING | NOTIFIED)
}

/// How many threads run or wait for their turn.
pub fn runnable_count() -> usize {
    RUNNABLE.load(Ordering::Relaxed)
}

/// How many context switches there were.
pub fn switch_count() -> u64 {
    SWITCHES.load(Ordering::Relaxed)
}

/// Asks the running thread to give way at the next good place.
pub fn request_reschedule() {
    deferred::raise(Work::RESCHEDULE);
}

/// Whether the running thread should give way.
pub fn must_reschedule() -> bool {
    deferred::contains(Work::RESCHEDULE)
}

/// As [`park_until`] with a moment of the monotonic clock.
pub fn park(thread: &Arc<Thread>, deadline: Option<Instant>) -> bool {
    park_until(thread, deadline.map(Deadline::Monotonic))
}

/// Sleeps until [`unpark`] or until `deadline`; returns false when the deadline ended it. An
/// unpark that came before counts. The caller looks at what it waits for before and after.
pub fn park_until(thread: &Arc<Thread>, deadline: Option<Deadline>) -> bool {
    if deadline.is_some_and(|deadline| deadline.has_passed()) {
        return false;
    }
    let timer =
        deadline.map(|deadline| time::add_timer(deadline, Expiry::Wake(Arc::clone(thread))));
    let parked = thread
        .run_state
        .compare_exchange(RUNNING, PARKED, Ordering::SeqCst, Ordering::SeqCst)
        .is_ok();
    if parked {
        RUNNABLE.fetch_sub(1, Ordering::Relaxed);
        switch_away();
    }
    thread.run_state.store(RUNNING, Ordering::SeqCst);
    timer.is_none_or(time::remove_timer)
}

/// Ends a thread's sleep, or the next one it begins.
pub fn unpark(thread: &Arc<Thread>) {
    if wake_state(thread) {
        enqueue(Arc::clone(thread));
    }
}

/// Moves the state; returns whether the thread must be queued.
fn wake_state(thread: &Thread) -> bool {
    loop {
        let state = thread.run_state.load(Ordering::SeqCst);
        let next = match state {
            PARKED => QUEUED,
            RUNNING => NOTIFIED,
            _ => return false,
        };
        let moved =
            thread
                .run_state
                .compare_exchange(state, next, Ordering::SeqCst, Ordering::SeqCst);
        if moved.is_ok() {
            if next == QUEUED {
                RUNNABLE.fetch_add(1, Ordering::Relaxed);
            }
            return next == QUEUED;
        }
    }
}

/// Gives way to the others that can run.
pub fn yield_now() {
    deferred::clear(Work::RESCHEDULE);
    if QUEUE.lock().is_empty() {
        return;
    }
    let thread = current();
    thread.run_state.store(QUEUED, Ordering::SeqCst);
    enqueue(Arc::clone(&thread));
    switch_away();
    thread.run_state.store(RUNNING, Ordering::SeqCst);
}

/// For long loops in the kernel: gives way when the turn is over. No spin lock may be held.
/// Returns whether the turn was over.
pub fn yield_if_needed() -> bool {
    if deferred::is_raised() {
        deferred::run();
    }
    let over = must_reschedule();
    if over {
        yield_now();
    }
    over
}

/// Ends the running thread, whose stack nobody comes back to: the caller has dropped all that
/// it owned.
pub fn leave() -> ! {
    RUNNABLE.fetch_sub(1, Ordering::Relaxed);
    switch_away();
    unreachable!("a thread that has ended was switched to");
}

/// Leaves the running thread for the next one, or for the idle context. Owns nothing on the
/// stack while it is away.
fn switch_away() {
    let mut queue = QUEUE.lock();
    let next = take_next(&mut queue);
    let others_wait = !queue.is_empty();
    drop(queue);
    switch_thread(next, others_wait);
}

fn switch_thread(next: Option<Arc<Thread>>, others_wait: bool) {
    let processor = processor();
    let context = match &next {
        Some(next) => Arc::clone(&next.context),
        None => Arc::clone(
            processor
                .idle
                .get()
                .expect("the idle loop starts before threads"),
        ),
    };
    time::forget_slice_end();
    let to_real_time = next.as_ref().is_some_and(|next| next.priority() > 0);
    real_time::note_switch(to_real_time, monotonic_now);
    if others_wait && let Some(next) = &next {
        limit_turn(next);
    }
    if let Some(space) = next.as_ref().and_then(|next| next.address_space()) {
        space.activate();
    }
    let mut current = processor.current.lock();
    let same = match (&*current, &next) {
        (Some(current), Some(next)) => Arc::ptr_eq(current, next),
        _ => false,
    };
    if same {
        return;
    }
    let now = metal::clock::time_stamp();
    if let Some(previous) = current.as_deref() {
        let waits = previous.run_state.load(Ordering::Relaxed) == PARKED;
        previous.counters.note_switch(waits);
        let ran = previous.clock.switched_from(now);
        processor::note_end(&previous.process, ran);
    }
    if let Some(next) = &next {
        next.clock.switched_to(now);
        processor::note_start(&next.process);
    }
    let previous = core::mem::replace(&mut *current, next);
    drop(current);
    drop(previous);
    SWITCHES.fetch_add(1, Ordering::Relaxed);
    switch_to(context);
}

/// The first steps of every thread, on its own stack.
pub fn thread_entry() -> ! {
    run_current();
    leave()
}

/// Owns the thread while its program runs, and no longer.
fn run_current() {
    let thread = current();
    thread.run_state.store(RUNNING, Ordering::SeqCst);
    let function = *thread.kernel_function.lock();
    if let Some(function) = function {
        // It does not come back to drop what is owned here.
        drop(thread);
        function();
    }
    super::run::run_program(&thread);
}

/// The boot processor's loop when nothing else is to do. Never returns.
pub fn idle() -> ! {
    let processor = processor();
    processor.idle.call_once(Context::of_caller);
    loop {
        // Whoever was to give way has done so.
        deferred::clear(Work::RESCHEDULE);
        deferred::run();
        let mut queue = QUEUE.lock();
        let next = take_next(&mut queue);
        let others_wait = !queue.is_empty();
        drop(queue);
        if next.is_some() {
            switch_thread(next, others_wait);
            continue;
        }
        interrupt::disable();
        if deferred::is_raised() {
            interrupt::enable();
        } else {
            interrupt::enable_and_wait();
        }
    }
}
