//! Who a program runs as: the set-user-ID and set-group-ID bits, and what becomes of the
//! capabilities. No file system here keeps capabilities of files.
//! Source: execve(2), capabilities(7) ("Transformation of capabilities during execve()"), clone(2)
//! (CLONE_FS).

use abi::raw::general as linux;

use crate::error::Result;
use crate::file::OpenFile;
use crate::process::capabilities::{Capability, CapabilitySet, SecureBits};
use crate::process::credentials::Credentials;
use crate::process::{Thread, table};

/// Who a program runs as.
pub struct Identity {
    pub credentials: Credentials,
    /// It is not to trust its caller (AT_SECURE): its user or group differ from the caller's real
    /// ones, or would, were they not refused.
    pub is_secure: bool,
}

/// The identity that `executable` gives to the process of `thread`, which has `before`.
///
/// # Errors
/// ESRCH when the thread has ended.
pub fn for_program(
    executable: &OpenFile,
    thread: &Thread,
    before: &Credentials,
) -> Result<Identity> {
    let metadata = executable.metadata();
    let mode = metadata.ownership.permissions;
    let mut after = before.clone();
    if !executable.location().mount.has(linux::MS_NOSUID) && !before.no_new_privileges {
        if mode & linux::S_ISUID != 0 {
            after.euid = metadata.ownership.uid;
        }
        // Without the group's execute bit the other one marks a file for mandatory locks.
        if mode & linux::S_ISGID != 0 && mode & linux::S_IXGRP != 0 {
            after.egid = metadata.ownership.gid;
        }
    }
    let is_secure = after.euid != before.uid || after.egid != before.gid;
    give_capabilities(before, &mut after, distrust(thread, before)?);
    after.secure_bits.remove(SecureBits::KEEP_CAPS);
    after.suid = after.euid;
    after.fsuid = after.euid;
    after.sgid = after.egid;
    after.fsgid = after.egid;
    Ok(Identity {
        credentials: after,
        is_secure,
    })
}

/// What keeps a program from gaining rights.
#[derive(Clone, Copy, PartialEq)]
enum Distrust {
    None,
    /// Another process has the same root and working directory and could change them under it:
    /// whoever may not change user ids itself gains none.
    SharedDirectories,
    /// It has promised so (PR_SET_NO_NEW_PRIVS).
    Promise,
}

fn distrust(thread: &Thread, before: &Credentials) -> Result<Distrust> {
    if before.no_new_privileges {
        return Ok(Distrust::Promise);
    }
    let own = |other: &Thread| other.process.pid == thread.process.pid;
    let is_shared = table::shares_directories(&thread.fs()?, |other| !own(other));
    Ok(if is_shared {
        Distrust::SharedDirectories
    } else {
        Distrust::None
    })
}

/// Sets what `after` has, whose effective ids are those of the program. The superuser's program
/// gets what the bounding set lets through, any other one what is ambient.
fn give_capabilities(before: &Credentials, after: &mut Credentials, distrust: Distrust) {
    let had = &before.capabilities;
    let root_means_all = !before.secure_bits.contains(SecureBits::NO_ROOT);
    let is_root = root_means_all && [after.uid, after.euid].contains(&0);
    let in_force = root_means_all && after.euid == 0;
    let mut permitted = if is_root {
        had.bounding | had.inheritable
    } else {
        CapabilitySet::NONE
    };
    let gains = !had.permitted.contains(permitted);
    let changes_ids = after.euid != before.uid || after.egid != before.gid;
    // Who is not trusted to gain anything keeps at most what there is.
    if distrust != Distrust::None && (gains || changes_ids) {
        if distrust == Distrust::Promise || !before.has(Capability::Setuid) {
            (after.euid, after.egid) = (after.uid, after.gid);
        }
        permitted = permitted & had.permitted;
    }
    let sets = &mut after.capabilities;
    if changes_ids {
        sets.ambient = CapabilitySet::NONE;
    }
    sets.permitted = permitted | sets.ambient;
    sets.effective = if in_force {
        sets.permitted
    } else {
        sets.ambient
    };
}
