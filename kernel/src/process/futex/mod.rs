//! Futexes: sleeping until another thread says that a word of user memory has changed.
//!
//! A program's locks live in its own memory and need the kernel only to sleep. The word is
//! looked at under the lock of the futex's bucket, with page faults off (a fault may sleep),
//! and whoever changes the word wakes under the same lock: so a thread either sees the new
//! value or is there to be woken.
//!
//! | file | holds |
//! | --- | --- |
//! | [`key`] | what names a futex |
//! | [`bucket`] | who waits for which |
//! | [`operation`] | FUTEX_WAKE_OP |
//! | [`robust`] | what becomes of the locks of a thread that ends |
//!
//! Source: futex(2), FUTEX_WAIT(2const) and its neighbours.

mod bucket;
mod key;
mod operation;
mod robust;

use alloc::sync::Arc;

use bucket::Pair;
use metal::copy;

use super::signal::{Restart, restart_with};
use super::sleep::{self, Ended};
use super::{Thread, scheduler};
use crate::error::{Errno, Result, bad_address};
use crate::memory::without_faults;
use crate::time::Deadline;

pub use bucket::ThreadWait;
pub use operation::WakeOperation;
pub use robust::release_robust_list;

/// A mask that every wake-up matches.
pub const ANY: u32 = u32::MAX;

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The address of the word.
    pub address: usize,
    /// Only threads of the same address space take part.
    pub private: bool,
    /// What the word must be for the thread to sleep.
    pub value: u32,
    /// Wake-ups with none of these bits pass by.
    pub mask: u32,
    /// When to give up.
    pub deadline: Option<Deadline>,
}

/// Sleeps until woken.
///
/// # Errors
/// EAGAIN when the word has another value; ETIMEDOUT at the deadline; EINVAL and EFAULT for a
/// bad address; ERESTARTSYS, or ERESTART_RESTARTBLOCK with a deadline, when a signal comes.
pub fn wait(thread: &Arc<Thread>, wait: &Wait) -> Result<()> {
    if wait.mask == 0 {
        return Err(Errno::EINVAL);
    }
    enqueue(thread, wait)?;
    let woken = || thread.futex_wait.is_woken();
    match sleep::until(thread, wait.deadline, woken) {
        Ended::Done => Ok(()),
        // Whoever woke it counts on it: a wake-up is taken even if it came at the last moment.
        _ if !bucket::give_up(thread) => Ok(()),
        Ended::DeadlinePassed => Err(Errno::ETIMEDOUT),
        Ended::Interrupted => Err(wait.deadline.map_or(Errno::ERESTARTSYS, |deadline| {
            restart_with(thread, wait.restart_until(deadline))
        })),
    }
}

impl Wait {
    /// How the wait goes on after an interruption: with the same deadline. The address is
    /// aligned, so its lowest bit can say whether the futex is private.
    fn restart_until(&self, deadline: Deadline) -> Restart {
        let [clock, moment] = deadline.into();
        let word = self.address as u64 | u64::from(self.private);
        let values = u64::from(self.value) << 32 | u64::from(self.mask);
        Restart {
            function: go_on,
            state: [word, values, clock, moment],
        }
    }
}

fn go_on(thread: &Arc<Thread>, [word, values, clock, moment]: [u64; 4]) -> Result<usize> {
    let again = Wait {
        address: word as usize & !1,
        private: word & 1 != 0,
        value: (values >> 32) as u32,
        mask: values as u32,
        deadline: Some(Deadline::from([clock, moment])),
    };
    wait(thread, &again).map(|()| 0)
}

/// Looks at the word and lets the thread wait, in one step as others see it.
fn enqueue(thread: &Arc<Thread>, wait: &Wait) -> Result<()> {
    loop {
        let named = key::name(thread, wait.address, wait.private, false)?;
        let mut bucket = bucket::lock(&named.key);
        match without_faults(|| copy::load_u32(wait.address)) {
            Ok(value) if value == wait.value => {
                return bucket.add(thread, named, wait.mask);
            }
            Ok(_) => return Err(Errno::EAGAIN),
            Err(_) => {
                drop(bucket);
                // The page is brought in without the lock. The next round finds it, unless
                // somebody takes it away again.
                copy::load_u32(wait.address).map_err(bad_address)?;
                scheduler::yield_if_needed();
            }
        }
    }
}

/// Wakes up to `count` threads, as Linux at least one if there is one; returns how many.
///
/// # Errors
/// EINVAL for a mask of 0; EINVAL and EFAULT for a bad address.
pub fn wake(
    thread: &Thread,
    address: usize,
    private: bool,
    count: i32,
    mask: u32,
) -> Result<usize> {
    if mask == 0 {
        return Err(Errno::EINVAL);
    }
    let named = key::name(thread, address, private, false)?;
    Ok(bucket::lock(&named.key).wake(&named.key, mask, at_least_one(count)))
}

fn at_least_one(count: i32) -> usize {
    usize::try_from(count).unwrap_or(1).max(1)
}

/// What FUTEX_REQUEUE and FUTEX_CMP_REQUEUE are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Requeue {
    /// The word whose waiters are woken or moved.
    pub from: usize,
    /// The word they wait for then.
    pub to: usize,
    /// Only threads of the same address space take part.
    pub private: bool,
    /// How many are woken.
    pub wake: i32,
    /// How many of the others are moved.
    pub moved: i32,
    /// What the first word must be, if it matters.
    pub expected: Option<u32>,
}

/// Wakes some waiters of one word and makes others wait for another; returns how many of both.
///
/// # Errors
/// EINVAL for negative numbers, EAGAIN when the word is not as expected; EINVAL and EFAULT for
/// bad addresses; ENOMEM.
pub fn requeue(thread: &Thread, request: &Requeue) -> Result<usize> {
    let wake = usize::try_from(request.wake).map_err(|_| Errno::EINVAL)?;
    let moved = usize::try_from(request.moved).map_err(|_| Errno::EINVAL)?;
    loop {
        let from = key::name(thread, request.from, request.private, false)?;
        let to = key::name(thread, request.to, request.private, false)?;
        let mut pair = Pair::lock(&from.key, &to.key);
        if let Some(expected) = request.expected {
            match without_faults(|| copy::load_u32(request.from)) {
                Ok(value) if value == expected => {}
                Ok(_) => return Err(Errno::EAGAIN),
                Err(_) => {
                    drop(pair);
                    copy::load_u32(request.from).map_err(bad_address)?;
                    scheduler::yield_if_needed();
                    continue;
                }
            }
        }
        return pair.requeue(&from.key, &to, wake, moved);
    }
}

/// Changes the second word, wakes waiters of the first, and waiters of the second if its old
/// value is as asked for (FUTEX_WAKE_OP). Returns how many were woken.
///
/// # Errors
/// ENOSYS for an unknown operation; EINVAL and EFAULT for bad addresses.
pub fn wake_with_operation(
    thread: &Thread,
    addresses: [usize; 2],
    private: bool,
    counts: [i32; 2],
    operation: WakeOperation,
) -> Result<usize> {
    loop {
        let first = key::name(thread, addresses[0], private, false)?;
        let second = key::name(thread, addresses[1], private, true)?;
        let mut pair = Pair::lock(&first.key, &second.key);
        let Ok(old) = without_faults(|| operation.apply(addresses[1])) else {
            drop(pair);
            operation::make_writable(thread, addresses[1])?;
            scheduler::yield_if_needed();
            continue;
        };
        let matches = operation.matches(old?)?;
        let mut woken = pair.from().wake(&first.key, ANY, at_least_one(counts[0]));
        if matches {
            woken += pair.to().wake(&second.key, ANY, at_least_one(counts[1]));
        }
        return Ok(woken);
    }
}

/// Wakes one thread that waits for the word at `address`, whose page others may share: what
/// the kernel does when it has cleared a word for a thread that ends.
pub fn wake_word(thread: &Arc<Thread>, address: usize) {
    // A bad address is the program's own affair: there is nobody left to tell.
    let _ = wake(thread, address, false, 1, ANY);
}
