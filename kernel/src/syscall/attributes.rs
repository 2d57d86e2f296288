//! Changing what stat(2) shows: chmod, chown, times, size and space. Source: chmod(2), chown(2),
//! utimensat(2), truncate(2), fallocate(2), umask(2).

use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{
        AttributeChange, FileKind, Location, OpenFile, UserPath, check_not_run, check_size_limit,
        clock, permission, walk,
    },
    memory::user,
    process::Thread,
};
use abi::{Errno, Timespec, Timeval, file::Utimbuf, raw::general};
use alloc::sync::Arc;

fn find(thread: &Thread, directory: i32, path: usize, flags: u32) -> Result<Location> {
    let path = UserPath::read(path)?;
    walk::find_at(thread, directory, path.bytes(), flags)
}

fn open_place(thread: &Thread, descriptor: usize) -> Result<Location> {
    Ok(thread.files()?.get_usable(descriptor as i32)?.location())
}

fn change_mode(thread: &Thread, place: &Location, mode: u32) -> Result<usize> {
    permission::check_writable_mount(place)?;
    if place.inode().kind() == FileKind::SymbolicLink {
        return Err(Errno::EOPNOTSUPP);
    }
    let credentials = thread.credentials();
    let ownership = place.inode().ownership();
    if !permission::owns(&credentials, &ownership) {
        return Err(Errno::EPERM);
    }
    let mut permissions = mode & 0o7777;
    if !credentials.is_in_group(ownership.gid) && !credentials.has(Capability::Fsetid) {
        permissions &= !general::S_ISGID;
    }
    place.inode().change(&AttributeChange {
        permissions: Some(permissions),
        ..Default::default()
    })?;
    Ok(0)
}

/// chmod(2).
pub fn sys_chmod(thread: &Arc<Thread>, path: usize, mode: usize) -> Result<usize> {
    change_mode(
        thread,
        &find(thread, general::AT_FDCWD, path, 0)?,
        mode as u32,
    )
}

/// fchmod(2).
pub fn sys_fchmod(thread: &Arc<Thread>, descriptor: usize, mode: usize) -> Result<usize> {
    change_mode(thread, &open_place(thread, descriptor)?, mode as u32)
}

/// fchmodat(2).
pub fn sys_fchmodat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    mode: usize,
) -> Result<usize> {
    change_mode(
        thread,
        &find(thread, directory as i32, path, 0)?,
        mode as u32,
    )
}

/// An id of chown(2): -1 leaves it.
fn id_of(raw: usize) -> Option<u32> {
    Some(raw as u32).filter(|&id| id != u32::MAX)
}

fn change_owner(thread: &Thread, place: &Location, uid: usize, gid: usize) -> Result<usize> {
    permission::check_writable_mount(place)?;
    let (uid, gid) = (id_of(uid), id_of(gid));
    let credentials = thread.credentials();
    let ownership = place.inode().ownership();
    if !credentials.has(Capability::Chown) {
        let is_owner = credentials.fsuid == ownership.uid;
        let keeps_uid = uid.is_none_or(|uid| is_owner && uid == ownership.uid);
        let own_group = |gid| gid == ownership.gid || credentials.is_in_group(gid);
        let may_set_gid = gid.is_none_or(|gid| is_owner && own_group(gid));
        if !keeps_uid || !may_set_gid {
            return Err(Errno::EPERM);
        }
    }
    let kind = place.inode().kind();
    let drops = kind != FileKind::Directory && (uid.is_some() || gid.is_some());
    let permissions = drops
        .then(|| ownership.permissions & !permission::set_id_bits_to_drop(ownership.permissions));
    place.inode().change(&AttributeChange {
        permissions,
        uid,
        gid,
        ..Default::default()
    })?;
    Ok(0)
}

/// chown(2).
pub fn sys_chown(thread: &Arc<Thread>, path: usize, uid: usize, gid: usize) -> Result<usize> {
    change_owner(thread, &find(thread, general::AT_FDCWD, path, 0)?, uid, gid)
}

/// lchown(2).
pub fn sys_lchown(thread: &Arc<Thread>, path: usize, uid: usize, gid: usize) -> Result<usize> {
    let place = find(
        thread,
        general::AT_FDCWD,
        path,
        general::AT_SYMLINK_NOFOLLOW,
    )?;
    change_owner(thread, &place, uid, gid)
}

/// fchown(2).
pub fn sys_fchown(
    thread: &Arc<Thread>,
    descriptor: usize,
    uid: usize,
    gid: usize,
) -> Result<usize> {
    change_owner(thread, &open_place(thread, descriptor)?, uid, gid)
}

/// fchownat(2).
pub fn sys_fchownat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    uid: usize,
    gid: usize,
    flags: usize,
) -> Result<usize> {
    let flags = flags as u32;
    if flags & !(general::AT_SYMLINK_NOFOLLOW | general::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    change_owner(
        thread,
        &find(thread, directory as i32, path, flags)?,
        uid,
        gid,
    )
}

/// What to set one time to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewTime {
    Now,
    Keep,
    At(Timespec),
}

impl NewTime {
    fn from_timespec(time: Timespec) -> Result<NewTime> {
        match time.tv_nsec {
            now if now == i64::from(general::UTIME_NOW) => Ok(NewTime::Now),
            keep if keep == i64::from(general::UTIME_OMIT) => Ok(NewTime::Keep),
            0..1_000_000_000 => Ok(NewTime::At(time)),
            _ => Err(Errno::EINVAL),
        }
    }

    fn from_timeval(time: Timeval) -> Result<NewTime> {
        match time.tv_usec {
            0..1_000_000 => Ok(NewTime::At(Timespec {
                tv_sec: time.tv_sec,
                tv_nsec: time.tv_usec * 1000,
            })),
            _ => Err(Errno::EINVAL),
        }
    }

    fn value(self, now: Timespec) -> Option<Timespec> {
        match self {
            NewTime::Now => Some(now),
            NewTime::Keep => None,
            NewTime::At(time) => Some(time),
        }
    }
}

/// Sets access and modification time. Setting both to now needs only permission to write;
/// anything else the owner's rights.
fn change_times(thread: &Thread, place: &Location, times: [NewTime; 2]) -> Result<usize> {
    if times == [NewTime::Keep, NewTime::Keep] {
        return Ok(0);
    }
    permission::check_writable_mount(place)?;
    let credentials = thread.credentials();
    if !permission::owns(&credentials, &place.inode().ownership()) {
        if times != [NewTime::Now, NewTime::Now] {
            return Err(Errno::EPERM);
        }
        permission::check(&credentials, &**place.inode(), permission::WRITE)?;
    }
    let now = clock::now();
    let [accessed, modified] = times.map(|time| time.value(now));
    place.inode().change(&AttributeChange {
        accessed,
        modified,
        ..Default::default()
    })?;
    Ok(0)
}

/// The file of utimensat(2): a null path means the descriptor itself.
fn times_place(thread: &Thread, directory: usize, path: usize, flags: u32) -> Result<Location> {
    match path {
        0 if directory as i32 == general::AT_FDCWD => Err(Errno::EFAULT),
        0 if flags != 0 => Err(Errno::EINVAL),
        0 => open_place(thread, directory),
        _ => find(thread, directory as i32, path, flags),
    }
}

/// utimensat(2).
pub fn sys_utimensat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    times: usize,
    flags: usize,
) -> Result<usize> {
    let flags = flags as u32;
    let times = match times {
        0 => [NewTime::Now; 2],
        address => {
            let [accessed, modified]: [Timespec; 2] = user::read(address)?;
            [
                NewTime::from_timespec(accessed)?,
                NewTime::from_timespec(modified)?,
            ]
        }
    };
    if times == [NewTime::Keep, NewTime::Keep] {
        return Ok(0);
    }
    if flags & !(general::AT_SYMLINK_NOFOLLOW | general::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    change_times(thread, &times_place(thread, directory, path, flags)?, times)
}

fn timevals(address: usize) -> Result<[NewTime; 2]> {
    if address == 0 {
        return Ok([NewTime::Now; 2]);
    }
    let [accessed, modified]: [Timeval; 2] = user::read(address)?;
    Ok([
        NewTime::from_timeval(accessed)?,
        NewTime::from_timeval(modified)?,
    ])
}

/// utimes(2).
pub fn sys_utimes(thread: &Arc<Thread>, path: usize, times: usize) -> Result<usize> {
    sys_futimesat(thread, general::AT_FDCWD as usize, path, times)
}

/// futimesat(2).
pub fn sys_futimesat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    times: usize,
) -> Result<usize> {
    let times = timevals(times)?;
    change_times(thread, &times_place(thread, directory, path, 0)?, times)
}

/// utime(2).
pub fn sys_utime(thread: &Arc<Thread>, path: usize, times: usize) -> Result<usize> {
    let times = match times {
        0 => [NewTime::Now; 2],
        address => {
            let given: Utimbuf = user::read(address)?;
            [given.actime, given.modtime].map(|seconds| {
                NewTime::At(Timespec {
                    tv_sec: seconds,
                    tv_nsec: 0,
                })
            })
        }
    };
    change_times(thread, &find(thread, general::AT_FDCWD, path, 0)?, times)
}

/// Changes the size; an ordinary user's change also takes the set-id bits away, as a write does.
fn set_size(thread: &Thread, place: &Location, size: u64) -> Result<usize> {
    let inode = place.inode();
    let old = inode.metadata();
    if size > old.size {
        check_size_limit(size)?;
    }
    inode.set_size(size)?;
    let permissions = old.ownership.permissions;
    let drops = permissions & (general::S_ISUID | general::S_ISGID) != 0
        && !thread.credentials().has(Capability::Fsetid);
    if drops {
        let permissions = Some(permissions & !permission::set_id_bits_to_drop(permissions));
        inode.change(&AttributeChange {
            permissions,
            ..Default::default()
        })?;
    }
    Ok(0)
}

/// truncate(2).
pub fn sys_truncate(thread: &Arc<Thread>, path: usize, size: usize) -> Result<usize> {
    let size = u64::try_from(size as i64).map_err(|_| Errno::EINVAL)?;
    let place = find(thread, general::AT_FDCWD, path, 0)?;
    match place.inode().kind() {
        FileKind::Regular => {}
        FileKind::Directory => return Err(Errno::EISDIR),
        _ => return Err(Errno::EINVAL),
    }
    permission::check_at(&thread.credentials(), &place, permission::WRITE)?;
    check_not_run(&**place.inode())?;
    set_size(thread, &place, size)
}

/// ftruncate(2).
pub fn sys_ftruncate(thread: &Arc<Thread>, descriptor: usize, size: usize) -> Result<usize> {
    let size = u64::try_from(size as i64).map_err(|_| Errno::EINVAL)?;
    let file: Arc<OpenFile> = thread.files()?.get_usable(descriptor as i32)?;
    if file.inode().kind() != FileKind::Regular || !file.flags().writable() {
        return Err(Errno::EINVAL);
    }
    set_size(thread, &file.location(), size)
}

/// What fallocate(2) may be asked for at all; a file system may know less.
const FALLOCATE_MODES: u32 = general::FALLOC_FL_KEEP_SIZE
    | general::FALLOC_FL_PUNCH_HOLE
    | general::FALLOC_FL_COLLAPSE_RANGE
    | general::FALLOC_FL_ZERO_RANGE
    | general::FALLOC_FL_INSERT_RANGE
    | general::FALLOC_FL_UNSHARE_RANGE;

/// fallocate(2).
pub fn sys_fallocate(
    thread: &Arc<Thread>,
    descriptor: usize,
    mode: usize,
    offset: usize,
    length: usize,
) -> Result<usize> {
    let mode = mode as u32;
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let (offset, length) = (offset as i64, length as i64);
    if offset < 0 || length <= 0 {
        return Err(Errno::EINVAL);
    }
    let punches = mode & general::FALLOC_FL_PUNCH_HOLE != 0;
    let zeroes = mode & general::FALLOC_FL_ZERO_RANGE != 0;
    if mode & !FALLOCATE_MODES != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    if punches && (zeroes || mode & general::FALLOC_FL_KEEP_SIZE == 0) {
        return Err(Errno::EOPNOTSUPP);
    }
    if !file.flags().writable() {
        return Err(Errno::EBADF);
    }
    match file.inode().kind() {
        FileKind::Regular => {}
        FileKind::Fifo => return Err(Errno::ESPIPE),
        FileKind::Directory => return Err(Errno::EISDIR),
        _ => return Err(Errno::ENODEV),
    }
    let end = offset.checked_add(length).ok_or(Errno::EFBIG)? as u64;
    if mode & general::FALLOC_FL_KEEP_SIZE == 0 {
        check_size_limit(end)?;
    }
    file.file().allocate(mode, offset as u64, length as u64)?;
    Ok(0)
}

/// umask(2).
pub fn sys_umask(thread: &Arc<Thread>, mask: usize) -> Result<usize> {
    Ok(thread.fs()?.set_umask(mask as u32) as usize)
}
