//! Signals that were sent and not yet taken: one such queue for each thread, one for each
//! process as a whole.
//!
//! A standard signal is pending or not: one more of the same kind changes nothing. The details
//! of the first few lie in the queue itself, so that sending one allocates nothing. Real-time
//! signals are all kept, in order. How many of both one user may have in all queues together is
//! limited (RLIMIT_SIGPENDING); what the kernel sends, and kill(2), is counted but not refused.
//!
//! Source: signal(7), sigqueue(3), getrlimit(2).

use alloc::collections::{BTreeMap, VecDeque};
use core::sync::atomic::{AtomicU64, Ordering};

use super::information::SignalInfo;
use super::set::{self, SignalSet};
use crate::sync::SpinLock;

/// So many different standard signals have room for their details in the queue itself.
const INLINE: usize = 3;

/// How many signals are queued for each real user but root; users without any are absent.
/// A lock below those of the queues.
static QUEUED: SpinLock<BTreeMap<u32, u64>> = SpinLock::new(BTreeMap::new());
/// The same for root, who has most of them, without a lock.
static QUEUED_FOR_ROOT: AtomicU64 = AtomicU64::new(0);

/// One queued signal's share of its user's limit, given back when the signal is taken.
struct Share {
    user: u32,
}

impl Share {
    #[inline]
    fn take(account: Account) -> Option<Self> {
        if account.user != 0 {
            return Self::take_for_user(account);
        }
        let before = QUEUED_FOR_ROOT.fetch_add(1, Ordering::Relaxed);
        let share = Self { user: 0 };
        // Dropped, it gives back what was not to be had.
        (before < account.limit).then_some(share)
    }

    #[inline(never)]
    fn take_for_user(account: Account) -> Option<Self> {
        let mut queued = QUEUED.lock();
        let count = queued.entry(account.user).or_insert(0);
        if *count >= account.limit {
            if *count == 0 {
                queued.remove(&account.user);
            }
            return None;
        }
        *count += 1;
        Some(Self { user: account.user })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.user == 0 {
            QUEUED_FOR_ROOT.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let mut queued = QUEUED.lock();
        if let Some(count) = queued.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                queued.remove(&self.user);
            }
        }
    }
}

/// How many signals are queued for a user.
pub fn queued_for(user: u32) -> u64 {
    if user == 0 {
        return QUEUED_FOR_ROOT.load(Ordering::Relaxed);
    }
    QUEUED.lock().get(&user).copied().unwrap_or(0)
}

/// Who pays for a queued signal, and how much there may be.
#[derive(Clone, Copy)]
pub(super) struct Account {
    /// The receiver's real user.
    pub user: u32,
    /// The receiver's RLIMIT_SIGPENDING; no limit for a standard signal that nobody may refuse.
    pub limit: u64,
}

/// What is to happen when a real-time signal's details find no room.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// The signal is refused (sigqueue(3) answers EAGAIN).
    Refuse,
    /// The signal becomes pending without its details.
    DropDetails,
}

struct Queued {
    info: SignalInfo,
    _share: Share,
}

/// A place in the queue itself. It is free while it has no share.
struct Slot {
    info: SignalInfo,
    share: Option<Share>,
}

impl Slot {
    const FREE: Self = Self {
        info: SignalInfo::without_details(0),
        share: None,
    };

    fn holds(&self, signal: u8) -> bool {
        self.info.signal == signal && self.share.is_some()
    }
}

/// A queue of pending signals.
pub(super) struct Pending {
    set: SignalSet,
    inline: [Slot; INLINE],
    queue: VecDeque<Queued>,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            set: SignalSet::EMPTY,
            inline: [const { Slot::FREE }; INLINE],
            queue: VecDeque::new(),
        }
    }
}

impl Pending {
    /// Which signals are pending.
    pub fn set(&self) -> SignalSet {
        self.set
    }

    /// Adds a signal. Returns false when it was refused.
    #[inline]
    pub fn add(&mut self, info: &SignalInfo, account: Account, no_room: NoRoom) -> bool {
        if !info.is_real_time() {
            self.add_standard(info, account);
            return true;
        }
        let share = Share::take(account).filter(|_| self.queue.try_reserve(1).is_ok());
        if let Some(share) = share {
            self.queue.push_back(Queued {
                info: *info,
                _share: share,
            });
        } else if no_room == NoRoom::Refuse {
            return false;
        }
        self.set = self.set.union(SignalSet::only(info.signal));
        true
    }

    /// A standard signal becomes pending in any case; without a share only its details are lost.
    #[inline]
    fn add_standard(&mut self, info: &SignalInfo, account: Account) {
        if self.set.contains(info.signal) {
            return;
        }
        self.set = self.set.union(SignalSet::only(info.signal));
        let Some(share) = Share::take(account) else {
            return;
        };
        if let Some(free) = self.inline.iter_mut().find(|slot| slot.share.is_none()) {
            free.info = *info;
            free.share = Some(share);
        } else if self.queue.try_reserve(1).is_ok() {
            self.queue.push_back(Queued {
                info: *info,
                _share: share,
            });
        }
    }

    /// Takes the first signal that is not in `blocked`.
    #[inline]
    pub fn take_unblocked(&mut self, blocked: SignalSet) -> Option<SignalInfo> {
        let signal = self.set.without(blocked).first()?;
        let slot = self.inline.iter_mut().find(|slot| slot.holds(signal));
        let info = match slot {
            Some(slot) => {
                slot.share = None;
                slot.info
            }
            None => self.take_queued(signal),
        };
        let another = || self.queue.iter().any(|queued| queued.info.signal == signal);
        if !set::is_real_time(signal) || !another() {
            self.set = self.set.without(SignalSet::only(signal));
        }
        Some(info)
    }

    /// One whose details came after those of the first few, or were lost.
    #[cold]
    fn take_queued(&mut self, signal: u8) -> SignalInfo {
        let is_it = |queued: &Queued| queued.info.signal == signal;
        let position = self.queue.iter().position(is_it);
        let queued = position.and_then(|position| self.queue.remove(position));
        queued.map_or(SignalInfo::without_details(signal), |queued| queued.info)
    }

    /// Forgets all signals of `set`.
    pub fn discard(&mut self, set: SignalSet) {
        if self.set.intersection(set).is_empty() {
            return;
        }
        self.set = self.set.without(set);
        for slot in &mut self.inline {
            if slot.share.is_some() && set.contains(slot.info.signal) {
                slot.share = None;
            }
        }
        self.queue
            .retain(|queued| !set.contains(queued.info.signal));
    }
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{Account, NoRoom, Pending, queued_for};
    use crate::process::signal::information::{Origin, SignalInfo};
    use crate::process::signal::set::SignalSet;

    const USER: u32 = 4_000_001;

    fn valued(signal: u8, value: u64) -> SignalInfo {
        let origin = Origin::Process {
            code: -1,
            pid: 1,
            uid: 0,
            value,
        };
        SignalInfo { signal, origin }
    }

    fn add(pending: &mut Pending, signal: u8, value: u64, limit: u64) -> bool {
        let limit = if signal < 32 { u64::MAX } else { limit };
        let account = Account { user: USER, limit };
        pending.add(&valued(signal, value), account, NoRoom::Refuse)
    }

    fn take(pending: &mut Pending) -> Option<SignalInfo> {
        pending.take_unblocked(SignalSet::EMPTY)
    }

    metal::ktest! {
        fn standard_signals_merge_and_keep_the_first_details() {
            let mut pending = Pending::default();
            for value in 0..3 {
                assert!(add(&mut pending, 10, value, 0));
            }
            assert_eq!(take(&mut pending), Some(valued(10, 0)));
            assert_eq!(take(&mut pending), None);
        }

        fn all_standard_signals_keep_their_details() {
            let mut pending = Pending::default();
            (1..32).for_each(|signal| assert!(add(&mut pending, signal, 7, 0)));
            let mut taken = 0;
            while let Some(info) = take(&mut pending) {
                assert_eq!(info, valued(info.signal, 7));
                taken += 1;
            }
            assert_eq!(taken, 31);
        }

        fn real_time_signals_come_in_order_and_by_number() {
            let mut pending = Pending::default();
            for (signal, value) in [(50, 1), (40, 2), (50, 3), (40, 4)] {
                assert!(add(&mut pending, signal, value, 10));
            }
            for (signal, value) in [(40, 2), (40, 4), (50, 1), (50, 3)] {
                assert_eq!(take(&mut pending), Some(valued(signal, value)));
            }
            assert!(pending.set().is_empty());
        }

        fn a_user_s_limit_holds_and_is_given_back() {
            let mut pending = Pending::default();
            assert!(add(&mut pending, 40, 1, 2) && add(&mut pending, 41, 2, 2));
            assert!(!add(&mut pending, 42, 3, 2));
            assert_eq!(queued_for(USER), 2);
            assert_eq!(take(&mut pending), Some(valued(40, 1)));
            assert!(add(&mut pending, 42, 3, 2));
            drop(pending);
            assert_eq!(queued_for(USER), 0);
        }

        fn standard_signals_are_counted_too() {
            let mut pending = Pending::default();
            (1..6).for_each(|signal| assert!(add(&mut pending, signal, 7, 0)));
            assert_eq!(queued_for(USER), 5);
            assert!(!add(&mut pending, 40, 1, 5) && add(&mut pending, 40, 1, 6));
            let refused = Account { user: USER, limit: 6 };
            assert!(pending.add(&valued(7, 9), refused, NoRoom::Refuse));
            while let Some(info) = take(&mut pending) {
                assert_ne!(info, valued(7, 9), "its details had no room");
            }
            assert_eq!(queued_for(USER), 0);
        }

        fn blocked_signals_stay_and_discarded_ones_go() {
            let mut pending = Pending::default();
            assert!(add(&mut pending, 10, 1, 0) && add(&mut pending, 12, 2, 0));
            let blocked = SignalSet::only(10);
            assert_eq!(pending.take_unblocked(blocked), Some(valued(12, 2)));
            assert_eq!(pending.take_unblocked(blocked), None);
            pending.discard(blocked);
            assert_eq!(take(&mut pending), None);
        }
    }
}
