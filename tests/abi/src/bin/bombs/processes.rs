//! Too many processes, threads, signals, zombies; and a process that gives everything away.

use crate::{explode, still_answers};
use abi_tests::check::Outcome;
use abi_tests::process::{leave, spawn, status_of};
use abi_tests::signal::{self, Context, Info, bit};
use abi_tests::{cases, raw, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering::SeqCst;

cases![
    fork_bomb_under_limit,
    fork_bomb,
    zombie_bomb,
    thread_bomb,
    exec_bomb,
    signal_queue_bomb,
    signal_storm,
    closes_everything_and_faults_in_handler,
    faults_forever_on_its_own_stack,
    unmaps_itself,
    stops_its_parent,
    nice_spinners_do_not_starve,
];

/// At most this many processes, by a counter they share: more than a guest of 128 MiB can hold,
/// few enough for a host to bear.
const MOST: u32 = 1000;

/// Forks without end, each child doing the same.
fn fork_without_end(counter: usize) -> i32 {
    loop {
        if raw::shared_word(counter).fetch_add(1, SeqCst) > MOST {
            loop {
                sys!(SYS_pause);
            }
        }
        raw::fork();
    }
}

fn counter() -> Result<usize, abi_tests::check::Failure> {
    let protection = PROT_READ | PROT_WRITE;
    Ok(works!(
        SYS_mmap,
        0,
        4096,
        protection,
        MAP_SHARED | MAP_ANONYMOUS,
        -1,
        0
    ) as usize)
}

fn fork_bomb_under_limit() -> Outcome {
    let counter = counter()?;
    explode(|| {
        sys!(SYS_prlimit64, 0, RLIMIT_NPROC, &[50u64, 50], 0);
        sys!(SYS_setuid, 54_321);
        fork_without_end(counter)
    })
}

fn fork_bomb() -> Outcome {
    let counter = counter()?;
    explode(|| fork_without_end(counter))
}

/// Children that nobody waits for until their parent dies.
fn zombie_bomb() -> Outcome {
    explode(|| {
        for _ in 0..MOST {
            if raw::fork() == 0 {
                leave(0);
            }
        }
        loop {
            sys!(SYS_pause);
        }
    })
}

fn thread_bomb() -> Outcome {
    explode(|| {
        for _ in 0..500 {
            let builder = std::thread::Builder::new().stack_size(65536);
            if builder
                .spawn(|| {
                    loop {
                        sys!(SYS_pause);
                    }
                })
                .is_err()
            {
                break;
            }
        }
        0
    })
}

/// Runs this program again and again: `--list` keeps it short.
fn exec_bomb() -> Outcome {
    explode(|| {
        let vector = [c"bombs".as_ptr(), c"--list".as_ptr(), std::ptr::null()];
        let null = sys!(SYS_open, c"/dev/null", O_RDWR);
        sys!(SYS_dup2, null, 1);
        for _ in 0..50 {
            if raw::fork() == 0 {
                sys!(SYS_execve, c"/proc/self/exe", vector.as_slice(), 0);
                leave(1);
            }
        }
        while sys!(SYS_wait4, -1, 0, 0, 0) > 0 {}
        0
    })
}

fn signal_queue_bomb() -> Outcome {
    explode(|| {
        signal::mask(SIG_BLOCK, u64::MAX);
        let mut info = Info {
            signal: SIGRTMIN(),
            code: SI_QUEUE,
            ..Info::default()
        };
        info.fields[0] = sys!(SYS_getpid) as u64;
        for _ in 0..200_000 {
            sys!(SYS_rt_sigqueueinfo, sys!(SYS_getpid), SIGRTMIN(), &info);
        }
        0
    })
}

extern "C" fn nothing(_: i32, _: &Info, _: &mut Context) {}

/// Two processes that do nothing but send each other signals.
fn signal_storm() -> Outcome {
    raw::set_handler(SIGUSR1, nothing, 0, 0);
    explode(|| {
        let other = spawn(|| {
            let parent = sys!(SYS_getppid);
            loop {
                sys!(SYS_kill, parent, SIGUSR1);
            }
        });
        match other {
            Ok(other) => loop {
                sys!(SYS_kill, other, SIGUSR1);
            },
            Err(_) => 1,
        }
    })
}

extern "C" fn faults_too(_: i32, _: &Info, _: &mut Context) {
    raw::peek(16);
}

fn closes_everything_and_faults_in_handler() -> Outcome {
    raw::set_handler(SIGSEGV, faults_too, SA_NODEFER, 0);
    let status = status_of(|| {
        sys!(SYS_close_range, 0, u32::MAX, 0);
        i32::from(raw::peek(16))
    })?;
    // The handler's frames fill the stack until it can hold no more.
    same!(status & 0x7f, SIGSEGV);
    raw::set_handler(SIGSEGV, faults_too, 0, 0);
    same!(status_of(|| i32::from(raw::peek(16)))? & 0x7f, SIGSEGV);
    still_answers()
}

/// The alternate stack is the very page that faults.
fn faults_forever_on_its_own_stack() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        65536,
        PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    works!(SYS_sigaltstack, &[at, 0, 65536], 0);
    raw::set_handler(SIGSEGV, faults_too, SA_ONSTACK, 0);
    same!(status_of(|| i32::from(raw::peek(at)))? & 0x7f, SIGSEGV);
    still_answers()
}

/// A process without any memory left cannot even return from the call that took it.
fn unmaps_itself() -> Outcome {
    let status = status_of(|| sys!(SYS_munmap, 0, 0x7fff_ffff_f000usize) as i32)?;
    same!(status & 0x7f, SIGSEGV);
    still_answers()
}

fn stops_its_parent() -> Outcome {
    signal::mask(SIG_BLOCK, bit(SIGCONT));
    explode(|| {
        let child = spawn(|| {
            let parent = sys!(SYS_getppid);
            loop {
                sys!(SYS_kill, parent, SIGSTOP);
                sys!(SYS_kill, parent, SIGCONT);
            }
        });
        match child {
            Ok(_) => loop {
                sys!(SYS_sched_yield);
            },
            Err(_) => 1,
        }
    })
}

/// A dozen processes that never sleep: the rest must still get its turn.
fn nice_spinners_do_not_starve() -> Outcome {
    explode(|| {
        for _ in 0..12 {
            if raw::fork() == 0 {
                break;
            }
        }
        loop {
            std::hint::spin_loop();
        }
    })
}
