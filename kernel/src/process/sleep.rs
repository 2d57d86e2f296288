//! Sleeping until a moment, until something is so, or until a signal comes.
//!
//! The deadline is looked at again after every wake-up, so a moment of the time of day holds
//! even when somebody sets the clock. Source: nanosleep(2), clock_nanosleep(2).

use alloc::sync::Arc;

use super::signal::{Restart, restart_with};
use super::{Thread, scheduler};
use crate::error::Result;
use crate::memory::user;
use crate::time::Deadline;

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What was waited for is so.
    Done,
    /// The deadline has passed.
    DeadlinePassed,
    /// A signal must be looked at.
    Interrupted,
}

/// Sleeps until `is_done`. Whoever makes it so must unpark the thread afterwards.
pub fn until(
    thread: &Arc<Thread>,
    deadline: Option<Deadline>,
    is_done: impl Fn() -> bool,
) -> Ended {
    loop {
        if is_done() {
            return Ended::Done;
        }
        if deadline.is_some_and(|deadline| deadline.has_passed()) {
            return Ended::DeadlinePassed;
        }
        if thread.must_interrupt_wait() {
            return Ended::Interrupted;
        }
        scheduler::park_until(thread, deadline);
    }
}

/// A relative sleep.
#[derive(Clone, Copy, Debug)]
pub struct Sleep {
    /// When it ends.
    pub deadline: Deadline,
    /// Where the program wants the rest of an interrupted sleep; 0 for nowhere.
    pub rest: usize,
}

impl Sleep {
    /// Sleeps until the end. When a signal comes, tells the program how much was left.
    ///
    /// # Errors
    /// ERESTART_RESTARTBLOCK when a signal came, EFAULT when the rest cannot be stored.
    pub fn run(self, thread: &Arc<Thread>) -> Result<()> {
        if until(thread, Some(self.deadline), || false) == Ended::DeadlinePassed {
            return Ok(());
        }
        let rest = self.deadline.remaining();
        user::write_if_wanted(self.rest, &rest.to_timespec())?;
        let [clock, moment] = self.deadline.into();
        let restart = Restart {
            function: go_on,
            state: [clock, moment, self.rest as u64, 0],
        };
        Err(restart_with(thread, restart))
    }
}

fn go_on(thread: &Arc<Thread>, [clock, moment, rest, _]: [u64; 4]) -> Result<usize> {
    let sleep = Sleep {
        deadline: Deadline::from([clock, moment]),
        rest: rest as usize,
    };
    sleep.run(thread).map(|()| 0)
}
