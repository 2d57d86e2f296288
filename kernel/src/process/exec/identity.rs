//! Who a program runs as: the set-user-ID and set-group-ID bits. Source: execve(2).

use abi::raw::general as linux;

use crate::file::OpenFile;
use crate::process::credentials::Credentials;

/// The identity that `executable` gives to a process with `before`.
pub fn for_program(executable: &OpenFile, before: &Credentials) -> Credentials {
    let metadata = executable.metadata();
    let mode = metadata.ownership.permissions;
    let mut after = before.clone();
    after.keep_capabilities = false;
    if !executable.location().mount.has(linux::MS_NOSUID) && !before.no_new_privileges {
        if mode & linux::S_ISUID != 0 {
            after.euid = metadata.ownership.uid;
        }
        // Without the group's execute bit the other one marks a file for mandatory locks.
        if mode & linux::S_ISGID != 0 && mode & linux::S_IXGRP != 0 {
            after.egid = metadata.ownership.gid;
        }
    }
    after.suid = after.euid;
    after.fsuid = after.euid;
    after.sgid = after.egid;
    after.fsgid = after.egid;
    after
}
