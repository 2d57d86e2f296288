//! fork, vfork, clone and clone3. Source: fork(2), clone(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, leave, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;

cases![
    clone_with_bad_parent_tid,
    fork_returns_twice,
    fork_copies_memory,
    fork_copies_descriptors,
    fork_keeps_mask_drops_pending,
    fork_keeps_dispositions,
    fork_clears_alarm_and_times,
    fork_many_children,
    fork_deep_chain,
    fork_limit,
    vfork_shares_until_exit,
    clone_without_exit_signal,
    clone_with_an_exit_signal_that_does_not_exist,
    clone_parent_tid,
    clone_child_tid_set_and_cleared,
    clone_shares_files,
    clone_shares_directory,
    clone_shares_memory,
    clone_parent_flag_makes_sibling,
    clone_bad_flags,
    clone3_as_fork,
    clone3_exit_signal,
    clone3_bad_arguments,
    clone3_tids,
];

/// The child is made; that its number cannot be stored is told to nobody.
fn clone_with_bad_parent_tid() -> Outcome {
    let pid = sys!(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, 8, 0, 0);
    if pid == 0 {
        leave(5);
    }
    holds!(pid > 0);
    same!(wait(pid as i32)?, 5 << 8);
    Ok(())
}

fn fork_returns_twice() -> Outcome {
    let parent = works!(SYS_getpid);
    process::inside_child(|| {
        gives!(parent, SYS_getppid);
        holds!(works!(SYS_getpid) != parent);
        same!(works!(SYS_getpid), works!(SYS_gettid));
        Ok(())
    })
}

fn fork_copies_memory() -> Outcome {
    let mut page = vec![1u8; 100_000];
    let status = status_of(|| {
        let intact = page.iter().all(|b| *b == 1);
        page.fill(2);
        if intact && page.iter().all(|b| *b == 2) {
            7
        } else {
            1
        }
    })?;
    same!(status, 7 << 8);
    same!(page.iter().all(|b| *b == 1), true);
    Ok(())
}

fn fork_copies_descriptors() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    same!(status_of(|| sys!(SYS_close, fd) as i32)?, 0);
    works!(SYS_close, fd);
    Ok(())
}

fn fork_keeps_mask_drops_pending() -> Outcome {
    use abi_tests::signal::{bit, mask, pending};
    mask(SIG_BLOCK, bit(SIGUSR1));
    abi_tests::signal::raise(SIGUSR1);
    same!(pending(), bit(SIGUSR1));
    process::inside_child(|| {
        same!(pending(), 0);
        same!(mask(SIG_BLOCK, 0), bit(SIGUSR1));
        Ok(())
    })
}

fn fork_keeps_dispositions() -> Outcome {
    abi_tests::signal::dispose(SIGUSR1, SIG_IGN);
    let status = status_of(|| {
        abi_tests::signal::raise(SIGUSR1);
        3
    })?;
    same!(status, 3 << 8);
    Ok(())
}

fn fork_clears_alarm_and_times() -> Outcome {
    works!(SYS_alarm, 1000);
    process::inside_child(|| {
        gives!(0, SYS_alarm, 0);
        let mut times = [0i64; 4];
        works!(SYS_times, &mut times);
        same!((times[2], times[3]), (0, 0));
        Ok(())
    })?;
    holds!(works!(SYS_alarm, 0) > 990);
    Ok(())
}

fn fork_many_children() -> Outcome {
    let mut children = Vec::new();
    for n in 0..40 {
        children.push(spawn(|| n)?);
    }
    for (n, child) in children.into_iter().enumerate() {
        same!(wait(child)?, (n as i32) << 8);
    }
    fails!(ECHILD, SYS_wait4, -1, 0, 0, 0);
    Ok(())
}

fn chain(depth: i32) -> i32 {
    if depth == 0 {
        return 0;
    }
    match status_of(|| chain(depth - 1)) {
        Ok(status) => (status >> 8) + 1,
        Err(_) => 100,
    }
}

fn fork_deep_chain() -> Outcome {
    same!(chain(20), 20);
    Ok(())
}

/// RLIMIT_NPROC does not bind root, so the child becomes someone else first.
fn fork_limit() -> Outcome {
    process::inside_child(|| {
        let limit = [3u64, 3];
        works!(SYS_prlimit64, 0, RLIMIT_NPROC, &limit, 0);
        works!(SYS_setuid, 54_321);
        let mut made = 0;
        let refused = loop {
            match raw::fork() {
                0 => {
                    process::pause(300);
                    leave(0)
                }
                pid if pid > 0 => made += 1,
                error => break error,
            }
        };
        same!((refused, made), (-(EAGAIN as isize), 2));
        for _ in 0..made {
            works!(SYS_wait4, -1, 0, 0, 0);
        }
        Ok(())
    })
}

/// A stack for a cloned task: the address of its end.
fn stack() -> Result<usize, Failure> {
    let at = works!(
        SYS_mmap,
        0,
        65536,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    Ok(at as usize + 65536)
}

extern "C" fn set_word(at: *mut c_void) -> i32 {
    process::pause(20);
    raw::poke(at.expose_provenance(), 42);
    leave(5)
}

/// The parent of a vfork sleeps until the child is gone, so it must see what the child wrote.
fn vfork_shares_until_exit() -> Outcome {
    let word = [0u8; 8];
    let at = word.as_ptr().expose_provenance();
    let pid = raw::clone(
        CLONE_VM | CLONE_VFORK | SIGCHLD,
        stack()?,
        set_word,
        at,
        [0, 0],
    );
    same!(raw::peek(at), 42);
    same!(wait(pid as i32)?, 5 << 8);
    Ok(())
}

extern "C" fn quit(_: *mut c_void) -> i32 {
    leave(6)
}

/// A child whose exit signal is 0 is waited for only with __WCLONE or __WALL.
fn clone_without_exit_signal() -> Outcome {
    let pid = raw::clone(0, stack()?, quit, 0, [0, 0]);
    holds!(pid > 0);
    fails!(ECHILD, SYS_wait4, pid, 0, 0, 0);
    let mut status = 0i32;
    gives!(pid, SYS_wait4, pid, &mut status, 0x8000_0000u32 as i32, 0);
    same!(status, 6 << 8);
    let pid = raw::clone(0, stack()?, quit, 0, [0, 0]);
    gives!(pid, SYS_wait4, -1, &mut status, 0x4000_0000, 0);
    Ok(())
}

/// The low byte of the flags is no signal that has to exist; one that does not tells nobody.
fn clone_with_an_exit_signal_that_does_not_exist() -> Outcome {
    let pid = raw::clone(0x80, stack()?, quit, 0, [0, 0]);
    holds!(pid > 0);
    let mut status = 0i32;
    gives!(pid, SYS_wait4, pid, &mut status, __WALL, 0);
    same!(status, 6 << 8);
    Ok(())
}

fn clone_parent_tid() -> Outcome {
    let word = [0u32; 2];
    let at = word.as_ptr().expose_provenance();
    let pid = raw::clone(CLONE_PARENT_SETTID | SIGCHLD, stack()?, quit, 0, [at, 0]);
    same!(
        raw::shared_word(at).load(std::sync::atomic::Ordering::SeqCst),
        pid as u32
    );
    wait(pid as i32)?;
    Ok(())
}

extern "C" fn check_own_tid(at: *mut c_void) -> i32 {
    let word = raw::shared_word(at.expose_provenance());
    leave((word.load(std::sync::atomic::Ordering::SeqCst) == sys!(SYS_gettid) as u32) as i32)
}

fn clone_child_tid_set_and_cleared() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        4096,
        PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    let flags = CLONE_VM | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
    let pid = raw::clone(flags, stack()?, check_own_tid, at, [0, at]);
    same!(wait(pid as i32)?, 1 << 8);
    same!(
        raw::shared_word(at).load(std::sync::atomic::Ordering::SeqCst),
        0
    );
    Ok(())
}

extern "C" fn close_fifty(_: *mut c_void) -> i32 {
    sys!(SYS_close, 50);
    sys!(SYS_chdir, c"/");
    leave(0)
}

fn clone_shares_files() -> Outcome {
    works!(SYS_dup2, 0, 50);
    let pid = raw::clone(SIGCHLD, stack()?, close_fifty, 0, [0, 0]);
    wait(pid as i32)?;
    works!(SYS_fcntl, 50, F_GETFD);
    let pid = raw::clone(CLONE_FILES | SIGCHLD, stack()?, close_fifty, 0, [0, 0]);
    wait(pid as i32)?;
    fails!(EBADF, SYS_fcntl, 50, F_GETFD);
    Ok(())
}

fn clone_shares_directory() -> Outcome {
    let pid = raw::clone(SIGCHLD, stack()?, close_fifty, 0, [0, 0]);
    wait(pid as i32)?;
    holds!(std::env::current_dir()?.as_os_str() != "/");
    let pid = raw::clone(CLONE_FS | SIGCHLD, stack()?, close_fifty, 0, [0, 0]);
    wait(pid as i32)?;
    same!(std::env::current_dir()?, std::path::PathBuf::from("/"));
    Ok(())
}

fn clone_shares_memory() -> Outcome {
    let word = [0u8; 8];
    let at = word.as_ptr().expose_provenance();
    let pid = raw::clone(CLONE_VM | SIGCHLD, stack()?, set_word, at, [0, 0]);
    wait(pid as i32)?;
    same!(raw::peek(at), 42);
    let pid = raw::clone(SIGCHLD, stack()?, set_word, at + 1, [0, 0]);
    wait(pid as i32)?;
    same!(raw::peek(at + 1), 0);
    Ok(())
}

/// With CLONE_PARENT the new process is a child of our parent, not of us.
fn clone_parent_flag_makes_sibling() -> Outcome {
    process::inside_child(|| {
        let pid = raw::clone(CLONE_PARENT | SIGCHLD, stack()?, quit, 0, [0, 0]);
        holds!(pid > 0);
        fails!(ECHILD, SYS_wait4, pid, 0, 0, 0);
        Ok(())
    })?;
    let mut status = 0i32;
    works!(SYS_wait4, -1, &mut status, 0, 0);
    same!(status, 6 << 8);
    Ok(())
}

fn clone_bad_flags() -> Outcome {
    fails!(EINVAL, SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0);
    fails!(EINVAL, SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
    fails!(EINVAL, SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0);
    fails!(EINVAL, SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0);
    Ok(())
}

fn clone3_as_fork() -> Outcome {
    let mut args = [0u64; 8];
    args[4] = SIGCHLD as u64;
    match sys!(SYS_clone3, &args, 64) {
        0 => leave(9),
        pid if pid > 0 => same!(wait(pid as i32)?, 9 << 8),
        error => same!(error, 1),
    }
    Ok(())
}

fn clone3_exit_signal() -> Outcome {
    use abi_tests::signal::{bit, mask, pending};
    mask(SIG_BLOCK, bit(SIGUSR1) | bit(SIGCHLD));
    let mut args = [0u64; 8];
    args[4] = SIGUSR1 as u64;
    match sys!(SYS_clone3, &args, 64) {
        0 => leave(9),
        pid => gives!(pid, SYS_wait4, pid, 0, 0x4000_0000, 0),
    }
    same!(pending(), bit(SIGUSR1));
    Ok(())
}

fn clone3_bad_arguments() -> Outcome {
    let mut args = [0u64; 12];
    args[4] = SIGCHLD as u64;
    fails!(EINVAL, SYS_clone3, &args, 63);
    fails!(E2BIG, SYS_clone3, &args, 4097);
    fails!(EFAULT, SYS_clone3, 0, 64);
    args[4] = 65;
    fails!(EINVAL, SYS_clone3, &args, 64);
    args[4] = 0;
    args[5] = 4096;
    fails!(EINVAL, SYS_clone3, &args, 64);
    args[5] = 0;
    args[0] = SIGCHLD as u64;
    fails!(EINVAL, SYS_clone3, &args, 64);
    args = [0; 12];
    args[11] = 1;
    fails!(E2BIG, SYS_clone3, &args, 96);
    Ok(())
}

fn clone3_tids() -> Outcome {
    let words = [0u32; 2];
    let at = words.as_ptr().expose_provenance();
    let mut args = [0u64; 8];
    args[0] = (CLONE_PARENT_SETTID | CLONE_CHILD_SETTID) as u64;
    args[2] = at as u64 + 4;
    args[3] = at as u64;
    args[4] = SIGCHLD as u64;
    let order = std::sync::atomic::Ordering::SeqCst;
    match sys!(SYS_clone3, &args, 64) {
        0 => leave((raw::shared_word(at + 4).load(order) == sys!(SYS_getpid) as u32) as i32),
        pid => {
            same!(raw::shared_word(at).load(order), pid as u32);
            same!(wait(pid as i32)?, 1 << 8);
        }
    }
    Ok(())
}
