//! User and group ids, supplementary groups and capabilities.
//!
//! Who has effective user id 0 has every capability, and nobody else has any; a set between the
//! two is refused. -1 as an id means "as it is".
//!
//! Source: credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2),
//! capabilities(7), capget(2).

use alloc::sync::Arc;

use abi::credentials::{
    CAPABILITY_VERSION_1, CAPABILITY_VERSION_2, CAPABILITY_VERSION_3, CapabilityHeader,
    CapabilitySet,
};
use abi::raw::general as linux;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
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
    let ids = change(kind.ids(&before), before.is_privileged())?;
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
    if wanted != KEEP && (before.is_privileged() || own.contains(&wanted)) {
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
    if !before.is_privileged() {
        return Err(Errno::EPERM);
    }
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

/// How many sets a version has; for one that is not known, the newest is stored instead.
fn sets_of_version(header: usize, version: u32) -> Result<usize> {
    match version {
        CAPABILITY_VERSION_1 => Ok(1),
        CAPABILITY_VERSION_2 | CAPABILITY_VERSION_3 => Ok(2),
        _ => {
            user::write(header, &CAPABILITY_VERSION_3)?;
            Err(Errno::EINVAL)
        }
    }
}

fn sets_of(credentials: &Credentials) -> [CapabilitySet; 2] {
    let all = (1_u64 << (linux::CAP_LAST_CAP + 1)) - 1;
    let effective = if credentials.is_privileged() { all } else { 0 };
    let could = [credentials.uid, credentials.euid, credentials.suid].contains(&0);
    let permitted = if could { all } else { 0 };
    [0, 32].map(|shift| CapabilitySet {
        effective: (effective >> shift) as u32,
        permitted: (permitted >> shift) as u32,
        inheritable: 0,
    })
}

/// capget(2).
pub fn sys_capget(thread: &Arc<Thread>, header: usize, data: usize) -> Result<usize> {
    // Piece by piece: a version that is not known is said before the rest is looked at.
    let version: u32 = user::read(header)?;
    let count = match sets_of_version(header, version) {
        // Without room for an answer, the question was which version there is.
        Err(Errno::EINVAL) if data == 0 => return Ok(0),
        other => other?,
    };
    let asked: CapabilityHeader = user::read(header)?;
    if asked.pid < 0 {
        return Err(Errno::EINVAL);
    }
    let target = match asked.pid as u32 {
        0 => Arc::clone(thread),
        tid => thread.thread_named(tid)?,
    };
    if data != 0 {
        let sets = sets_of(&target.credentials());
        user::write(data, &sets[..count])?;
    }
    Ok(0)
}

/// capset(2): a thread may ask for what it has; any other set cannot be had.
pub fn sys_capset(thread: &Arc<Thread>, header: usize, data: usize) -> Result<usize> {
    let asked: CapabilityHeader = user::read(header)?;
    let count = sets_of_version(header, asked.version)?;
    if asked.pid != 0 && asked.pid as u32 != thread.local_tid() {
        return Err(Errno::EPERM);
    }
    let mut wanted = [CapabilitySet::default(); 2];
    for (index, set) in wanted.iter_mut().take(count).enumerate() {
        *set = user::read(data.wrapping_add(index * size_of::<CapabilitySet>()))?;
    }
    let own = sets_of(&thread.credentials());
    let same = wanted.iter().zip(&own).take(count).all(|(wanted, own)| {
        wanted.effective == own.effective && wanted.permitted == own.permitted
    });
    if same { Ok(0) } else { Err(Errno::EPERM) }
}
