//! unshare, setns, pidfd_open, pidfd_send_signal. Source: the man pages of the same names.

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::signal::SigInfo;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::namespace::{self, KINDS, Kind, Plan, file::namespace_of};
use crate::process::signal::{self, Origin};
use crate::process::{Process, Thread, pidfd};

/// What unshare(2) takes apart besides namespaces.
const UNSHARED: u32 = linux::CLONE_THREAD
    | linux::CLONE_FS
    | linux::CLONE_SIGHAND
    | linux::CLONE_VM
    | linux::CLONE_FILES
    | linux::CLONE_SYSVSEM;

/// unshare(2).
pub fn sys_unshare(thread: &Arc<Thread>, flags: usize) -> Result<usize> {
    let flags = implied(u32::try_from(flags).map_err(|_| Errno::EINVAL)?);
    let kinds = flags & namespace::flags();
    if flags & !(UNSHARED | namespace::flags()) != 0 {
        return Err(Errno::EINVAL);
    }
    // Neither can be taken apart: it must be so already.
    let alone = thread.process.thread_count() == 1;
    let shares_handlers = thread.process.signals.shares_handlers();
    if (flags & linux::CLONE_THREAD != 0 && !alone)
        || (flags & (linux::CLONE_SIGHAND | linux::CLONE_VM) != 0 && shares_handlers)
        || (flags & linux::CLONE_VM != 0 && thread.shares_memory())
    {
        return Err(Errno::EINVAL);
    }
    let mut plan = if kinds == 0 {
        Plan::unchanged(thread)?
    } else {
        Plan::with_new(thread, kinds)?
    };
    if flags & linux::CLONE_FS != 0 && plan.fs.is_none() {
        plan.fs = Some(Arc::new(plan.old_fs.fork_copy()));
    }
    if flags & linux::CLONE_FILES != 0 {
        let files = thread.files()?.fork_copy()?;
        thread.set_files(Some(Arc::new(files)));
    }
    plan.carry_out(thread)?;
    Ok(0)
}

/// The flags that go with those that were given (unshare(2)).
fn implied(mut flags: u32) -> u32 {
    if flags & linux::CLONE_NEWUSER != 0 {
        flags |= linux::CLONE_THREAD | linux::CLONE_FS;
    }
    if flags & linux::CLONE_VM != 0 {
        flags |= linux::CLONE_SIGHAND;
    }
    if flags & linux::CLONE_SIGHAND != 0 {
        flags |= linux::CLONE_THREAD;
    }
    if flags & linux::CLONE_NEWNS != 0 {
        flags |= linux::CLONE_FS;
    }
    flags
}

/// setns(2): by the file of a namespace, or by a pidfd all kinds that `kinds` name.
pub fn sys_setns(thread: &Arc<Thread>, descriptor: usize, kinds: usize) -> Result<usize> {
    let file = thread.files()?.get_usable(descriptor as i32)?;
    let kinds = kinds as u32;
    let mut plan = Plan::unchanged(thread)?;
    if let Some(namespace) = namespace_of(&file) {
        if kinds != 0 && kinds != namespace.kind().flag {
            return Err(Errno::EINVAL);
        }
        plan.enter(thread, namespace)?;
    } else {
        let process = pidfd::of_file(&file).ok_or(Errno::EINVAL)?;
        if kinds == 0 || kinds & !namespace::flags() != 0 {
            return Err(Errno::EINVAL);
        }
        let target = process.leader().ok_or(Errno::ESRCH)?;
        let wanted = |kind: &&Kind| kind.flag & kinds != 0;
        for kind in KINDS.iter().filter(wanted) {
            plan.enter(thread, (kind.of)(&target)?)?;
        }
    }
    plan.carry_out(thread)?;
    Ok(0)
}

/// pidfd_open(2).
pub fn sys_pidfd_open(thread: &Arc<Thread>, pid: usize, flags: usize) -> Result<usize> {
    let (pid, flags) = (pid as i32, flags as u32);
    if flags & !linux::O_NONBLOCK != 0 || pid <= 0 {
        return Err(Errno::EINVAL);
    }
    let process = thread.process_named(pid as u32);
    let process = process.map_err(|error| match thread.thread_named(pid as u32) {
        // A thread's number is not a process's.
        Ok(_) => Errno::EINVAL,
        Err(_) => error,
    })?;
    Ok(pidfd::open(thread, &process, flags)? as usize)
}

/// pidfd_send_signal(2).
pub fn sys_pidfd_send_signal(
    thread: &Arc<Thread>,
    descriptor: usize,
    signal: usize,
    information: usize,
    flags: usize,
) -> Result<usize> {
    if flags as u32 != 0 {
        return Err(Errno::EINVAL);
    }
    let process = pidfd::process_of(thread, descriptor as i32)?;
    let number = visible_number(thread, &process)?;
    let origin = if information == 0 {
        super::signal::sent_by(thread, linux::SI_USER as i32)
    } else {
        let given: SigInfo = user::read(information)?;
        if given.signal != signal as i32 {
            return Err(Errno::EINVAL);
        }
        super::signal::check_details(thread, number, &given)?;
        Origin::from_program(&given)
    };
    signal::to_process(thread, number, signal as i32, &origin)?;
    Ok(0)
}

/// The number by which the caller knows the process: a pidfd from another namespace's process
/// does not let it signal what it cannot see.
fn visible_number(thread: &Thread, process: &Arc<Process>) -> Result<i32> {
    if !thread
        .process
        .pid_namespace
        .contains(&process.pid_namespace)
    {
        return Err(Errno::EINVAL);
    }
    if !pidfd::is_known(process) {
        return Err(Errno::ESRCH);
    }
    Ok(thread.sees(process.pid) as i32)
}
