//! Asking about files: stat, lstat, fstat, newfstatat, statx, statfs, fstatfs, access, faccessat,
//! faccessat2, readlink, readlinkat. Source: the manual page of each.

use crate::process::capabilities::{CapabilitySet, SecureBits};
use crate::{
    error::Result,
    file::{
        FileKind, LinkTarget, Location, Metadata, UserPath, Walk, permission,
        walk::{self, Follow},
    },
    memory::user,
    process::{Thread, credentials::Credentials},
};
use abi::{Errno, Stat, Statfs, Statx, Timespec, file::StatxTimestamp, raw::general};
use alloc::sync::Arc;

const BLOCK_BYTES: u32 = 4096;
/// The longest name, as statfs(2) reports it.
const NAME_MAX: i64 = walk::NAME_MAX as i64;
/// `ST_VALID` of statfs(2): the flags are filled in.
const STATFS_FLAGS_VALID: i64 = 0x20;
/// `ST_RELATIME`; statfs(2) has another bit for it than mount(2).
const STATFS_RELATIME: i64 = 0x1000;

fn stat_of(metadata: &Metadata, device: u64) -> Stat {
    Stat {
        st_dev: device,
        st_ino: metadata.number,
        st_nlink: u64::from(metadata.links),
        st_mode: metadata.kind.mode_bits() | metadata.ownership.permissions,
        st_uid: metadata.ownership.uid,
        st_gid: metadata.ownership.gid,
        padding: 0,
        st_rdev: metadata.device.to_raw(),
        st_size: metadata.size as i64,
        st_blksize: i64::from(BLOCK_BYTES),
        st_blocks: metadata.blocks_512 as i64,
        st_atim: metadata.accessed,
        st_mtim: metadata.modified,
        st_ctim: metadata.changed,
        reserved: [0; 3],
    }
}

fn stat_place(place: &Location) -> Stat {
    stat_of(
        &place.inode().metadata(),
        place.mount.superblock().device().to_raw(),
    )
}

fn find(thread: &Thread, path: usize, flags: u32) -> Result<Location> {
    let path = UserPath::read(path)?;
    walk::find_at(thread, general::AT_FDCWD, path.bytes(), flags)
}

/// stat(2).
pub fn sys_stat(thread: &Arc<Thread>, path: usize, stat: usize) -> Result<usize> {
    user::write(stat, &stat_place(&find(thread, path, 0)?))?;
    Ok(0)
}

/// lstat(2).
pub fn sys_lstat(thread: &Arc<Thread>, path: usize, stat: usize) -> Result<usize> {
    user::write(
        stat,
        &stat_place(&find(thread, path, general::AT_SYMLINK_NOFOLLOW)?),
    )?;
    Ok(0)
}

/// fstat(2).
pub fn sys_fstat(thread: &Arc<Thread>, descriptor: usize, stat: usize) -> Result<usize> {
    let file = thread.files()?.get(descriptor as i32)?;
    user::write(stat, &stat_of(&file.metadata(), file.device_raw()))?;
    Ok(0)
}

/// newfstatat(2).
pub fn sys_newfstatat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    stat: usize,
    flags: usize,
) -> Result<usize> {
    let flags = flags as u32;
    // How fresh it is to be is statx(2)'s, and taken here too.
    let known = general::AT_SYMLINK_NOFOLLOW
        | general::AT_NO_AUTOMOUNT
        | general::AT_EMPTY_PATH
        | general::AT_STATX_SYNC_TYPE;
    if flags & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let path = UserPath::read(path)?;
    let directory = directory as i32;
    let by_descriptor = path.bytes().is_empty()
        && flags & general::AT_EMPTY_PATH != 0
        && directory != general::AT_FDCWD;
    if by_descriptor {
        // How C libraries ask for fstat(2): no walk, and no place needed.
        return sys_fstat(thread, directory as usize, stat);
    }
    let place = walk::find_at(thread, directory, path.bytes(), flags)?;
    user::write(stat, &stat_place(&place))?;
    Ok(0)
}

fn statx_time(time: &Timespec) -> StatxTimestamp {
    StatxTimestamp {
        tv_sec: time.tv_sec,
        tv_nsec: time.tv_nsec as u32,
        reserved: 0,
    }
}

fn statx_of(place: &Location) -> Statx {
    let metadata = place.inode().metadata();
    let device = place.mount.superblock().device();
    let known = u64::from(general::STATX_ATTR_MOUNT_ROOT);
    Statx {
        stx_mask: general::STATX_BASIC_STATS | general::STATX_BTIME | general::STATX_MNT_ID,
        stx_blksize: BLOCK_BYTES,
        stx_attributes: if place.is_mount_root() { known } else { 0 },
        stx_attributes_mask: known,
        stx_nlink: metadata.links,
        stx_uid: metadata.ownership.uid,
        stx_gid: metadata.ownership.gid,
        stx_mode: (metadata.kind.mode_bits() | metadata.ownership.permissions) as u16,
        stx_ino: metadata.number,
        stx_size: metadata.size,
        stx_blocks: metadata.blocks_512,
        stx_atime: statx_time(&metadata.accessed),
        stx_btime: statx_time(&metadata.created),
        stx_ctime: statx_time(&metadata.changed),
        stx_mtime: statx_time(&metadata.modified),
        stx_rdev_major: metadata.device.major,
        stx_rdev_minor: metadata.device.minor,
        stx_dev_major: device.major,
        stx_dev_minor: device.minor,
        stx_mnt_id: u64::from(place.mount.id()),
        ..Statx::default()
    }
}

/// statx(2).
pub fn sys_statx(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    flags: usize,
    mask: usize,
    statx: usize,
) -> Result<usize> {
    let (flags, mask) = (flags as u32, mask as u32);
    let sync_type = general::AT_STATX_FORCE_SYNC | general::AT_STATX_DONT_SYNC;
    let known = general::AT_SYMLINK_NOFOLLOW
        | general::AT_NO_AUTOMOUNT
        | general::AT_EMPTY_PATH
        | sync_type;
    if flags & !known != 0 || flags & sync_type == sync_type || mask & general::STATX__RESERVED != 0
    {
        return Err(Errno::EINVAL);
    }
    let path = UserPath::read(path)?;
    let place = walk::find_at(thread, directory as i32, path.bytes(), flags)?;
    user::write(statx, &statx_of(&place))?;
    Ok(0)
}

fn statfs_of(place: &Location) -> Statfs {
    let superblock = place.mount.superblock();
    let figures = superblock.file_system().statistics();
    let mut flags = STATFS_FLAGS_VALID;
    // The low bits are the same as mount(2)'s, by design.
    let same = general::MS_RDONLY
        | general::MS_NOSUID
        | general::MS_NODEV
        | general::MS_NOEXEC
        | general::MS_NOATIME
        | general::MS_NODIRATIME;
    flags |= i64::from(place.mount.flags() & same);
    if place.mount.has(general::MS_RELATIME) {
        flags |= STATFS_RELATIME;
    }
    Statfs {
        f_type: i64::from(figures.magic),
        f_bsize: i64::from(BLOCK_BYTES),
        f_blocks: figures.blocks,
        f_bfree: figures.blocks_free,
        f_bavail: figures.blocks_free,
        f_files: figures.inodes,
        f_ffree: figures.inodes_free,
        f_fsid: [superblock.device().to_raw() as i32, 0],
        f_namelen: NAME_MAX,
        f_frsize: i64::from(BLOCK_BYTES),
        f_flags: flags,
        f_spare: [0; 4],
    }
}

/// statfs(2).
pub fn sys_statfs(thread: &Arc<Thread>, path: usize, statfs: usize) -> Result<usize> {
    user::write(statfs, &statfs_of(&find(thread, path, 0)?))?;
    Ok(0)
}

/// fstatfs(2).
pub fn sys_fstatfs(thread: &Arc<Thread>, descriptor: usize, statfs: usize) -> Result<usize> {
    let file = thread.files()?.get(descriptor as i32)?;
    user::write(statfs, &statfs_of(&file.location()))?;
    Ok(0)
}

/// access(2) asks for the real user, unless it is told otherwise.
fn real_user(credentials: &Credentials) -> Arc<Credentials> {
    let mut real = credentials.clone();
    real.fsuid = real.uid;
    real.fsgid = real.gid;
    if !real.secure_bits.contains(SecureBits::NO_SETUID_FIXUP) {
        real.capabilities.effective = match real.uid {
            0 => real.capabilities.permitted,
            _ => CapabilitySet::NONE,
        };
    }
    Arc::new(real)
}

fn access_at(
    thread: &Thread,
    directory: usize,
    path: usize,
    mode: usize,
    flags: u32,
) -> Result<usize> {
    let mode = mode as u32;
    let known = general::AT_EACCESS | general::AT_SYMLINK_NOFOLLOW | general::AT_EMPTY_PATH;
    if mode & !0o7 != 0 || flags & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let credentials = match flags & general::AT_EACCESS {
        0 => real_user(&thread.credentials()),
        _ => thread.credentials(),
    };
    let path = UserPath::read(path)?;
    let start = walk::start(thread, directory as i32, path.bytes())?;
    let place = if path.bytes().is_empty() && flags & general::AT_EMPTY_PATH != 0 {
        start
    } else {
        let follow = match flags & general::AT_SYMLINK_NOFOLLOW {
            0 => Follow::Yes,
            _ => Follow::No,
        };
        let mut walk = Walk::as_user(&*thread.fs()?, credentials.clone());
        walk.find(start, path.bytes(), follow)?
    };
    let executes_file =
        mode & permission::EXECUTE != 0 && place.inode().kind() == FileKind::Regular;
    if executes_file && place.mount.has(general::MS_NOEXEC) {
        return Err(Errno::EACCES);
    }
    permission::check_at(&credentials, &place, mode)?;
    Ok(0)
}

/// access(2).
pub fn sys_access(thread: &Arc<Thread>, path: usize, mode: usize) -> Result<usize> {
    access_at(thread, general::AT_FDCWD as usize, path, mode, 0)
}

/// faccessat(2).
pub fn sys_faccessat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    mode: usize,
) -> Result<usize> {
    access_at(thread, directory, path, mode, 0)
}

/// faccessat2(2).
pub fn sys_faccessat2(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    mode: usize,
    flags: usize,
) -> Result<usize> {
    access_at(thread, directory, path, mode, flags as u32)
}

fn read_link_at(
    thread: &Thread,
    directory: i32,
    path: usize,
    buffer: usize,
    size: usize,
) -> Result<usize> {
    let size = size as i32;
    if size <= 0 {
        return Err(Errno::EINVAL);
    }
    let path = UserPath::read(path)?;
    // An empty path means the link that the descriptor itself was opened on with O_PATH.
    let by_descriptor = path.bytes().is_empty() && directory != general::AT_FDCWD;
    let flags = match by_descriptor {
        true => general::AT_EMPTY_PATH,
        false => general::AT_SYMLINK_NOFOLLOW,
    };
    let place = walk::find_at(thread, directory, path.bytes(), flags)?;
    if place.inode().kind() != FileKind::SymbolicLink {
        return Err(if by_descriptor {
            Errno::ENOENT
        } else {
            Errno::EINVAL
        });
    }
    let write = |text: &[u8]| {
        let length = text.len().min(size as usize);
        user::write_bytes(buffer, &text[..length]).map(|()| length)
    };
    place.inode().note_access();
    match place.inode().read_link()? {
        LinkTarget::Path(text) => write(&text),
        LinkTarget::Jump { text, .. } => write(&text),
    }
}

/// readlink(2).
pub fn sys_readlink(
    thread: &Arc<Thread>,
    path: usize,
    buffer: usize,
    size: usize,
) -> Result<usize> {
    read_link_at(thread, general::AT_FDCWD, path, buffer, size)
}

/// readlinkat(2).
pub fn sys_readlinkat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    buffer: usize,
    size: usize,
) -> Result<usize> {
    read_link_at(thread, directory as i32, path, buffer, size)
}
