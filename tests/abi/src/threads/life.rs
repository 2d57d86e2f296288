//! How threads are made and end, what they share and what is their own. Source: clone(2),
//! pthreads(7), exit(2), exit_group(2), tgkill(2).

use super::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, status_of, wait};
use abi_tests::signal::{self, Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

cases![
    thread_ids,
    thread_listed_in_proc,
    thread_name_is_own,
    threads_share_descriptors_and_memory,
    threads_share_directory,
    thread_mask_is_own,
    thread_signal_directed,
    process_signal_taken_by_willing_thread,
    main_thread_exit_keeps_process,
    main_thread_exit_then_last_decides,
    exit_group_ends_all,
    fatal_signal_ends_all,
    fault_in_thread_ends_all,
    fork_in_thread_copies_one,
    wait_from_other_thread,
    thread_local_storage,
    many_threads_come_and_go,
    threads_of_deep_stacks,
    clone_thread_without_library,
    tgkill_wrong_group,
    thread_cannot_be_waited_for,
    stop_stops_all_threads,
    exec_ids_in_thread,
];

fn thread_ids() -> Outcome {
    let me = works!(SYS_getpid);
    let (pid, tid) = std::thread::spawn(|| (sys!(SYS_getpid), sys!(SYS_gettid)))
        .join()
        .unwrap_or((0, 0));
    holds!(pid == me && tid != me && tid > 0);
    Ok(())
}

fn thread_listed_in_proc() -> Outcome {
    let count = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    same!(count(), 1);
    let inside = std::thread::spawn(move || {
        let own = format!("/proc/self/task/{}/stat", sys!(SYS_gettid));
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        (
            count(),
            std::fs::read_to_string(own).is_ok(),
            status.contains("\nThreads:\t2\n"),
        )
    });
    same!(inside.join().unwrap_or((0, false, false)), (2, true, true));
    Ok(())
}

fn thread_name_is_own() -> Outcome {
    works!(SYS_prctl, PR_SET_NAME, c"first", 0, 0, 0);
    let inside = std::thread::spawn(|| {
        let mut before = [0u8; 16];
        sys!(SYS_prctl, PR_GET_NAME, &mut before, 0, 0, 0);
        sys!(SYS_prctl, PR_SET_NAME, c"second", 0, 0, 0);
        before.starts_with(b"first\0")
    });
    same!(inside.join().unwrap_or(false), true);
    same!(std::fs::read_to_string("/proc/self/comm")?, "first\n");
    Ok(())
}

fn threads_share_descriptors_and_memory() -> Outcome {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let fd = std::thread::spawn(|| {
        WORD.store(7, SeqCst);
        sys!(SYS_open, c"/", O_RDONLY)
    });
    let fd = fd.join().unwrap_or(-1);
    works!(SYS_fcntl, fd, F_GETFD);
    same!(WORD.load(SeqCst), 7);
    Ok(())
}

fn threads_share_directory() -> Outcome {
    let thread = std::thread::spawn(|| sys!(SYS_chdir, c"/") + sys!(SYS_umask, 0o077));
    same!(thread.join().unwrap_or(-1), 0o022);
    same!(std::env::current_dir()?, std::path::PathBuf::from("/"));
    gives!(0o077, SYS_umask, 0);
    Ok(())
}

fn thread_mask_is_own() -> Outcome {
    signal::mask(SIG_SETMASK, signal::bit(SIGUSR1));
    let inside = std::thread::spawn(|| signal::mask(SIG_BLOCK, signal::bit(SIGUSR2)));
    same!(inside.join().unwrap_or(0), signal::bit(SIGUSR1));
    same!(signal::mask(SIG_BLOCK, 0), signal::bit(SIGUSR1));
    Ok(())
}

static TAKEN_BY: AtomicI32 = AtomicI32::new(0);

extern "C" fn take(_: i32, _: &Info, _: &mut Context) {
    TAKEN_BY.store(sys!(SYS_gettid) as i32, SeqCst);
}

/// Starts a thread that tells its tid and then sleeps until `TAKEN_BY` is set.
fn sleeper() -> (std::thread::JoinHandle<()>, i32) {
    let (send, receive) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        // The receiver waits for this, so it is still there.
        let _ = send.send(sys!(SYS_gettid) as i32);
        process::until(|| TAKEN_BY.load(SeqCst) != 0);
    });
    (thread, receive.recv().unwrap_or(0))
}

fn thread_signal_directed() -> Outcome {
    raw::set_handler(SIGUSR1, take, SA_RESTART, 0);
    let (thread, tid) = sleeper();
    gives!(0, SYS_tgkill, works!(SYS_getpid), tid, SIGUSR1);
    same!(thread.join().is_ok(), true);
    same!(TAKEN_BY.load(SeqCst), tid);
    Ok(())
}

/// A signal to the process goes to a thread that does not block it.
fn process_signal_taken_by_willing_thread() -> Outcome {
    raw::set_handler(SIGUSR1, take, SA_RESTART, 0);
    let (thread, tid) = sleeper();
    signal::mask(SIG_BLOCK, signal::bit(SIGUSR1));
    gives!(0, SYS_kill, works!(SYS_getpid), SIGUSR1);
    same!(thread.join().is_ok(), true);
    same!(TAKEN_BY.load(SeqCst), tid);
    Ok(())
}

fn main_thread_exit_keeps_process() -> Outcome {
    let [word] = shared_words()?;
    let child = spawn(|| {
        std::thread::spawn(|| {
            process::pause(50);
            leave(6)
        });
        word.store(1, SeqCst);
        sys!(SYS_exit, 3) as i32
    })?;
    holds!(process::until(|| process::state(child) == 'Z'));
    // A zombie to look at, but not yet one to be waited for.
    gives!(0, SYS_wait4, child, 0, WNOHANG, 0);
    same!(wait(child)?, 6 << 8);
    Ok(())
}

fn main_thread_exit_then_last_decides() -> Outcome {
    let child = spawn(|| {
        std::thread::spawn(|| {
            process::pause(20);
            sys!(SYS_exit, 4);
        });
        sys!(SYS_exit, 3) as i32
    })?;
    // Since Linux 6.0 the status is that of the thread which left last, if nobody called
    // exit_group.
    same!(wait(child)?, 4 << 8);
    Ok(())
}

fn forever() {
    loop {
        sys!(SYS_pause);
    }
}

fn exit_group_ends_all() -> Outcome {
    let child = spawn(|| {
        for _ in 0..4 {
            std::thread::spawn(forever);
        }
        std::thread::spawn(|| leave(9));
        forever();
        0
    })?;
    same!(wait(child)?, 9 << 8);
    Ok(())
}

fn fatal_signal_ends_all() -> Outcome {
    let child = spawn(|| {
        for _ in 0..4 {
            std::thread::spawn(|| while TAKEN_BY.load(SeqCst) == 0 {});
        }
        process::pause(10);
        sys!(SYS_kill, sys!(SYS_getpid), SIGTERM) as i32
    })?;
    same!(wait(child)?, SIGTERM);
    Ok(())
}

fn fault_in_thread_ends_all() -> Outcome {
    let child = spawn(|| {
        std::thread::spawn(|| raw::peek(16));
        forever();
        0
    })?;
    same!(wait(child)?, SIGSEGV);
    Ok(())
}

fn fork_in_thread_copies_one() -> Outcome {
    std::thread::spawn(|| {
        process::pause(300);
    });
    let status = std::thread::spawn(|| {
        status_of(|| std::fs::read_dir("/proc/self/task").map_or(0, |tasks| tasks.count() as i32))
            .unwrap_or(-1)
    });
    same!(status.join().unwrap_or(-1), 1 << 8);
    Ok(())
}

fn wait_from_other_thread() -> Outcome {
    let child = spawn(|| 7)?;
    let status = std::thread::spawn(move || wait(child).unwrap_or(-1));
    same!(status.join().unwrap_or(-1), 7 << 8);
    // Unless asked not to: __WNOTHREAD waits only for the thread's own children.
    let child = spawn(|| 7)?;
    let seen = std::thread::spawn(move || sys!(SYS_wait4, child, 0, 0x2000_0000, 0));
    same!(seen.join().unwrap_or(0), -(ECHILD as isize));
    wait(child)?;
    Ok(())
}

fn thread_local_storage() -> Outcome {
    thread_local!(static OWN: std::cell::Cell<u32> = const { std::cell::Cell::new(5) });
    OWN.set(6);
    let threads: Vec<_> = (0..8u32)
        .map(|n| {
            std::thread::spawn(move || {
                let before = OWN.get();
                OWN.set(n);
                std::thread::yield_now();
                process::pause(2);
                before == 5 && OWN.get() == n
            })
        })
        .collect();
    for thread in threads {
        same!(thread.join().unwrap_or(false), true);
    }
    same!(OWN.get(), 6);
    Ok(())
}

fn many_threads_come_and_go() -> Outcome {
    let mut sum = 0;
    for round in 0..20 {
        let threads: Vec<_> = (0..10)
            .map(|n| std::thread::spawn(move || n * round))
            .collect();
        for thread in threads {
            sum += thread.join().unwrap_or(1_000_000);
        }
    }
    same!(sum, 45 * 190);
    Ok(())
}

fn threads_of_deep_stacks() -> Outcome {
    #[inline(never)]
    fn descend(depth: u32) -> u32 {
        let block = std::hint::black_box([depth; 64]);
        if depth == 0 {
            block[0]
        } else {
            descend(depth - 1) + u32::from(block[63] == depth)
        }
    }
    let build = std::thread::Builder::new().stack_size(4 << 20);
    let thread = build.spawn(|| descend(5000))?;
    same!(thread.join().unwrap_or(0), 5000);
    Ok(())
}

extern "C" fn bare(at: *mut c_void) -> i32 {
    raw::shared_word(at.expose_provenance()).store(sys!(SYS_gettid) as u32, SeqCst);
    loop {
        sys!(SYS_exit, 0);
    }
}

/// The bare minimum of a thread: the kernel clears and wakes the tid word when it has gone.
fn clone_thread_without_library() -> Outcome {
    let [seen, tid] = shared_words()?;
    let protection = PROT_READ | PROT_WRITE;
    let stack = works!(
        SYS_mmap,
        0,
        65536,
        protection,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    let flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    let tids = CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    let at = tid.as_ptr().expose_provenance();
    tid.store(1, SeqCst);
    let argument = seen.as_ptr().expose_provenance();
    let made = raw::clone(flags | tids, stack + 65536, bare, argument, [at, at]);
    holds!(made > 0);
    loop {
        match tid.load(SeqCst) {
            0 => break,
            value => sys!(SYS_futex, at, FUTEX_WAIT, value, 0),
        };
    }
    same!(seen.load(SeqCst), made as u32);
    Ok(())
}

fn tgkill_wrong_group() -> Outcome {
    let (thread, tid) = sleeper();
    fails!(ESRCH, SYS_tgkill, tid, tid, 0);
    fails!(ESRCH, SYS_tgkill, 1, tid, 0);
    gives!(0, SYS_tgkill, works!(SYS_getpid), tid, 0);
    gives!(0, SYS_tkill, tid, 0);
    TAKEN_BY.store(1, SeqCst);
    same!(thread.join().is_ok(), true);
    Ok(())
}

fn thread_cannot_be_waited_for() -> Outcome {
    let (thread, tid) = sleeper();
    fails!(ECHILD, SYS_wait4, tid, 0, 0x4000_0000, 0);
    TAKEN_BY.store(1, SeqCst);
    same!(thread.join().is_ok(), true);
    Ok(())
}

fn stop_stops_all_threads() -> Outcome {
    let [count] = shared_words()?;
    let child = spawn(|| {
        std::thread::spawn(|| {
            loop {
                count.fetch_add(1, SeqCst);
                process::pause(1);
            }
        });
        forever();
        0
    })?;
    holds!(process::until(|| count.load(SeqCst) > 0));
    works!(SYS_kill, child, SIGSTOP);
    let mut status = 0i32;
    gives!(child, SYS_wait4, child, &mut status, WUNTRACED, 0);
    let before = count.load(SeqCst);
    process::pause(50);
    same!(count.load(SeqCst) - before, 0);
    works!(SYS_kill, child, SIGCONT);
    holds!(process::until(|| count.load(SeqCst) > before));
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

/// After an exec from a thread the new program is the leader: its tid is the pid.
fn exec_ids_in_thread() -> Outcome {
    let text = crate::helper::output_of(|| {
        let thread = std::thread::spawn(|| crate::helper::again(&["leader"]));
        thread.join().unwrap_or(99)
    })?;
    same!(text, "leader\n");
    Ok(())
}
