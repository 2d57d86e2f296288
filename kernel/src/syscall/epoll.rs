//! epoll_create, epoll_create1, epoll_ctl, epoll_wait, epoll_pwait, epoll_pwait2. Source: epoll(7)
//! and the manual page of each. What is done is in [`crate::file::epoll`].

use super::poll::with_mask;
use crate::{
    error::Result,
    file::epoll::{self, Destination},
    memory::user,
    process::Thread,
    sync::poll::PollRegistrar,
    time::{Instant, Nanoseconds, monotonic_now},
};
use abi::{EpollEvent, Errno, Timespec, raw::general};
use alloc::sync::Arc;
use metal::paging::USER_END;

/// As Linux: what fits an array of less than 2 GiB.
const EVENTS_MAX: usize = i32::MAX as usize / size_of::<EpollEvent>();

/// epoll_create(2). The size has meant nothing for long, but must be positive.
pub fn sys_epoll_create(thread: &Arc<Thread>, size: usize) -> Result<usize> {
    if size as i32 <= 0 {
        return Err(Errno::EINVAL);
    }
    sys_epoll_create1(thread, 0)
}

/// epoll_create1(2).
pub fn sys_epoll_create1(thread: &Arc<Thread>, flags: usize) -> Result<usize> {
    let flags = flags as u32;
    if flags & !general::EPOLL_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    let files = thread.files()?;
    Ok(files.install(epoll::create(), flags != 0)? as usize)
}

/// epoll_ctl(2).
pub fn sys_epoll_ctl(
    thread: &Arc<Thread>,
    instance: usize,
    operation: usize,
    descriptor: usize,
    event: usize,
) -> Result<usize> {
    let (operation, descriptor) = (operation as u32, descriptor as i32);
    let event: EpollEvent = match operation {
        general::EPOLL_CTL_DEL => EpollEvent::default(),
        _ => user::read(event)?,
    };
    let files = thread.files()?;
    let instance = files.get_usable(instance as i32)?;
    let file = files.get_usable(descriptor)?;
    if !PollRegistrar::finds_queues(thread, |registrar| file.poll(Some(registrar))) {
        return Err(Errno::EPERM);
    }
    if Arc::ptr_eq(instance.file(), file.file()) {
        return Err(Errno::EINVAL);
    }
    epoll::behind(&instance)?
        .control(operation, descriptor, &file, event)
        .map(|()| 0)
}

fn wait(
    thread: &Arc<Thread>,
    instance: usize,
    events: usize,
    room: usize,
    deadline: Option<Instant>,
) -> Result<usize> {
    let room = usize::try_from(room as i32).map_err(|_| Errno::EINVAL)?;
    if room == 0 || room > EVENTS_MAX {
        return Err(Errno::EINVAL);
    }
    let end = events.checked_add(room * size_of::<EpollEvent>());
    if end.is_none_or(|end| end > USER_END) {
        return Err(Errno::EFAULT);
    }
    let instance = thread.files()?.get_usable(instance as i32)?;
    let destination = Destination {
        address: events,
        room,
    };
    epoll::behind(&instance)?.wait(thread, destination, deadline)
}

/// The end of a wait of so many milliseconds; a negative number never comes.
fn deadline_in(milliseconds: usize) -> Option<Instant> {
    let milliseconds = u64::try_from(milliseconds as i32).ok()?;
    Some(monotonic_now() + Nanoseconds(milliseconds * 1_000_000))
}

/// epoll_wait(2).
pub fn sys_epoll_wait(
    thread: &Arc<Thread>,
    instance: usize,
    events: usize,
    room: usize,
    timeout: usize,
) -> Result<usize> {
    wait(thread, instance, events, room, deadline_in(timeout))
}

/// epoll_pwait(2).
pub fn sys_epoll_pwait(
    thread: &Arc<Thread>,
    instance: usize,
    events: usize,
    room: usize,
    timeout: usize,
    mask: usize,
    mask_size: usize,
) -> Result<usize> {
    let deadline = deadline_in(timeout);
    with_mask(thread, mask, mask_size, || {
        wait(thread, instance, events, room, deadline)
    })
}

/// epoll_pwait2(2).
pub fn sys_epoll_pwait2(
    thread: &Arc<Thread>,
    instance: usize,
    events: usize,
    room: usize,
    timeout: usize,
    mask: usize,
    mask_size: usize,
) -> Result<usize> {
    let deadline = match timeout {
        0 => None,
        address => {
            let time: Timespec = user::read(address)?;
            Some(monotonic_now() + Nanoseconds::from_timespec(time)?)
        }
    };
    with_mask(thread, mask, mask_size, || {
        wait(thread, instance, events, room, deadline)
    })
}
