//! fcntl(2): descriptors, flags, record locks, pipe sizes, seals. Source: fcntl(2),
//! fcntl_locking(2).

use crate::{
    error::Result,
    file::{
        self, DESCRIPTORS_MAX, FileKind, OpenFile, Seek,
        locks::{self, LockKind, LockOwner, Range, RecordLock},
        permission, tmpfs,
    },
    memory::user,
    process::{Thread, limits::Resource},
};
use abi::{Errno, Flock, file::FileOwnerEx, raw::general};
use alloc::sync::Arc;

/// fcntl(2).
pub fn sys_fcntl(
    thread: &Arc<Thread>,
    descriptor: usize,
    command: usize,
    argument: usize,
) -> Result<usize> {
    let (descriptor, command) = (descriptor as i32, command as u32);
    let files = thread.files()?;
    let file = files.get(descriptor)?;
    match command {
        general::F_DUPFD => return duplicate(thread, file, argument, false),
        general::F_DUPFD_CLOEXEC => return duplicate(thread, file, argument, true),
        general::F_GETFD => return Ok(usize::from(files.close_on_exec_of(descriptor)?)),
        general::F_SETFD => {
            files.set_close_on_exec(descriptor, argument as u32 & general::FD_CLOEXEC != 0)?;
            return Ok(0);
        }
        general::F_GETFL => return Ok(file.flags().raw() as usize),
        _ => file.check_usable()?,
    }
    match command {
        general::F_SETFL => set_flags(thread, descriptor, &file, argument as u32),
        general::F_GETLK | general::F_OFD_GETLK => get_lock(thread, &file, command, argument),
        general::F_SETLK | general::F_SETLKW | general::F_OFD_SETLK | general::F_OFD_SETLKW => {
            set_lock(thread, descriptor, &file, command, argument)
        }
        general::F_SETPIPE_SZ => file::set_pipe_capacity(
            &**file.file(),
            argument as u32 as usize,
            &thread.credentials(),
        ),
        // No file system here has leases, so nobody holds one; F_SETLEASE is EINVAL.
        general::F_GETLEASE => Ok(general::F_UNLCK as usize),
        general::F_GETPIPE_SZ => file::pipe_capacity(&**file.file()),
        general::F_ADD_SEALS => {
            tmpfs::add_seals(&file, argument as u32)?;
            Ok(0)
        }
        general::F_GET_SEALS => Ok(tmpfs::seals(&**file.file())? as usize),
        _ => signal_owner(&file, command, argument),
    }
}

fn duplicate(
    thread: &Thread,
    file: Arc<OpenFile>,
    from: usize,
    close_on_exec: bool,
) -> Result<usize> {
    let limit = thread
        .process
        .limit(Resource::Files)
        .min(DESCRIPTORS_MAX as u64);
    if from as u32 as u64 >= limit {
        return Err(Errno::EINVAL);
    }
    Ok(thread
        .files()?
        .install_from(file, close_on_exec, from as u32 as usize)? as usize)
}

fn set_flags(thread: &Thread, descriptor: i32, file: &OpenFile, flags: u32) -> Result<usize> {
    let gains_noatime = flags & general::O_NOATIME != 0 && !file.flags().has(general::O_NOATIME);
    if gains_noatime && !permission::owns(&thread.credentials(), &file.inode().ownership()) {
        return Err(Errno::EPERM);
    }
    // On pipes it means packets, on regular files there is no cache to go round.
    let kind = file.inode().kind();
    if flags & general::O_DIRECT != 0 && !matches!(kind, FileKind::Fifo | FileKind::Regular) {
        return Err(Errno::EINVAL);
    }
    file.set_flags(flags)?;
    match file.set_async(descriptor, flags & general::FASYNC != 0) {
        // Where no signals are sent the flag is left as it is.
        Err(Errno::ENOTTY) => {}
        other => other?,
    }
    Ok(0)
}

/// `F_SETOWN` and its kin. A group is given as a negative process.
fn signal_owner(file: &OpenFile, command: u32, argument: usize) -> Result<usize> {
    let receiver = || match file.signal_owner() {
        Some(owner) => owner.receiver(),
        None => FileOwnerEx::default(),
    };
    match command {
        general::F_GETOWN => {
            let FileOwnerEx { owner_type, pid } = receiver();
            let group = owner_type == general::F_OWNER_PGRP as i32;
            return Ok(if group { -pid } else { pid } as isize as usize);
        }
        general::F_SETOWN => {
            let pid = argument as i32;
            let owner_type = if pid < 0 {
                general::F_OWNER_PGRP
            } else {
                general::F_OWNER_PID
            };
            file.make_signal_owner().set_receiver(FileOwnerEx {
                owner_type: owner_type as i32,
                pid: pid.checked_abs().ok_or(Errno::EINVAL)?,
            })?;
        }
        general::F_GETOWN_EX => user::write(argument, &receiver())?,
        general::F_SETOWN_EX => {
            let owner = user::read(argument)?;
            file.make_signal_owner().set_receiver(owner)?;
        }
        general::F_GETSIG => {
            let owner = file.signal_owner();
            return Ok(owner.map_or(0, |owner| usize::from(owner.signal())));
        }
        general::F_SETSIG => file.make_signal_owner().set_signal(argument as i32)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// The range that a `struct flock` means on this file.
fn range_of(file: &OpenFile, lock: &Flock) -> Result<Range> {
    let base = match lock.l_whence as u32 {
        general::SEEK_SET => 0,
        general::SEEK_CUR => *file.position() as i64,
        general::SEEK_END => match file.file().seek() {
            Seek::Positioned { size } => size as i64,
            _ => 0,
        },
        _ => return Err(Errno::EINVAL),
    };
    Range::new(base, lock.l_start, lock.l_len)
}

fn owner_of(
    thread: &Thread,
    file: &OpenFile,
    lock: &Flock,
    by_open_file: bool,
) -> Result<(LockOwner, i32)> {
    if !by_open_file {
        return Ok((
            LockOwner::Process(thread.files()?.id()),
            thread.process.pid as i32, // translated for whoever asks
        ));
    }
    if lock.l_pid != 0 {
        return Err(Errno::EINVAL);
    }
    Ok((LockOwner::of_open_file(file), -1))
}

fn get_lock(thread: &Thread, file: &OpenFile, command: u32, address: usize) -> Result<usize> {
    let mut lock: Flock = user::read(address)?;
    let kind = match lock.l_type as u32 {
        general::F_RDLCK => LockKind::Shared,
        general::F_WRLCK => LockKind::Exclusive,
        _ => return Err(Errno::EINVAL),
    };
    let (owner, pid) = owner_of(thread, file, &lock, command == general::F_OFD_GETLK)?;
    let range = range_of(file, &lock)?;
    match locks::conflicting(
        file.inode(),
        &RecordLock {
            owner,
            kind,
            range,
            pid,
        },
    ) {
        None => lock.l_type = general::F_UNLCK as i16,
        Some(found) => {
            lock.l_type = match found.kind {
                LockKind::Shared => general::F_RDLCK as i16,
                LockKind::Exclusive => general::F_WRLCK as i16,
            };
            lock.l_whence = general::SEEK_SET as i16;
            lock.l_start = found.range.start as i64;
            lock.l_len = found.range.reported_length();
            lock.l_pid = match found.pid {
                -1 => -1,
                pid => thread.sees(pid as u32) as i32,
            };
        }
    }
    user::write(address, &lock)?;
    Ok(0)
}

fn set_lock(
    thread: &Thread,
    descriptor: i32,
    file: &Arc<OpenFile>,
    command: u32,
    address: usize,
) -> Result<usize> {
    let lock: Flock = user::read(address)?;
    let range = range_of(file, &lock)?;
    let by_open_file = matches!(command, general::F_OFD_SETLK | general::F_OFD_SETLKW);
    let waits = matches!(command, general::F_SETLKW | general::F_OFD_SETLKW);
    let (owner, pid) = owner_of(thread, file, &lock, by_open_file)?;
    let kind = match lock.l_type as u32 {
        general::F_UNLCK => {
            return locks::unlock_range(file.inode(), owner, &range).map(|()| 0);
        }
        general::F_RDLCK if file.flags().readable() => LockKind::Shared,
        general::F_WRLCK if file.flags().writable() => LockKind::Exclusive,
        general::F_RDLCK | general::F_WRLCK => return Err(Errno::EBADF),
        _ => return Err(Errno::EINVAL),
    };
    locks::lock_range(
        file.inode(),
        RecordLock {
            owner,
            kind,
            range,
            pid,
        },
        waits,
    )?;
    // Another thread may have closed the descriptor meanwhile and released what was not there yet.
    let still_open = thread
        .files()?
        .get(descriptor)
        .is_ok_and(|now| Arc::ptr_eq(&now, file));
    if !still_open && !by_open_file {
        locks::unlock_range(file.inode(), owner, &range)?;
        return Err(Errno::EBADF);
    }
    Ok(0)
}
