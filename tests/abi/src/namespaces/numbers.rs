//! The numbers of processes on both sides of a pid namespace: what each sees of itself and of the
//! other, in results and in what signals carry. Source: pid_namespaces(7).

use super::{inside, sleep_for_good, start_init};
use crate::threads::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, status_of, wait};
use abi_tests::signal::{self, Info, bit};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering::SeqCst;

cases![
    init_is_one_without_parent,
    children_count_up,
    group_and_session_from_outside_are_zero,
    own_session_inside,
    groups_by_inner_numbers,
    outside_cannot_be_named,
    tid_of_a_thread_inside,
    stored_numbers_are_of_each_side,
    set_tid_address_gives_inner,
    wait_outside_gives_outer,
    wait_inside_gives_inner,
    child_signal_has_number_of_its_reader,
    signal_from_outside_has_no_sender,
    signal_inside_has_inner_sender,
    queued_signal_from_outside_has_no_sender,
    signal_out_by_inherited_parent_death,
    kill_all_stays_inside,
    kill_group_across,
    thread_signals_by_inner_numbers,
    numbers_come_again_only_later,
];

fn init_is_one_without_parent() -> Outcome {
    inside(0, || {
        same!(
            (sys!(SYS_getpid), sys!(SYS_gettid), sys!(SYS_getppid)),
            (1, 1, 0)
        );
        Ok(())
    })
}

fn children_count_up() -> Outcome {
    inside(0, || {
        for number in 2..5 {
            let child = spawn(|| (10 * sys!(SYS_getppid) + sys!(SYS_getpid)) as i32)?;
            same!((child, wait(child)?), (number, (10 + number) << 8));
        }
        Ok(())
    })
}

fn group_and_session_from_outside_are_zero() -> Outcome {
    inside(0, || {
        gives!(0, SYS_getpgrp);
        gives!(0, SYS_getpgid, 0);
        gives!(0, SYS_getpgid, 1);
        gives!(0, SYS_getsid, 0);
        gives!(0, SYS_getsid, 1);
        // The group of the caller can still be signalled, though it has no number here.
        gives!(0, SYS_kill, 0, 0);
        Ok(())
    })
}

fn own_session_inside() -> Outcome {
    inside(0, || {
        gives!(1, SYS_setsid);
        same!(
            (sys!(SYS_getpgid, 0), sys!(SYS_getsid, 0), sys!(SYS_getpgrp)),
            (1, 1, 1)
        );
        fails!(EPERM, SYS_setsid);
        let child = spawn(|| (sys!(SYS_getsid, 0) + 10 * sys!(SYS_getpgrp)) as i32)?;
        same!(wait(child)?, 11 << 8);
        Ok(())
    })
}

fn groups_by_inner_numbers() -> Outcome {
    let outer = sys!(SYS_getpid);
    inside(0, || {
        works!(SYS_setsid);
        let first = spawn(sleep_for_good)?;
        let second = spawn(sleep_for_good)?;
        gives!(0, SYS_setpgid, first, 0);
        gives!(0, SYS_setpgid, second, first);
        same!(
            (sys!(SYS_getpgid, first), sys!(SYS_getpgid, second)),
            (2, 2)
        );
        fails!(EPERM, SYS_setpgid, second, 77);
        fails!(ESRCH, SYS_setpgid, 77, 0);
        holds!(outer > 3, "the numbers would be the same on both sides");
        fails!(ESRCH, SYS_setpgid, outer, 0);
        gives!(0, SYS_kill, -2, SIGTERM);
        same!(wait(first)?, SIGTERM);
        gives!(second, SYS_wait4, -2, 0, 0, 0);
        fails!(ESRCH, SYS_kill, -2, 0);
        Ok(())
    })
}

/// The number that the case has outside means nobody inside.
fn outside_cannot_be_named() -> Outcome {
    let outer = sys!(SYS_getpid);
    inside(0, || {
        holds!(outer > 3, "the numbers would be the same on both sides");
        let mut words = [0u64; 32];
        fails!(ESRCH, SYS_kill, outer, 0);
        fails!(ESRCH, SYS_kill, -outer, 0);
        fails!(ESRCH, SYS_tgkill, outer, outer, 0);
        fails!(ESRCH, SYS_tkill, outer, 0);
        fails!(ESRCH, SYS_getpgid, outer);
        fails!(ESRCH, SYS_getsid, outer);
        fails!(ESRCH, SYS_pidfd_open, outer, 0);
        fails!(ESRCH, SYS_prlimit64, outer, RLIMIT_NOFILE, 0, &mut words);
        fails!(ECHILD, SYS_wait4, outer, 0, 0, 0);
        fails!(ECHILD, SYS_waitid, P_PID, outer, 0, WEXITED, 0);
        Ok(())
    })
}

fn tid_of_a_thread_inside() -> Outcome {
    inside(0, || {
        let other = std::thread::spawn(|| (sys!(SYS_getpid), sys!(SYS_gettid)));
        same!(other.join().ok(), Some((1, 2)));
        Ok(())
    })
}

/// CLONE_PARENT_SETTID stores what the parent sees, CLONE_CHILD_SETTID what the child sees.
fn stored_numbers_are_of_each_side() -> Outcome {
    let [stored] = shared_words()?;
    let mut own = 0u32;
    let own_at = std::ptr::from_mut(&mut own);
    let flags = CLONE_NEWPID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD;
    let pid = sys!(SYS_clone, flags, 0, stored.as_ptr(), own_at, 0);
    if pid == 0 {
        leave(abi_tests::raw::shared_word(own_at.expose_provenance()).load(SeqCst) as i32);
    }
    if pid == -(EPERM as isize) {
        return Err(abi_tests::check::Failure::Skipped);
    }
    same!(stored.load(SeqCst) as isize, pid);
    same!(wait(pid as i32)?, 1 << 8);
    Ok(())
}

fn set_tid_address_gives_inner() -> Outcome {
    inside(0, || {
        let mut word = 0u32;
        gives!(1, SYS_set_tid_address, &mut word);
        same!(status_of(|| sys!(SYS_set_tid_address, 0) as i32)?, 2 << 8);
        Ok(())
    })
}

fn wait_outside_gives_outer() -> Outcome {
    let init = start_init(|| 5)?;
    holds!(init > 1);
    let mut info = Info::default();
    gives!(0, SYS_waitid, P_ALL, 0, &mut info, WEXITED | WNOWAIT, 0);
    same!(
        (info.pid(), info.status(), info.code),
        (init, 5, CLD_EXITED)
    );
    let mut status = 0i32;
    gives!(init, SYS_wait4, -1, &mut status, 0, 0);
    same!(status, 5 << 8);
    Ok(())
}

fn wait_inside_gives_inner() -> Outcome {
    inside(0, || {
        let child = spawn(|| 6)?;
        let mut info = Info::default();
        gives!(0, SYS_waitid, P_PID, 2, &mut info, WEXITED | WNOWAIT, 0);
        same!((child, info.pid(), info.status()), (2, 2, 6));
        gives!(0, SYS_waitid, P_PGID, 0, &mut info, WEXITED | WNOWAIT, 0);
        gives!(2, SYS_wait4, 0, 0, 0, 0);
        Ok(())
    })
}

/// Waits for one of the blocked signals in `set`; gives number, code and sender.
fn take(set: u64) -> (isize, i32, i32) {
    let mut info = Info::default();
    let seen = sys!(SYS_rt_sigtimedwait, &set, &mut info, &[5u64, 0], 8);
    (seen, info.code, info.pid())
}

fn child_signal_has_number_of_its_reader() -> Outcome {
    signal::mask(SIG_BLOCK, bit(SIGCHLD));
    let init = start_init(|| {
        let child = spawn(|| 0);
        let (number, _, pid) = take(bit(SIGCHLD));
        i32::from(!(child.is_ok_and(|child| child == 2) && number == SIGCHLD as isize && pid == 2))
    })?;
    same!(take(bit(SIGCHLD)), (SIGCHLD as isize, CLD_EXITED, init));
    same!(wait(init)?, 0);
    Ok(())
}

/// Blocks SIGUSR1, starts an init that reports its sender, and lets `send` send to it.
fn sender_seen_inside(send: impl FnOnce(i32) -> isize) -> Result<i32, abi_tests::check::Failure> {
    signal::mask(SIG_BLOCK, bit(SIGUSR1));
    let init = start_init(|| match take(bit(SIGUSR1)) {
        (number, _, pid) if number == SIGUSR1 as isize => pid,
        _ => 99,
    })?;
    let sent = send(init);
    same!(sent, 0);
    Ok(wait(init)? >> 8)
}

fn signal_from_outside_has_no_sender() -> Outcome {
    same!(sender_seen_inside(|init| sys!(SYS_kill, init, SIGUSR1))?, 0);
    same!(
        sender_seen_inside(|init| sys!(SYS_tgkill, init, init, SIGUSR1))?,
        0
    );
    Ok(())
}

fn signal_inside_has_inner_sender() -> Outcome {
    signal::mask(SIG_BLOCK, bit(SIGUSR1));
    inside(0, || {
        let child = spawn(|| sys!(SYS_kill, 1, SIGUSR1) as i32)?;
        same!(take(bit(SIGUSR1)), (SIGUSR1 as isize, SI_USER, 2));
        same!(wait(child)?, 0);
        Ok(())
    })
}

fn queued_signal_from_outside_has_no_sender() -> Outcome {
    let seen = sender_seen_inside(|init| {
        let mut info = Info {
            signal: SIGUSR1,
            code: SI_QUEUE,
            ..Info::default()
        };
        info.fields[0] = 77;
        sys!(SYS_rt_sigqueueinfo, init, SIGUSR1, &info)
    })?;
    same!(seen, 0);
    Ok(())
}

/// The parent outside ends: the signal that init asked for comes from nobody it can see.
fn signal_out_by_inherited_parent_death() -> Outcome {
    let [ready, seen] = shared_words()?;
    works!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal::mask(SIG_BLOCK, bit(SIGUSR1));
    let middle = spawn(|| {
        let init = start_init(|| {
            sys!(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
            ready.store(1, SeqCst);
            let (number, _, pid) = take(bit(SIGUSR1));
            seen.store((number * 100 + pid as isize) as u32, SeqCst);
            0
        });
        process::until(|| ready.load(SeqCst) == 1);
        i32::from(init.is_err()) * 7
    })?;
    if wait(middle)? != 0 {
        return Err(abi_tests::check::Failure::Skipped);
    }
    works!(SYS_wait4, -1, 0, 0, 0);
    same!(seen.load(SeqCst), SIGUSR1 as u32 * 100);
    Ok(())
}

fn kill_all_stays_inside() -> Outcome {
    let bystander = spawn(sleep_for_good)?;
    inside(0, || {
        fails!(ESRCH, SYS_kill, -1, SIGTERM);
        let children = [spawn(sleep_for_good)?, spawn(sleep_for_good)?];
        gives!(0, SYS_kill, -1, SIGTERM);
        for child in children {
            same!(wait(child)?, SIGTERM);
        }
        Ok(())
    })?;
    gives!(0, SYS_wait4, bystander, 0, WNOHANG, 0);
    works!(SYS_kill, bystander, SIGKILL);
    wait(bystander)?;
    Ok(())
}

/// A group may have members on both sides.
fn kill_group_across() -> Outcome {
    let leader = spawn(|| {
        sys!(SYS_setpgid, 0, 0);
        let init = start_init(|| {
            let child = spawn(sleep_for_good);
            i32::from(!child.is_ok_and(|child| wait(child).is_ok_and(|status| status == SIGTERM)))
        });
        signal::dispose(SIGTERM, SIG_IGN);
        sys!(SYS_setpgid, 0, 0);
        match init {
            Ok(init) => wait(init).map_or(98, |status| status >> 8 | status & 0x7f),
            Err(_) => 97,
        }
    })?;
    let grandchild = || {
        let tasks = std::fs::read_dir("/proc").map_or(0, |entries| {
            let of_group = |entry: &std::fs::DirEntry| {
                let pid = entry.file_name().to_string_lossy().parse::<i32>();
                pid.is_ok_and(|pid| sys!(SYS_getpgid, pid) == leader as isize)
            };
            entries.flatten().filter(of_group).count()
        });
        tasks == 3
    };
    if !process::until(grandchild) {
        works!(SYS_kill, leader, SIGKILL);
        return match wait(leader)? {
            status if status == 97 << 8 => Err(abi_tests::check::Failure::Skipped),
            status => Err(abi_tests::check::Failure::Wrong(format!("status {status}"))),
        };
    }
    process::pause(20);
    works!(SYS_kill, -leader, SIGTERM);
    same!(wait(leader)?, 0);
    Ok(())
}

fn thread_signals_by_inner_numbers() -> Outcome {
    inside(0, || {
        signal::mask(SIG_BLOCK, bit(SIGUSR1));
        gives!(0, SYS_tgkill, 1, 1, SIGUSR1);
        same!(take(bit(SIGUSR1)), (SIGUSR1 as isize, SI_TKILL, 1));
        gives!(0, SYS_tkill, 1, SIGUSR1);
        same!(take(bit(SIGUSR1)), (SIGUSR1 as isize, SI_TKILL, 1));
        fails!(ESRCH, SYS_tgkill, 1, 2, SIGUSR1);
        fails!(ESRCH, SYS_tgkill, 2, 1, SIGUSR1);
        fails!(EINVAL, SYS_tgkill, 0, 1, SIGUSR1);
        Ok(())
    })
}

fn numbers_come_again_only_later() -> Outcome {
    inside(0, || {
        for number in 2..40 {
            let child = spawn(|| 0)?;
            same!(child, number);
            wait(child)?;
        }
        Ok(())
    })
}
