//! Memory: mmap and its kin. Numbers become typed requests here; what they mean lies in
//! `crate::memory`.
//!
//! Source: mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2), mincore(2),
//! mlock(2), mlockall(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use metal::paging::USER_END;

use crate::error::{Errno, Result};
use crate::file::OpenFile;
use crate::memory::{
    AddressSpace, LOWEST, Locking, MapRequest, MappedObject, Move, PAGE_SIZE, Place, Protection,
};
use crate::process::capabilities::Capability;
use crate::process::limits::Resource;
use crate::process::{Thread, personality};

/// The flags that MAP_SHARED_VALIDATE does not refuse: those that are older than itself, whether or
/// not they still mean anything.
const VALIDATED: u32 = linux::MAP_TYPE
    | linux::MAP_FIXED
    | linux::MAP_ANONYMOUS
    | linux::MAP_DENYWRITE
    | linux::MAP_EXECUTABLE
    | linux::MAP_UNINITIALIZED
    | linux::MAP_GROWSDOWN
    | linux::MAP_LOCKED
    | linux::MAP_NORESERVE
    | linux::MAP_POPULATE
    | linux::MAP_NONBLOCK
    | linux::MAP_STACK
    | linux::MAP_HUGETLB
    | linux::MAP_HUGE_2MB
    | linux::MAP_HUGE_1GB
    | linux::MAP_32BIT;

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
    let is_anonymous = flags & linux::MAP_ANONYMOUS != 0;
    let file = match is_anonymous {
        true => None,
        false => Some(thread.files()?.get_usable(descriptor as i32)?),
    };
    request.shared = match flags & linux::MAP_TYPE {
        linux::MAP_PRIVATE => false,
        linux::MAP_SHARED => true,
        linux::MAP_SHARED_VALIDATE if is_anonymous => return Err(Errno::EINVAL),
        linux::MAP_SHARED_VALIDATE if flags & !VALIDATED != 0 => return Err(Errno::EOPNOTSUPP),
        linux::MAP_SHARED_VALIDATE => true,
        _ => return Err(Errno::EINVAL),
    };
    request.grows_down = flags & linux::MAP_GROWSDOWN != 0;
    if request.grows_down && request.shared && is_anonymous {
        return Err(Errno::EINVAL);
    }
    request.populate = flags & linux::MAP_POPULATE != 0;
    request.may_be_lowest = address < LOWEST && thread.credentials().has(Capability::SysRawio);
    request.unreserved = flags & linux::MAP_NORESERVE != 0;
    if flags & linux::MAP_LOCKED != 0 {
        check_may_lock(thread)?;
        request.locking = Locking::Whole;
    }
    if let Some(file) = file {
        attach_file(file, &mut request, offset as u64)?;
    }
    space(thread)?.map(&thread.process, request)
}

/// Checks that a file allows what the mapping wants.
fn attach_file(file: Arc<OpenFile>, request: &mut MapRequest, offset: u64) -> Result<()> {
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
    let mut offset_bytes = offset;
    let pager = file.mapping(request, &mut offset_bytes)?;
    let limit = pager.length_limit().unwrap_or(u64::MAX);
    if request.grows_down || end.is_some_and(|end| end > limit) {
        return Err(Errno::EINVAL);
    }
    request.object = Some(MappedObject {
        pager,
        file: Some(file),
        offset_bytes,
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
    if new_length > USER_END {
        return Err(Errno::EINVAL);
    }
    let destination = match (flags & linux::MREMAP_FIXED != 0, keep_old, may_move) {
        (true, ..) => Move::To(new),
        (false, true, _) => Move::Near(new),
        (false, false, true) => Move::Anywhere,
        (false, false, false) => Move::No,
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
    if length != 0 && (rounds_to_nothing(length) || address.checked_add(length - 1).is_none()) {
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
    if address.is_multiple_of(PAGE_SIZE) && rounds_to_nothing(length) {
        return Ok(0);
    }
    let space = space(thread)?;
    if flags & linux::MS_INVALIDATE != 0 && space.has_locked(address, length)? {
        return Err(Errno::EBUSY);
    }
    space.check_range(address, length).map(|()| 0)
}

/// Whether a length so near the largest number comes round to 0 when rounded up to pages, as Linux
/// lets it.
fn rounds_to_nothing(length: usize) -> bool {
    length.wrapping_add(PAGE_SIZE - 1) < PAGE_SIZE
}

/// mlock(2).
pub fn sys_mlock(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    lock(thread, address, length, Locking::Whole)
}

/// mlock2(2).
pub fn sys_mlock2(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    match flags as u32 {
        0 => lock(thread, address, length, Locking::Whole),
        linux::MLOCK_ONFAULT => lock(thread, address, length, Locking::OnFault),
        _ => Err(Errno::EINVAL),
    }
}

fn lock(thread: &Arc<Thread>, address: usize, length: usize, locking: Locking) -> Result<usize> {
    check_may_lock(thread)?;
    let (start, length) = whole_pages(address, length);
    space(thread)?
        .lock_range(&thread.process, start, length, locking)
        .map(|()| 0)
}

/// Whether a thread may lock any memory.
fn check_may_lock(thread: &Thread) -> Result<()> {
    let limit = thread.process.limit(Resource::LockedMemory);
    if limit != 0 || thread.credentials().has(Capability::IpcLock) {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// The pages that a range touches: their start and their bytes. A length that is too large comes
/// round, as it does on Linux.
fn whole_pages(address: usize, length: usize) -> (usize, usize) {
    let offset = address % PAGE_SIZE;
    let end = length.wrapping_add(offset).wrapping_add(PAGE_SIZE - 1);
    (address - offset, end / PAGE_SIZE * PAGE_SIZE)
}

/// munlock(2).
pub fn sys_munlock(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    let (start, length) = whole_pages(address, length);
    space(thread)?.unlock_range(start, length).map(|()| 0)
}

/// mlockall(2).
pub fn sys_mlockall(thread: &Arc<Thread>, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    const WHAT: u32 = linux::MCL_CURRENT | linux::MCL_FUTURE;
    if flags & WHAT == 0 || flags & !(WHAT | linux::MCL_ONFAULT) != 0 {
        return Err(Errno::EINVAL);
    }
    check_may_lock(thread)?;
    let locking = if flags & linux::MCL_ONFAULT == 0 {
        Locking::Whole
    } else {
        Locking::OnFault
    };
    let chosen = |flag| (flags & flag != 0).then_some(locking);
    let (current, future) = (chosen(linux::MCL_CURRENT), chosen(linux::MCL_FUTURE));
    space(thread)?
        .lock_all(&thread.process, current, future)
        .map(|()| 0)
}

/// munlockall(2).
pub fn sys_munlockall(thread: &Arc<Thread>) -> Result<usize> {
    space(thread)?.unlock_all();
    Ok(0)
}

/// mincore(2).
pub fn sys_mincore(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    vector: usize,
) -> Result<usize> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let is_outside =
        |start: usize, length| start.checked_add(length).is_none_or(|end| end > USER_END);
    if is_outside(address, length) {
        return Err(Errno::ENOMEM);
    }
    let pages = length.div_ceil(PAGE_SIZE);
    if is_outside(vector, pages) {
        return Err(Errno::EFAULT);
    }
    let space = space(thread)?;
    // A page of answers at a time: a range can be far larger than memory.
    let mut answers = alloc::vec::Vec::new();
    answers
        .try_reserve_exact(PAGE_SIZE)
        .map_err(|_| Errno::ENOMEM)?;
    answers.resize(PAGE_SIZE, 0_u8);
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
