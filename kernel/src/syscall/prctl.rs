//! prctl(2), and the small calls about what a thread or process is: membarrier, personality.
//!
//! An option that this kernel does not have is EINVAL, as it is on a Linux built without it.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::{general as linux, prctl as names};

use super::capabilities;
use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::credentials::Credentials;
use crate::process::restartable;

/// Signals go from 1 to this.
const SIGNAL_MAX: usize = 64;
/// The longest name, with its NUL.
const NAME_BYTES: usize = 16;

/// prctl(2).
pub fn sys_prctl(
    thread: &Arc<Thread>,
    option: usize,
    second: usize,
    third: usize,
    fourth: usize,
    fifth: usize,
) -> Result<usize> {
    let rest = [third, fourth, fifth];
    let process = &thread.process;
    match option as u32 {
        names::PR_SET_NAME => set_name(thread, second),
        names::PR_GET_NAME => user::write(second, &thread.name()).map(|()| 0),
        names::PR_SET_PDEATHSIG if second <= SIGNAL_MAX => {
            let signal = &process.parent_death_signal;
            signal.store(second as u32, Ordering::Relaxed);
            Ok(0)
        }
        names::PR_GET_PDEATHSIG => {
            let signal = process.parent_death_signal.load(Ordering::Relaxed);
            user::write(second, &signal).map(|()| 0)
        }
        names::PR_GET_DUMPABLE => Ok(process.dumpable.load(Ordering::Relaxed) as usize),
        names::PR_SET_DUMPABLE if second <= 1 => {
            process.dumpable.store(second as u32, Ordering::Relaxed);
            Ok(0)
        }
        names::PR_SET_CHILD_SUBREAPER => {
            process.is_subreaper.store(second != 0, Ordering::Relaxed);
            Ok(0)
        }
        names::PR_GET_CHILD_SUBREAPER => {
            let is_subreaper = process.is_subreaper.load(Ordering::Relaxed);
            user::write(second, &u32::from(is_subreaper)).map(|()| 0)
        }
        names::PR_SET_TIMERSLACK => {
            thread.set_timer_slack(second as u64);
            Ok(0)
        }
        names::PR_GET_TIMERSLACK => Ok(thread.timer_slack() as usize),
        names::PR_GET_TIMING => Ok(names::PR_TIMING_STATISTICAL as usize),
        // No process has performance counters that could be switched on or off.
        names::PR_TASK_PERF_EVENTS_DISABLE | names::PR_TASK_PERF_EVENTS_ENABLE => Ok(0),
        names::PR_SET_TIMING if second == names::PR_TIMING_STATISTICAL as usize => Ok(0),
        names::PR_GET_TID_ADDRESS => {
            let address = thread.clear_child_tid.load(Ordering::Relaxed);
            user::write(second, &address).map(|()| 0)
        }
        option => privilege_option(thread, option, second, rest),
    }
}

/// The options about what a thread or its programs may do.
fn privilege_option(
    thread: &Thread,
    option: u32,
    second: usize,
    rest: [usize; 3],
) -> Result<usize> {
    let credentials = thread.credentials();
    match option {
        names::PR_SET_NO_NEW_PRIVS if second == 1 && rest == [0; 3] => {
            let mut after = Credentials::clone(&credentials);
            after.no_new_privileges = true;
            thread.set_credentials(after);
            Ok(0)
        }
        names::PR_GET_NO_NEW_PRIVS if second == 0 && rest == [0; 3] => {
            Ok(usize::from(credentials.no_new_privileges))
        }
        names::PR_GET_SECCOMP => Ok(0),
        option => capabilities::option(thread, option, second, rest),
    }
}

fn set_name(thread: &Thread, address: usize) -> Result<usize> {
    let mut name = [0; NAME_BYTES];
    let length = match user::read_c_string_into(address, &mut name) {
        Ok(length) => length,
        // What does not fit is cut off.
        Err(Errno::ENAMETOOLONG) => NAME_BYTES - 1,
        Err(error) => return Err(error),
    };
    thread.set_name(&name[..length]);
    Ok(0)
}

/// personality(2): what a program wants to be treated as. Any value is kept; see
/// [`crate::process::personality`] for what comes of it.
pub fn sys_personality(thread: &Arc<Thread>, wanted: usize) -> Result<usize> {
    const QUERY: u32 = u32::MAX;
    let kept = &thread.process.personality;
    let before = match wanted as u32 {
        QUERY => kept.load(Ordering::Relaxed),
        wanted => kept.swap(wanted, Ordering::Relaxed),
    };
    Ok(before as usize)
}

/// membarrier(2): with one processor, every thread of the process has passed a barrier by the
/// time this one runs, because switching threads is one; the fence here is for the caller alone.
/// More processors will want an interrupt to each that runs a thread of the process (for the
/// private commands) or any program (for the global ones), answered before this returns.
pub fn sys_membarrier(
    thread: &Arc<Thread>,
    command: usize,
    flags: usize,
    _processor: usize,
) -> Result<usize> {
    const GLOBAL: u32 = linux::membarrier_cmd::MEMBARRIER_CMD_GLOBAL as u32;
    const GLOBAL_EXPEDITED: u32 = linux::membarrier_cmd::MEMBARRIER_CMD_GLOBAL_EXPEDITED as u32;
    const REGISTER_GLOBAL: u32 =
        linux::membarrier_cmd::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED as u32;
    const PRIVATE: u32 = linux::membarrier_cmd::MEMBARRIER_CMD_PRIVATE_EXPEDITED as u32;
    const REGISTER_PRIVATE: u32 =
        linux::membarrier_cmd::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED as u32;
    const QUERY: u32 = 0;
    if flags as u32 != 0 {
        return Err(Errno::EINVAL);
    }
    let registered = &thread.process.membarrier_registered;
    match command as u32 {
        QUERY => {
            let all = GLOBAL | GLOBAL_EXPEDITED | REGISTER_GLOBAL | PRIVATE | REGISTER_PRIVATE;
            return Ok(all as usize);
        }
        GLOBAL | GLOBAL_EXPEDITED | REGISTER_GLOBAL => {}
        REGISTER_PRIVATE => registered.store(true, Ordering::Relaxed),
        PRIVATE if registered.load(Ordering::Relaxed) => {}
        PRIVATE => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    }
    core::sync::atomic::fence(Ordering::SeqCst);
    Ok(0)
}

/// rseq(2).
pub fn sys_rseq(
    thread: &Arc<Thread>,
    address: usize,
    length: usize,
    flags: usize,
    signature: usize,
) -> Result<usize> {
    const UNREGISTER: u32 = 1;
    let (length, signature) = (length as u32, signature as u32);
    match flags as u32 {
        0 => restartable::register(thread, address, length, signature)?,
        UNREGISTER => restartable::unregister(thread, address, length, signature)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}
