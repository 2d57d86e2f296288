//! Resource limits. Source: getrlimit(2), prlimit(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, inside_child, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    limits_read_and_set,
    limits_bad_arguments,
    limits_soft_above_hard,
    limits_raise_needs_privilege,
    limits_inherited_and_kept_by_exec,
    limits_of_other_process,
    limits_permission_on_other,
    limit_of_stack_at_start,
    limit_infinity,
    limit_of_files_above_ceiling,
];

fn limit(resource: u32) -> Result<[u64; 2], Failure> {
    let mut now = [0u64; 2];
    gives!(0, SYS_prlimit64, 0, resource, 0, &mut now);
    Ok(now)
}

fn limits_read_and_set() -> Outcome {
    for resource in 0..16u32 {
        let now = limit(resource)?;
        holds!(now[0] <= now[1]);
        gives!(0, SYS_prlimit64, 0, resource, &now, 0);
        let mut other = [0u64; 2];
        gives!(0, SYS_getrlimit, resource, &mut other);
        same!((resource, other), (resource, now));
    }
    gives!(0, SYS_setrlimit, RLIMIT_NOFILE, &[50u64, 60]);
    same!(limit(RLIMIT_NOFILE)?, [50, 60]);
    let mut old = [0u64; 2];
    gives!(0, SYS_prlimit64, 0, RLIMIT_NOFILE, &[10u64, 20], &mut old);
    same!((old, limit(RLIMIT_NOFILE)?), ([50, 60], [10, 20]));
    Ok(())
}

fn limits_bad_arguments() -> Outcome {
    let mut now = [0u64; 2];
    fails!(EINVAL, SYS_prlimit64, 0, 16, 0, &mut now);
    fails!(EINVAL, SYS_getrlimit, 99, &mut now);
    fails!(EFAULT, SYS_getrlimit, RLIMIT_NOFILE, 8);
    fails!(EFAULT, SYS_setrlimit, RLIMIT_NOFILE, 8);
    fails!(ESRCH, SYS_prlimit64, 4_000_000, RLIMIT_NOFILE, 0, &mut now);
    Ok(())
}

fn limits_soft_above_hard() -> Outcome {
    fails!(EINVAL, SYS_setrlimit, RLIMIT_CORE, &[11u64, 10]);
    Ok(())
}

fn limits_raise_needs_privilege() -> Outcome {
    works!(SYS_setrlimit, RLIMIT_CORE, &[10u64, 20]);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        gives!(0, SYS_setrlimit, RLIMIT_CORE, &[20u64, 20]);
        fails!(EPERM, SYS_setrlimit, RLIMIT_CORE, &[20u64, 21]);
        gives!(0, SYS_setrlimit, RLIMIT_CORE, &[5u64, 5]);
        fails!(EPERM, SYS_setrlimit, RLIMIT_CORE, &[5u64, 6]);
        Ok(())
    })
}

fn limits_inherited_and_kept_by_exec() -> Outcome {
    works!(SYS_setrlimit, RLIMIT_CORE, &[1234u64, 5678]);
    inside_child(|| {
        same!(limit(RLIMIT_CORE)?, [1234, 5678]);
        Ok(())
    })?;
    let text = crate::helper::answer(&["show", "/proc/self/limits"])?;
    let line = text
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap_or_default();
    same!(
        line.split_whitespace().skip(4).collect::<Vec<_>>(),
        ["1234", "5678", "bytes"]
    );
    Ok(())
}

fn limits_of_other_process() -> Outcome {
    let child = spawn(|| {
        loop {
            sys!(SYS_pause);
        }
    })?;
    gives!(0, SYS_prlimit64, child, RLIMIT_CORE, &[7u64, 8], 0);
    let mut now = [0u64; 2];
    gives!(0, SYS_prlimit64, child, RLIMIT_CORE, 0, &mut now);
    same!(now, [7, 8]);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn limits_permission_on_other() -> Outcome {
    let parent = works!(SYS_getpid);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        let mut now = [0u64; 2];
        fails!(EPERM, SYS_prlimit64, parent, RLIMIT_CORE, 0, &mut now);
        Ok(())
    })
}

/// The stack's limit binds arguments too: a quarter of it.
fn limit_of_stack_at_start() -> Outcome {
    let long = "x".repeat(100_000);
    let arguments: Vec<&str> = std::iter::once("argv").chain([long.as_str(); 4]).collect();
    same!(crate::helper::answer(&arguments)?.len(), 400_004);
    let status = process::status_of(|| {
        sys!(SYS_setrlimit, RLIMIT_STACK, &[1u64 << 20, 1 << 20]);
        crate::helper::again(&arguments)
    })?;
    same!(status, E2BIG << 8);
    Ok(())
}

fn limit_infinity() -> Outcome {
    works!(SYS_setrlimit, RLIMIT_CORE, &[u64::MAX, u64::MAX]);
    same!(limit(RLIMIT_CORE)?, [u64::MAX; 2]);
    Ok(())
}

fn limit_of_files_above_ceiling() -> Outcome {
    fails!(EPERM, SYS_setrlimit, RLIMIT_NOFILE, &[10u64, u64::MAX]);
    Ok(())
}
