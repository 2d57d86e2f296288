//! User and group ids and supplementary groups. -1 as an id means "as it is".
//!
//! Source: credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2).

use alloc::sync::Arc;

use abi::raw::general as linux;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::capabilities::Capability;
use crate::process::credentials::{Credentials, Ids};

const KEEP: u32 = u32::MAX;

/// getuid(2).
pub fn sys_getuid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.credentials().uid as usize)
}

/// geteuid(2).
pub fn sys_geteuid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.credentials().euid as usize)
}

/// getgid(2).
pub fn sys_getgid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.credentials().gid as usize)
}

/// getegid(2).
pub fn sys_getegid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.credentials().egid as usize)
}

/// getresuid(2).
pub fn sys_getresuid(
    thread: &Arc<Thread>,
    real: usize,
    effective: usize,
    saved: usize,
) -> Result<usize> {
    write_three(thread.credentials().user_ids(), [real, effective, saved])
}

/// getresgid(2).
pub fn sys_getresgid(
    thread: &Arc<Thread>,
    real: usize,
    effective: usize,
    saved: usize,
) -> Result<usize> {
    write_three(thread.credentials().group_ids(), [real, effective, saved])
}

fn write_three(ids: Ids, addresses: [usize; 3]) -> Result<usize> {
    let values = [ids.real, ids.effective, ids.saved];
    for (address, value) in addresses.into_iter().zip(values) {
        user::write(address, &value)?;
    }
    Ok(0)
}

/// setuid(2).
pub fn sys_setuid(thread: &Arc<Thread>, id: usize) -> Result<usize> {
    change(thread, Kind::Users, |ids, privileged| {
        ids.set(id as u32, privileged)
    })
}

/// setgid(2).
pub fn sys_setgid(thread: &Arc<Thread>, id: usize) -> Result<usize> {
    change(thread, Kind::Groups, |ids, privileged| {
        ids.set(id as u32, privileged)
    })
}

/// setreuid(2).
pub fn sys_setreuid(thread: &Arc<Thread>, real: usize, effective: usize) -> Result<usize> {
    let wanted = [real, effective].map(id);
    change(thread, Kind::Users, |ids, privileged| {
        ids.set_two(wanted, privileged)
    })
}

/// setregid(2).
pub fn sys_setregid(thread: &Arc<Thread>, real: usize, effective: usize) -> Result<usize> {
    let wanted = [real, effective].map(id);
    change(thread, Kind::Groups, |ids, privileged| {
        ids.set_two(wanted, privileged)
    })
}

/// setresuid(2).
pub fn sys_setresuid(
    thread: &Arc<Thread>,
    real: usize,
    effective: usize,
    saved: usize,
) -> Result<usize> {
    let wanted = [real, effective, saved].map(id);
    change(thread, Kind::Users, |ids, privileged| {
        ids.set_three(wanted, privileged)
    })
}

/// setresgid(2).
pub fn sys_setresgid(
    thread: &Arc<Thread>,
    real: usize,
    effective: usize,
    saved: usize,
) -> Result<usize> {
    let wanted = [real, effective, saved].map(id);
    change(thread, Kind::Groups, |ids, privileged| {
        ids.set_three(wanted, privileged)
    })
}

/// An id, or nothing for "as it is".
fn id(argument: usize) -> Option<u32> {
    (argument as u32 != KEEP).then_some(argument as u32)
}

/// Which of the two kinds of ids a call concerns.
#[derive(Clone, Copy)]
enum Kind {
    Users,
    Groups,
}

impl Kind {
    fn ids(self, credentials: &Credentials) -> Ids {
        match self {
            Self::Users => credentials.user_ids(),
            Self::Groups => credentials.group_ids(),
        }
    }

    /// What allows to take any.
    fn capability(self) -> Capability {
        match self {
            Self::Users => Capability::Setuid,
            Self::Groups => Capability::Setgid,
        }
    }

    /// The id that files are opened with.
    fn file_id(self, credentials: &mut Credentials) -> &mut u32 {
        match self {
            Self::Users => &mut credentials.fsuid,
            Self::Groups => &mut credentials.fsgid,
        }
    }
}

/// Gives the thread the ids that `change` makes of its own, if it may have them.
fn change(
    thread: &Thread,
    kind: Kind,
    change: impl FnOnce(Ids, bool) -> Result<Ids>,
) -> Result<usize> {
    let before = thread.credentials();
    let ids = change(kind.ids(&before), before.has(kind.capability()))?;
    let mut after = Credentials::clone(&before);
    match kind {
        Kind::Users => after.set_user_ids(ids),
        Kind::Groups => after.set_group_ids(ids),
    }
    thread.change_credentials(after);
    Ok(0)
}

/// setfsuid(2): answers the id before, whether it was changed or not.
pub fn sys_setfsuid(thread: &Arc<Thread>, wanted: usize) -> Result<usize> {
    Ok(change_file_id(thread, Kind::Users, wanted as u32) as usize)
}

/// setfsgid(2): as [`sys_setfsuid`].
pub fn sys_setfsgid(thread: &Arc<Thread>, wanted: usize) -> Result<usize> {
    Ok(change_file_id(thread, Kind::Groups, wanted as u32) as usize)
}

fn change_file_id(thread: &Thread, kind: Kind, wanted: u32) -> u32 {
    let before = thread.credentials();
    let ids = kind.ids(&before);
    let mut after = Credentials::clone(&before);
    let file_id = kind.file_id(&mut after);
    let old = core::mem::replace(file_id, wanted);
    let own = [ids.real, ids.effective, ids.saved, old];
    if wanted != KEEP && (before.has(kind.capability()) || own.contains(&wanted)) {
        if let Kind::Users = kind {
            let capabilities = &mut after.capabilities;
            *capabilities = capabilities.after_file_user_change(before.secure_bits, old, wanted);
        }
        thread.change_credentials(after);
    }
    old
}

/// getgroups(2).
pub fn sys_getgroups(thread: &Arc<Thread>, size: usize, list: usize) -> Result<usize> {
    let size = usize::try_from(size as i32).map_err(|_| Errno::EINVAL)?;
    let groups = Arc::clone(&thread.credentials().groups);
    if size != 0 {
        if groups.len() > size {
            return Err(Errno::EINVAL);
        }
        if !groups.is_empty() {
            user::write(list, groups.as_slice())?;
        }
    }
    Ok(groups.len())
}

/// setgroups(2).
pub fn sys_setgroups(thread: &Arc<Thread>, size: usize, list: usize) -> Result<usize> {
    let before = thread.credentials();
    before.require(Capability::Setgid)?;
    let size = size as u32;
    if size > linux::NGROUPS_MAX {
        return Err(Errno::EINVAL);
    }
    let mut groups = user::read_array::<u32>(list, size as usize)?;
    if groups.contains(&KEEP) {
        return Err(Errno::EINVAL);
    }
    groups.sort_unstable();
    let mut after = Credentials::clone(&before);
    after.groups = Arc::new(groups);
    thread.change_credentials(after);
    Ok(0)
}
