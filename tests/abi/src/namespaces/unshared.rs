//! unshare: what it takes, and what becomes of the caller and its children. Source: unshare(2).

use super::sleep_for_good;
use abi_tests::check::{Failure, Outcome, result_text};
use abi_tests::process::{inside_child, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};

cases![
    unshare_unknown_flags,
    unshare_what_one_has_alone,
    unshare_directory,
    unshare_descriptors,
    unshare_with_another_thread,
    unshare_shared_memory,
    unshare_pid_leaves_the_caller,
    unshare_pid_first_child_is_its_init,
    unshare_pid_only_once,
    unshare_pid_then_no_threads,
    unshare_pid_of_a_dead_namespace,
    unshare_all_or_nothing,
];

fn unshare(flags: i32) -> Outcome {
    match sys!(SYS_unshare, flags) {
        0 => Ok(()),
        error if error == -(EPERM as isize) => Err(Failure::Skipped),
        error => Err(Failure::Wrong(format!("unshare: {}", result_text(error)))),
    }
}

fn unshare_unknown_flags() -> Outcome {
    let known = CLONE_THREAD
        | CLONE_FS
        | CLONE_NEWNS
        | CLONE_SIGHAND
        | CLONE_VM
        | CLONE_FILES
        | CLONE_SYSVSEM
        | CLONE_NEWUTS
        | CLONE_NEWIPC
        | CLONE_NEWNET
        | CLONE_NEWUSER
        | CLONE_NEWPID
        | CLONE_NEWCGROUP
        | CLONE_NEWTIME;
    for bit in (0..32).filter(|bit| known >> bit & 1 == 0) {
        let seen = sys!(SYS_unshare, 1u32 << bit);
        same!((bit, result_text(seen)), (bit, "EINVAL".into()));
    }
    Ok(())
}

fn unshare_what_one_has_alone() -> Outcome {
    for flags in [
        0,
        CLONE_FS,
        CLONE_FILES,
        CLONE_SYSVSEM,
        CLONE_THREAD,
        CLONE_SIGHAND,
        CLONE_VM,
        CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES,
    ] {
        gives!(0, SYS_unshare, flags);
    }
    Ok(())
}

fn unshare_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let pid = sys!(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    if pid == 0 {
        sys!(SYS_unshare, CLONE_FS);
        abi_tests::process::leave(sys!(SYS_chdir, c"d") as i32);
    }
    same!(wait(pid as i32)?, 0);
    gives!(0, SYS_access, c"d", F_OK);
    Ok(())
}

fn unshare_descriptors() -> Outcome {
    let pid = sys!(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if pid == 0 {
        let before = sys!(SYS_dup2, 0, 70);
        sys!(SYS_unshare, CLONE_FILES);
        sys!(SYS_close, 70);
        abi_tests::process::leave((before != 70) as i32);
    }
    same!(wait(pid as i32)?, 0);
    gives!(0, SYS_fcntl, 70, F_GETFD);
    Ok(())
}

/// What can only be had alone; the rest a thread may take for itself.
fn unshare_with_another_thread() -> Outcome {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || receiver.recv());
    for flags in [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM, CLONE_NEWUSER] {
        let seen = sys!(SYS_unshare, flags);
        same!((flags, result_text(seen)), (flags, "EINVAL".into()));
    }
    gives!(0, SYS_unshare, CLONE_FS | CLONE_FILES);
    let with_namespaces = unshare(CLONE_NEWUTS | CLONE_NEWNS);
    let with_pid = unshare(CLONE_NEWPID);
    drop(sender);
    holds!(other.join().is_ok());
    with_namespaces?;
    with_pid
}

static SEEN: [AtomicIsize; 3] = [const { AtomicIsize::new(1) }; 3];

extern "C" fn unshare_memory(_: *mut c_void) -> i32 {
    SEEN[0].store(sys!(SYS_unshare, CLONE_VM), SeqCst);
    SEEN[1].store(sys!(SYS_unshare, CLONE_SIGHAND), SeqCst);
    SEEN[2].store(sys!(SYS_unshare, CLONE_THREAD), SeqCst);
    0
}

fn unshare_shared_memory() -> Outcome {
    let stack = works!(
        SYS_mmap,
        0,
        65536,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    let top = stack as usize + 65536;
    let invalid = -(EINVAL as isize);
    let both = CLONE_VM | CLONE_VFORK | SIGCHLD;
    for (flags, expected) in [
        (both, [invalid, 0, 0]),
        (both | CLONE_SIGHAND, [invalid, invalid, 0]),
    ] {
        let pid = raw::clone(flags, top, unshare_memory, 0, [0; 2]);
        wait(pid as i32)?;
        same!(SEEN.each_ref().map(|seen| seen.load(SeqCst)), expected);
    }
    Ok(())
}

fn unshare_pid_leaves_the_caller() -> Outcome {
    let (pid, parent) = (sys!(SYS_getpid), sys!(SYS_getppid));
    let own = super::link("/proc/self/ns/pid")?;
    unshare(CLONE_NEWPID)?;
    same!((sys!(SYS_getpid), sys!(SYS_getppid)), (pid, parent));
    same!(&super::link("/proc/self/ns/pid")?, &own);
    // The one to be has no process that could be asked for it.
    let of_children = c"/proc/self/ns/pid_for_children";
    fails!(ENOENT, SYS_readlink, of_children, &mut [0u8; 30], 30);
    fails!(ENOENT, SYS_open, of_children, O_RDONLY);
    let child = spawn(sleep_for_good)?;
    let link = super::link("/proc/self/ns/pid_for_children")?;
    same!(&super::link(format!("/proc/{child}/ns/pid"))?, &link);
    holds!(link != own);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn unshare_pid_first_child_is_its_init() -> Outcome {
    unshare(CLONE_NEWPID)?;
    let first = spawn(sleep_for_good)?;
    let second = status_of(|| 10 * sys!(SYS_getppid) as i32 + sys!(SYS_getpid) as i32)?;
    works!(SYS_kill, first, SIGKILL);
    same!((second, wait(first)?), (2 << 8, SIGKILL));
    Ok(())
}

fn unshare_pid_only_once() -> Outcome {
    unshare(CLONE_NEWPID)?;
    fails!(EINVAL, SYS_unshare, CLONE_NEWPID);
    fails!(EINVAL, SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    // Its child is in it, so it may.
    inside_child(|| unshare(CLONE_NEWPID))
}

extern "C" fn nothing(_: *mut c_void) -> i32 {
    0
}

/// All threads of a process are in one namespace.
fn unshare_pid_then_no_threads() -> Outcome {
    let stack = works!(
        SYS_mmap,
        0,
        65536,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    let top = stack as usize + 65536;
    unshare(CLONE_NEWPID)?;
    let thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
    same!(
        result_text(raw::clone(thread, top, nothing, 0, [0; 2])),
        "EINVAL"
    );
    let vfork = CLONE_VM | CLONE_VFORK | SIGCHLD;
    let pid = raw::clone(vfork, top, nothing, 0, [0; 2]);
    same!(wait(pid as i32)?, 0);
    Ok(())
}

fn unshare_pid_of_a_dead_namespace() -> Outcome {
    unshare(CLONE_NEWPID)?;
    same!(status_of(|| 3)?, 3 << 8);
    for _ in 0..2 {
        fails!(ENOMEM, SYS_fork);
    }
    fails!(ENOMEM, SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);
    fails!(EINVAL, SYS_unshare, CLONE_NEWPID);
    Ok(())
}

/// A call that fails changes nothing of what it asked for besides.
fn unshare_all_or_nothing() -> Outcome {
    unshare(CLONE_NEWPID)?;
    let uts = super::link("/proc/self/ns/uts")?;
    let mounts = super::link("/proc/self/ns/mnt")?;
    fails!(
        EINVAL,
        SYS_unshare,
        CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS
    );
    same!(&super::link("/proc/self/ns/uts")?, &uts);
    same!(&super::link("/proc/self/ns/mnt")?, &mounts);
    gives!(0, SYS_unshare, CLONE_NEWUTS | CLONE_NEWNS);
    holds!(super::link("/proc/self/ns/uts")? != uts);
    holds!(super::link("/proc/self/ns/mnt")? != mounts);
    Ok(())
}
