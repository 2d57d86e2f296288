//! How a thread takes its turns: its policy, its priority and the length of its turn.
//!
//! Threads of the real-time policies run before all others, those of higher priority first; a
//! FIFO thread keeps the processor until it waits. The others take turns in the order in
//! which they came; a nice value weighs the length of a turn by a quarter a step, so a
//! thread of nice value n + 1 gets four fifths of what one of n gets.
//!
//! Source: sched(7).

use abi::raw::general as linux;

use super::Thread;
use super::capabilities::Capability;
use super::limits::Resource;

use crate::error::{Errno, Result};
use crate::time::Nanoseconds;

/// How long a thread of nice value 0 runs while others wait.
const SLICE: Nanoseconds = Nanoseconds(10_000_000);
/// The same for SCHED_RR, as on Linux.
const ROUND_ROBIN_SLICE: Nanoseconds = Nanoseconds(100_000_000);
/// The shortest turn there is, and that of SCHED_IDLE.
const SHORTEST_SLICE: u64 = 200_000;

/// A scheduling policy (SCHED_…).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// By turns, weighed by nice values.
    #[default]
    Other,
    /// Until it sleeps or yields.
    Fifo,
    /// By turns among equals.
    RoundRobin,
    /// As `Other`, for what nobody waits for.
    Batch,
    /// When nobody else wants to run.
    Idle,
    /// By deadlines.
    Deadline,
}

impl Policy {
    /// The policy with this number.
    ///
    /// # Errors
    /// EINVAL when there is none.
    pub fn from_number(number: u32) -> Result<Self> {
        Ok(match number {
            linux::SCHED_NORMAL => Self::Other,
            linux::SCHED_FIFO => Self::Fifo,
            linux::SCHED_RR => Self::RoundRobin,
            linux::SCHED_BATCH => Self::Batch,
            linux::SCHED_IDLE => Self::Idle,
            linux::SCHED_DEADLINE => Self::Deadline,
            _ => return Err(Errno::EINVAL),
        })
    }

    /// Its number.
    pub fn number(self) -> u32 {
        match self {
            Self::Other => linux::SCHED_NORMAL,
            Self::Fifo => linux::SCHED_FIFO,
            Self::RoundRobin => linux::SCHED_RR,
            Self::Batch => linux::SCHED_BATCH,
            Self::Idle => linux::SCHED_IDLE,
            Self::Deadline => linux::SCHED_DEADLINE,
        }
    }

    /// Whether its threads have a priority and run before others.
    pub fn is_realtime(self) -> bool {
        matches!(self, Self::Fifo | Self::RoundRobin)
    }
}

/// How a thread takes its turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// Its policy.
    pub policy: Policy,
    /// Its priority, 1 to 99 with a real-time policy, else 0.
    pub priority: u8,
    /// Its children start with the ordinary policy (SCHED_RESET_ON_FORK).
    pub reset_on_fork: bool,
}

impl Scheduling {
    /// What a child starts with.
    pub fn inherited(self) -> Self {
        if self.reset_on_fork {
            Self::default()
        } else {
            self
        }
    }

    /// How long a turn is while others wait; none when it does not end by itself.
    pub fn slice(self, nice: i8) -> Option<Nanoseconds> {
        match self.policy {
            Policy::Fifo => None,
            Policy::RoundRobin => Some(ROUND_ROBIN_SLICE),
            Policy::Idle => Some(Nanoseconds(SHORTEST_SLICE)),
            _ => Some(weighed(nice)),
        }
    }
}

/// The turn of an ordinary thread: by five fourths longer or shorter for each step.
fn weighed(nice: i8) -> Nanoseconds {
    let mut slice = SLICE.0;
    for _ in 0..nice.unsigned_abs() {
        slice = if nice > 0 {
            slice * 4 / 5
        } else {
            slice * 5 / 4
        };
    }
    Nanoseconds(slice.max(SHORTEST_SLICE))
}

/// Whether a thread may be given this nice value: RLIMIT_NICE counts from 40 down.
pub fn may_have_nice(thread: &Thread, other: &Thread, nice: i32) -> bool {
    let needed = (20 - nice) as u64;
    thread.credentials().has(Capability::SysNice) || needed <= other.process.limit(Resource::Nice)
}
