//! Opening and creating files: open, openat, openat2, creat, memfd_create, mknod. Source: open(2),
//! openat2(2), memfd_create(2).

use crate::{
    error::Result,
    file::{self, OpenFlags, OpenRequest, UserPath, tmpfs},
    memory::user,
    process::{Thread, limits::Resource},
};
use abi::{Errno, file::OpenHow, raw::general};
use alloc::sync::Arc;

/// The longest name of memfd_create(2).
const MEMORY_NAME_MAX: usize = 249;

const RESOLVE_KNOWN: u32 = general::RESOLVE_NO_XDEV
    | general::RESOLVE_NO_MAGICLINKS
    | general::RESOLVE_NO_SYMLINKS
    | general::RESOLVE_BENEATH
    | general::RESOLVE_IN_ROOT
    | general::RESOLVE_CACHED;

fn open_at(
    thread: &Thread,
    directory: i32,
    path_address: usize,
    request: &OpenRequest,
) -> Result<usize> {
    let flags = request.flags;
    if flags.has(general::O_CREAT | general::O_DIRECTORY) {
        return Err(Errno::EINVAL);
    }
    let path = UserPath::read(path_address)?;
    let files = thread.files()?;
    let limit = thread.process.limit(Resource::Files);
    files.check_room(limit)?;
    let file = file::open(thread, directory, path.bytes(), request)?;
    Ok(files.install_below(file, flags.close_on_exec(), limit)? as usize)
}

/// The flags as open(2) takes them: every program here is a 64-bit one.
fn flags_of(raw: usize) -> OpenFlags {
    OpenFlags::from_raw(raw as u32 | general::O_LARGEFILE)
}

/// open(2).
pub fn sys_open(thread: &Arc<Thread>, path: usize, flags: usize, mode: usize) -> Result<usize> {
    let request = OpenRequest::new(flags_of(flags), mode as u32);
    open_at(thread, general::AT_FDCWD, path, &request)
}

/// openat(2).
pub fn sys_openat(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    flags: usize,
    mode: usize,
) -> Result<usize> {
    let request = OpenRequest::new(flags_of(flags), mode as u32);
    open_at(thread, directory as i32, path, &request)
}

/// creat(2).
pub fn sys_creat(thread: &Arc<Thread>, path: usize, mode: usize) -> Result<usize> {
    let flags = general::O_CREAT | general::O_WRONLY | general::O_TRUNC;
    sys_open(thread, path, flags as usize, mode)
}

/// openat2(2): as openat, but nothing unknown is ignored.
pub fn sys_openat2(
    thread: &Arc<Thread>,
    directory: usize,
    path: usize,
    how_address: usize,
    size: usize,
) -> Result<usize> {
    let how = read_how(how_address, size)?;
    let creates = how.flags & u64::from(general::O_CREAT) != 0
        || how.flags & u64::from(general::O_TMPFILE) == u64::from(general::O_TMPFILE);
    let scopes = how.resolve as u32 & (general::RESOLVE_BENEATH | general::RESOLVE_IN_ROOT);
    let path_flags = general::O_PATH
        | general::O_DIRECTORY
        | general::O_NOFOLLOW
        | general::O_CLOEXEC
        | general::O_LARGEFILE;
    let bad = OpenFlags::has_unknown(how.flags)
        || how.resolve & !u64::from(RESOLVE_KNOWN) != 0
        || scopes.count_ones() > 1
        || how.mode & !0o7777 != 0
        || (!creates && how.mode != 0)
        || (how.flags as u32 & general::O_PATH != 0 && how.flags as u32 & !path_flags != 0);
    if bad {
        return Err(Errno::EINVAL);
    }
    let request = OpenRequest {
        flags: flags_of(how.flags as usize),
        mode: how.mode as u32,
        resolve: how.resolve as u32,
    };
    open_at(thread, directory as i32, path, &request)
}

/// A larger structure from a newer program is taken if what is beyond ours is zero.
fn read_how(address: usize, size: usize) -> Result<OpenHow> {
    let known = size_of::<OpenHow>();
    if size < known {
        return Err(Errno::EINVAL);
    }
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    let how = user::read(address)?;
    for at in known..size {
        let byte: u8 = user::read(address.checked_add(at).ok_or(Errno::EFAULT)?)?;
        if byte != 0 {
            return Err(Errno::E2BIG);
        }
    }
    Ok(how)
}

/// memfd_create(2).
pub fn sys_memfd_create(thread: &Arc<Thread>, name: usize, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    let known = general::MFD_CLOEXEC
        | general::MFD_ALLOW_SEALING
        | general::MFD_NOEXEC_SEAL
        | general::MFD_EXEC;
    if flags & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let name = user::read_c_string(name, MEMORY_NAME_MAX + 1).map_err(|error| match error {
        Errno::ENAMETOOLONG => Errno::EINVAL,
        other => other,
    })?;
    let sealable = flags & (general::MFD_ALLOW_SEALING | general::MFD_NOEXEC_SEAL) != 0;
    let file = tmpfs::create_memory_file(&name, sealable, &thread.credentials())?;
    let close_on_exec = flags & general::MFD_CLOEXEC != 0;
    Ok(thread.files()?.install(file, close_on_exec)? as usize)
}
