//! Extended attributes. No file system here keeps any: lists are empty, and asking for one or
//! setting one is EOPNOTSUPP, as on a Linux file system without them. The arguments are checked
//! all the same, so that programs which copy attributes (`cp -a`) learn what they would learn
//! there. Source: xattr(7), getxattr(2), setxattr(2), listxattr(2), removexattr(2).

use crate::{
    error::Result,
    file::{FileKind, Location, UserPath, permission, walk},
    memory::user,
    process::Thread,
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

/// The longest name (XATTR_NAME_MAX of linux/limits.h).
const NAME_MAX: usize = 255;
/// The longest value (XATTR_SIZE_MAX).
const VALUE_MAX: usize = 65_536;
/// XATTR_CREATE and XATTR_REPLACE of linux/xattr.h.
const SET_FLAGS: usize = 1 | 2;

fn by_path(thread: &Thread, path: usize, flags: u32) -> Result<Location> {
    let path = UserPath::read(path)?;
    walk::find_at(thread, general::AT_FDCWD, path.bytes(), flags)
}

fn by_descriptor(thread: &Thread, descriptor: usize) -> Result<Location> {
    Ok(thread.files()?.get_usable(descriptor as i32)?.location())
}

/// A name is checked before anything is asked of the file system. Returns whether it is one of
/// the attributes that programs may make.
fn check_name(address: usize) -> Result<bool> {
    let mut name = [0; NAME_MAX + 1];
    match user::read_c_string_into(address, &mut name) {
        Ok(0) | Err(Errno::ENAMETOOLONG) => Err(Errno::ERANGE),
        Ok(length) => Ok(name[..length].starts_with(b"user.")),
        Err(error) => Err(error),
    }
}

/// Only files and directories can have attributes that programs make (xattr(7)).
fn has_no_user_attributes(place: &Location) -> bool {
    let kind = place.inode().kind();
    !matches!(kind, FileKind::Regular | FileKind::Directory)
}

fn get(place: Location, name: usize) -> Result<usize> {
    if check_name(name)? && has_no_user_attributes(&place) {
        return Err(Errno::ENODATA);
    }
    Err(Errno::EOPNOTSUPP)
}

fn remove(place: Location, name: usize) -> Result<usize> {
    let is_users = check_name(name)?;
    refuse_change(&place, is_users)
}

fn refuse_change(place: &Location, is_users: bool) -> Result<usize> {
    permission::check_writable_mount(place)?;
    if is_users && has_no_user_attributes(place) {
        return Err(Errno::EPERM);
    }
    Err(Errno::EOPNOTSUPP)
}

/// Linux looks the file up first, then at the flags, the name, the size and the value.
fn set(place: Location, name: usize, value: usize, size: usize, flags: usize) -> Result<usize> {
    if flags & !SET_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let is_users = check_name(name)?;
    if size > VALUE_MAX {
        return Err(Errno::E2BIG);
    }
    let mut seen = [0; 256];
    let mut read = 0;
    while read < size {
        let length = seen.len().min(size - read);
        user::read_bytes(value.wrapping_add(read), &mut seen[..length])?;
        read += length;
    }
    refuse_change(&place, is_users)
}

/// setxattr(2).
pub fn sys_setxattr(
    thread: &Arc<Thread>,
    path: usize,
    name: usize,
    value: usize,
    size: usize,
    flags: usize,
) -> Result<usize> {
    set(by_path(thread, path, 0)?, name, value, size, flags)
}

/// lsetxattr(2).
pub fn sys_lsetxattr(
    thread: &Arc<Thread>,
    path: usize,
    name: usize,
    value: usize,
    size: usize,
    flags: usize,
) -> Result<usize> {
    let place = by_path(thread, path, general::AT_SYMLINK_NOFOLLOW)?;
    set(place, name, value, size, flags)
}

/// fsetxattr(2).
pub fn sys_fsetxattr(
    thread: &Arc<Thread>,
    descriptor: usize,
    name: usize,
    value: usize,
    size: usize,
    flags: usize,
) -> Result<usize> {
    set(by_descriptor(thread, descriptor)?, name, value, size, flags)
}

/// getxattr(2).
pub fn sys_getxattr(
    thread: &Arc<Thread>,
    path: usize,
    name: usize,
    _value: usize,
    _size: usize,
) -> Result<usize> {
    get(by_path(thread, path, 0)?, name)
}

/// lgetxattr(2).
pub fn sys_lgetxattr(
    thread: &Arc<Thread>,
    path: usize,
    name: usize,
    _value: usize,
    _size: usize,
) -> Result<usize> {
    get(by_path(thread, path, general::AT_SYMLINK_NOFOLLOW)?, name)
}

/// fgetxattr(2).
pub fn sys_fgetxattr(
    thread: &Arc<Thread>,
    descriptor: usize,
    name: usize,
    _value: usize,
    _size: usize,
) -> Result<usize> {
    get(by_descriptor(thread, descriptor)?, name)
}

/// listxattr(2): an empty list fits anywhere, so nothing is written.
pub fn sys_listxattr(
    thread: &Arc<Thread>,
    path: usize,
    _list: usize,
    _size: usize,
) -> Result<usize> {
    by_path(thread, path, 0).map(|_| 0)
}

/// llistxattr(2).
pub fn sys_llistxattr(
    thread: &Arc<Thread>,
    path: usize,
    _list: usize,
    _size: usize,
) -> Result<usize> {
    by_path(thread, path, general::AT_SYMLINK_NOFOLLOW).map(|_| 0)
}

/// flistxattr(2).
pub fn sys_flistxattr(
    thread: &Arc<Thread>,
    descriptor: usize,
    _list: usize,
    _size: usize,
) -> Result<usize> {
    by_descriptor(thread, descriptor).map(|_| 0)
}

/// removexattr(2).
pub fn sys_removexattr(thread: &Arc<Thread>, path: usize, name: usize) -> Result<usize> {
    remove(by_path(thread, path, 0)?, name)
}

/// lremovexattr(2).
pub fn sys_lremovexattr(thread: &Arc<Thread>, path: usize, name: usize) -> Result<usize> {
    remove(by_path(thread, path, general::AT_SYMLINK_NOFOLLOW)?, name)
}

/// fremovexattr(2).
pub fn sys_fremovexattr(thread: &Arc<Thread>, descriptor: usize, name: usize) -> Result<usize> {
    remove(by_descriptor(thread, descriptor)?, name)
}
