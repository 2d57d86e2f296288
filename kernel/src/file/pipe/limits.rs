//! How much of the kernel's memory the pipes of one user may hold.
//!
//! Counted is what pipes may hold, not what they do hold. An ordinary user above the soft limit
//! gets pipes of two pages and may not make them larger; above the hard limit, none. A limit of
//! zero is none.
//!
//! Source: pipe(7), /proc/sys/fs/pipe-user-pages-soft and -hard.

use super::DEFAULT_PAGES;
use crate::process::capabilities::Capability;
use crate::{error::Result, process::credentials::Credentials, sync::SpinLock};
use abi::Errno;
use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What a user above the soft limit gets, as on Linux.
const PAGES_ABOVE_SOFT_LIMIT: usize = 2;
/// As on Linux: 64 pipes of a mebibyte.
const SOFT_LIMIT: usize = 16_384;

static SOFT: AtomicUsize = AtomicUsize::new(SOFT_LIMIT);
static HARD: AtomicUsize = AtomicUsize::new(0);
/// Pages by user; one that has none has no entry.
static USERS: SpinLock<BTreeMap<u32, usize>> = SpinLock::new(BTreeMap::new());

/// The soft limit, in pages.
pub fn soft() -> usize {
    SOFT.load(Ordering::Relaxed)
}

/// The hard limit, in pages.
pub fn hard() -> usize {
    HARD.load(Ordering::Relaxed)
}

/// Sets the soft limit, in pages.
pub fn set_soft(pages: usize) {
    SOFT.store(pages, Ordering::Relaxed);
}

/// Sets the hard limit, in pages.
pub fn set_hard(pages: usize) {
    HARD.store(pages, Ordering::Relaxed);
}

fn is_above(limit: usize, pages: usize) -> bool {
    limit != 0 && pages > limit
}

/// Whether the limits do not hold for these credentials.
fn may_exceed(credentials: &Credentials) -> bool {
    credentials.has_any(&[Capability::SysResource, Capability::SysAdmin])
}

/// What one pipe is counted as, on its maker's account.
pub(super) struct Share {
    user: u32,
    pages: SpinLock<usize>,
}

impl Share {
    /// For a new pipe of `credentials`. `ENFILE`: above the hard limit.
    pub(super) fn new(credentials: &Credentials) -> Result<Share> {
        let share = Share {
            user: credentials.uid,
            pages: SpinLock::new(0),
        };
        let privileged = may_exceed(credentials);
        let total = share.set(DEFAULT_PAGES);
        if !privileged && is_above(soft(), total) {
            let total = share.set(PAGES_ABOVE_SOFT_LIMIT);
            if is_above(hard(), total) {
                return Err(Errno::ENFILE);
            }
        } else if !privileged && is_above(hard(), total) {
            return Err(Errno::ENFILE);
        }
        Ok(share)
    }

    /// Pages of this pipe.
    pub(super) fn pages(&self) -> usize {
        *self.pages.lock()
    }

    /// Counts the pipe as `pages`. `EPERM`: it grows above a limit.
    pub(super) fn resize(&self, pages: usize, credentials: &Credentials) -> Result<()> {
        let before = self.pages();
        let total = self.set(pages);
        let above = is_above(soft(), total) || is_above(hard(), total);
        if pages > before && above && !may_exceed(credentials) {
            self.set(before);
            return Err(Errno::EPERM);
        }
        Ok(())
    }

    /// Returns what the user has then.
    fn set(&self, pages: usize) -> usize {
        let mut own = self.pages.lock();
        let mut users = USERS.lock();
        let total = users.entry(self.user).or_insert(0);
        *total = *total + pages - *own;
        let now = *total;
        if now == 0 {
            users.remove(&self.user);
        }
        *own = pages;
        now
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}
