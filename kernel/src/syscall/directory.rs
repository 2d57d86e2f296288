//! Names: mkdir, mknod, rmdir, unlink, link, symlink, rename and their *at forms. Source: the
//! manual page of each.

use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{
        DeviceNumber, FileKind, Follow, Last, Location, NewContent, NewNode, UserPath, Walk,
        names::{self, Removal, Side},
        permission,
        walk::{self, Parent},
    },
    process::Thread,
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

fn find_parent<'p>(
    thread: &Thread,
    directory: i32,
    path: &'p UserPath,
) -> Result<(Parent<'p>, Walk)> {
    let start = walk::start(thread, directory, path.bytes())?;
    let mut walk = Walk::new(thread)?;
    let parent = walk.find_parent(start, path.bytes())?;
    Ok((parent, walk))
}

/// `EEXIST` if the name is taken.
fn check_absent(parent: &Parent<'_>, name: &[u8]) -> Result<()> {
    match names::child(&parent.directory, name) {
        Ok(_) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a node at a path. `EEXIST` comes before all that concerns permission.
fn make(
    thread: &Thread,
    directory: i32,
    path: &UserPath,
    content: NewContent<'_>,
    permissions: u32,
) -> Result<usize> {
    let (parent, walk) = find_parent(thread, directory, path)?;
    let name = parent.last.name(Errno::EEXIST)?;
    check_absent(&parent, name)?;
    if parent.trailing_slash && content.kind() != FileKind::Directory {
        return Err(Errno::ENOENT);
    }
    let credentials = walk.credentials();
    permission::check_add(credentials, &parent.directory)?;
    let kind = content.kind();
    if kind.is_device() {
        credentials.require(Capability::Mknod)?;
    }
    let ownership = names::new_ownership(credentials, &parent.directory, permissions, kind);
    names::create(&parent.directory, name, &NewNode { content, ownership })?;
    Ok(0)
}

/// mkdir(2).
pub fn sys_mkdir(thread: &Arc<Thread>, path: usize, mode: usize) -> Result<usize> {
    sys_mkdirat(thread, general::AT_FDCWD as usize, path, mode)
}

/// mkdirat(2).
pub fn sys_mkdirat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    mode: usize,
) -> Result<usize> {
    let permissions = mode as u32 & 0o1777 & !thread.fs()?.umask();
    let path = UserPath::read(path)?;
    make(
        thread,
        directory as i32,
        &path,
        NewContent::Directory,
        permissions,
    )
}

/// mknod(2).
pub fn sys_mknod(thread: &Arc<Thread>, path: usize, mode: usize, device: usize) -> Result<usize> {
    sys_mknodat(thread, general::AT_FDCWD as usize, path, mode, device)
}

/// mknodat(2). Device nodes are for root.
pub fn sys_mknodat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    mode: usize,
    device: usize,
) -> Result<usize> {
    let mode = mode as u32;
    let number = DeviceNumber::from_raw(device as u32 as u64);
    let content = match mode & general::S_IFMT {
        0 | general::S_IFREG => NewContent::Regular,
        general::S_IFIFO => NewContent::Fifo,
        general::S_IFSOCK => NewContent::Socket,
        general::S_IFCHR => NewContent::CharacterDevice(number),
        general::S_IFBLK => NewContent::BlockDevice(number),
        general::S_IFDIR => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    };
    let permissions = mode & 0o7777 & !thread.fs()?.umask();
    let path = UserPath::read(path)?;
    make(thread, directory as i32, &path, content, permissions)
}

/// symlink(2).
pub fn sys_symlink(thread: &Arc<Thread>, target: usize, path: usize) -> Result<usize> {
    sys_symlinkat(thread, target, general::AT_FDCWD as usize, path)
}

/// symlinkat(2).
pub fn sys_symlinkat(
    thread: &Arc<Thread>,
    target: usize,
    directory: usize,
    path: usize,
) -> Result<usize> {
    let target = UserPath::read(target)?;
    if target.bytes().is_empty() {
        return Err(Errno::ENOENT);
    }
    let path = UserPath::read(path)?;
    let content = NewContent::SymbolicLink(target.bytes());
    make(thread, directory as i32, &path, content, 0o777)
}

fn remove(thread: &Thread, directory: i32, path: usize, removal: Removal) -> Result<usize> {
    let path = UserPath::read(path)?;
    let (parent, walk) = find_parent(thread, directory, &path)?;
    let name = match (parent.last, removal) {
        (Last::Name(name), _) => name,
        (_, Removal::File) => return Err(Errno::EISDIR),
        (Last::Dot, Removal::Directory) => return Err(Errno::EINVAL),
        (Last::DotDot, Removal::Directory) => return Err(Errno::ENOTEMPTY),
        (Last::Root, Removal::Directory) => return Err(Errno::EBUSY),
    };
    if parent.trailing_slash && removal == Removal::File {
        let victim = names::child(&parent.directory, name)?;
        return Err(if victim.is_directory() {
            Errno::EISDIR
        } else {
            Errno::ENOTDIR
        });
    }
    names::remove(walk.credentials(), &parent.directory, name, removal)?;
    Ok(0)
}

/// rmdir(2).
pub fn sys_rmdir(thread: &Arc<Thread>, path: usize) -> Result<usize> {
    remove(thread, general::AT_FDCWD, path, Removal::Directory)
}

/// unlink(2).
pub fn sys_unlink(thread: &Arc<Thread>, path: usize) -> Result<usize> {
    remove(thread, general::AT_FDCWD, path, Removal::File)
}

/// unlinkat(2).
pub fn sys_unlinkat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    flags: usize,
) -> Result<usize> {
    let removal = match flags as u32 {
        0 => Removal::File,
        general::AT_REMOVEDIR => Removal::Directory,
        _ => return Err(Errno::EINVAL),
    };
    remove(thread, directory as i32, path, removal)
}

/// link(2).
pub fn sys_link(thread: &Arc<Thread>, old: usize, new: usize) -> Result<usize> {
    let here = general::AT_FDCWD as usize;
    sys_linkat(thread, here, old, here, new, 0)
}

/// linkat(2).
pub fn sys_linkat(
    thread: &Arc<Thread>,
    old_directory: usize,
    old: usize,
    new_directory: usize,
    new: usize,
    flags: usize,
) -> Result<usize> {
    let flags = flags as u32;
    if flags & !(general::AT_SYMLINK_FOLLOW | general::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let target = link_target(thread, old_directory as i32, old, flags)?;
    let new = UserPath::read(new)?;
    let (parent, walk) = find_parent(thread, new_directory as i32, &new)?;
    let name = parent.last.name(Errno::EEXIST)?;
    check_absent(&parent, name)?;
    if parent.trailing_slash {
        return Err(Errno::ENOENT);
    }
    if !Arc::ptr_eq(&target.mount, &parent.directory.mount) {
        return Err(Errno::EXDEV);
    }
    permission::check_add(walk.credentials(), &parent.directory)?;
    names::link(&target, &parent.directory, name)?;
    Ok(0)
}

/// The file to link: a link itself unless AT_SYMLINK_FOLLOW; with AT_EMPTY_PATH, for who may read everything,
/// the file that is open.
fn link_target(thread: &Thread, directory: i32, path: usize, flags: u32) -> Result<Location> {
    let path = UserPath::read(path)?;
    if path.bytes().is_empty() && flags & general::AT_EMPTY_PATH != 0 {
        if !thread.credentials().has(Capability::DacReadSearch) {
            return Err(Errno::ENOENT);
        }
        return walk::start(thread, directory, path.bytes());
    }
    let follow = if flags & general::AT_SYMLINK_FOLLOW != 0 {
        Follow::Yes
    } else {
        Follow::No
    };
    let start = walk::start(thread, directory, path.bytes())?;
    Walk::new(thread)?.find(start, path.bytes(), follow)
}

/// rename(2).
pub fn sys_rename(thread: &Arc<Thread>, old: usize, new: usize) -> Result<usize> {
    let here = general::AT_FDCWD as usize;
    sys_renameat2(thread, here, old, here, new, 0)
}

/// renameat(2).
pub fn sys_renameat(
    thread: &Arc<Thread>,
    old_directory: usize,
    old: usize,
    new_directory: usize,
    new: usize,
) -> Result<usize> {
    sys_renameat2(thread, old_directory, old, new_directory, new, 0)
}

/// renameat2(2). Whiteouts (RENAME_WHITEOUT) are not there: `EINVAL`, as where a file system has
/// none.
pub fn sys_renameat2(
    thread: &Arc<Thread>,
    old_directory: usize,
    old: usize,
    new_directory: usize,
    new: usize,
    flags: usize,
) -> Result<usize> {
    let flags = flags as u32;
    let both = general::RENAME_NOREPLACE | general::RENAME_EXCHANGE;
    if flags & !both != 0 || flags == both {
        return Err(Errno::EINVAL);
    }
    let (old, new) = (UserPath::read(old)?, UserPath::read(new)?);
    let (from, walk) = find_parent(thread, old_directory as i32, &old)?;
    let (to, _) = find_parent(thread, new_directory as i32, &new)?;
    if !Arc::ptr_eq(&from.directory.mount, &to.directory.mount) {
        return Err(Errno::EXDEV);
    }
    let old_name = from.last.name(Errno::EBUSY)?;
    let new_name = match flags & general::RENAME_NOREPLACE {
        0 => to.last.name(Errno::EBUSY)?,
        _ => to.last.name(Errno::EEXIST)?,
    };
    let old = Side {
        directory: &from.directory,
        name: old_name,
        trailing_slash: from.trailing_slash,
    };
    let new = Side {
        directory: &to.directory,
        name: new_name,
        trailing_slash: to.trailing_slash,
    };
    names::rename(walk.credentials(), &old, &new, flags)?;
    Ok(0)
}
