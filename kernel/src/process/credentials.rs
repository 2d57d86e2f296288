//! Who a thread acts as, and with which rights. Source: credentials(7), capabilities(7), setuid(2),
//! setreuid(2), setresuid(2), ptrace(2) (access mode checking).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::capabilities::{Capabilities, Capability, CapabilitySet, SecureBits};
use crate::error::{Errno, Result};

/// The identity of a thread. Immutable: a change makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Real user.
    pub uid: u32,
    /// Effective user: whose rights count.
    pub euid: u32,
    /// Saved user: whom the effective one may become again.
    pub suid: u32,
    /// User for files; follows the effective one.
    pub fsuid: u32,
    /// Real group.
    pub gid: u32,
    /// Effective group.
    pub egid: u32,
    /// Saved group.
    pub sgid: u32,
    /// Group for files; follows the effective one.
    pub fsgid: u32,
    /// Supplementary groups.
    pub groups: Arc<Vec<u32>>,
    /// PR_SET_NO_NEW_PRIVS: programs give no more rights than there are.
    pub no_new_privileges: bool,
    /// Which of the superuser's rights it has.
    pub capabilities: Capabilities,
    /// What user id 0 means to it.
    pub secure_bits: SecureBits,
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
            no_new_privileges: false,
            capabilities: Capabilities::FULL,
            secure_bits: SecureBits::empty(),
        }
    }

    /// Whether it may do what needs this capability.
    pub fn has(&self, capability: Capability) -> bool {
        self.has_any(&[capability])
    }

    /// Whether it may do what any of these capabilities allows.
    pub fn has_any(&self, capabilities: &[Capability]) -> bool {
        let wanted = CapabilitySet::of(capabilities);
        self.capabilities.effective.intersects(wanted)
    }

    /// `EPERM` without this capability.
    pub fn require(&self, capability: Capability) -> Result<()> {
        if self.has(capability) {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    }

    /// Whether `group` is the file-system group or a supplementary one.
    pub fn is_in_group(&self, group: u32) -> bool {
        self.fsgid == group || self.groups.contains(&group)
    }

    /// Whether a thread with these credentials may send a signal to one with `target`'s
    /// (kill(2)).
    pub fn may_signal(&self, target: &Self) -> bool {
        self.has(Capability::Kill)
            || [self.uid, self.euid]
                .iter()
                .any(|uid| *uid == target.uid || *uid == target.suid)
    }

    /// Whether `caller`, who acts as `who`, may look into a process with these credentials: the
    /// same user and group in every respect, with no fewer capabilities, or whoever may look
    /// into all.
    pub fn may_be_inspected(&self, caller: &Self, who: Inspector) -> bool {
        let (uid, gid, capabilities) = match who {
            Inspector::OfFiles => (caller.fsuid, caller.fsgid, caller.capabilities.effective),
            Inspector::Real => (caller.uid, caller.gid, caller.capabilities.permitted),
        };
        let same = [self.uid, self.euid, self.suid] == [uid; 3]
            && [self.gid, self.egid, self.sgid] == [gid; 3]
            && capabilities.contains(self.capabilities.permitted);
        same || caller.has(Capability::SysPtrace)
    }

    /// Whether a change from these to `after` makes the process one that others of its user
    /// may not look into, and parts it from its parent's signal (prctl(2)).
    pub fn is_left_for(&self, after: &Self) -> bool {
        let permitted = self.capabilities.permitted;
        [self.euid, self.egid, self.fsuid, self.fsgid]
            != [after.euid, after.egid, after.fsuid, after.fsgid]
            || !permitted.contains(after.capabilities.permitted)
    }

    /// The three user ids.
    pub fn user_ids(&self) -> Ids {
        Ids {
            real: self.uid,
            effective: self.euid,
            saved: self.suid,
        }
    }

    /// The three group ids.
    pub fn group_ids(&self) -> Ids {
        Ids {
            real: self.gid,
            effective: self.egid,
            saved: self.sgid,
        }
    }

    /// Sets them; the id for files follows the effective one, and the capabilities follow.
    pub fn set_user_ids(&mut self, ids: Ids) {
        let before = [self.uid, self.euid, self.suid];
        let after = [ids.real, ids.effective, ids.saved];
        let capabilities = &mut self.capabilities;
        *capabilities = capabilities.after_user_change(self.secure_bits, before, after);
        [self.uid, self.euid, self.suid, self.fsuid] =
            [ids.real, ids.effective, ids.saved, ids.effective];
    }

    /// Sets them; the id for files follows the effective one.
    pub fn set_group_ids(&mut self, ids: Ids) {
        [self.gid, self.egid, self.sgid, self.fsgid] =
            [ids.real, ids.effective, ids.saved, ids.effective];
    }
}

/// Which of a caller's ids are asked about when it looks into a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inspector {
    /// Those that files are opened with: files of /proc.
    OfFiles,
    /// The real ones: system calls.
    Real,
}

/// Three ids of one kind; the rules for changing them are the same for users and groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Who started the program.
    pub real: u32,
    /// Whose rights count.
    pub effective: u32,
    /// Whom the effective one may become again.
    pub saved: u32,
}

impl Ids {
    /// setuid(2), setgid(2).
    ///
    /// # Errors
    /// EINVAL for -1, EPERM.
    pub fn set(self, id: u32, privileged: bool) -> Result<Self> {
        if id == u32::MAX {
            return Err(Errno::EINVAL);
        }
        if privileged {
            return Ok(Self {
                real: id,
                effective: id,
                saved: id,
            });
        }
        if id != self.real && id != self.saved {
            return Err(Errno::EPERM);
        }
        Ok(Self {
            effective: id,
            ..self
        })
    }

    /// setreuid(2), setregid(2): none is "as it is".
    ///
    /// # Errors
    /// EPERM.
    pub fn set_two(self, [real, effective]: [Option<u32>; 2], privileged: bool) -> Result<Self> {
        let may_be_real = [self.real, self.effective];
        let may_be_effective = [self.real, self.effective, self.saved];
        let refused = real.is_some_and(|id| !may_be_real.contains(&id))
            || effective.is_some_and(|id| !may_be_effective.contains(&id));
        if refused && !privileged {
            return Err(Errno::EPERM);
        }
        let after = Self {
            real: real.unwrap_or(self.real),
            effective: effective.unwrap_or(self.effective),
            saved: self.saved,
        };
        let follows = real.is_some() || effective.is_some_and(|id| id != self.real);
        Ok(Self {
            saved: if follows { after.effective } else { self.saved },
            ..after
        })
    }

    /// setresuid(2), setresgid(2): none is "as it is".
    ///
    /// # Errors
    /// EPERM.
    pub fn set_three(self, wanted: [Option<u32>; 3], privileged: bool) -> Result<Self> {
        let own = [self.real, self.effective, self.saved];
        let foreign = |id: &u32| !own.contains(id);
        if !privileged && wanted.iter().flatten().any(foreign) {
            return Err(Errno::EPERM);
        }
        let [real, effective, saved] = wanted;
        Ok(Self {
            real: real.unwrap_or(self.real),
            effective: effective.unwrap_or(self.effective),
            saved: saved.unwrap_or(self.saved),
        })
    }
}
