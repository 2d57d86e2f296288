//! What a process may use and has used. Source: getrlimit(2), prlimit(2), getrusage(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::resource::{Rlimit, Rusage};

use super::time::to_timeval;
use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::capabilities::Capability;
use crate::process::limits::{self, Limit, Resource};
use crate::process::timer::processor;
use crate::process::{Counts, Process, Thread, Times};

/// The times of a `struct rusage`.
pub fn usage_of(times: Times, counts: Counts) -> Rusage {
    Rusage {
        ru_utime: to_timeval(times.user),
        ru_stime: to_timeval(times.system),
        ru_maxrss: (counts.peak_resident_bytes / 1024) as i64,
        ru_minflt: counts.page_faults as i64,
        ru_nvcsw: counts.voluntary_switches as i64,
        ru_nivcsw: counts.involuntary_switches as i64,
        ..Rusage::default()
    }
}

/// getrusage(2).
pub fn sys_getrusage(thread: &Arc<Thread>, who: usize, result: usize) -> Result<usize> {
    let process = &thread.process;
    let usage = match who as i32 {
        linux::RUSAGE_CHILDREN => {
            let times = *process.children_time.lock();
            usage_of(times, *process.children_counts.lock())
        }
        who if who == linux::RUSAGE_SELF as i32 => {
            usage_of(process.times(), with_memory(thread, process.counts()))
        }
        who if who == linux::RUSAGE_THREAD as i32 => {
            let all = process.counts();
            let counts = Counts {
                page_faults: all.page_faults,
                peak_resident_bytes: all.peak_resident_bytes,
                ..thread.counters.counts()
            };
            usage_of(thread.times(), with_memory(thread, counts))
        }
        _ => return Err(Errno::EINVAL),
    };
    user::write(result, &usage).map(|()| 0)
}

/// The same, with the memory that the thread has now.
fn with_memory(thread: &Thread, counts: Counts) -> Counts {
    let space = thread.address_space();
    let peak = space.map_or(0, |space| space.lock().peak_resident_bytes() as u64);
    Counts {
        peak_resident_bytes: counts.peak_resident_bytes.max(peak),
        ..counts
    }
}

fn read_limit(address: usize) -> Result<Limit> {
    let limit: Rlimit = user::read(address)?;
    Ok(Limit {
        soft: limit.rlim_cur,
        hard: limit.rlim_max,
    })
}

fn write_limit(address: usize, limit: Limit) -> Result<()> {
    let limit = Rlimit {
        rlim_cur: limit.soft,
        rlim_max: limit.hard,
    };
    user::write(address, &limit)
}

/// getrlimit(2).
pub fn sys_getrlimit(thread: &Arc<Thread>, resource: usize, result: usize) -> Result<usize> {
    let old = exchange(thread, &thread.process, resource, None)?;
    write_limit(result, old).map(|()| 0)
}

/// setrlimit(2).
pub fn sys_setrlimit(thread: &Arc<Thread>, resource: usize, limit: usize) -> Result<usize> {
    let new = read_limit(limit)?;
    exchange(thread, &thread.process, resource, Some(new)).map(|_| 0)
}

/// prlimit64(2).
pub fn sys_prlimit64(
    thread: &Arc<Thread>,
    pid: usize,
    resource: usize,
    new: usize,
    old: usize,
) -> Result<usize> {
    let new = if new == 0 {
        None
    } else {
        Some(read_limit(new)?)
    };
    let target = match pid as u32 {
        0 => Arc::clone(&thread.process),
        tid => Arc::clone(&thread.thread_named(tid)?.process),
    };
    check_permission(thread, &target)?;
    let before = exchange(thread, &target, resource, new)?;
    if old != 0 {
        write_limit(old, before)?;
    }
    Ok(0)
}

/// Whether a program may look at the limits of another process: that of its own user.
fn check_permission(thread: &Thread, target: &Arc<Process>) -> Result<()> {
    let own = thread.credentials();
    if Arc::ptr_eq(&thread.process, target) || own.has(Capability::SysResource) {
        return Ok(());
    }
    let other = target.leader().ok_or(Errno::ESRCH)?.credentials();
    let same_user = [other.uid, other.euid, other.suid] == [own.uid; 3];
    let same_group = [other.gid, other.egid, other.sgid] == [own.gid; 3];
    if same_user && same_group {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// Sets a limit of a process, if a new one is given; returns the one before.
fn exchange(
    thread: &Thread,
    target: &Process,
    resource: usize,
    new: Option<Limit>,
) -> Result<Limit> {
    let resource = resource as u32 as usize;
    let may_raise = thread.credentials().has(Capability::SysResource);
    let mut limits = target.limits.lock();
    let old = limits.get(resource).ok_or(Errno::EINVAL)?;
    let Some(new) = new else {
        return Ok(old);
    };
    if new.soft > new.hard {
        return Err(Errno::EINVAL);
    }
    let too_many = resource == linux::RLIMIT_NOFILE as usize && new.hard > limits::FILES_MAX;
    if too_many || (new.hard > old.hard && !may_raise) {
        return Err(Errno::EPERM);
    }
    limits.set(resource, new);
    drop(limits);
    if resource == Resource::Cpu as usize {
        target.timers.processor.note_limit();
        processor::check();
    }
    Ok(old)
}
