//! Which flags clone and clone3 take together, and which errors they answer in which order.
//! Source: clone(2).

use super::{EXIT_SIGNAL, FLAGS, PIDFD, fork_with};
use abi_tests::check::{Outcome, result_text};
use abi_tests::process::{inside_child, leave, wait};
use abi_tests::{cases, fails, gives, same, sys, works};
use libc::*;

cases![
    clone_flags_that_exclude_each_other,
    clone3_flags_that_exclude_each_other,
    clone3_flags_it_does_not_know,
    clone3_size_of_the_structure,
    clone3_stack_and_signal,
    clone3_exit_signal_of_a_thread,
    clone3_makes_namespaces,
    clone_descriptor_and_number_at_one_place,
    clone_namespaces_need_privilege,
    clone_flags_come_before_privilege,
    clone_as_child_of_the_parent,
];

/// Pairs that make no sense together, or without a third.
const EXCLUDED: [i32; 9] = [
    CLONE_NEWNS | CLONE_FS,
    CLONE_NEWUSER | CLONE_FS,
    CLONE_THREAD,
    CLONE_THREAD | CLONE_VM,
    CLONE_SIGHAND,
    CLONE_THREAD | CLONE_SIGHAND,
    CLONE_NEWIPC | CLONE_SYSVSEM,
    CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID,
    CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER,
];

/// Makes the call; a child that came of it ends at once.
fn clone3(arguments: &[u64], size: usize) -> isize {
    match sys!(SYS_clone3, arguments, size) {
        0 => leave(0),
        pid if pid > 0 && arguments[EXIT_SIGNAL] == SIGCHLD as u64 => {
            sys!(SYS_wait4, pid, 0, 0, 0);
            pid
        }
        pid if pid > 0 => {
            sys!(SYS_wait4, pid, 0, __WALL, 0);
            pid
        }
        error => error,
    }
}

fn with_flags(flags: u64) -> [u64; 12] {
    let mut arguments = [0u64; 12];
    arguments[FLAGS] = flags;
    arguments
}

fn clone_flags_that_exclude_each_other() -> Outcome {
    for flags in EXCLUDED {
        let seen = sys!(SYS_clone, flags, 0, 0, 0, 0);
        same!((flags, result_text(seen)), (flags, "EINVAL".into()));
    }
    Ok(())
}

fn clone3_flags_that_exclude_each_other() -> Outcome {
    const CLEAR_SIGHAND: u64 = 1 << 32;
    let more = [
        CLEAR_SIGHAND | (CLONE_SIGHAND | CLONE_VM) as u64,
        CLONE_DETACHED as u64,
        (CLONE_PIDFD | CLONE_DETACHED) as u64,
        0x7f,
        SIGCHLD as u64,
    ];
    for flags in EXCLUDED
        .map(|flags| flags as u32 as u64)
        .iter()
        .chain(&more)
    {
        let seen = clone3(&with_flags(*flags), 64);
        same!((flags, result_text(seen)), (flags, "EINVAL".into()));
    }
    Ok(())
}

fn clone3_flags_it_does_not_know() -> Outcome {
    for bit in 40..64 {
        fails!(EINVAL, SYS_clone3, &with_flags(1 << bit), 64);
    }
    Ok(())
}

fn clone3_size_of_the_structure() -> Outcome {
    let plain = with_flags(0);
    for size in [0usize, 1, 56, 63] {
        fails!(EINVAL, SYS_clone3, &plain, size);
    }
    fails!(E2BIG, SYS_clone3, &plain, 4097);
    fails!(E2BIG, SYS_clone3, &plain, usize::MAX);
    fails!(EFAULT, SYS_clone3, 8, 64);
    fails!(EFAULT, SYS_clone3, 0, 88);
    let mut longer = [0u64; 20];
    longer[EXIT_SIGNAL] = SIGCHLD as u64;
    let pid = clone3(&longer, 160);
    abi_tests::holds!(pid > 0, "{}", result_text(pid));
    longer[19] = 1;
    fails!(E2BIG, SYS_clone3, &longer, 160);
    Ok(())
}

fn clone3_stack_and_signal() -> Outcome {
    let mut arguments = with_flags(0);
    arguments[5] = 0x1000;
    fails!(EINVAL, SYS_clone3, &arguments, 64);
    arguments[5] = 0;
    arguments[6] = 0x1000;
    fails!(EINVAL, SYS_clone3, &arguments, 64);
    arguments[6] = 0;
    for signal in [65u64, 0x100, 1 << 32] {
        arguments[EXIT_SIGNAL] = signal;
        fails!(EINVAL, SYS_clone3, &arguments, 64);
    }
    Ok(())
}

/// A thread, and a child of one's parent, have no signal of their own.
fn clone3_exit_signal_of_a_thread() -> Outcome {
    let thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    for flags in [thread, CLONE_PARENT] {
        let mut arguments = with_flags(flags as u64);
        arguments[EXIT_SIGNAL] = SIGCHLD as u64;
        fails!(EINVAL, SYS_clone3, &arguments, 64);
    }
    Ok(())
}

fn clone3_makes_namespaces() -> Outcome {
    let mut descriptor = -1i32;
    let mut arguments =
        with_flags((CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS | CLONE_PIDFD) as u64);
    arguments[PIDFD] = std::ptr::from_mut(&mut descriptor).expose_provenance() as u64;
    arguments[EXIT_SIGNAL] = SIGCHLD as u64;
    let pid = match sys!(SYS_clone3, &arguments, 64) {
        0 => leave(sys!(SYS_getpid) as i32 + 10 * sys!(SYS_getppid) as i32),
        error if error == -(EPERM as isize) => return Err(abi_tests::check::Failure::Skipped),
        pid => pid,
    };
    abi_tests::holds!(pid > 0, "{}", result_text(pid));
    let descriptor = std::hint::black_box(&descriptor);
    gives!(1, SYS_fcntl, *descriptor, F_GETFD);
    same!(wait(pid as i32)?, 1 << 8);
    Ok(())
}

fn clone_descriptor_and_number_at_one_place() -> Outcome {
    let mut place = 0i32;
    fails!(
        EINVAL,
        SYS_clone,
        CLONE_PIDFD | CLONE_PARENT_SETTID,
        0,
        &mut place,
        0,
        0
    );
    fails!(
        EINVAL,
        SYS_clone,
        CLONE_PIDFD | CLONE_DETACHED,
        0,
        &mut place,
        0,
        0
    );
    fails!(EFAULT, SYS_clone, CLONE_PIDFD, 0, 8, 0, 0);
    Ok(())
}

fn clone_namespaces_need_privilege() -> Outcome {
    if sys!(SYS_getuid) != 0 {
        return Err(abi_tests::check::Failure::Skipped);
    }
    inside_child(|| {
        works!(SYS_setuid, 1000);
        for flags in [
            CLONE_NEWNS,
            CLONE_NEWUTS,
            CLONE_NEWIPC,
            CLONE_NEWPID,
            CLONE_NEWNET,
            CLONE_NEWCGROUP,
            CLONE_NEWPID | CLONE_NEWUTS,
        ] {
            let seen = fork_with(flags);
            same!((flags, result_text(seen)), (flags, "EPERM".into()));
            fails!(EPERM, SYS_unshare, flags);
            let seen = clone3(&with_flags(flags as u32 as u64), 64);
            same!((flags, result_text(seen)), (flags, "EPERM".into()));
        }
        Ok(())
    })
}

fn clone_flags_come_before_privilege() -> Outcome {
    if sys!(SYS_getuid) != 0 {
        return Err(abi_tests::check::Failure::Skipped);
    }
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EINVAL, SYS_clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0);
        fails!(EPERM, SYS_clone, CLONE_NEWIPC | CLONE_SYSVSEM, 0, 0, 0, 0);
        fails!(
            EINVAL,
            SYS_clone,
            CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID,
            0,
            0,
            0,
            0
        );
        fails!(EINVAL, SYS_unshare, CLONE_NEWPID | CLONE_PARENT);
        Ok(())
    })
}

/// A process 1 has no parent in its namespace that could collect a brother of its.
fn clone_as_child_of_the_parent() -> Outcome {
    super::inside(0, || {
        fails!(EINVAL, SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        let child = abi_tests::process::spawn(|| {
            match sys!(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) {
                0 => leave(sys!(SYS_getpid) as i32 + 10 * sys!(SYS_getppid) as i32),
                pid => pid as i32,
            }
        })?;
        same!((child, wait(child)?, wait(3)?), (2, 3 << 8, 13 << 8));
        Ok(())
    })
}
