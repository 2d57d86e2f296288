//! Memory: mmap and its kin. Numbers become typed requests here; what they mean lies in
//! `crate::memory`.
//!
//! Source: mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2), mincore(2),
//! mlock(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use metal::paging::USER_END;

use crate::error::{Errno, Result};
use crate::memory::{AddressSpace, MapRequest, MappedObject, Move, PAGE_SIZE, Place, Protection};
use crate::process::{Thread, personality};

/// The calling thread's memory.
fn space(thread: &Thread) -> Result<Arc<AddressSpace>> {
    thread.address_space().ok_or(Errno::ENOMEM)
}

/// mmap(2).
pub fn sys_mmap(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    protection: usize,
    flags: usize,
    descriptor: usize,
    offset: usize,
) -> Result<usize> {
    let flags = flags as u32;
    if !offset.is_multiple_of(PAGE_SIZE) || length == 0 {
        return Err(Errno::EINVAL);
    }
    let place = if flags & linux::MAP_FIXED_NOREPLACE != 0 {
        Place::FixedIfFree(address)
    } else if flags & linux::MAP_FIXED != 0 {
        Place::Fixed(address)
    } else {
        Place::Hint(address)
    };
    let protection = Protection::from_bits_truncate(protection as u32);
    let protection = personality::protection(&thread.process, protection);
    let mut request = MapRequest::anonymous(place, length, protection);
    request.shared = match flags & linux::MAP_TYPE {
        linux::MAP_PRIVATE => false,
        linux::MAP_SHARED | linux::MAP_SHARED_VALIDATE => true,
        _ => return Err(Errno::EINVAL),
    };
    request.grows_down = flags & linux::MAP_GROWSDOWN != 0;
    request.populate = flags & linux::MAP_POPULATE != 0;
    request.unreserved = flags & linux::MAP_NORESERVE != 0;
    if flags & linux::MAP_ANONYMOUS == 0 {
        attach_file(thread, &mut request, descriptor as i32, offset as u64)?;
    }
    space(thread)?.map(&thread.process, request)
}

/// Looks a descriptor up and checks that the file allows what the mapping wants.
fn attach_file(
    thread: &Thread,
    request: &mut MapRequest,
    descriptor: i32,
    offset: u64,
) -> Result<()> {
    let file = thread.files()?.get_usable(descriptor)?;
    let end = offset.checked_add(request.length as u64);
    if end.is_none_or(|end| end > i64::MAX as u64) {
        return Err(Errno::EOVERFLOW);
    }
    let (readable, writable) = (file.flags().readable(), file.flags().writable());
    if !readable {
        return Err(Errno::EACCES);
    }
    if request.shared && !writable {
        if request.protection.contains(Protection::WRITE) {
            return Err(Errno::EACCES);
        }
        request.allowed -= Protection::WRITE;
    }
    let pager = file.pager()?;
    let limit = pager.length_limit().unwrap_or(u64::MAX);
    if request.grows_down || end.is_some_and(|end| end > limit) {
        return Err(Errno::EINVAL);
    }
    request.object = Some(MappedObject {
        pager,
        file: Some(file),
        offset_bytes: offset,
    });
    Ok(())
}

/// munmap(2).
pub fn sys_munmap(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    space(thread)?.unmap(address, length).map(|()| 0)
}

/// mprotect(2).
pub fn sys_mprotect(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    protection: usize,
) -> Result<usize> {
    const GROWTH: u32 = linux::PROT_GROWSDOWN | linux::PROT_GROWSUP;
    // Unlike most flags these are looked at in their whole width.
    let protection = u32::try_from(protection).map_err(|_| Errno::EINVAL)?;
    let bits = protection & !GROWTH;
    if protection & GROWTH == GROWTH || bits & !(Protection::all().bits() | linux::PROT_SEM) != 0 {
        return Err(Errno::EINVAL);
    }
    let protection = Protection::from_bits_truncate(bits);
    let protection = personality::protection(&thread.process, protection);
    space(thread)?
        .protect(address, length, protection)
        .map(|()| 0)
}

/// mremap(2).
pub fn sys_mremap(
    thread: &Arc<Thread>,
    old: usize,
    old_length: usize,
    new_length: usize,
    flags: usize,
    new: usize,
) -> Result<usize> {
    let flags = flags as u32;
    const KNOWN: u32 = linux::MREMAP_MAYMOVE | linux::MREMAP_FIXED | linux::MREMAP_DONTUNMAP;
    let may_move = flags & linux::MREMAP_MAYMOVE != 0;
    let keep_old = flags & linux::MREMAP_DONTUNMAP != 0;
    if flags & !KNOWN != 0
        || (flags & (linux::MREMAP_FIXED | linux::MREMAP_DONTUNMAP) != 0 && !may_move)
        || (keep_old && old_length != new_length)
    {
        return Err(Errno::EINVAL);
    }
    // What is longer than all that a program can have makes no sense, wherever it is.
    if old_length > USER_END || new_length > USER_END {
        return Err(Errno::EINVAL);
    }
    let destination = match (flags & linux::MREMAP_FIXED != 0, may_move) {
        (true, _) => Move::To(new),
        (false, true) => Move::Anywhere,
        (false, false) => Move::No,
    };
    space(thread)?.remap(
        &thread.process,
        old,
        old_length,
        new_length,
        destination,
        keep_old,
    )
}

/// brk(2).
pub fn sys_brk(thread: &Arc<Thread>, wanted: usize) -> Result<usize> {
    Ok(space(thread)?.set_break(&thread.process, wanted))
}

/// madvise(2).
pub fn sys_madvise(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    advice: usize,
) -> Result<usize> {
    if length != 0 && rounds_to_nothing(0, length) {
        return Err(Errno::EINVAL);
    }
    space(thread)?
        .advise(address, length, advice as u32)
        .map(|()| 0)
}

/// msync(2): memory is the only store there is, so there is nothing to write back.
pub fn sys_msync(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    const BOTH: u32 = linux::MS_SYNC | linux::MS_ASYNC;
    let flags = flags as u32;
    if flags & !(BOTH | linux::MS_INVALIDATE) != 0 || flags & BOTH == BOTH {
        return Err(Errno::EINVAL);
    }
    if address.is_multiple_of(PAGE_SIZE) && rounds_to_nothing(0, length) {
        return Ok(0);
    }
    space(thread)?.check_range(address, length).map(|()| 0)
}

/// Whether a length so near the largest number, from `offset` in its page on, comes round to 0
/// when rounded up to pages, as Linux lets it.
fn rounds_to_nothing(offset: usize, length: usize) -> bool {
    length.wrapping_add(offset).wrapping_add(PAGE_SIZE - 1) < PAGE_SIZE
}

/// mlock(2): nothing is ever paged out, but what may not be touched cannot be brought in.
pub fn sys_mlock(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    sys_munlock(thread, address, length)?;
    let start = address / PAGE_SIZE * PAGE_SIZE;
    let length = length.saturating_add(address - start);
    if !rounds_to_nothing(0, length) && space(thread)?.has_inaccessible(start, length)? {
        return Err(Errno::ENOMEM);
    }
    Ok(0)
}

/// munlock(2).
pub fn sys_munlock(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    let start = address / PAGE_SIZE * PAGE_SIZE;
    if rounds_to_nothing(address - start, length) {
        return Ok(0);
    }
    let end = address.checked_add(length).ok_or(Errno::EINVAL)?;
    space(thread)?.check_range(start, end - start).map(|()| 0)
}

/// mincore(2).
pub fn sys_mincore(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    vector: usize,
) -> Result<usize> {
    let space = space(thread)?;
    // A page of answers at a time: a range can be far larger than memory.
    let mut answers = alloc::vec::Vec::new();
    answers
        .try_reserve_exact(PAGE_SIZE)
        .map_err(|_| Errno::ENOMEM)?;
    answers.resize(PAGE_SIZE, 0_u8);
    let pages = length.div_ceil(PAGE_SIZE);
    space.presence(address, &mut answers[..pages.min(1)])?;
    for first in (0..pages).step_by(PAGE_SIZE) {
        let part = &mut answers[..(pages - first).min(PAGE_SIZE)];
        space.presence(address + first * PAGE_SIZE, part)?;
        crate::memory::user::write_bytes(vector.wrapping_add(first), part)?;
        crate::process::yield_if_needed();
        if thread.must_exit() {
            return Err(Errno::EINTR);
        }
    }
    Ok(0)
}
