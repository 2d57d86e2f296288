//! What is special about process 1 of a pid namespace: orphans, signals, and its end.
//! Source: pid_namespaces(7), prctl(2).

use super::{inside, sleep_for_good, start_init};
use crate::threads::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, wait};
use abi_tests::signal::{self, Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

cases![
    orphans_become_its_children,
    orphans_go_to_a_subreaper_inside,
    subreaper_outside_gets_none,
    it_is_immune_to_its_own_signals,
    it_is_immune_to_signals_from_inside,
    it_takes_signals_it_handles,
    pending_when_it_takes_the_default_again,
    it_is_immune_to_weak_signals_from_outside,
    it_is_killed_from_outside,
    it_is_stopped_from_outside,
    it_dies_of_its_own_fault,
    its_end_kills_all,
    its_end_kills_the_stopped,
    its_end_kills_threads,
    its_end_waits_for_the_slow,
    its_exit_kills_all,
    its_thread_may_end_first,
    its_children_ignored_are_reaped,
    its_exec_keeps_its_number,
    nobody_is_born_after_its_end,
];

fn orphans_become_its_children() -> Outcome {
    inside(0, || {
        let [parent] = shared_words()?;
        let middle = spawn(|| {
            let _ = spawn(|| {
                process::until(|| sys!(SYS_getppid) == 1);
                parent.store(sys!(SYS_getppid) as u32, SeqCst);
                9
            });
            0
        })?;
        same!(wait(middle)?, 0);
        let mut status = 0i32;
        gives!(3, SYS_wait4, -1, &mut status, 0, 0);
        same!((status, parent.load(SeqCst)), (9 << 8, 1));
        Ok(())
    })
}

fn orphans_go_to_a_subreaper_inside() -> Outcome {
    inside(0, || {
        let reaper = spawn(|| {
            sys!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
            let middle = spawn(|| {
                let _ = spawn(|| i32::from(!process::until(|| sys!(SYS_getppid) == 2)));
                0
            });
            let mut status = 1i32;
            match (
                middle,
                sys!(SYS_wait4, 3, 0, 0, 0),
                sys!(SYS_wait4, 4, &mut status, 0, 0),
            ) {
                (Ok(3), 3, 4) => status,
                _ => 1,
            }
        })?;
        same!(wait(reaper)?, 0);
        fails!(ECHILD, SYS_wait4, -1, 0, WNOHANG, 0);
        Ok(())
    })
}

/// Orphans stay in their namespace, whoever asked for them outside.
fn subreaper_outside_gets_none() -> Outcome {
    works!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    inside(0, || {
        let middle = spawn(|| {
            let _ = spawn(sleep_for_good);
            0
        })?;
        wait(middle)?;
        holds!(process::until(|| sys!(SYS_wait4, -1, 0, WNOHANG, 0) == 0));
        works!(SYS_kill, 3, SIGKILL);
        gives!(3, SYS_wait4, -1, 0, 0, 0);
        Ok(())
    })?;
    fails!(ECHILD, SYS_wait4, -1, 0, WNOHANG, 0);
    Ok(())
}

/// Every signal whose default is to end or stop a process.
fn harmful() -> impl Iterator<Item = i32> {
    (1..=64).filter(|number| ![SIGCHLD, SIGCONT, SIGURG, SIGWINCH, 32, 33].contains(number))
}

fn it_is_immune_to_its_own_signals() -> Outcome {
    inside(0, || {
        for number in harmful() {
            gives!(0, SYS_kill, 1, number);
            gives!(0, SYS_tgkill, 1, 1, number);
        }
        Ok(())
    })
}

fn it_is_immune_to_signals_from_inside() -> Outcome {
    inside(0, || {
        let child = spawn(|| {
            harmful()
                .map(|number| sys!(SYS_kill, 1, number) as i32)
                .sum()
        })?;
        same!(wait(child)?, 0);
        Ok(())
    })
}

static COUNT: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn it_takes_signals_it_handles() -> Outcome {
    inside(0, || {
        raw::set_handler(SIGTERM, count, SA_RESTART, 0);
        gives!(0, SYS_kill, 1, SIGTERM);
        same!(COUNT.load(SeqCst), 1);
        let child = spawn(|| sys!(SYS_kill, 1, SIGTERM) as i32)?;
        same!(wait(child)?, 0);
        same!(COUNT.load(SeqCst), 2);
        Ok(())
    })
}

/// A signal that waits, blocked, while its action is the default, does no harm later either.
fn pending_when_it_takes_the_default_again() -> Outcome {
    inside(0, || {
        signal::mask(SIG_BLOCK, signal::bit(SIGTERM));
        gives!(0, SYS_kill, 1, SIGTERM);
        same!(
            signal::pending() & signal::bit(SIGTERM),
            signal::bit(SIGTERM)
        );
        signal::mask(SIG_UNBLOCK, signal::bit(SIGTERM));
        Ok(())
    })
}

fn it_is_immune_to_weak_signals_from_outside() -> Outcome {
    let init = start_init(sleep_for_good)?;
    for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGTSTP, SIGSEGV] {
        gives!(0, SYS_kill, init, number);
    }
    process::pause(20);
    gives!(0, SYS_wait4, init, 0, WNOHANG | WUNTRACED, 0);
    works!(SYS_kill, init, SIGKILL);
    same!(wait(init)?, SIGKILL);
    Ok(())
}

fn it_is_killed_from_outside() -> Outcome {
    let init = start_init(|| {
        signal::mask(SIG_SETMASK, u64::MAX);
        sleep_for_good()
    })?;
    works!(SYS_kill, init, SIGKILL);
    same!(wait(init)?, SIGKILL);
    Ok(())
}

fn it_is_stopped_from_outside() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let mut status = 0i32;
    works!(SYS_kill, init, SIGSTOP);
    gives!(init, SYS_wait4, init, &mut status, WUNTRACED, 0);
    same!(status, SIGSTOP << 8 | 0x7f);
    works!(SYS_kill, init, SIGCONT);
    gives!(init, SYS_wait4, init, &mut status, WCONTINUED, 0);
    same!(status, 0xffff);
    works!(SYS_kill, init, SIGKILL);
    same!(wait(init)?, SIGKILL);
    Ok(())
}

/// The kernel's own signals cannot be ignored by anybody.
fn it_dies_of_its_own_fault() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_CORE, &[0u64, 0], 0);
    let init = start_init(|| {
        raw::poke(8, 1);
        0
    })?;
    same!(wait(init)?, SIGSEGV);
    Ok(())
}

/// Starts an init with what `members` start; ends it when they stand, and waits until nobody
/// holds the pipe any more that all of them inherit.
fn all_go(members: impl FnOnce(&AtomicU32), end: impl FnOnce(i32) -> Outcome) -> Outcome {
    let [ready] = shared_words()?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC);
    let init = start_init(|| {
        sys!(SYS_close, ends[0]);
        members(ready);
        ready.fetch_add(100, SeqCst);
        while ready.load(SeqCst) < 1000 {
            process::pause(1);
        }
        5
    })?;
    works!(SYS_close, ends[1]);
    holds!(process::until(|| ready.load(SeqCst) >= 102));
    ready.fetch_add(1, SeqCst);
    if let Err(error) = end(init) {
        ready.store(1000, SeqCst);
        wait(init)?;
        return Err(error);
    }
    let status = {
        ready.fetch_add(1000, SeqCst);
        wait(init)?
    };
    holds!(status == SIGKILL || status == 5 << 8, "{status:x}");
    gives!(0, SYS_read, ends[0], &mut [0u8], 1);
    Ok(())
}

fn kill_it(init: i32) -> Outcome {
    works!(SYS_kill, init, SIGKILL);
    Ok(())
}

/// Two children that say that they are there and then do `then`.
fn two_children(ready: &AtomicU32, then: fn() -> i32) {
    for _ in 0..2 {
        let _ = spawn(|| {
            ready.fetch_add(1, SeqCst);
            then()
        });
    }
}

fn its_end_kills_all() -> Outcome {
    all_go(|ready| two_children(ready, sleep_for_good), kill_it)
}

fn its_end_kills_the_stopped() -> Outcome {
    all_go(
        |ready| {
            two_children(ready, || {
                signal::raise(SIGSTOP);
                0
            });
        },
        |init| {
            process::pause(10);
            kill_it(init)
        },
    )
}

fn its_end_kills_threads() -> Outcome {
    let threads = || {
        let all: Vec<_> = (0..3).map(|_| std::thread::spawn(sleep_for_good)).collect();
        all.into_iter().filter_map(|one| one.join().ok()).sum()
    };
    all_go(move |ready| two_children(ready, threads), kill_it)
}

/// A child that blocks all signals and keeps busy goes as well.
fn its_end_waits_for_the_slow() -> Outcome {
    let busy = || {
        signal::mask(SIG_SETMASK, u64::MAX);
        loop {
            std::hint::spin_loop();
        }
    };
    all_go(move |ready| two_children(ready, busy), kill_it)
}

fn its_exit_kills_all() -> Outcome {
    all_go(|ready| two_children(ready, sleep_for_good), |_| Ok(()))
}

/// The namespace lives until the last thread of its first process has ended.
fn its_thread_may_end_first() -> Outcome {
    let [seen] = shared_words()?;
    let init = start_init(|| {
        std::thread::spawn(move || {
            process::pause(20);
            let child = spawn(|| 0);
            seen.store(child.map_or(99, |child| child as u32), SeqCst);
            leave(4)
        });
        loop {
            // This thread alone.
            sys!(SYS_exit, 0);
        }
    })?;
    same!((wait(init)?, seen.load(SeqCst)), (4 << 8, 3));
    Ok(())
}

fn its_children_ignored_are_reaped() -> Outcome {
    inside(0, || {
        signal::dispose(SIGCHLD, SIG_IGN);
        let middle = spawn(|| {
            let _ = spawn(|| 0);
            0
        })?;
        fails!(ECHILD, SYS_wait4, middle, 0, 0, 0);
        holds!(process::until(|| sys!(SYS_kill, 3, 0) == -(ESRCH as isize)));
        Ok(())
    })
}

fn its_exec_keeps_its_number() -> Outcome {
    let text = crate::helper::output_of(|| {
        let init = start_init(|| crate::helper::again(&["identity"]));
        match init {
            Ok(init) => wait(init).map_or(1, |status| status >> 8),
            Err(_) => 1,
        }
    });
    match text {
        Ok(text) => same!(text, "parent 0 umask 022\n"),
        Err(_) => return Err(abi_tests::check::Failure::Skipped),
    }
    Ok(())
}

/// Also not for a process that lives in the namespace above.
fn nobody_is_born_after_its_end() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let handle = {
        let path = std::ffi::CString::new(format!("/proc/{init}/ns/pid")).unwrap_or_default();
        works!(SYS_open, path.as_c_str(), O_RDONLY)
    };
    works!(SYS_setns, handle, 0);
    let before = spawn(sleep_for_good)?;
    works!(SYS_kill, init, SIGKILL);
    // The child that was born into it is its orphan to be, and goes with it.
    same!((wait(before)?, wait(init)?), (SIGKILL, SIGKILL));
    fails!(ENOMEM, SYS_fork);
    fails!(ENOMEM, SYS_vfork);
    Ok(())
}
