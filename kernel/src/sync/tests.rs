//! In-kernel tests of locks, wait queues and timers, with kernel threads as the others.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::{Mutex, WaitQueue};
use crate::process::{kernel_thread, scheduler};
use crate::time::{self, Expiry, Nanoseconds, monotonic_now};

const MILLISECOND: Nanoseconds = Nanoseconds(1_000_000);

static COUNTER: Mutex<usize> = Mutex::new(0);
static FINISHED: AtomicUsize = AtomicUsize::new(0);
static DONE: WaitQueue = WaitQueue::new();

const ROUNDS: usize = 100;

fn finish() -> ! {
    FINISHED.fetch_add(1, Ordering::SeqCst);
    DONE.wake_all();
    crate::process::exit::end_kernel_thread()
}

/// Counts in a way that loses counts if two threads are ever inside at once.
fn count() -> ! {
    for _ in 0..ROUNDS {
        let mut counter = COUNTER.lock();
        let seen = *counter;
        scheduler::yield_now();
        *counter = seen + 1;
    }
    finish()
}

fn run_threads(functions: &[fn() -> !]) {
    FINISHED.store(0, Ordering::SeqCst);
    for function in functions {
        kernel_thread::start(b"test", *function).expect("memory for a thread");
    }
    DONE.wait_uninterruptible(|| {
        (FINISHED.load(Ordering::SeqCst) == functions.len()).then_some(())
    });
    // The threads have said so before their last steps: let them take those.
    for _ in 0..4 {
        scheduler::yield_now();
    }
}

static SIDE: AtomicU32 = AtomicU32::new(0);
static TURN: WaitQueue = WaitQueue::new();

/// Two threads hand a token to each other, each sleeping while the other has it.
fn play(own: u32) {
    for _ in 0..ROUNDS {
        TURN.wait_uninterruptible(|| (SIDE.load(Ordering::SeqCst) == own).then_some(()));
        SIDE.store(1 - own, Ordering::SeqCst);
        TURN.wake_all();
    }
}

fn play_white() -> ! {
    play(0);
    finish()
}

fn play_black() -> ! {
    play(1);
    finish()
}

metal::ktest! {
    fn a_mutex_lets_one_in_at_a_time() {
        *COUNTER.lock() = 0;
        run_threads(&[count, count, count]);
        assert_eq!(*COUNTER.lock(), 3 * ROUNDS);
    }

    fn no_wake_up_is_lost_between_two_that_take_turns() {
        SIDE.store(0, Ordering::SeqCst);
        run_threads(&[play_black, play_white]);
        assert_eq!(SIDE.load(Ordering::SeqCst), 0);
    }

    fn a_wait_with_a_deadline_ends_at_it() {
        let queue = WaitQueue::new();
        let start = monotonic_now();
        let outcome = queue.wait_until_deadline(Some(start + MILLISECOND), || None::<()>);
        assert_eq!(outcome, Ok(None));
        assert!(monotonic_now().since(start) >= MILLISECOND);
    }

    fn a_deadline_in_the_past_does_not_sleep() {
        let queue = WaitQueue::new();
        assert_eq!(queue.wait_until_deadline(Some(monotonic_now()), || None::<()>), Ok(None));
        assert_eq!(queue.wait_until_deadline(Some(monotonic_now()), || Some(7)), Ok(Some(7)));
    }

    fn timers_expire_in_order_and_removed_ones_never() {
        let order = Arc::new(Mutex::new(alloc::vec::Vec::new()));
        let queue = Arc::new(WaitQueue::new());
        let start = monotonic_now();
        let add = |delay: u64, mark: u32| {
            let (order, queue) = (Arc::clone(&order), Arc::clone(&queue));
            let call = Arc::new(move |_| {
                order.lock().push(mark);
                queue.wake_all();
            });
            time::add_timer(start + Nanoseconds(delay * MILLISECOND.0), Expiry::Call(call))
        };
        add(3, 3);
        let removed = add(2, 2);
        add(1, 1);
        assert!(time::remove_timer(removed));
        assert!(!time::remove_timer(removed));
        queue.wait_uninterruptible(|| (order.lock().len() == 2).then_some(()));
        assert_eq!(*order.lock(), [1, 3]);
    }
}
