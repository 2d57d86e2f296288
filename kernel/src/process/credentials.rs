//! Who a thread acts as. Source: credentials(7), setresuid(2).

use alloc::sync::Arc;
use alloc::vec::Vec;

/// The identity of a thread. Immutable: a change makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of credentials(7)")]
pub struct Credentials {
    pub uid: u32,
    pub euid: u32,
    pub suid: u32,
    pub fsuid: u32,
    pub gid: u32,
    pub egid: u32,
    pub sgid: u32,
    pub fsgid: u32,
    pub groups: Arc<Vec<u32>>,
}

impl Credentials {
    /// The superuser's, as process 1 has them.
    pub fn root() -> Self {
        Self {
            uid: 0,
            euid: 0,
            suid: 0,
            fsuid: 0,
            gid: 0,
            egid: 0,
            sgid: 0,
            fsgid: 0,
            groups: Arc::new(Vec::new()),
        }
    }

    /// Whether privileged calls are allowed.
    pub fn is_privileged(&self) -> bool {
        self.euid == 0
    }

    /// Whether `group` is the file-system group or a supplementary one.
    pub fn is_in_group(&self, group: u32) -> bool {
        self.fsgid == group || self.groups.contains(&group)
    }

    /// Whether a thread with these credentials may send a signal to one with `target`'s
    /// (kill(2)).
    pub fn may_signal(&self, target: &Self) -> bool {
        self.is_privileged()
            || [self.uid, self.euid]
                .iter()
                .any(|uid| *uid == target.uid || *uid == target.suid)
    }
}
