//! Descriptors: close, close_range, dup, dup2, dup3, pipe, pipe2, eventfd, ioctl, flock. Source: the manual
//! page of each.

use crate::{
    error::Result,
    file::{
        self, DESCRIPTORS_MAX, FileKind, Seek, eventfd,
        locks::{self, LockKind},
    },
    memory::user,
    process::Thread,
};
use abi::{
    Errno,
    raw::{general, ioctl},
};
use alloc::sync::Arc;

/// close(2).
pub fn sys_close(thread: &Arc<Thread>, descriptor: usize) -> Result<usize> {
    thread.files()?.close(descriptor as i32)?;
    Ok(0)
}

/// close_range(2).
pub fn sys_close_range(
    thread: &Arc<Thread>,
    first: usize,
    last: usize,
    flags: usize,
) -> Result<usize> {
    let (first, last, flags) = (first as u32, last as u32, flags as u32);
    let known = abi::file::CLOSE_RANGE_UNSHARE | abi::file::CLOSE_RANGE_CLOEXEC;
    if flags & !known != 0 || first > last {
        return Err(Errno::EINVAL);
    }
    if flags & abi::file::CLOSE_RANGE_UNSHARE != 0 {
        let copy = thread.files()?.fork_copy()?;
        thread.set_files(Some(Arc::new(copy)));
    }
    let last = (last as usize).min(DESCRIPTORS_MAX);
    match flags & abi::file::CLOSE_RANGE_CLOEXEC {
        0 => thread.files()?.close_range(first as usize, last),
        _ => thread.files()?.mark_range(first as usize, last),
    }
    Ok(0)
}

/// dup(2).
pub fn sys_dup(thread: &Arc<Thread>, descriptor: usize) -> Result<usize> {
    let files = thread.files()?;
    let file = files.get(descriptor as i32)?;
    Ok(files.install(file, false)? as usize)
}

/// dup2(2): onto itself it only checks that the descriptor is open.
pub fn sys_dup2(thread: &Arc<Thread>, old: usize, new: usize) -> Result<usize> {
    let files = thread.files()?;
    let file = files.get(old as i32)?;
    if old as i32 != new as i32 {
        files.install_at(file, false, new as i32)?;
    }
    Ok(new as u32 as usize)
}

/// dup3(2).
pub fn sys_dup3(thread: &Arc<Thread>, old: usize, new: usize, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    if flags & !general::O_CLOEXEC != 0 || old as i32 == new as i32 {
        return Err(Errno::EINVAL);
    }
    let files = thread.files()?;
    let file = files.get(old as i32)?;
    files.install_at(file, flags != 0, new as i32)?;
    Ok(new as u32 as usize)
}

/// eventfd(2), the old call without flags.
pub fn sys_eventfd(thread: &Arc<Thread>, count: usize) -> Result<usize> {
    sys_eventfd2(thread, count, 0)
}

/// eventfd2(2).
pub fn sys_eventfd2(thread: &Arc<Thread>, count: usize, flags: usize) -> Result<usize> {
    let (count, flags) = (count as u32, flags as u32);
    if flags & !(general::EFD_SEMAPHORE | general::EFD_CLOEXEC | general::EFD_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let file = eventfd::create(count, flags);
    let descriptor = thread
        .files()?
        .install(file, flags & general::EFD_CLOEXEC != 0)?;
    Ok(descriptor as usize)
}

/// pipe(2).
pub fn sys_pipe(thread: &Arc<Thread>, descriptors: usize) -> Result<usize> {
    sys_pipe2(thread, descriptors, 0)
}

/// pipe2(2).
pub fn sys_pipe2(thread: &Arc<Thread>, address: usize, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    if flags & !(general::O_CLOEXEC | general::O_NONBLOCK | general::O_DIRECT) != 0 {
        return Err(Errno::EINVAL);
    }
    let close_on_exec = flags & general::O_CLOEXEC != 0;
    let (reader, writer) = file::create_pipe(&thread.credentials(), flags)?;
    let files = thread.files()?;
    let read_end = files.install(reader, close_on_exec)?;
    let write_end = match files.install(writer, close_on_exec) {
        Ok(descriptor) => descriptor,
        Err(error) => {
            files.close(read_end)?;
            return Err(error);
        }
    };
    if let Err(error) = user::write(address, &[read_end, write_end]) {
        files.close(read_end)?;
        files.close(write_end)?;
        return Err(error);
    }
    Ok(0)
}

/// ioctl(2): what every file can do; the rest is the file's business.
pub fn sys_ioctl(
    thread: &Arc<Thread>,
    descriptor: usize,
    command: usize,
    argument: usize,
) -> Result<usize> {
    let files = thread.files()?;
    let descriptor = descriptor as i32;
    let file = files.get_usable(descriptor)?;
    match command as u32 {
        ioctl::FIOCLEX => files.set_close_on_exec(descriptor, true)?,
        ioctl::FIONCLEX => files.set_close_on_exec(descriptor, false)?,
        ioctl::FIONBIO => {
            file.set_flag(general::O_NONBLOCK, user::read::<i32>(argument)? != 0)?;
        }
        ioctl::FIOASYNC => file.set_async(descriptor, user::read::<i32>(argument)? != 0)?,
        ioctl::FIONREAD if file.inode().kind() == FileKind::Regular => {
            let Seek::Positioned { size } = file.file().seek() else {
                return Err(Errno::ENOTTY);
            };
            let left = size as i64 - *file.position() as i64;
            user::write(argument, &(left as i32))?;
        }
        ioctl::FIGETBSZ => {
            user::write(argument, &4096i32)?;
        }
        command => return file.file().ioctl(command, argument),
    }
    Ok(0)
}

/// flock(2).
pub fn sys_flock(thread: &Arc<Thread>, descriptor: usize, operation: usize) -> Result<usize> {
    let operation = operation as u32;
    if operation & general::LOCK_MAND != 0 {
        // Mandatory locks are gone from Linux, and asking for one does nothing.
        return Ok(0);
    }
    let waits = operation & general::LOCK_NB == 0;
    let kind = match operation & !general::LOCK_NB {
        general::LOCK_SH => Some(LockKind::Shared),
        general::LOCK_EX => Some(LockKind::Exclusive),
        general::LOCK_UN => None,
        _ => return Err(Errno::EINVAL),
    };
    let file = thread.files()?.get_usable(descriptor as i32)?;
    match kind {
        Some(kind) => locks::lock_whole(&file, kind, waits)?,
        None => locks::unlock_whole(&file),
    }
    Ok(0)
}
