//! Who may do what with a file: the permission bits, and the exceptions that capabilities make.
//!
//! Checks use the file-system ids and the supplementary groups. CAP_DAC_OVERRIDE reads and writes
//! everything, searches every directory, and executes what somebody may execute;
//! CAP_DAC_READ_SEARCH reads everything and searches every directory.
//! Source: path_resolution(7), credentials(7), capabilities(7), unlink(2), rename(2).

use super::{FileKind, Inode, Location, Ownership};
use crate::process::capabilities::Capability;
use crate::{error::Result, process::credentials::Credentials};
use abi::{Errno, raw::general};

/// May read (a file's bytes, a directory's names).
pub const READ: u32 = 4;
/// May write (a file's bytes, a directory's names).
pub const WRITE: u32 = 2;
/// May execute a file or search a directory.
pub const EXECUTE: u32 = 1;

/// Whether these credentials search every directory, so that there is nothing to check.
pub fn searches_all(credentials: &Credentials) -> bool {
    credentials.has_any(&[Capability::DacOverride, Capability::DacReadSearch])
}

/// Whether the permission bits do not matter for `wanted`.
fn overrides(credentials: &Credentials, inode: &dyn Inode, wanted: u32) -> bool {
    let is_directory = inode.kind() == FileKind::Directory;
    let only_looks = match is_directory {
        true => wanted & WRITE == 0,
        false => wanted == READ,
    };
    let somebody_may =
        wanted & EXECUTE == 0 || is_directory || inode.ownership().permissions & 0o111 != 0;
    (somebody_may && credentials.has(Capability::DacOverride))
        || (only_looks && credentials.has(Capability::DacReadSearch))
}

/// Whether these credentials may do what only the owner of a file may.
pub fn owns(credentials: &Credentials, ownership: &Ownership) -> bool {
    credentials.fsuid == ownership.uid || credentials.has(Capability::Fowner)
}

/// Checks the permission bits of `inode` for all of `wanted`. `EACCES`: they do not allow it.
pub fn check(credentials: &Credentials, inode: &dyn Inode, wanted: u32) -> Result<()> {
    if overrides(credentials, inode, wanted) {
        return Ok(());
    }
    let ownership = inode.ownership();
    let granted = if credentials.fsuid == ownership.uid {
        ownership.permissions >> 6
    } else if credentials.is_in_group(ownership.gid) {
        ownership.permissions >> 3
    } else {
        ownership.permissions
    };
    if granted & wanted == wanted {
        Ok(())
    } else {
        Err(Errno::EACCES)
    }
}

/// As [`check`], and `EROFS` if `wanted` has WRITE and the mount is read-only. Device nodes, FIFOs
/// and sockets are not written through the mount, so they are exempt.
pub fn check_at(credentials: &Credentials, place: &Location, wanted: u32) -> Result<()> {
    let inode = place.inode();
    let stored = matches!(
        inode.kind(),
        FileKind::Regular | FileKind::Directory | FileKind::SymbolicLink
    );
    if wanted & WRITE != 0 && stored {
        check_writable_mount(place)?;
    }
    check(credentials, &**inode, wanted)
}

/// `EROFS` if the mount is read-only.
pub fn check_writable_mount(place: &Location) -> Result<()> {
    if place.mount.has(general::MS_RDONLY) {
        Err(Errno::EROFS)
    } else {
        Ok(())
    }
}

/// Whether names may be made in `directory`.
pub fn check_add(credentials: &Credentials, directory: &Location) -> Result<()> {
    check_at(credentials, directory, WRITE | EXECUTE)
}

/// Whether the name of `victim` may be taken out of `directory`: its permissions, and in a
/// directory with the sticky bit only by the owner of either. `EPERM`: the sticky bit forbids it.
pub fn check_remove(
    credentials: &Credentials,
    directory: &Location,
    victim: &dyn Inode,
) -> Result<()> {
    check_at(credentials, directory, WRITE | EXECUTE)?;
    let above = directory.inode().ownership();
    let sticky = above.permissions & general::S_ISVTX != 0;
    if sticky && !owns(credentials, &above) && !owns(credentials, &victim.ownership()) {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// The set-id bits that a file with these permissions loses when an ordinary user changes its
/// contents, size or owner. Set-group-ID without group execution means something else (mandatory
/// locking, once) and stays.
pub fn set_id_bits_to_drop(permissions: u32) -> u32 {
    let group_executes = permissions & general::S_IXGRP != 0;
    general::S_ISUID | if group_executes { general::S_ISGID } else { 0 }
}
