//! The time of day as programs set, adjust and read it. How it runs is `drivers::time_of_day`'s.
//!
//! Nearly always it is the monotonic clock and a number, which is kept where it can be read
//! without a lock, here and by programs (`metal::vdso`). While it has a pace of its own every
//! reader comes to the lock, and once a second the timers of the time of day are looked at again:
//! one may come late by what the clocks drifted apart since, half a millisecond at the usual rates.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::Errno;
use abi::time::Timex;
use drivers::time_of_day::{TimeOfDay, timex};
use metal::interrupt;
use spin::Once;

use super::{Deadline, NANOSECONDS_PER_SECOND, Nanoseconds, monotonic_now, settable, timer_queue};
use crate::process::timer::wall::WallTimer;

/// A leaf: under any lock, the timer queue's too, and for a few instructions only.
static CLOCK: interrupt::Lock<TimeOfDay> = interrupt::Lock::new(TimeOfDay::new());
/// The time of day at monotonic time 0, in nanoseconds since 1970; or [`PACE_OF_ITS_OWN`].
static OFFSET: AtomicU64 = AtomicU64::new(0);
const PACE_OF_ITS_OWN: u64 = u64::MAX;
/// Expires once a second while the clock has a pace of its own.
static SECONDS: Once<Arc<WallTimer>> = Once::new();

/// The time of day, since 1970.
pub fn realtime_now() -> Nanoseconds {
    match OFFSET.load(Ordering::Relaxed) {
        PACE_OF_ITS_OWN => Nanoseconds(CLOCK.lock().at(monotonic_now().0)),
        offset => Nanoseconds(offset + monotonic_now().0),
    }
}

/// The time of day at monotonic time 0, as it is now.
pub fn realtime_offset() -> Nanoseconds {
    match OFFSET.load(Ordering::Relaxed) {
        PACE_OF_ITS_OWN => {
            let now = monotonic_now().0;
            Nanoseconds(CLOCK.lock().at(now).saturating_sub(now))
        }
        offset => Nanoseconds(offset),
    }
}

/// What TAI is ahead of the time of day.
pub fn tai_offset() -> Nanoseconds {
    let seconds = CLOCK.lock().tai_offset();
    Nanoseconds(u64::from(seconds.unsigned_abs()) * NANOSECONDS_PER_SECOND)
}

/// Sets the time of day. Returns false, and changes nothing, for a time before boot: the
/// clock would have to run before 1970.
pub fn set_realtime(now: Nanoseconds) -> bool {
    change(|clock, monotonic| {
        let is_possible = now.0 >= monotonic;
        if is_possible {
            clock.set(monotonic, now.0);
        }
        is_possible
    }) && {
        timer_queue::realtime_was_set();
        crate::file::timerfd::time_was_set();
        true
    }
}

/// Carries out adjtimex(2), which was checked (`timex::check`): the state of the clock.
///
/// # Errors
/// EINVAL: the time cannot jump so far.
pub fn adjust(timex: &mut Timex) -> Result<usize, Errno> {
    if let Some(jump) = timex::jump(timex) {
        let wanted = i128::from(realtime_now().0) + jump;
        let wanted = u64::try_from(wanted).map_err(|_| Errno::EINVAL)?;
        let wanted = settable(Nanoseconds(wanted).to_timespec())?;
        if !set_realtime(wanted) {
            return Err(Errno::EINVAL);
        }
    }
    let state = change(|clock, monotonic| clock.adjust(monotonic, timex));
    timer_queue::realtime_was_set();
    watch_seconds();
    Ok(state)
}

/// Changes the clock, and lets everybody see how it runs now.
fn change<R>(work: impl FnOnce(&mut TimeOfDay, u64) -> R) -> R {
    let mut clock = CLOCK.lock();
    let result = work(&mut clock, monotonic_now().0);
    let offset = clock.offset();
    OFFSET.store(offset.unwrap_or(PACE_OF_ITS_OWN), Ordering::Relaxed);
    metal::vdso::set_realtime_offset(offset);
    result
}

fn has_pace_of_its_own() -> bool {
    OFFSET.load(Ordering::Relaxed) == PACE_OF_ITS_OWN
}

/// Has the timer expire each second, as long as the clock has a pace of its own.
fn watch_seconds() {
    const SECOND: Nanoseconds = Nanoseconds(NANOSECONDS_PER_SECOND);
    if has_pace_of_its_own() {
        let timer = SECONDS.call_once(|| WallTimer::new(Arc::new(|_count| second_ended())));
        timer.set(Some(Deadline::after(SECOND)), SECOND);
    }
}

/// A second of a clock with a pace of its own has ended.
fn second_ended() {
    change(TimeOfDay::advance);
    timer_queue::realtime_was_set();
    if let Some(timer) = SECONDS.get().filter(|_| !has_pace_of_its_own()) {
        timer.set(None, Nanoseconds(0));
        // Somebody may have given it a pace again just before the timer was stopped.
        watch_seconds();
    }
}
