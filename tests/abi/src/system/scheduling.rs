//! Priorities, policies and affinity. Source: getpriority(2), sched(7), sched_setaffinity(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, now, spawn, wait};
use abi_tests::signal::Info;
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering::SeqCst;

cases![
    yield_returns,
    priority_of_process,
    priority_clamped,
    priority_of_group_and_user,
    priority_errors,
    priority_inherited,
    policy_of_normal_process,
    policy_set_and_get,
    policy_of_a_zombie,
    policy_errors,
    policy_ranges,
    policy_needs_privilege,
    interval_of_round_robin,
    real_time_leaves_time_to_others,
    real_time_share_settings,
    affinity_read,
    affinity_set_to_self,
    affinity_errors,
    attributes_read,
];

fn yield_returns() -> Outcome {
    for _ in 0..10 {
        gives!(0, SYS_sched_yield);
    }
    Ok(())
}

/// The raw call answers 20 minus the niceness, so that it is never negative.
fn priority_of_process() -> Outcome {
    gives!(20, SYS_getpriority, PRIO_PROCESS, 0);
    gives!(0, SYS_setpriority, PRIO_PROCESS, 0, 7);
    gives!(13, SYS_getpriority, PRIO_PROCESS, works!(SYS_getpid));
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let words: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    same!((words[15], words[16]), ("27", "7"));
    gives!(0, SYS_setpriority, PRIO_PROCESS, 0, -5);
    gives!(25, SYS_getpriority, PRIO_PROCESS, 0);
    Ok(())
}

fn priority_clamped() -> Outcome {
    gives!(0, SYS_setpriority, PRIO_PROCESS, 0, 100);
    gives!(1, SYS_getpriority, PRIO_PROCESS, 0);
    gives!(0, SYS_setpriority, PRIO_PROCESS, 0, -100);
    gives!(40, SYS_getpriority, PRIO_PROCESS, 0);
    Ok(())
}

fn priority_of_group_and_user() -> Outcome {
    let child = spawn(|| {
        loop {
            sys!(SYS_pause);
        }
    })?;
    gives!(0, SYS_setpriority, PRIO_PGRP, 0, 5);
    gives!(15, SYS_getpriority, PRIO_PROCESS, child);
    // Of several the best is told.
    gives!(0, SYS_setpriority, PRIO_PROCESS, child, 9);
    gives!(15, SYS_getpriority, PRIO_PGRP, 0);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn priority_errors() -> Outcome {
    fails!(EINVAL, SYS_getpriority, 3, 0);
    fails!(EINVAL, SYS_setpriority, -1, 0, 0);
    fails!(ESRCH, SYS_getpriority, PRIO_PROCESS, 4_000_000);
    fails!(ESRCH, SYS_setpriority, PRIO_PGRP, 4_000_000, 0);
    fails!(ESRCH, SYS_getpriority, PRIO_USER, 54_321);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        gives!(0, SYS_setpriority, PRIO_PROCESS, 0, 3);
        fails!(EACCES, SYS_setpriority, PRIO_PROCESS, 0, 2);
        fails!(EPERM, SYS_setpriority, PRIO_PROCESS, 1, 5);
        Ok(())
    })
}

fn priority_inherited() -> Outcome {
    works!(SYS_setpriority, PRIO_PROCESS, 0, 4);
    inside_child(|| {
        gives!(16, SYS_getpriority, PRIO_PROCESS, 0);
        Ok(())
    })
}

fn policy_of_normal_process() -> Outcome {
    gives!(SCHED_OTHER, SYS_sched_getscheduler, 0);
    let mut priority = 9i32;
    gives!(0, SYS_sched_getparam, 0, &mut priority);
    same!(priority, 0);
    Ok(())
}

fn policy_set_and_get() -> Outcome {
    gives!(0, SYS_sched_setscheduler, 0, SCHED_BATCH, &0i32);
    gives!(SCHED_BATCH, SYS_sched_getscheduler, 0);
    gives!(0, SYS_sched_setscheduler, 0, SCHED_OTHER, &0i32);
    gives!(0, SYS_sched_setparam, 0, &0i32);
    Ok(())
}

/// Who has ended tells, until somebody has waited, how it took its turns.
fn policy_of_a_zombie() -> Outcome {
    let child = spawn(|| {
        sys!(SYS_setpriority, PRIO_PROCESS, 0, 4);
        sys!(SYS_sched_setscheduler, 0, SCHED_BATCH, &0i32);
        0
    })?;
    let mut status = Info::default();
    works!(SYS_waitid, P_PID, child, &mut status, WEXITED | WNOWAIT, 0);
    gives!(SCHED_BATCH, SYS_sched_getscheduler, child);
    gives!(16, SYS_getpriority, PRIO_PROCESS, child);
    let mut parameter = 9i32;
    gives!(0, SYS_sched_getparam, child, &mut parameter);
    gives!(0, SYS_sched_rr_get_interval, child, &mut [0i64; 2]);
    same!((wait(child)?, parameter), (0, 0));
    fails!(ESRCH, SYS_sched_getscheduler, child);
    Ok(())
}

fn policy_errors() -> Outcome {
    fails!(EINVAL, SYS_sched_setscheduler, 0, SCHED_OTHER, &5i32);
    fails!(EINVAL, SYS_sched_setscheduler, 0, 77, &0i32);
    fails!(EINVAL, SYS_sched_setscheduler, 0, SCHED_FIFO, &0i32);
    fails!(EINVAL, SYS_sched_setscheduler, 0, SCHED_FIFO, &100i32);
    fails!(EINVAL, SYS_sched_setscheduler, -1, SCHED_OTHER, &0i32);
    fails!(EINVAL, SYS_sched_setscheduler, 0, SCHED_OTHER, 0);
    fails!(ESRCH, SYS_sched_getscheduler, 4_000_000);
    fails!(EINVAL, SYS_sched_getscheduler, -1);
    fails!(EINVAL, SYS_sched_getparam, 0, 0);
    fails!(ESRCH, SYS_sched_getparam, 4_000_000, &mut 0i32);
    fails!(EFAULT, SYS_sched_getparam, 0, 8);
    Ok(())
}

fn policy_ranges() -> Outcome {
    for (policy, least, most) in [
        (SCHED_OTHER, 0, 0),
        (SCHED_FIFO, 1, 99),
        (SCHED_RR, 1, 99),
        (SCHED_BATCH, 0, 0),
        (SCHED_IDLE, 0, 0),
    ] {
        gives!(least, SYS_sched_get_priority_min, policy);
        gives!(most, SYS_sched_get_priority_max, policy);
    }
    fails!(EINVAL, SYS_sched_get_priority_min, 77);
    fails!(EINVAL, SYS_sched_get_priority_max, -1);
    Ok(())
}

fn policy_needs_privilege() -> Outcome {
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_sched_setscheduler, 0, SCHED_FIFO, &1i32);
        fails!(EPERM, SYS_sched_setscheduler, 1, SCHED_OTHER, &0i32);
        Ok(())
    })
}

/// A thread that never sleeps and runs before all others keeps nobody from running for long
/// (sched_rt_runtime_us).
fn real_time_leaves_time_to_others() -> Outcome {
    works!(SYS_sched_setaffinity, 0, 8, &1u64);
    let shared = works!(
        SYS_mmap,
        0,
        4096,
        PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS,
        -1,
        0
    );
    let count = raw::shared_word(shared as usize);
    let other = spawn(|| {
        loop {
            count.fetch_add(1, SeqCst);
        }
    })?;
    for policy in [SCHED_FIFO, SCHED_RR] {
        works!(SYS_sched_setscheduler, 0, policy, &50i32);
        let (before, start) = (count.load(SeqCst), now());
        while now() < start + 2_500_000_000 {}
        let after = count.load(SeqCst);
        gives!(0, SYS_sched_setscheduler, 0, SCHED_OTHER, &0i32);
        holds!(
            before != after,
            "the other did not run while policy {policy} was in force"
        );
    }
    works!(SYS_kill, other, SIGKILL);
    same!(wait(other)?, SIGKILL);
    Ok(())
}

fn real_time_share_settings() -> Outcome {
    for (name, value) in [("period", "1000000\n"), ("runtime", "950000\n")] {
        let path = format!("/proc/sys/kernel/sched_rt_{name}_us");
        same!(std::fs::read_to_string(path)?, value.to_owned());
    }
    let runtime = sys!(SYS_open, c"/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY);
    if runtime < 0 {
        return Err(Failure::Skipped);
    }
    fails!(EINVAL, SYS_write, runtime, b"-2", 2);
    fails!(EINVAL, SYS_write, runtime, b"1000001", 7);
    fails!(EINVAL, SYS_write, runtime, b"some", 4);
    gives!(7, SYS_write, runtime, b"950000\n", 7);
    Ok(())
}

fn interval_of_round_robin() -> Outcome {
    let mut time = [9i64; 2];
    gives!(0, SYS_sched_rr_get_interval, 0, &mut time);
    holds!(time[0] == 0 && (0..1_000_000_000).contains(&time[1]));
    fails!(EINVAL, SYS_sched_rr_get_interval, -1, &mut time);
    fails!(ESRCH, SYS_sched_rr_get_interval, 4_000_000, &mut time);
    Ok(())
}

/// The raw call answers how many bytes it stored.
fn affinity_read() -> Outcome {
    let mut mask = [0u64; 16];
    let bytes = works!(SYS_sched_getaffinity, 0, 128, &mut mask);
    holds!(bytes >= 8 && bytes % 8 == 0 && mask[0] & 1 == 1);
    Ok(())
}

fn affinity_set_to_self() -> Outcome {
    let mask = [1u64; 1];
    gives!(0, SYS_sched_setaffinity, 0, 8, &mask);
    let mut now = [0u64; 16];
    works!(SYS_sched_getaffinity, 0, 128, &mut now);
    same!(now[0], 1);
    let (mut processor, mut node) = (9u32, 9u32);
    gives!(0, SYS_getcpu, &mut processor, &mut node, 0);
    same!(processor, 0);
    Ok(())
}

fn affinity_errors() -> Outcome {
    let mut mask = [0u64; 16];
    fails!(EINVAL, SYS_sched_setaffinity, 0, 8, &mask);
    fails!(EINVAL, SYS_sched_getaffinity, 0, 0, &mut mask);
    fails!(EINVAL, SYS_sched_getaffinity, 0, 7, &mut mask);
    fails!(ESRCH, SYS_sched_getaffinity, 4_000_000, 128, &mut mask);
    fails!(EFAULT, SYS_sched_getaffinity, 0, 128, 8);
    fails!(EFAULT, SYS_sched_setaffinity, 0, 128, 8);
    Ok(())
}

/// `struct sched_attr`: size, policy, flags (64), nice, priority, three times, two clamps.
fn attributes_read() -> Outcome {
    works!(SYS_setpriority, PRIO_PROCESS, 0, 3);
    let mut seen = [0u32; 14];
    gives!(0, SYS_sched_getattr, 0, &mut seen, 48, 0);
    same!(
        (seen[0], seen[1], seen[4], seen[5]),
        (48, SCHED_OTHER as u32, 3, 0)
    );
    fails!(EINVAL, SYS_sched_getattr, 0, &mut seen, 47, 0);
    fails!(EINVAL, SYS_sched_getattr, 0, &mut seen, 48, 1);
    Ok(())
}
