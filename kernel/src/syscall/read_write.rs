//! Reading and writing: read, write, readv, writev, pread64, pwrite64, preadv(2), pwritev(2),
//! lseek, sendfile, fsync, fdatasync, sync, syncfs. Source: the manual page of each.

use crate::{
    error::Result,
    file::{FileKind, OpenFile},
    memory::{
        io::{Sink, Source, TRANSFER_MAX, UserRanges},
        user,
    },
    process::{self, Thread},
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};
use metal::paging::USER_END;

/// The `RWF_*` flags that change nothing here: all memory is as stored as it gets.
const HARMLESS_FLAGS: u32 = general::RWF_HIPRI | general::RWF_DSYNC | general::RWF_SYNC;
/// How much sendfile(2) moves at a time.
const SENDFILE_BYTES: usize = 64 * 1024;

/// `EFAULT` at once for addresses that no program can have, even where nothing would be moved.
pub(super) fn one_range(address: usize, length: usize) -> Result<UserRanges> {
    match address.checked_add(length) {
        Some(end) if end <= USER_END => Ok(UserRanges::one(address, length)),
        _ => Err(Errno::EFAULT),
    }
}

/// The count of a vector is a C `int` in the end: what is above is cut off, as on Linux.
fn vector(iovecs: usize, count: usize) -> Result<UserRanges> {
    UserRanges::from_iovecs(iovecs, count as u32 as usize)
}

fn offset_of(raw: usize) -> Result<u64> {
    match (raw as i64).try_into() {
        Ok(offset) => Ok(offset),
        Err(_) => Err(Errno::EINVAL),
    }
}

fn check_readable(file: &OpenFile) -> Result<()> {
    if file.flags().readable() {
        Ok(())
    } else {
        Err(Errno::EBADF)
    }
}

fn check_writable(file: &OpenFile) -> Result<()> {
    if file.flags().writable() {
        Ok(())
    } else {
        Err(Errno::EBADF)
    }
}

/// Reads into the memory that `ranges` names, which is looked at last.
fn read_into(
    thread: &Thread,
    descriptor: usize,
    ranges: impl FnOnce() -> Result<UserRanges>,
) -> Result<usize> {
    let file = readable(thread, descriptor)?;
    let outcome = file.read(&mut ranges()?.sink());
    thread.counters.note_read(outcome.unwrap_or(0));
    outcome
}

/// As [`read_into`], the other way.
fn write_from(
    thread: &Thread,
    descriptor: usize,
    ranges: impl FnOnce() -> Result<UserRanges>,
) -> Result<usize> {
    let file = writable(thread, descriptor)?;
    let outcome = file.write(&mut ranges()?.source());
    thread.counters.note_write(outcome.unwrap_or(0));
    outcome
}

/// As [`read_into`], from a position that the call gives.
fn read_at(
    thread: &Thread,
    descriptor: usize,
    offset: usize,
    ranges: impl FnOnce() -> Result<UserRanges>,
) -> Result<usize> {
    let offset = offset_of(offset)?;
    let file = positioned(thread, descriptor)?;
    check_readable(&file)?;
    let outcome = file.read_from(offset, &mut ranges()?.sink());
    thread.counters.note_read(outcome.unwrap_or(0));
    outcome
}

/// As [`read_at`], the other way.
fn write_at(
    thread: &Thread,
    descriptor: usize,
    offset: usize,
    ranges: impl FnOnce() -> Result<UserRanges>,
) -> Result<usize> {
    let offset = offset_of(offset)?;
    let file = positioned(thread, descriptor)?;
    check_writable(&file)?;
    let outcome = file.write_to(offset, &mut ranges()?.source());
    thread.counters.note_write(outcome.unwrap_or(0));
    outcome
}

fn readable(thread: &Thread, descriptor: usize) -> Result<Arc<OpenFile>> {
    let file = thread.files()?.get(descriptor as i32)?;
    check_readable(&file)?;
    Ok(file)
}

fn writable(thread: &Thread, descriptor: usize) -> Result<Arc<OpenFile>> {
    let file = thread.files()?.get(descriptor as i32)?;
    check_writable(&file)?;
    Ok(file)
}

/// The file of a call that gives a position: that it has none is told before all else.
fn positioned(thread: &Thread, descriptor: usize) -> Result<Arc<OpenFile>> {
    let file = thread.files()?.get_usable(descriptor as i32)?;
    file.check_positioned()?;
    Ok(file)
}

/// read(2).
pub fn sys_read(
    thread: &Arc<Thread>,
    descriptor: usize,
    address: usize,
    length: usize,
) -> Result<usize> {
    read_into(thread, descriptor, || one_range(address, length))
}

/// write(2).
pub fn sys_write(
    thread: &Arc<Thread>,
    descriptor: usize,
    address: usize,
    length: usize,
) -> Result<usize> {
    write_from(thread, descriptor, || one_range(address, length))
}

/// readv(2).
pub fn sys_readv(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
) -> Result<usize> {
    read_into(thread, descriptor, || vector(iovecs, count))
}

/// writev(2).
pub fn sys_writev(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
) -> Result<usize> {
    write_from(thread, descriptor, || vector(iovecs, count))
}

/// pread64(2).
pub fn sys_pread64(
    thread: &Arc<Thread>,
    descriptor: usize,
    address: usize,
    length: usize,
    offset: usize,
) -> Result<usize> {
    read_at(thread, descriptor, offset, || one_range(address, length))
}

/// pwrite64(2).
pub fn sys_pwrite64(
    thread: &Arc<Thread>,
    descriptor: usize,
    address: usize,
    length: usize,
    offset: usize,
) -> Result<usize> {
    write_at(thread, descriptor, offset, || one_range(address, length))
}

/// preadv(2). The upper half of the position is there for 32-bit programs only.
pub fn sys_preadv(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
    offset: usize,
) -> Result<usize> {
    read_at(thread, descriptor, offset, || vector(iovecs, count))
}

/// pwritev(2).
pub fn sys_pwritev(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
    offset: usize,
) -> Result<usize> {
    write_at(thread, descriptor, offset, || vector(iovecs, count))
}

/// As [`vector`], with flags that are looked at last, and only if there is something to move.
fn flagged_vector(iovecs: usize, count: usize, flags: usize) -> Result<UserRanges> {
    let ranges = vector(iovecs, count)?;
    if flags as u32 & !HARMLESS_FLAGS == 0 || ranges.is_empty() {
        Ok(ranges)
    } else {
        Err(Errno::EOPNOTSUPP)
    }
}

/// preadv2(2): as preadv, with the position -1 for the shared one, and flags.
pub fn sys_preadv2(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
    offset: usize,
    _offset_high: usize,
    flags: usize,
) -> Result<usize> {
    let ranges = || flagged_vector(iovecs, count, flags);
    match offset as i64 {
        -1 => read_into(thread, descriptor, ranges),
        _ => read_at(thread, descriptor, offset, ranges),
    }
}

/// pwritev2(2): as pwritev, with the position -1 for the shared one, and flags.
pub fn sys_pwritev2(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
    offset: usize,
    _offset_high: usize,
    flags: usize,
) -> Result<usize> {
    let ranges = || flagged_vector(iovecs, count, flags);
    match offset as i64 {
        -1 => write_from(thread, descriptor, ranges),
        _ => write_at(thread, descriptor, offset, ranges),
    }
}

/// lseek(2).
pub fn sys_lseek(
    thread: &Arc<Thread>,
    descriptor: usize,
    offset: usize,
    whence: usize,
) -> Result<usize> {
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let whence = whence as u32;
    if whence > general::SEEK_HOLE {
        return Err(Errno::EINVAL);
    }
    Ok(file.seek(offset as i64, whence)? as usize)
}

/// fsync(2) and fdatasync(2).
pub fn sys_fsync(thread: &Arc<Thread>, descriptor: usize) -> Result<usize> {
    let file = thread.files()?.get_usable(descriptor as i32)?;
    file.file().synchronise()?;
    Ok(0)
}

/// sync(2): everything lives in memory, so there is nothing to wait for.
pub fn sys_sync(_thread: &Arc<Thread>) -> Result<usize> {
    Ok(0)
}

/// syncfs(2).
pub fn sys_syncfs(thread: &Arc<Thread>, descriptor: usize) -> Result<usize> {
    thread.files()?.get_usable(descriptor as i32)?;
    Ok(0)
}

/// sendfile(2): from a file that has positions to any file.
pub fn sys_sendfile(
    thread: &Arc<Thread>,
    output: usize,
    input: usize,
    offset_address: usize,
    count: usize,
) -> Result<usize> {
    let given = match offset_address {
        0 => None,
        address => Some(user::read::<i64>(address)?),
    };
    let from = readable(thread, input)?;
    let kind = from.inode().kind();
    if given.is_some() {
        from.check_positioned()?;
    }
    let given = given.map(|offset| offset_of(offset as usize)).transpose()?;
    let to = writable(thread, output)?;
    if to.flags().has(general::O_APPEND) {
        return Err(Errno::EINVAL);
    }
    if kind == FileKind::Directory || !from.file().gives_to_splice() {
        return Err(Errno::EINVAL);
    }
    if kind == FileKind::Fifo || kind == FileKind::Socket {
        return Err(Errno::EINVAL);
    }
    let mut position = given.unwrap_or_else(|| *from.position());
    let outcome = send(&from, &to, &mut position, count.min(TRANSFER_MAX));
    match given {
        Some(_) => user::write(offset_address, &(position as i64))?,
        None => *from.position() = position,
    }
    outcome
}

/// Moves bytes through a buffer: a piece that the output takes only in part is read again.
fn send(from: &OpenFile, to: &OpenFile, position: &mut u64, count: usize) -> Result<usize> {
    let mut buffer = Vec::new();
    let size = count.min(SENDFILE_BYTES);
    buffer.try_reserve_exact(size).map_err(|_| Errno::ENOMEM)?;
    buffer.resize(size, 0);
    let mut total = 0;
    while total < count {
        let length = size.min(count - total);
        let step = from
            .read_from(*position, &mut Sink::from_slice(&mut buffer[..length]))
            .and_then(|read| match read {
                0 => Ok((0, 0)),
                _ => Ok((read, to.write(&mut Source::from_slice(&buffer[..read]))?)),
            });
        let (read, written) = match step {
            Ok(step) => step,
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        };
        total += written;
        *position += written as u64;
        if read == 0 || written < read {
            break;
        }
        process::yield_if_needed();
    }
    Ok(total)
}

/// The position at an address that a call may leave out.
pub(super) fn read_offset(address: usize) -> Result<Option<u64>> {
    match address {
        0 => Ok(None),
        address => offset_of(user::read::<i64>(address)? as usize).map(Some),
    }
}
