//! How much of each second real-time threads may take while others wait.
//!
//! A real-time thread that never sleeps would keep the processor from everybody else, the shell
//! of whoever wants to end it too. So in each period (a second) all of them together get a share
//! (950 ms); when it is used up, ordinary threads that wait take their turns until the period
//! ends. As long as nobody else wants to run nothing is held back.
//!
//! Source: sched(7), "Limiting the CPU usage of real-time and deadline processes".

use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use metal::cpu::{self, PROCESSORS_MAX};

use crate::error::{Errno, Result};
use crate::sync::SpinLock;
use crate::time::{Instant, Nanoseconds};

const MICROSECOND: u64 = 1000;
/// A rest of the share shorter than this is not worth a turn.
const SHORTEST: u64 = 50 * MICROSECOND;

/// /proc/sys/kernel/sched_rt_period_us.
static PERIOD_MICROSECONDS: AtomicU64 = AtomicU64::new(1_000_000);
/// /proc/sys/kernel/sched_rt_runtime_us; -1 for no limit.
static SHARE_MICROSECONDS: AtomicI64 = AtomicI64::new(950_000);

/// What one processor has given to real-time threads.
struct Account {
    /// When the period began that is counted.
    began: Instant,
    /// How much they have had in it, up to `since`.
    used: u64,
    /// Since when one of them runs.
    since: Option<Instant>,
}

struct Processor {
    /// A real-time thread runs: a copy of what the account says, to be asked without its lock.
    runs: AtomicBool,
    /// An ordinary thread was chosen although a real-time thread waits.
    holds_back: AtomicBool,
    account: SpinLock<Account>,
}

static PROCESSORS: [Processor; PROCESSORS_MAX] = [const {
    Processor {
        runs: AtomicBool::new(false),
        holds_back: AtomicBool::new(false),
        account: SpinLock::new(Account {
            began: Instant(0),
            used: 0,
            since: None,
        }),
    }
}; PROCESSORS_MAX];

fn processor() -> &'static Processor {
    &PROCESSORS[cpu::number()]
}

impl Account {
    /// Counts up to now; a period that is over is forgotten.
    fn bring_up_to(&mut self, now: Instant) {
        if let Some(since) = self.since.replace(now) {
            self.used += now.since(since).0;
        } else {
            self.since = None;
        }
        let passed = now.since(self.began).0;
        let period = period();
        if passed >= period {
            let into = passed % period;
            self.began = now - Nanoseconds(into);
            self.used = if self.since.is_some() {
                self.used.min(into)
            } else {
                0
            };
        }
    }
}

fn period() -> u64 {
    PERIOD_MICROSECONDS.load(Ordering::Relaxed) * MICROSECOND
}

/// The share of a period; none for all of it.
fn share() -> Option<u64> {
    let share = SHARE_MICROSECONDS.load(Ordering::Relaxed);
    u64::try_from(share).ok().map(|share| share * MICROSECOND)
}

/// A thread of this kind gets the processor now.
pub(super) fn note_switch(to_real_time: bool, now: impl FnOnce() -> Instant) {
    let processor = processor();
    if !to_real_time && !processor.runs.load(Ordering::Relaxed) {
        return;
    }
    let now = now();
    let mut account = processor.account.lock();
    account.bring_up_to(now);
    account.since = to_real_time.then_some(now);
    processor.runs.store(to_real_time, Ordering::Relaxed);
}

/// How much longer real-time threads may run in this period while others wait; none when there
/// is no limit. To be asked when one of them runs or might.
pub(super) fn left(runs: bool, now: Instant) -> Option<Nanoseconds> {
    let share = share()?;
    let processor = processor();
    let mut account = processor.account.lock();
    account.bring_up_to(now);
    if runs && account.since.is_none() {
        // It became one while it ran.
        account.since = Some(now);
        processor.runs.store(true, Ordering::Relaxed);
    }
    let left = share.saturating_sub(account.used);
    Some(Nanoseconds(if left < SHORTEST { 0 } else { left }))
}

/// When the present period ends.
pub(super) fn period_end() -> Instant {
    processor().account.lock().began + Nanoseconds(period())
}

/// Notes whether an ordinary thread runs in front of a real-time thread that waits.
pub(super) fn set_holding_back(holds_back: bool) {
    processor().holds_back.store(holds_back, Ordering::Relaxed);
}

/// Whether an ordinary thread runs in front of a real-time thread that waits.
pub(super) fn holds_back() -> bool {
    processor().holds_back.load(Ordering::Relaxed)
}

/// The period, in microseconds.
pub fn period_microseconds() -> u64 {
    PERIOD_MICROSECONDS.load(Ordering::Relaxed)
}

/// The share of a period, in microseconds; -1 for no limit.
pub fn share_microseconds() -> i64 {
    SHARE_MICROSECONDS.load(Ordering::Relaxed)
}

/// Sets the period. `EINVAL`: none, or shorter than the share.
pub fn set_period_microseconds(period: i64) -> Result<()> {
    check(period, share_microseconds())?;
    PERIOD_MICROSECONDS.store(period as u64, Ordering::Relaxed);
    Ok(())
}

/// Sets the share of a period; -1 for no limit. `EINVAL`: negative otherwise, or longer than the
/// period.
pub fn set_share_microseconds(share: i64) -> Result<()> {
    check(period_microseconds() as i64, share)?;
    SHARE_MICROSECONDS.store(share, Ordering::Relaxed);
    Ok(())
}

fn check(period: i64, share: i64) -> Result<()> {
    // Both are C ints on Linux.
    let fits = |value| value <= i64::from(i32::MAX);
    if period <= 0 || share < -1 || share > period || !fits(period) {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{Account, check, period};
    use crate::error::Errno;
    use crate::time::{Instant, Nanoseconds};

    metal::ktest! {
        fn only_what_falls_into_the_period_counts() {
            let start = Instant(5 * period());
            let mut account = Account { began: start, used: 0, since: Some(start) };
            account.bring_up_to(start + Nanoseconds(700));
            assert_eq!(account.used, 700);
            account.since = None;
            account.bring_up_to(start + Nanoseconds(900));
            assert_eq!(account.used, 700);
            account.since = Some(start + Nanoseconds(900));
            account.bring_up_to(start + Nanoseconds(3 * period() + 40));
            assert_eq!((account.used, account.began), (40, start + Nanoseconds(3 * period())));
            account.since = None;
            account.bring_up_to(start + Nanoseconds(4 * period()));
            assert_eq!(account.used, 0);
        }

        fn a_share_fits_into_its_period() {
            assert_eq!(check(1000, 1000), Ok(()));
            assert_eq!(check(1000, -1), Ok(()));
            assert_eq!(check(1000, 1001), Err(Errno::EINVAL));
            assert_eq!(check(1000, -2), Err(Errno::EINVAL));
            assert_eq!(check(0, -1), Err(Errno::EINVAL));
        }
    }
}
