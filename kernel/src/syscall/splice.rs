//! Moving bytes between files without a detour through the program: splice, tee, vmsplice,
//! copy_file_range. Source: the manual page of each, and Linux's order of complaints.

use super::read_write::read_offset;
use crate::{
    error::Result,
    file::{FileKind, OpenFile, Pipe, pipe_behind},
    memory::{
        io::{Sink, Source, TRANSFER_MAX, UserRanges},
        user,
    },
    process::{self, Thread},
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};
use metal::memory::PAGE_SIZE;

const KNOWN_FLAGS: u32 = general::SPLICE_F_MOVE
    | general::SPLICE_F_NONBLOCK
    | general::SPLICE_F_MORE
    | general::SPLICE_F_GIFT;
/// How much is moved at a time where it must be copied.
const CHUNK: usize = 16 * PAGE_SIZE;

fn buffer(length: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    let length = length.min(CHUNK);
    buffer
        .try_reserve_exact(length)
        .map_err(|_| Errno::ENOMEM)?;
    buffer.resize(length, 0);
    Ok(buffer)
}

fn check_flags(flags: usize) -> Result<u32> {
    match flags as u32 {
        flags if flags & !KNOWN_FLAGS == 0 => Ok(flags),
        _ => Err(Errno::EINVAL),
    }
}

/// The two files of a call, open for reading and for writing.
fn both(thread: &Thread, input: usize, output: usize) -> Result<(Arc<OpenFile>, Arc<OpenFile>)> {
    let files = thread.files()?;
    let from = files.get_usable(input as i32)?;
    let to = files.get_usable(output as i32)?;
    Ok((from, to))
}

fn check_directions(from: &OpenFile, to: &OpenFile) -> Result<()> {
    if from.flags().readable() && to.flags().writable() {
        Ok(())
    } else {
        Err(Errno::EBADF)
    }
}

/// splice(2).
pub fn sys_splice(
    thread: &Arc<Thread>,
    input: usize,
    input_offset: usize,
    output: usize,
    output_offset: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    if length == 0 {
        return Ok(0);
    }
    let flags = check_flags(flags)?;
    let (from, to) = both(thread, input, output)?;
    let (in_pipe, out_pipe) = (pipe_behind(&**from.file()), pipe_behind(&**to.file()));
    if (in_pipe.is_some() && input_offset != 0) || (out_pipe.is_some() && output_offset != 0) {
        return Err(Errno::ESPIPE);
    }
    let mut out_position = read_offset(output_offset)?;
    let mut in_position = read_offset(input_offset)?;
    check_directions(&from, &to)?;
    let asked = flags & general::SPLICE_F_NONBLOCK != 0;
    let length = length.min(TRANSFER_MAX);
    let moved = match (in_pipe, out_pipe) {
        (Some(input), Some(output)) if Arc::ptr_eq(input, output) => return Err(Errno::EINVAL),
        (Some(input), Some(output)) => {
            let nonblocking = asked || from.flags().nonblocking() || to.flags().nonblocking();
            input.transfer(output, length, false, nonblocking)?
        }
        (Some(pipe), None) => {
            let nonblocking = asked || from.flags().nonblocking();
            out_of_pipe(pipe, &to, &mut out_position, length, nonblocking)?
        }
        (None, Some(pipe)) => {
            let nonblocking = asked || to.flags().nonblocking();
            into_pipe(&from, pipe, &mut in_position, length, nonblocking)?
        }
        (None, None) => return Err(Errno::EINVAL),
    };
    if let Some(position) = out_position {
        user::write(output_offset, &(position as i64))?;
    }
    if let Some(position) = in_position {
        user::write(input_offset, &(position as i64))?;
    }
    Ok(moved)
}

/// `EINVAL` for a position on a file that has none.
fn check_position(file: &OpenFile, position: Option<u64>) -> Result<()> {
    match position {
        Some(_) => file.check_positioned().map_err(|_| Errno::EINVAL),
        None => Ok(()),
    }
}

fn write_at(file: &OpenFile, bytes: &[u8], position: &mut Option<u64>) -> Result<usize> {
    let mut source = Source::from_slice(bytes);
    let Some(position) = position else {
        return file.write(&mut source);
    };
    let count = file.write_to(*position, &mut source)?;
    *position += count as u64;
    Ok(count)
}

/// From a pipe to a file: until the pipe is empty, or `length` bytes.
fn out_of_pipe(
    pipe: &Pipe,
    file: &OpenFile,
    position: &mut Option<u64>,
    length: usize,
    nonblocking: bool,
) -> Result<usize> {
    check_position(file, *position)?;
    if file.flags().append() || file.inode().kind() == FileKind::Directory {
        return Err(Errno::EINVAL);
    }
    let mut buffer = buffer(length)?;
    let mut pieces = loop {
        if !pipe.wait_for_bytes(nonblocking)? {
            return Ok(0);
        }
        if let Some(pieces) = pipe.lend(length)? {
            break pieces;
        }
    };
    let (mut total, mut outcome) = (0, Ok(0));
    while !pieces.is_empty() {
        let count = pieces.peek(&mut buffer);
        outcome = write_at(file, &buffer[..count], position);
        let written = outcome.unwrap_or(0);
        pieces.skip(written);
        total += written;
        if written < count {
            break;
        }
        process::yield_if_needed();
    }
    if total > 0 { Ok(total) } else { outcome }
}

/// From a file into a pipe: as much as there is room for.
fn into_pipe(
    file: &OpenFile,
    pipe: &Pipe,
    position: &mut Option<u64>,
    length: usize,
    nonblocking: bool,
) -> Result<usize> {
    check_position(file, *position)?;
    if file.inode().kind() == FileKind::Directory || !file.file().gives_to_splice() {
        return Err(Errno::EINVAL);
    }
    pipe.wait_for_room(nonblocking)?;
    let mut total = 0;
    let mut buffer = buffer(length)?;
    loop {
        let room = pipe.free_pieces() * PAGE_SIZE;
        let wanted = (length - total).min(room).min(buffer.len());
        if wanted == 0 {
            return Ok(total);
        }
        let mut sink = Sink::from_slice(&mut buffer[..wanted]);
        let outcome = match position {
            Some(position) => file.read_from(*position, &mut sink),
            None => file.read(&mut sink),
        };
        let count = match outcome {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(_) if total > 0 => return Ok(total),
            Err(error) => return Err(error),
        };
        if let Some(position) = position {
            *position += count as u64;
        }
        // There was room; if somebody else took it, it is waited for, so that nothing is lost.
        pipe.write(&mut Source::from_slice(&buffer[..count]), false, false)?;
        total += count;
        // What gives less than was asked has no more at once.
        if count < wanted {
            return Ok(total);
        }
        process::yield_if_needed();
    }
}

/// tee(2).
pub fn sys_tee(
    thread: &Arc<Thread>,
    input: usize,
    output: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    let flags = check_flags(flags)?;
    if length == 0 {
        return Ok(0);
    }
    let (from, to) = both(thread, input, output)?;
    check_directions(&from, &to)?;
    let pipes = (pipe_behind(&**from.file()), pipe_behind(&**to.file()));
    let (Some(input), Some(output)) = pipes else {
        return Err(Errno::EINVAL);
    };
    if Arc::ptr_eq(input, output) {
        return Err(Errno::EINVAL);
    }
    let nonblocking = flags & general::SPLICE_F_NONBLOCK != 0
        || from.flags().nonblocking()
        || to.flags().nonblocking();
    input.transfer(output, length, true, nonblocking)
}

/// vmsplice(2): pages are copied; that they might change later is what a gift must not do.
pub fn sys_vmsplice(
    thread: &Arc<Thread>,
    descriptor: usize,
    iovecs: usize,
    count: usize,
    flags: usize,
) -> Result<usize> {
    let flags = check_flags(flags)?;
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let writes = file.flags().writable();
    if !writes && !file.flags().readable() {
        return Err(Errno::EBADF);
    }
    let ranges = UserRanges::from_iovecs(iovecs, count)?;
    if ranges.source().remaining() == 0 {
        return Ok(0);
    }
    let pipe = pipe_behind(&**file.file()).ok_or(Errno::EBADF)?;
    let nonblocking = flags & general::SPLICE_F_NONBLOCK != 0;
    if !writes {
        if pipe.wait_for_bytes(nonblocking)? {
            return file.read(&mut ranges.sink());
        }
        return Ok(0);
    }
    pipe.wait_for_room(nonblocking)?;
    pipe.write(&mut ranges.source(), true, false)
}

/// A position that is looked at later: a negative one is a very large one here.
fn read_raw_offset(address: usize) -> Result<Option<u64>> {
    match address {
        0 => Ok(None),
        address => user::read(address).map(Some),
    }
}

/// copy_file_range(2): between regular files of one file system.
pub fn sys_copy_file_range(
    thread: &Arc<Thread>,
    input: usize,
    input_offset: usize,
    output: usize,
    output_offset: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    let (from, to) = both(thread, input, output)?;
    let given_in = read_raw_offset(input_offset)?;
    let given_out = read_raw_offset(output_offset)?;
    if flags as u32 != 0 {
        return Err(Errno::EINVAL);
    }
    let start_in = given_in.unwrap_or_else(|| *from.position());
    let start_out = given_out.unwrap_or_else(|| *to.position());
    let length = length.min(TRANSFER_MAX);
    check_copy(&from, &to, start_in, start_out, length)?;
    let total = copy(&from, &to, start_in, start_out, length)?;
    let (end_in, end_out) = (start_in + total as u64, start_out + total as u64);
    match given_in {
        Some(_) => user::write(input_offset, &(end_in as i64))?,
        None => *from.position() = end_in,
    }
    match given_out {
        Some(_) => user::write(output_offset, &(end_out as i64))?,
        None => *to.position() = end_out,
    }
    Ok(total)
}

fn check_copy(
    from: &OpenFile,
    to: &OpenFile,
    start_in: u64,
    start_out: u64,
    length: usize,
) -> Result<()> {
    let kinds = [from.inode().kind(), to.inode().kind()];
    if kinds.contains(&FileKind::Directory) {
        return Err(Errno::EISDIR);
    }
    if kinds != [FileKind::Regular; 2] {
        return Err(Errno::EINVAL);
    }
    check_directions(from, to)?;
    if to.flags().append() {
        return Err(Errno::EBADF);
    }
    if from.device_raw() != to.device_raw() {
        return Err(Errno::EXDEV);
    }
    for start in [start_in, start_out] {
        start.checked_add(length as u64).ok_or(Errno::EOVERFLOW)?;
    }
    let end_max = i64::MAX as u64 - length as u64;
    if start_in > end_max || start_out > end_max {
        return Err(Errno::EINVAL);
    }
    let left = from.metadata().size.saturating_sub(start_in);
    let length = (length as u64).min(left);
    let overlap = start_out + length > start_in && start_out < start_in + length;
    if Arc::ptr_eq(from.inode(), to.inode()) && overlap {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

fn copy(
    from: &OpenFile,
    to: &OpenFile,
    start_in: u64,
    start_out: u64,
    length: usize,
) -> Result<usize> {
    let mut buffer = buffer(length)?;
    let mut total = 0;
    while total < length {
        let wanted = buffer.len().min(length - total);
        let mut sink = Sink::from_slice(&mut buffer[..wanted]);
        let step = from
            .read_from(start_in + total as u64, &mut sink)
            .and_then(|count| {
                let mut source = Source::from_slice(&buffer[..count]);
                match count {
                    0 => Ok(0),
                    _ => to.write_to(start_out + total as u64, &mut source),
                }
            });
        match step {
            Ok(0) => break,
            Ok(count) => total += count,
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
        process::yield_if_needed();
    }
    Ok(total)
}
