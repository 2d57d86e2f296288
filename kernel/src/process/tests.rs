//! In-kernel tests of identities, turns, futex operations and timers.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::raw::general as linux;

use super::credentials::Ids;
use super::scheduler::{self, Policy, Scheduling};
use super::sleep::{self, Ended};
use super::timer::wall::WallTimer;
use crate::error::Errno;
use crate::time::{self, Deadline, Nanoseconds, monotonic_now, realtime_now};

const MILLISECOND: u64 = 1_000_000;

fn ids(real: u32, effective: u32, saved: u32) -> Ids {
    Ids {
        real,
        effective,
        saved,
    }
}

/// Gives way until something is so; a test that waits in vain ends as a hang with its name.
fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        scheduler::yield_if_needed();
    }
}

metal::ktest! {
    fn a_user_switches_between_the_own_ids_only() {
        let user = ids(1, 2, 3);
        assert_eq!(user.set(3, false), Ok(ids(1, 3, 3)));
        assert_eq!(user.set(2, false), Err(Errno::EPERM));
        assert_eq!(user.set(9, true), Ok(ids(9, 9, 9)));
        assert_eq!(user.set(u32::MAX, true), Err(Errno::EINVAL));
        assert_eq!(user.set_three([Some(3), None, Some(1)], false), Ok(ids(3, 2, 1)));
        assert_eq!(user.set_three([None, None, Some(4)], false), Err(Errno::EPERM));
    }

    fn the_saved_id_follows_when_the_real_one_is_left() {
        assert_eq!(ids(1, 2, 3).set_two([None, Some(1)], false), Ok(ids(1, 1, 3)));
        assert_eq!(ids(1, 2, 3).set_two([None, Some(3)], false), Ok(ids(1, 3, 3)));
        assert_eq!(ids(1, 2, 3).set_two([Some(2), None], false), Ok(ids(2, 2, 2)));
        assert_eq!(ids(1, 2, 3).set_two([Some(3), None], false), Err(Errno::EPERM));
    }

    fn nice_threads_have_shorter_turns() {
        let turn = |nice| Scheduling::default().slice(nice).expect("turns end");
        assert!((-20..19).all(|nice| turn(nice) > turn(nice + 1) || turn(nice).0 <= 200_000));
        assert_eq!(turn(0), Nanoseconds(10 * MILLISECOND));
        let fifo = Scheduling { policy: Policy::Fifo, priority: 1, reset_on_fork: true };
        assert_eq!(fifo.slice(0), None);
        assert_eq!(fifo.inherited(), Scheduling::default());
        assert_eq!(Policy::from_number(linux::SCHED_RR), Ok(Policy::RoundRobin));
        assert_eq!(Policy::from_number(4), Err(Errno::EINVAL));
    }

    fn a_timer_repeats_until_it_is_turned_off() {
        let count = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&count);
        let timer = WallTimer::new(Arc::new(move |expiries| {
            counter.fetch_add(expiries, Ordering::Relaxed);
        }));
        let interval = Nanoseconds(MILLISECOND);
        timer.set(Some(Deadline::after(interval)), interval);
        wait_until(|| count.load(Ordering::Relaxed) >= 3);
        assert_eq!(timer.set(None, Nanoseconds(0)).interval, interval);
        let seen = count.load(Ordering::Relaxed);
        let end = monotonic_now() + Nanoseconds(3 * MILLISECOND);
        wait_until(|| monotonic_now() >= end);
        assert_eq!(count.load(Ordering::Relaxed), seen);
        assert_eq!(timer.get().value, Nanoseconds(0));
    }

    fn a_sleep_until_a_time_of_day_follows_the_clock() {
        let hour = Nanoseconds(3600 * time::NANOSECONDS_PER_SECOND);
        let deadline = Deadline::Realtime(Nanoseconds(realtime_now().0 + hour.0));
        let moved = Arc::new(AtomicU64::new(0));
        let mover = Arc::clone(&moved);
        let timer = WallTimer::new(Arc::new(move |_| {
            mover.store(1, Ordering::Relaxed);
            assert!(time::set_realtime(Nanoseconds(realtime_now().0 + hour.0)));
        }));
        timer.set(Some(Deadline::after(Nanoseconds(MILLISECOND))), Nanoseconds(0));
        let ended = sleep::until(&super::current(), Some(deadline), || false);
        assert_eq!((ended, moved.load(Ordering::Relaxed)), (Ended::DeadlinePassed, 1));
        assert!(time::set_realtime(Nanoseconds(realtime_now().0 - hour.0)));
    }

    fn processor_time_counts_work_and_not_sleep() {
        let thread = super::current();
        let used = || {
            let times = thread.times();
            times.user.0 + times.system.0
        };
        let start = used();
        let nap = Deadline::after(Nanoseconds(20 * MILLISECOND));
        assert_eq!(sleep::until(&thread, Some(nap), || false), Ended::DeadlinePassed);
        assert!(used() - start < 20 * MILLISECOND);
        let start = used();
        let end = monotonic_now() + Nanoseconds(2 * MILLISECOND);
        while monotonic_now() < end {}
        assert!(used() - start >= 2 * MILLISECOND);
    }
}
