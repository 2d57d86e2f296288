//! Who a program runs as: the set-user-ID and set-group-ID bits, and what becomes of the
//! capabilities. No file system here keeps capabilities of files.
//! Source: execve(2), capabilities(7) ("Transformation of capabilities during execve()").

use abi::raw::general as linux;

use crate::file::OpenFile;
use crate::process::capabilities::{CapabilitySet, SecureBits};
use crate::process::credentials::Credentials;

/// The identity that `executable` gives to a process with `before`.
pub fn for_program(executable: &OpenFile, before: &Credentials) -> Credentials {
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
    give_capabilities(before, &mut after);
    after.secure_bits.remove(SecureBits::KEEP_CAPS);
    after.suid = after.euid;
    after.fsuid = after.euid;
    after.sgid = after.egid;
    after.fsgid = after.egid;
    after
}

/// Sets what `after` has, whose effective ids are those of the program. The superuser's program
/// gets what the bounding set lets through, any other one what is ambient.
fn give_capabilities(before: &Credentials, after: &mut Credentials) {
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
    // Who promised to gain nothing keeps at most what there is.
    if before.no_new_privileges && (gains || changes_ids) {
        (after.euid, after.egid) = (after.uid, after.gid);
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
