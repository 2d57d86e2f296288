//! futex(2) and the robust list: the operation is taken apart here; who sleeps and who is woken
//! is decided in `crate::process::futex`.
//!
//! Source: futex(2), set_robust_list(2), get_robust_list(2).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::Timespec;
use abi::raw::general as linux;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::credentials::Inspector;
use crate::process::futex::{self, ANY, Requeue, Wait, WakeOperation};
use crate::time::{Deadline, Instant, Nanoseconds, monotonic_now};

const FLAGS: u32 = linux::FUTEX_PRIVATE_FLAG | linux::FUTEX_CLOCK_REALTIME;

/// futex(2): `fourth` is a timeout or a second count, as the operation has it. The operations
/// on locks with priority inheritance answer ENOSYS.
pub fn sys_futex(
    thread: &Arc<Thread>,
    address: usize,
    operation: usize,
    value: usize,
    fourth: usize,
    second: usize,
    third_value: usize,
) -> Result<usize> {
    let (value, third_value) = (value as u32, third_value as u32);
    let command = operation as u32 & !FLAGS;
    let private = operation as u32 & linux::FUTEX_PRIVATE_FLAG != 0;
    let realtime = operation as u32 & linux::FUTEX_CLOCK_REALTIME != 0;
    let waits = matches!(command, linux::FUTEX_WAIT | linux::FUTEX_WAIT_BITSET);
    let deadline = if waits {
        deadline(fourth, command, realtime)?
    } else {
        None
    };
    if realtime && command != linux::FUTEX_WAIT_BITSET {
        return Err(Errno::ENOSYS);
    }
    let wait = |mask| Wait {
        address,
        private,
        value,
        mask,
        deadline,
    };
    let requeue = |expected| Requeue {
        from: address,
        to: second,
        private,
        wake: value as i32,
        moved: fourth as i32,
        expected,
    };
    let count = value as i32;
    match command {
        linux::FUTEX_WAIT => futex::wait(thread, &wait(ANY)).map(|()| 0),
        linux::FUTEX_WAIT_BITSET => futex::wait(thread, &wait(third_value)).map(|()| 0),
        linux::FUTEX_WAKE => futex::wake(thread, address, private, count, ANY),
        linux::FUTEX_WAKE_BITSET => futex::wake(thread, address, private, count, third_value),
        linux::FUTEX_REQUEUE => futex::requeue(thread, &requeue(None)),
        linux::FUTEX_CMP_REQUEUE => futex::requeue(thread, &requeue(Some(third_value))),
        linux::FUTEX_WAKE_OP => {
            let (addresses, counts) = ([address, second], [count, fourth as i32]);
            let operation = WakeOperation(third_value);
            futex::wake_with_operation(thread, addresses, private, counts, operation)
        }
        _ => Err(Errno::ENOSYS),
    }
}

/// The timeout of a wait: a span for FUTEX_WAIT, else a moment of the clock that is named.
fn deadline(address: usize, command: u32, realtime: bool) -> Result<Option<Deadline>> {
    if address == 0 {
        return Ok(None);
    }
    let time = Nanoseconds::from_timespec(user::read::<Timespec>(address)?)?;
    Ok(Some(if command == linux::FUTEX_WAIT {
        Deadline::Monotonic(monotonic_now() + time)
    } else if realtime {
        Deadline::Realtime(time)
    } else {
        Deadline::Monotonic(Instant(time.0))
    }))
}

/// The size of `struct robust_list_head`.
const ROBUST_HEAD_BYTES: usize = 24;

/// set_robust_list(2).
pub fn sys_set_robust_list(thread: &Arc<Thread>, head: usize, length: usize) -> Result<usize> {
    if length != ROBUST_HEAD_BYTES {
        return Err(Errno::EINVAL);
    }
    thread.robust_list.store(head, Ordering::Relaxed);
    Ok(0)
}

/// get_robust_list(2): as ptrace(2) has it, a program may look at its user's threads only.
pub fn sys_get_robust_list(
    thread: &Arc<Thread>,
    tid: usize,
    head: usize,
    length: usize,
) -> Result<usize> {
    let target = match tid as i32 {
        0 => Arc::clone(thread),
        tid => thread.thread_named(tid as u32)?,
    };
    let (own, other) = (thread.credentials(), target.credentials());
    let is_own = Arc::ptr_eq(&target.process, &thread.process);
    if !is_own && !other.may_be_inspected(&own, Inspector::Real) {
        return Err(Errno::EPERM);
    }
    user::write(length, &ROBUST_HEAD_BYTES)?;
    user::write(head, &target.robust_list.load(Ordering::Relaxed))?;
    Ok(0)
}
