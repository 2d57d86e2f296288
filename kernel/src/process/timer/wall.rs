//! A timer that expires at a moment of the monotonic clock or of the time of day, once or
//! again and again.
//!
//! Expiries that came too late to be told apart are told as one, with their number; the next
//! one stays where it would have been.

use alloc::sync::{Arc, Weak};

use super::{Expired, Setting};
use crate::sync::SpinLock;
use crate::time::{self, Deadline, Expiry, Instant, Nanoseconds, TimerKey};

/// A timer that watches the time.
pub struct WallTimer {
    state: SpinLock<State>,
    expired: Expired,
    /// What the timer queue calls; made once, so that an expiry allocates nothing.
    call: Arc<dyn Fn(Instant) + Send + Sync>,
}

struct State {
    armed: Option<(TimerKey, Deadline)>,
    interval: Nanoseconds,
}

impl WallTimer {
    /// A timer that is off. `expired` runs in thread context and must not sleep.
    pub fn new(expired: Expired) -> Arc<Self> {
        Arc::new_cyclic(|timer: &Weak<Self>| {
            let timer = timer.clone();
            let call = move |_| {
                if let Some(timer) = timer.upgrade() {
                    timer.expire();
                }
            };
            Self {
                state: SpinLock::new(State {
                    armed: None,
                    interval: Nanoseconds(0),
                }),
                expired,
                call: Arc::new(call),
            }
        })
    }

    /// Sets it, or turns it off; returns how it was set.
    pub fn set(&self, first: Option<Deadline>, interval: Nanoseconds) -> Setting {
        let mut state = self.state.lock();
        let old = state.setting();
        if let Some((key, _)) = state.armed.take() {
            time::remove_timer(key);
        }
        state.interval = interval;
        if let Some(first) = first {
            self.arm(&mut state, first);
        }
        old
    }

    /// How it is set.
    pub fn get(&self) -> Setting {
        self.state.lock().setting()
    }

    fn arm(&self, state: &mut State, deadline: Deadline) {
        let key = time::add_timer(deadline, Expiry::Call(Arc::clone(&self.call)));
        state.armed = Some((key, deadline));
    }

    fn expire(&self) {
        let mut state = self.state.lock();
        // It may have been set anew since the queue let go of it.
        let Some((_, deadline)) = state.armed.filter(|(_, deadline)| deadline.has_passed()) else {
            return;
        };
        state.armed = None;
        let Nanoseconds(interval) = state.interval;
        let count = match deadline.overdue().0.checked_div(interval) {
            None => 1,
            Some(missed) => {
                let step = Nanoseconds(interval.saturating_mul(missed + 1));
                self.arm(&mut state, deadline + step);
                missed + 1
            }
        };
        drop(state);
        (self.expired)(count);
    }
}

impl State {
    /// A timer that is on never says that it is off, even in its last moment.
    fn setting(&self) -> Setting {
        let value = match self.armed {
            Some((_, deadline)) => deadline.remaining().max(Nanoseconds(1)),
            None => Nanoseconds(0),
        };
        Setting {
            value,
            interval: self.interval,
        }
    }
}
