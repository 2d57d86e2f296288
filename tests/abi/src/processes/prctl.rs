//! prctl: names, dumpability, death signals, privileges. Source: prctl(2).

use abi_tests::check::Outcome;
use abi_tests::process::{self, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;

cases![
    name_set_and_get,
    name_cut_at_fifteen,
    name_in_proc,
    name_bad_address,
    parent_death_signal,
    parent_death_signal_checks,
    parent_death_signal_not_inherited,
    no_new_privileges,
    no_new_privileges_checks,
    dumpable,
    keep_capabilities,
    unknown_option,
    performance_events,
    timer_slack,
];

fn name() -> Result<String, abi_tests::check::Failure> {
    let mut text = [b'#'; 16];
    gives!(0, SYS_prctl, PR_GET_NAME, &mut text, 0, 0, 0);
    Ok(String::from_utf8_lossy(text.split(|b| *b == 0).next().unwrap_or_default()).into_owned())
}

fn name_set_and_get() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_NAME, c"worker", 0, 0, 0);
    same!(name()?, "worker");
    process::inside_child(|| {
        same!(name()?, "worker");
        Ok(())
    })
}

fn name_cut_at_fifteen() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_NAME, c"0123456789abcdefghij", 0, 0, 0);
    same!(name()?, "0123456789abcde");
    Ok(())
}

fn name_in_proc() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_NAME, c"a (b) c", 0, 0, 0);
    same!(std::fs::read_to_string("/proc/self/comm")?, "a (b) c\n");
    holds!(std::fs::read_to_string("/proc/self/stat")?.contains(" (a (b) c) R "));
    holds!(std::fs::read_to_string("/proc/self/status")?.starts_with("Name:\ta (b) c\n"));
    Ok(())
}

fn name_bad_address() -> Outcome {
    fails!(EFAULT, SYS_prctl, PR_SET_NAME, 8, 0, 0, 0);
    fails!(EFAULT, SYS_prctl, PR_GET_NAME, 8, 0, 0, 0);
    Ok(())
}

fn parent_death_signal() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    let middle = spawn(|| {
        if raw::fork() == 0 {
            sys!(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0);
            sys!(SYS_write, ends[1], b"r", 1);
            loop {
                sys!(SYS_pause);
            }
        }
        sys!(SYS_read, ends[0], &mut [0u8], 1);
        0
    })?;
    wait(middle)?;
    let mut status = 0i32;
    works!(SYS_wait4, -1, &mut status, 0, 0);
    same!(status, SIGUSR2);
    Ok(())
}

fn parent_death_signal_checks() -> Outcome {
    fails!(EINVAL, SYS_prctl, PR_SET_PDEATHSIG, 65, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_PDEATHSIG, 10, 0, 0, 0);
    let mut number = 0i32;
    gives!(0, SYS_prctl, PR_GET_PDEATHSIG, &mut number, 0, 0, 0);
    same!(number, 10);
    Ok(())
}

fn parent_death_signal_not_inherited() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_PDEATHSIG, 10, 0, 0, 0);
    process::inside_child(|| {
        let mut number = 5i32;
        gives!(0, SYS_prctl, PR_GET_PDEATHSIG, &mut number, 0, 0, 0);
        same!(number, 0);
        Ok(())
    })
}

fn no_new_privileges() -> Outcome {
    gives!(0, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    gives!(1, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    same!(
        status_of(|| sys!(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) as i32)?,
        1 << 8
    );
    Ok(())
}

fn no_new_privileges_checks() -> Outcome {
    fails!(EINVAL, SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
    Ok(())
}

fn dumpable() -> Outcome {
    gives!(1, SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_SET_DUMPABLE, 2, 0, 0, 0);
    Ok(())
}

fn keep_capabilities() -> Outcome {
    gives!(0, SYS_prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    gives!(1, SYS_prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_SET_KEEPCAPS, 2, 0, 0, 0);
    Ok(())
}

fn unknown_option() -> Outcome {
    fails!(EINVAL, SYS_prctl, 0x7777_7777, 0, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, -1, 0, 0, 0, 0);
    Ok(())
}

fn performance_events() -> Outcome {
    gives!(0, SYS_prctl, PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0);
    Ok(())
}

fn timer_slack() -> Outcome {
    gives!(0, SYS_prctl, PR_SET_TIMERSLACK, 70_000, 0, 0, 0);
    gives!(70_000, SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
    Ok(())
}
