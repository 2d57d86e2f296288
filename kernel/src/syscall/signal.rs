//! Signals: actions, masks, sending, waiting, and the way back from a handler.

use alloc::sync::Arc;

use abi::Timespec;
use abi::raw::general as linux;
use abi::signal::{SigAction, SigInfo, SigStack};
use metal::user::UserContext;
use zerocopy::IntoBytes;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::signal::{self, Action, Origin, SignalInfo, SignalSet};
use crate::process::{ProcessId, Thread, table};
use crate::time::{Nanoseconds, monotonic_now};

/// Bytes of the only signal set there is.
const SET_BYTES: usize = size_of::<u64>();

fn check_set_size(size: usize) -> Result<()> {
    if size == SET_BYTES {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}

/// rt_sigaction(2).
pub fn sys_rt_sigaction(
    thread: &Arc<Thread>,
    signal: usize,
    new: usize,
    old: usize,
    set_size: usize,
) -> Result<usize> {
    check_set_size(set_size)?;
    let wanted = match new {
        0 => None,
        address => Some(user::read::<SigAction>(address)?),
    };
    let number = signal::check_number(signal as i32)?;
    let unchangeable = [linux::SIGKILL, linux::SIGSTOP].contains(&u32::from(number));
    if number == 0 || (wanted.is_some() && unchangeable) {
        return Err(Errno::EINVAL);
    }
    let process = &thread.process;
    let before = match wanted {
        Some(wanted) => signal::set_action(process, number, Action::from_program(wanted)),
        None => signal::action(process, number),
    };
    user::write_if_wanted(old, &before.to_user())?;
    Ok(0)
}

/// rt_sigprocmask(2).
pub fn sys_rt_sigprocmask(
    thread: &Arc<Thread>,
    how: usize,
    new: usize,
    old: usize,
    set_size: usize,
) -> Result<usize> {
    check_set_size(set_size)?;
    let before = thread.signals.blocked();
    if new != 0 {
        let set = SignalSet(user::read(new)?);
        let blocked = match how as u32 {
            linux::SIG_BLOCK => before.union(set),
            linux::SIG_UNBLOCK => before.without(set),
            linux::SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL),
        };
        signal::set_blocked(thread, blocked);
    }
    user::write_if_wanted(old, &before.0)?;
    Ok(0)
}

/// rt_sigpending(2): as many bytes of the set as are asked for.
pub fn sys_rt_sigpending(thread: &Arc<Thread>, set: usize, set_size: usize) -> Result<usize> {
    if set_size > SET_BYTES {
        return Err(Errno::EINVAL);
    }
    let pending = signal::pending(thread).0;
    user::write_bytes(set, &pending.as_bytes()[..set_size])?;
    Ok(0)
}

/// rt_sigsuspend(2).
pub fn sys_rt_sigsuspend(thread: &Arc<Thread>, set: usize, set_size: usize) -> Result<usize> {
    check_set_size(set_size)?;
    let mask: u64 = user::read(set)?;
    signal::with_temporary_mask(thread, mask, || signal::pause(thread))
}

/// pause(2).
pub fn sys_pause(thread: &Arc<Thread>) -> Result<usize> {
    signal::pause(thread)
}

/// rt_sigtimedwait(2).
pub fn sys_rt_sigtimedwait(
    thread: &Arc<Thread>,
    set: usize,
    information: usize,
    timeout: usize,
    set_size: usize,
) -> Result<usize> {
    check_set_size(set_size)?;
    let wanted = SignalSet(user::read(set)?);
    let deadline = match timeout {
        0 => None,
        address => {
            let span = Nanoseconds::from_timespec(user::read::<Timespec>(address)?)?;
            Some(monotonic_now() + span)
        }
    };
    let taken = signal::wait_for(thread, wanted, deadline)?;
    let taken = taken.ok_or(Errno::EAGAIN)?;
    user::write_if_wanted(information, &taken.to_user())?;
    Ok(usize::from(taken.signal))
}

/// rt_sigreturn(2). A frame that cannot be read ends the program by SIGSEGV.
pub fn sys_rt_sigreturn(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    match signal::restore(thread, registers) {
        Ok(value) => Ok(value),
        Err(_) => {
            signal::send_fault(thread, SignalInfo::from_kernel(linux::SIGSEGV));
            Ok(0)
        }
    }
}

/// restart_syscall(2).
pub fn sys_restart_syscall(thread: &Arc<Thread>) -> Result<usize> {
    signal::resume(thread)
}

/// sigaltstack(2).
pub fn sys_sigaltstack(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let [new, old, ..] = super::arguments(registers);
    let stack_pointer = registers.registers().rsp;
    let wanted = match new {
        0 => None,
        address => Some(user::read::<SigStack>(address)?),
    };
    let before = signal::alternate_stack(thread, stack_pointer);
    if let Some(wanted) = wanted {
        signal::set_alternate_stack(thread, &wanted, stack_pointer)?;
    }
    user::write_if_wanted(old, &before)?;
    Ok(0)
}

/// What the receiver is told of a signal that a program sends by its number alone.
pub(super) fn sent_by(thread: &Thread, code: i32) -> Origin {
    Origin::Process {
        code,
        pid: thread.process.local_pid,
        uid: thread.real_user(),
        value: 0,
    }
}

/// kill(2).
pub fn sys_kill(thread: &Arc<Thread>, pid: usize, signal: usize) -> Result<usize> {
    let origin = sent_by(thread, linux::SI_USER as i32);
    let signal = signal as i32;
    match pid as i32 {
        i32::MIN => return Err(Errno::ESRCH),
        -1 => signal::to_all(thread, signal, &origin)?,
        0 => {
            let own = table::group_and_session_of(thread.process.pid);
            let (group, _) = own.ok_or(Errno::ESRCH)?;
            signal::to_group(thread, group, signal, &origin)?;
        }
        group if group < 0 => {
            let group = thread.group_named(-group as ProcessId);
            signal::to_group(thread, group, signal, &origin)?;
        }
        pid => signal::to_process(thread, pid, signal, &origin)?,
    }
    Ok(0)
}

/// tkill(2).
pub fn sys_tkill(thread: &Arc<Thread>, tid: usize, signal: usize) -> Result<usize> {
    let tid = tid as i32;
    if tid <= 0 {
        return Err(Errno::EINVAL);
    }
    let origin = sent_by(thread, linux::SI_TKILL);
    signal::to_thread(thread, None, tid, signal as i32, &origin)?;
    Ok(0)
}

/// tgkill(2).
pub fn sys_tgkill(thread: &Arc<Thread>, pid: usize, tid: usize, signal: usize) -> Result<usize> {
    let (pid, tid) = (pid as i32, tid as i32);
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    let origin = sent_by(thread, linux::SI_TKILL);
    signal::to_thread(thread, Some(pid), tid, signal as i32, &origin)?;
    Ok(0)
}

/// The details that a program gives itself. To others it may not pretend that the kernel or a
/// plain kill(2) speaks: those have codes from 0 up, and SI_TKILL.
pub(super) fn check_details(thread: &Thread, target: i32, given: &SigInfo) -> Result<()> {
    let reserved = given.code >= 0 || given.code == linux::SI_TKILL;
    if reserved && target != thread.local_tid() as i32 {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// Reads what a program says of a signal that it sends. What follows the known part must be 0 where
/// nobody knows what the code stands for.
///
/// # Errors
/// EFAULT, E2BIG.
pub(super) fn read_details(signal: usize, address: usize) -> Result<SigInfo> {
    const KNOWN_FIELDS: usize = 4;
    let given: SigInfo = user::read(address)?;
    let rest = &given.fields[KNOWN_FIELDS..];
    if rest.iter().any(|&word| word != 0) && !is_known_code(signal as u32, given.code) {
        return Err(Errno::E2BIG);
    }
    Ok(given)
}

/// Whether a `si_code` has a meaning for this signal.
fn is_known_code(signal: u32, code: i32) -> bool {
    if code == linux::SI_KERNEL as i32 || code == linux::SI_ASYNCNL {
        return true;
    }
    let highest = match signal {
        linux::SIGILL => linux::NSIGILL,
        linux::SIGFPE => linux::NSIGFPE,
        linux::SIGSEGV => linux::NSIGSEGV,
        linux::SIGBUS => linux::NSIGBUS,
        linux::SIGTRAP => linux::NSIGTRAP,
        linux::SIGCHLD => linux::NSIGCHLD,
        linux::SIGSYS => linux::NSIGSYS,
        _ => linux::NSIGPOLL,
    };
    (linux::SI_DETHREAD..=highest as i32).contains(&code)
}

/// rt_sigqueueinfo(2).
pub fn sys_rt_sigqueueinfo(
    thread: &Arc<Thread>,
    pid: usize,
    signal: usize,
    information: usize,
) -> Result<usize> {
    let pid = pid as i32;
    let given = read_details(signal, information)?;
    check_details(thread, pid, &given)?;
    signal::to_process(thread, pid, signal as i32, &Origin::from_program(&given))?;
    Ok(0)
}

/// rt_tgsigqueueinfo(2).
pub fn sys_rt_tgsigqueueinfo(
    thread: &Arc<Thread>,
    pid: usize,
    tid: usize,
    signal: usize,
    information: usize,
) -> Result<usize> {
    let (pid, tid) = (pid as i32, tid as i32);
    let given = read_details(signal, information)?;
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    check_details(thread, tid, &given)?;
    let origin = Origin::from_program(&given);
    signal::to_thread(thread, Some(pid), tid, signal as i32, &origin)?;
    Ok(0)
}
