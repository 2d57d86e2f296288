//! Who runs how often: nice values, scheduling policies, processors. There is one processor.
//!
//! Source: sched(7), getpriority(2), sched_setscheduler(2), sched_setaffinity(2),
//! sched_setattr(2), getcpu(2).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::general as linux;
use abi::schedule::{SCHED_ATTR_FIRST_BYTES, SchedAttr, SchedParam};
use zerocopy::IntoBytes;

use crate::error::{Errno, Result};
use crate::memory::{PAGE_SIZE, user};
use crate::process::Process;
use crate::process::capabilities::Capability;
use crate::process::limits::Resource;
use crate::process::scheduler::{self, Policy, Scheduling, may_have_nice};
use crate::process::{self, Thread, table};

/// The mask of processors that there are, and its size in bytes as the calls have it.
const PROCESSORS: u64 = 1;
const MASK_BYTES: usize = size_of::<u64>();
const NICE_LOWEST: i32 = -20;
const NICE_HIGHEST: i32 = 19;

/// The thread that a `pid` argument means: 0 is the caller.
fn target(thread: &Arc<Thread>, tid: usize) -> Result<Arc<Thread>> {
    match tid as i32 {
        0 => Ok(Arc::clone(thread)),
        tid => thread.thread_named(tid as u32),
    }
}

/// How the thread that a `pid` argument means takes its turns, and its nice value. Zombies tell of
/// how they did.
fn turns_of(thread: &Arc<Thread>, tid: usize) -> Result<(Scheduling, i8)> {
    let other = match target(thread, tid) {
        Ok(other) => return Ok((other.scheduling(), other.nice.load(Ordering::Relaxed))),
        Err(_) => thread.process.means(tid as u32).and_then(table::find),
    };
    let turns = *other.ok_or(Errno::ESRCH)?.last_turns.lock();
    Ok(turns)
}

/// As [`turns_of`], for the calls that call a negative number invalid.
fn turns_or_invalid(thread: &Arc<Thread>, tid: usize) -> Result<(Scheduling, i8)> {
    if (tid as i32) < 0 {
        return Err(Errno::EINVAL);
    }
    turns_of(thread, tid)
}

/// Whether the caller may change how another thread is scheduled.
fn owns(thread: &Thread, other: &Thread) -> bool {
    let (own, other) = (thread.credentials(), other.credentials());
    own.has(Capability::SysNice) || own.euid == other.euid || own.euid == other.uid
}

/// sched_yield(2).
pub fn sys_sched_yield(_thread: &Arc<Thread>) -> Result<usize> {
    scheduler::yield_now();
    Ok(0)
}

/// getcpu(2).
pub fn sys_getcpu(_thread: &Arc<Thread>, processor: usize, node: usize) -> Result<usize> {
    user::write_if_wanted(processor, &(metal::cpu::number() as u32))?;
    user::write_if_wanted(node, &0_u32).map(|()| 0)
}

/// sched_getaffinity(2): answers how many bytes of the mask are meaningful.
pub fn sys_sched_getaffinity(
    thread: &Arc<Thread>,
    tid: usize,
    length: usize,
    mask: usize,
) -> Result<usize> {
    let length = length as u32 as usize;
    if length == 0 || !length.is_multiple_of(MASK_BYTES) {
        return Err(Errno::EINVAL);
    }
    target(thread, tid)?;
    user::write(mask, &PROCESSORS)?;
    Ok(MASK_BYTES)
}

/// sched_setaffinity(2): a mask is as good as any if the one processor is in it.
pub fn sys_sched_setaffinity(
    thread: &Arc<Thread>,
    tid: usize,
    length: usize,
    mask: usize,
) -> Result<usize> {
    let length = (length as u32 as usize).min(MASK_BYTES);
    let mut wanted = 0_u64;
    user::read_bytes(mask, &mut wanted.as_mut_bytes()[..length])?;
    let other = target(thread, tid)?;
    if !owns(thread, &other) {
        return Err(Errno::EPERM);
    }
    if wanted & PROCESSORS == 0 {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// sched_get_priority_max(2).
pub fn sys_sched_get_priority_max(_thread: &Arc<Thread>, policy: usize) -> Result<usize> {
    Policy::from_number(policy as u32).map(|policy| if policy.is_realtime() { 99 } else { 0 })
}

/// sched_get_priority_min(2).
pub fn sys_sched_get_priority_min(_thread: &Arc<Thread>, policy: usize) -> Result<usize> {
    Policy::from_number(policy as u32).map(|policy| usize::from(policy.is_realtime()))
}

/// sched_rr_get_interval(2).
pub fn sys_sched_rr_get_interval(thread: &Arc<Thread>, tid: usize, result: usize) -> Result<usize> {
    let (scheduling, nice) = turns_or_invalid(thread, tid)?;
    let slice = scheduling.slice(nice).unwrap_or_default();
    user::write(result, &slice.to_timespec()).map(|()| 0)
}

/// sched_getscheduler(2).
pub fn sys_sched_getscheduler(thread: &Arc<Thread>, tid: usize) -> Result<usize> {
    let (scheduling, _) = turns_or_invalid(thread, tid)?;
    let flag = if scheduling.reset_on_fork {
        linux::SCHED_RESET_ON_FORK
    } else {
        0
    };
    Ok((scheduling.policy.number() | flag) as usize)
}

/// sched_getparam(2).
pub fn sys_sched_getparam(thread: &Arc<Thread>, tid: usize, result: usize) -> Result<usize> {
    if result == 0 {
        return Err(Errno::EINVAL);
    }
    let (scheduling, _) = turns_or_invalid(thread, tid)?;
    let parameter = SchedParam {
        sched_priority: i32::from(scheduling.priority),
    };
    user::write(result, &parameter).map(|()| 0)
}

/// sched_setscheduler(2).
pub fn sys_sched_setscheduler(
    thread: &Arc<Thread>,
    tid: usize,
    policy: usize,
    parameter: usize,
) -> Result<usize> {
    let policy = policy as u32;
    if (policy as i32) < 0 || parameter == 0 || (tid as i32) < 0 {
        return Err(Errno::EINVAL);
    }
    let parameter: SchedParam = user::read(parameter)?;
    let other = target(thread, tid)?;
    let request = Request {
        policy: policy & !linux::SCHED_RESET_ON_FORK,
        priority: parameter.sched_priority,
        reset_on_fork: policy & linux::SCHED_RESET_ON_FORK != 0,
        nice: None,
    };
    apply(thread, &other, request)
}

/// sched_setparam(2).
pub fn sys_sched_setparam(thread: &Arc<Thread>, tid: usize, parameter: usize) -> Result<usize> {
    if parameter == 0 || (tid as i32) < 0 {
        return Err(Errno::EINVAL);
    }
    let parameter: SchedParam = user::read(parameter)?;
    let other = target(thread, tid)?;
    let scheduling = other.scheduling();
    let request = Request {
        policy: scheduling.policy.number(),
        priority: parameter.sched_priority,
        reset_on_fork: scheduling.reset_on_fork,
        nice: None,
    };
    apply(thread, &other, request)
}

struct Request {
    policy: u32,
    priority: i32,
    reset_on_fork: bool,
    nice: Option<i32>,
}

fn apply(thread: &Arc<Thread>, other: &Arc<Thread>, request: Request) -> Result<usize> {
    let policy = Policy::from_number(request.policy)?;
    let priority = u8::try_from(request.priority).map_err(|_| Errno::EINVAL)?;
    if priority > 99 || policy.is_realtime() != (priority != 0) || policy == Policy::Deadline {
        return Err(Errno::EINVAL);
    }
    let mut scheduling = other.scheduling();
    check_policy(thread, other, policy, priority)?;
    let nice = request
        .nice
        .map(|nice| nice.clamp(NICE_LOWEST, NICE_HIGHEST));
    if let Some(nice) = nice
        && nice < i32::from(other.nice.load(Ordering::Relaxed))
        && !may_have_nice(thread, other, nice)
    {
        return Err(Errno::EPERM);
    }
    if scheduling.reset_on_fork
        && !request.reset_on_fork
        && !thread.credentials().has(Capability::SysNice)
    {
        return Err(Errno::EPERM);
    }
    scheduling.policy = policy;
    scheduling.priority = priority;
    scheduling.reset_on_fork = request.reset_on_fork;
    other.set_scheduling(scheduling);
    if let Some(nice) = nice {
        other.nice.store(nice as i8, Ordering::Relaxed);
    }
    Ok(0)
}

/// Who is not privileged may change threads of the own user, to a real-time priority that is
/// not above the present one or RLIMIT_RTPRIO, and away from the idle policy only when the nice
/// value would be allowed.
fn check_policy(thread: &Thread, other: &Thread, policy: Policy, priority: u8) -> Result<()> {
    if thread.credentials().has(Capability::SysNice) {
        return Ok(());
    }
    let now = other.scheduling();
    let limit = other.process.limit(Resource::RealtimePriority);
    let raises = policy.is_realtime()
        && ((policy != now.policy && limit == 0)
            || (priority > now.priority && u64::from(priority) > limit));
    let leaves_idle = now.policy == Policy::Idle
        && policy != Policy::Idle
        && !may_have_nice(thread, other, i32::from(other.nice.load(Ordering::Relaxed)));
    if raises || leaves_idle || !owns(thread, other) {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// sched_getattr(2).
pub fn sys_sched_getattr(
    thread: &Arc<Thread>,
    tid: usize,
    result: usize,
    size: usize,
    flags: usize,
) -> Result<usize> {
    let size = size as u32 as usize;
    let bad_size = !(SCHED_ATTR_FIRST_BYTES..=PAGE_SIZE).contains(&size);
    if result == 0 || bad_size || flags as u32 != 0 {
        return Err(Errno::EINVAL);
    }
    let (scheduling, nice) = turns_or_invalid(thread, tid)?;
    let known = size.min(size_of::<SchedAttr>());
    let attributes = SchedAttr {
        size: known as u32,
        sched_policy: scheduling.policy.number(),
        sched_flags: u64::from(scheduling.reset_on_fork),
        sched_nice: if scheduling.policy.is_realtime() {
            0
        } else {
            i32::from(nice)
        },
        sched_priority: u32::from(scheduling.priority),
        sched_util_max: 1024,
        ..SchedAttr::default()
    };
    user::write_bytes(result, &attributes.as_bytes()[..known]).map(|()| 0)
}

/// sched_setattr(2).
pub fn sys_sched_setattr(
    thread: &Arc<Thread>,
    tid: usize,
    attributes: usize,
    flags: usize,
) -> Result<usize> {
    const RESET_ON_FORK: u64 = linux::SCHED_FLAG_RESET_ON_FORK as u64;
    if attributes == 0 || (tid as i32) < 0 || flags as u32 != 0 {
        return Err(Errno::EINVAL);
    }
    let wanted = read_attributes(attributes)?;
    if (wanted.sched_policy as i32) < 0 || wanted.sched_flags & !RESET_ON_FORK != 0 {
        return Err(Errno::EINVAL);
    }
    let other = target(thread, tid)?;
    let request = Request {
        policy: wanted.sched_policy,
        priority: i32::try_from(wanted.sched_priority).map_err(|_| Errno::EINVAL)?,
        reset_on_fork: wanted.sched_flags & RESET_ON_FORK != 0,
        nice: Some(wanted.sched_nice),
    };
    apply(thread, &other, request)
}

/// Reads the structure as long as the program's is; what this kernel does not know must be 0.
fn read_attributes(address: usize) -> Result<SchedAttr> {
    let known = size_of::<SchedAttr>();
    let size = match user::read::<u32>(address)? as usize {
        0 => SCHED_ATTR_FIRST_BYTES,
        size => size,
    };
    let mut attributes = SchedAttr::default();
    let mut fits = (SCHED_ATTR_FIRST_BYTES..=PAGE_SIZE).contains(&size);
    // Only a size that is none of its own makes this long: a page at most.
    let end = if fits { size } else { known };
    for offset in known..end {
        fits = fits && user::read::<u8>(address.wrapping_add(offset))? == 0;
    }
    if !fits {
        user::write(address, &(known as u32))?;
        return Err(Errno::E2BIG);
    }
    user::read_bytes(address, &mut attributes.as_mut_bytes()[..size.min(known)])?;
    Ok(attributes)
}

/// Calls `visit` for each thread that `which` and `who` of getpriority(2) name.
fn visit_named(
    thread: &Arc<Thread>,
    which: usize,
    who: usize,
    visit: &mut dyn FnMut(&Thread),
) -> Result<()> {
    let who = who as u32;
    let visit_all = |process: Arc<Process>| {
        for thread in process.threads() {
            visit(&thread);
        }
    };
    match which as u32 {
        linux::PRIO_PROCESS => {
            if let Ok(target) = target(thread, who as usize) {
                visit(&target);
            }
        }
        linux::PRIO_PGRP => {
            let own = table::group_and_session_of(thread.process.pid).map_or(0, |(group, _)| group);
            let group = match who {
                0 => own,
                group => thread.group_named(group),
            };
            table::group_members(group).for_each(visit_all);
        }
        linux::PRIO_USER => {
            let user = if who == 0 {
                thread.credentials().uid
            } else {
                who
            };
            let is_theirs = |process: &Arc<Process>| {
                process.real_user() == user && thread.sees(process.pid) != 0
            };
            process::all().filter(is_theirs).for_each(visit_all);
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(())
}

/// getpriority(2): the highest priority among the threads, as 20 less the nice value.
pub fn sys_getpriority(thread: &Arc<Thread>, which: usize, who: usize) -> Result<usize> {
    let raw = |nice: i8| (20 - i32::from(nice)) as usize;
    if which as u32 == linux::PRIO_PROCESS {
        return turns_of(thread, who).map(|(_, nice)| raw(nice));
    }
    let mut highest = None;
    visit_named(thread, which, who, &mut |other| {
        highest = highest.max(Some(raw(other.nice.load(Ordering::Relaxed))));
    })?;
    highest.ok_or(Errno::ESRCH)
}

/// setpriority(2).
pub fn sys_setpriority(
    thread: &Arc<Thread>,
    which: usize,
    who: usize,
    nice: usize,
) -> Result<usize> {
    let nice = (nice as i32).clamp(NICE_LOWEST, NICE_HIGHEST);
    let mut outcome = Err(Errno::ESRCH);
    visit_named(thread, which, who, &mut |other| {
        let (own, theirs) = (thread.credentials(), other.credentials());
        let owner = own.has(Capability::SysNice) || [theirs.uid, theirs.euid].contains(&own.euid);
        let lower = nice < i32::from(other.nice.load(Ordering::Relaxed));
        if !owner {
            outcome = Err(Errno::EPERM);
        } else if lower && !may_have_nice(thread, other, nice) {
            outcome = Err(Errno::EACCES);
        } else {
            other.nice.store(nice as i8, Ordering::Relaxed);
            if outcome == Err(Errno::ESRCH) {
                outcome = Ok(0);
            }
        }
    })?;
    outcome
}
