//! Other calls that take or give the number of a process, from inside a pid namespace.
//! Source: pid_namespaces(7) and the man page of each.

use super::{inside, sleep_for_good};
use crate::threads::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{leave, spawn, wait};
use abi_tests::signal::{self, Info, bit};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering::SeqCst;

/// Missing from libc.
const F_SETOWN_EX: i32 = 15;
const F_GETOWN_EX: i32 = 16;
const F_OWNER_TID: i32 = 0;

cases![
    owner_of_a_descriptor,
    owner_extended,
    lock_holder_outside_is_nobody,
    lock_holder_inside,
    lease_of_numbers_to_scheduler,
    priorities,
    limits,
    processor_clocks,
    timer_to_a_thread,
    robust_list_of_another,
    robust_lock_has_inner_owner,
    affinity,
    message_of_a_timer_has_no_sender,
];

fn owner_of_a_descriptor() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let outer = works!(SYS_getpid);
    works!(SYS_fcntl, ends[0], F_SETOWN, outer);
    inside(0, || {
        holds!(outer > 3, "the numbers would be the same on both sides");
        gives!(0, SYS_fcntl, ends[0], F_GETOWN);
        fails!(ESRCH, SYS_fcntl, ends[0], F_SETOWN, outer);
        gives!(0, SYS_fcntl, ends[1], F_SETOWN, 1);
        gives!(1, SYS_fcntl, ends[1], F_GETOWN);
        works!(SYS_setsid);
        gives!(0, SYS_fcntl, ends[1], F_SETOWN, -1);
        gives!(-1, SYS_fcntl, ends[1], F_GETOWN);
        Ok(())
    })?;
    gives!(outer, SYS_fcntl, ends[0], F_GETOWN);
    Ok(())
}

fn owner_extended() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let [ready] = shared_words()?;
    let init = super::start_init(|| {
        sys!(SYS_fcntl, ends[0], F_SETOWN_EX, &[F_OWNER_TID, 1]);
        let mut owner = [9i32; 2];
        sys!(SYS_fcntl, ends[0], F_GETOWN_EX, &mut owner);
        ready.store((100 + owner[0] * 10 + owner[1]) as u32, SeqCst);
        sleep_for_good()
    })?;
    holds!(abi_tests::process::until(|| ready.load(SeqCst) != 0));
    let mut owner = [9i32; 2];
    works!(SYS_fcntl, ends[0], F_GETOWN_EX, &mut owner);
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    same!((ready.load(SeqCst), owner), (101, [F_OWNER_TID, init]));
    Ok(())
}

/// Whose lock stands in the way of `kind` on the first byte of the descriptor.
fn holder(descriptor: isize, kind: i32) -> (i16, i32) {
    let mut lock = [kind as u64, 0, 1, 0];
    sys!(SYS_fcntl, descriptor, F_GETLK, &mut lock);
    (lock[0] as i16, lock[3] as i32)
}

fn lock_holder_outside_is_nobody() -> Outcome {
    let file = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    works!(SYS_fcntl, file, F_SETLK, &[F_WRLCK as u64, 0, 1, 0]);
    inside(0, || {
        same!(holder(file, F_RDLCK), (F_WRLCK as i16, 0));
        fails!(EAGAIN, SYS_fcntl, file, F_SETLK, &[F_WRLCK as u64, 0, 1, 0]);
        Ok(())
    })
}

fn lock_holder_inside() -> Outcome {
    let file = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    let [ready] = shared_words()?;
    let init = super::start_init(|| {
        let seen = spawn(|| {
            sys!(SYS_fcntl, file, F_SETLK, &[F_WRLCK as u64, 0, 1, 0]);
            ready.store(1, SeqCst);
            sleep_for_good()
        });
        abi_tests::process::until(|| ready.load(SeqCst) == 1);
        let (kind, pid) = holder(file, F_RDLCK);
        ready.store(100 + pid as u32 * 10 + kind as u32, SeqCst);
        match seen {
            Ok(child) => wait(child).unwrap_or(1),
            Err(_) => 1,
        }
    })?;
    holds!(abi_tests::process::until(|| ready.load(SeqCst) > 1));
    same!(ready.load(SeqCst), 120 + F_WRLCK as u32);
    let (kind, pid) = holder(file, F_RDLCK);
    let inner = super::status_line(&format!("/proc/{pid}/status"), "NSpid")?;
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    same!((kind, inner.ends_with("\t2")), (F_WRLCK as i16, true));
    Ok(())
}

fn lease_of_numbers_to_scheduler() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        let parameter = [0i32];
        for pid in [0, 1] {
            gives!(0, SYS_sched_getscheduler, pid);
            gives!(0, SYS_sched_setscheduler, pid, SCHED_BATCH, &parameter);
            gives!(SCHED_BATCH, SYS_sched_getscheduler, pid);
            gives!(0, SYS_sched_setscheduler, pid, SCHED_OTHER, &parameter);
            gives!(0, SYS_sched_getparam, pid, &mut [0i32]);
            gives!(0, SYS_sched_rr_get_interval, pid, &mut [0u64; 2]);
            gives!(0, SYS_sched_getattr, pid, &mut [0u64; 6], 48, 0);
        }
        fails!(ESRCH, SYS_sched_getscheduler, outer);
        fails!(
            ESRCH,
            SYS_sched_setscheduler,
            outer,
            SCHED_OTHER,
            &parameter
        );
        fails!(ESRCH, SYS_sched_getparam, outer, &mut [0i32]);
        fails!(ESRCH, SYS_sched_setparam, outer, &parameter);
        fails!(ESRCH, SYS_sched_rr_get_interval, outer, &mut [0u64; 2]);
        fails!(ESRCH, SYS_sched_getattr, outer, &mut [0u64; 6], 48, 0);
        Ok(())
    })
}

fn priorities() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        gives!(20, SYS_getpriority, PRIO_PROCESS, 1);
        gives!(0, SYS_setpriority, PRIO_PROCESS, 1, 3);
        gives!(17, SYS_getpriority, PRIO_PROCESS, 0);
        fails!(ESRCH, SYS_getpriority, PRIO_PROCESS, outer);
        fails!(ESRCH, SYS_setpriority, PRIO_PROCESS, outer, 1);
        fails!(ESRCH, SYS_getpriority, PRIO_PGRP, 1);
        fails!(ESRCH, SYS_getpriority, PRIO_PGRP, outer);
        works!(SYS_setsid);
        gives!(17, SYS_getpriority, PRIO_PGRP, 1);
        gives!(17, SYS_getpriority, PRIO_PGRP, 0);
        Ok(())
    })
}

fn limits() -> Outcome {
    inside(0, || {
        let mut now = [0u64; 2];
        works!(SYS_prlimit64, 1, RLIMIT_NOFILE, &[50u64, 60], 0);
        works!(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &mut now);
        same!(now, [50, 60]);
        let child = spawn(sleep_for_good)?;
        works!(SYS_prlimit64, child, RLIMIT_NOFILE, &[40u64, 60], &mut now);
        same!(now, [50, 60]);
        works!(SYS_kill, child, SIGKILL);
        wait(child)?;
        Ok(())
    })
}

/// The clock of a process, or (`each` 6) of a thread.
fn clock_of(pid: isize, each: isize) -> isize {
    (!pid << 3) | each
}

fn processor_clocks() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        let mut time = [0u64; 2];
        for pid in [0, 1] {
            gives!(0, SYS_clock_gettime, clock_of(pid, 2), &mut time);
            gives!(0, SYS_clock_gettime, clock_of(pid, 6), &mut time);
            gives!(0, SYS_clock_getres, clock_of(pid, 2), &mut time);
        }
        fails!(EINVAL, SYS_clock_gettime, clock_of(outer, 2), &mut time);
        fails!(EINVAL, SYS_clock_gettime, clock_of(outer, 6), &mut time);
        fails!(EINVAL, SYS_clock_getres, clock_of(outer, 2), &mut time);
        let mut timer = 0i32;
        fails!(EINVAL, SYS_timer_create, clock_of(outer, 2), 0, &mut timer);
        gives!(0, SYS_timer_create, clock_of(1, 2), 0, &mut timer);
        Ok(())
    })
}

fn timer_to_a_thread() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        signal::mask(SIG_BLOCK, bit(SIGUSR2));
        // struct sigevent: value, signal and how, thread.
        let event = |thread: u64| {
            [
                7u64,
                (SIGEV_THREAD_ID as u64) << 32 | SIGUSR2 as u64,
                thread,
                0,
                0,
                0,
                0,
                0,
            ]
        };
        let mut timer = -1i32;
        fails!(
            EINVAL,
            SYS_timer_create,
            CLOCK_MONOTONIC,
            &event(outer as u64),
            &mut timer
        );
        fails!(
            EINVAL,
            SYS_timer_create,
            CLOCK_MONOTONIC,
            &event(2),
            &mut timer
        );
        works!(SYS_timer_create, CLOCK_MONOTONIC, &event(1), &mut timer);
        works!(SYS_timer_settime, timer, 0, &[0u64, 0, 0, 1000], 0);
        let mut info = Info::default();
        gives!(
            SIGUSR2,
            SYS_rt_sigtimedwait,
            &bit(SIGUSR2),
            &mut info,
            &[5u64, 0],
            8
        );
        same!((info.code, info.fields[1]), (SI_TIMER, 7));
        Ok(())
    })
}

fn robust_list_of_another() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        let (mut at, mut length) = (0usize, 0usize);
        gives!(0, SYS_get_robust_list, 1, &mut at, &mut length);
        fails!(ESRCH, SYS_get_robust_list, outer, &mut at, &mut length);
        Ok(())
    })
}

/// A lock's word holds the number that its owner sees of itself.
fn robust_lock_has_inner_owner() -> Outcome {
    const OWNER_DIED: u32 = 0x4000_0000;
    let [word] = shared_words()?;
    inside(0, || {
        let child = spawn(|| {
            let mut head = [0usize; 3];
            let mut entry = [std::ptr::from_ref(&head).expose_provenance()];
            head[0] = entry.as_mut_ptr().expose_provenance();
            head[1] = word.as_ptr().expose_provenance().wrapping_sub(head[0]);
            word.store(sys!(SYS_gettid) as u32, SeqCst);
            sys!(SYS_set_robust_list, &head, 24);
            leave(0)
        })?;
        wait(child)?;
        same!(word.load(SeqCst), OWNER_DIED);
        Ok(())
    })
}

fn affinity() -> Outcome {
    let outer = works!(SYS_getpid);
    inside(0, || {
        let mut mask = [0u64; 16];
        holds!(sys!(SYS_sched_getaffinity, 1, 128, &mut mask) > 0);
        gives!(0, SYS_sched_setaffinity, 1, 128, &mask);
        fails!(ESRCH, SYS_sched_getaffinity, outer, 128, &mut mask);
        fails!(ESRCH, SYS_sched_setaffinity, outer, 128, &mask);
        Ok(())
    })
}

/// alarm(2) comes from the kernel.
fn message_of_a_timer_has_no_sender() -> Outcome {
    inside(0, || {
        signal::mask(SIG_BLOCK, bit(SIGALRM));
        works!(SYS_setitimer, ITIMER_REAL, &[0u64, 0, 0, 1000], 0);
        let mut info = Info::default();
        gives!(
            SIGALRM,
            SYS_rt_sigtimedwait,
            &bit(SIGALRM),
            &mut info,
            &[5u64, 0],
            8
        );
        same!((info.code, info.pid()), (SI_KERNEL, 0));
        Ok(())
    })
}
