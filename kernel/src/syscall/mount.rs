//! mount, umount2. Source: mount(2), umount(2).

use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{Follow, Location, MOUNT_FLAGS, MountRequest, Unmount, UserPath, Walk, find_type, walk},
    memory::user,
    process::Thread,
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};

/// Options are at most a page.
const OPTIONS_BYTES_MAX: usize = 4096;
/// The magic that old programs put into the upper half of the flags.
const OLD_MAGIC: u32 = 0xc0ed_0000;

/// How a mount's propagation is set; there is one mount namespace so far, and all mounts in it are
/// private.
const PROPAGATION: u32 =
    general::MS_SHARED | general::MS_PRIVATE | general::MS_SLAVE | general::MS_UNBINDABLE;

/// A string that may be absent.
fn optional_string(address: usize) -> Result<Option<Vec<u8>>> {
    if address == 0 {
        return Ok(None);
    }
    match user::read_c_string(address, OPTIONS_BYTES_MAX) {
        Err(Errno::ENAMETOOLONG) => Err(Errno::EINVAL),
        other => other.map(Some),
    }
}

/// Options may be absent. They are a page at most that need not end in a NUL, and that may end
/// early where the program's memory does: only a first byte that is not there is an error.
fn options(address: usize) -> Result<Vec<u8>> {
    let mut bytes = alloc::vec![0; if address == 0 { 0 } else { OPTIONS_BYTES_MAX }];
    let first = OPTIONS_BYTES_MAX - address % OPTIONS_BYTES_MAX;
    if address != 0 {
        user::read_bytes(address, &mut bytes[..first])?;
        if user::read_bytes(address.saturating_add(first), &mut bytes[first..]).is_err() {
            bytes.truncate(first);
        }
    }
    let end = bytes.iter().position(|&byte| byte == 0);
    bytes.truncate(end.unwrap_or(bytes.len()));
    Ok(bytes)
}

/// mount(2).
pub fn sys_mount(
    thread: &Arc<Thread>,
    source: usize,
    target: usize,
    type_name: usize,
    flags: usize,
    data: usize,
) -> Result<usize> {
    let mut flags = flags as u32;
    if flags & 0xffff_0000 == OLD_MAGIC {
        flags &= 0xffff;
    }
    let type_name = optional_string(type_name)?;
    let source = optional_string(source)?.unwrap_or_default();
    let options = options(data)?;
    let path = UserPath::read(target)?;
    let place = walk::find_at(thread, general::AT_FDCWD, path.bytes(), 0)?;
    thread.credentials().require(Capability::SysAdmin)?;
    let table = thread.fs()?.mounts();
    let operation = flags & (general::MS_REMOUNT | general::MS_BIND | general::MS_MOVE);
    if operation == general::MS_REMOUNT | general::MS_BIND {
        table.remount(&place, mount_flags(flags), None)?;
    } else if flags & general::MS_REMOUNT != 0 {
        table.remount(&place, mount_flags(flags), Some(&options))?;
    } else if flags & general::MS_BIND != 0 {
        let from = find_source(thread, &source)?;
        table.bind(&from, place, flags & general::MS_REC != 0)?;
    } else if flags & PROPAGATION != 0 {
        return set_propagation(&place, flags);
    } else if flags & general::MS_MOVE != 0 {
        let from = find_source(thread, &source)?;
        table.move_mount(&from, place)?;
    } else {
        let type_name = type_name.ok_or(Errno::EINVAL)?;
        let request = MountRequest { options: &options };
        let superblock = (find_type(&type_name)?.mount)(&request)?;
        let shown: &[u8] = if source.is_empty() { b"none" } else { &source };
        table.mount(place, superblock, shown, mount_flags(flags))?;
    }
    Ok(0)
}

/// Access times are kept "relative" unless another rule was asked for, as on Linux.
fn mount_flags(flags: u32) -> u32 {
    let kept = flags & MOUNT_FLAGS;
    if flags & (general::MS_NOATIME | general::MS_STRICTATIME) == 0 {
        kept | general::MS_RELATIME
    } else {
        kept & !general::MS_RELATIME
    }
}

fn find_source(thread: &Thread, source: &[u8]) -> Result<Location> {
    if source.is_empty() {
        return Err(Errno::EINVAL);
    }
    walk::find_at(thread, general::AT_FDCWD, source, 0)
}

/// Making a mount private is what every mount is already; the others need namespaces to mean
/// anything and are accepted too, since all of them behave as private while there is only one.
fn set_propagation(place: &Location, flags: u32) -> Result<usize> {
    let known = PROPAGATION | general::MS_REC | general::MS_SILENT;
    if flags & !known != 0 || (flags & PROPAGATION).count_ones() != 1 || !place.is_mount_root() {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// umount2(2).
pub fn sys_umount2(thread: &Arc<Thread>, target: usize, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    let known =
        general::MNT_FORCE | general::MNT_DETACH | general::MNT_EXPIRE | general::UMOUNT_NOFOLLOW;
    let expires = flags & general::MNT_EXPIRE != 0;
    if flags & !known != 0 || (expires && flags & (general::MNT_FORCE | general::MNT_DETACH) != 0) {
        return Err(Errno::EINVAL);
    }
    let follow = if flags & general::UMOUNT_NOFOLLOW != 0 {
        Follow::No
    } else {
        Follow::Yes
    };
    let path = UserPath::read(target)?;
    let place = {
        let start = walk::start(thread, general::AT_FDCWD, path.bytes())?;
        Walk::new(thread)?.look_up(start, path.bytes(), follow)?
    };
    thread.credentials().require(Capability::SysAdmin)?;
    let table = thread.fs()?.mounts();
    let how = if expires {
        Unmount::IfExpired
    } else if flags & general::MNT_DETACH != 0 {
        Unmount::Lazily
    } else {
        Unmount::IfUnused
    };
    table.unmount(place, how)?;
    Ok(0)
}
