//! Descriptors of processes. Source: pidfd_open(2), pidfd_send_signal(2), clone(2), waitid(2).

use super::{PIDFD, inside, sleep_for_good, start_init};
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, spawn, wait};
use abi_tests::signal::{self, Info, bit};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    pidfd_open_arguments,
    pidfd_is_closed_on_exec,
    pidfd_is_no_ordinary_file,
    pidfd_readable_at_the_end,
    pidfd_wait,
    pidfd_wait_without_waiting,
    pidfd_wait_for_others,
    pidfd_signal,
    pidfd_signal_arguments,
    pidfd_signal_to_a_zombie,
    pidfd_signal_to_the_dead,
    pidfd_signal_needs_privilege,
    pidfd_signal_across,
    pidfd_of_clone,
    pidfd_info,
    pidfd_info_of_another_namespace,
];

fn pidfd_open_arguments() -> Outcome {
    let own = works!(SYS_getpid);
    fails!(EINVAL, SYS_pidfd_open, 0, 0);
    fails!(EINVAL, SYS_pidfd_open, -1, 0);
    fails!(EINVAL, SYS_pidfd_open, own, 1);
    fails!(EINVAL, SYS_pidfd_open, own, O_CLOEXEC);
    fails!(ESRCH, SYS_pidfd_open, 4_000_000, 0);
    works!(SYS_close, works!(SYS_pidfd_open, own, O_NONBLOCK));
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &[0u64, 0], 0);
    fails!(EMFILE, SYS_pidfd_open, own, 0);
    Ok(())
}

fn pidfd_is_closed_on_exec() -> Outcome {
    let own = works!(SYS_getpid);
    let plain = works!(SYS_pidfd_open, own, 0);
    let nonblocking = works!(SYS_pidfd_open, own, O_NONBLOCK);
    gives!(FD_CLOEXEC, SYS_fcntl, plain, F_GETFD);
    gives!(FD_CLOEXEC, SYS_fcntl, nonblocking, F_GETFD);
    same!(works!(SYS_fcntl, plain, F_GETFL) & O_NONBLOCK as isize, 0);
    same!(
        works!(SYS_fcntl, nonblocking, F_GETFL) & O_NONBLOCK as isize,
        O_NONBLOCK as isize
    );
    Ok(())
}

fn pidfd_is_no_ordinary_file() -> Outcome {
    let own = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    fails!(EINVAL, SYS_read, own, &mut [0u8], 1);
    fails!(EINVAL, SYS_write, own, &[0u8], 1);
    fails!(ESPIPE, SYS_lseek, own, 0, SEEK_SET);
    fails!(EBADF, SYS_pidfd_send_signal, 99, 0, 0, 0);
    std::fs::write("f", "")?;
    let file = works!(SYS_open, c"f", O_RDONLY);
    fails!(EBADF, SYS_pidfd_send_signal, file, 0, 0, 0);
    fails!(EBADF, SYS_waitid, P_PIDFD, file, 0, WEXITED, 0);
    let link = super::link(format!("/proc/self/fd/{own}"))?;
    same!(link, "anon_inode:[pidfd]");
    Ok(())
}

/// What poll says of the descriptor within so many milliseconds.
fn polled(descriptor: isize, limit: i32) -> (isize, i16) {
    let mut entry = [descriptor as u64 & 0xffff_ffff | (POLLIN as u64) << 32];
    let seen = sys!(SYS_poll, &mut entry, 1, limit);
    (seen, (entry[0] >> 48) as i16)
}

fn pidfd_readable_at_the_end() -> Outcome {
    let child = spawn(sleep_for_good)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    same!(polled(descriptor, 0), (0, 0));
    works!(SYS_kill, child, SIGSTOP);
    same!(polled(descriptor, 10), (0, 0));
    works!(SYS_kill, child, SIGKILL);
    same!(polled(descriptor, 5000), (1, POLLIN));
    let mut status = 0i32;
    gives!(child, SYS_wait4, child, &mut status, 0, 0);
    same!(polled(descriptor, 0).0, 1);
    Ok(())
}

fn pidfd_wait() -> Outcome {
    let child = spawn(|| 7)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    let mut info = Info::default();
    gives!(0, SYS_waitid, P_PIDFD, descriptor, &mut info, WEXITED, 0);
    same!(
        (info.pid(), info.status(), info.code),
        (child, 7, CLD_EXITED)
    );
    fails!(
        ECHILD, SYS_waitid, P_PIDFD, descriptor, &mut info, WEXITED, 0
    );
    Ok(())
}

fn pidfd_wait_without_waiting() -> Outcome {
    let child = spawn(sleep_for_good)?;
    let descriptor = works!(SYS_pidfd_open, child, O_NONBLOCK);
    fails!(EAGAIN, SYS_waitid, P_PIDFD, descriptor, 0, WEXITED, 0);
    let mut info = Info {
        signal: 9,
        ..Info::default()
    };
    gives!(
        0,
        SYS_waitid,
        P_PIDFD,
        descriptor,
        &mut info,
        WEXITED | WNOHANG,
        0
    );
    same!((info.signal, info.pid()), (0, 0));
    works!(SYS_kill, child, SIGKILL);
    same!(polled(descriptor, 5000), (1, POLLIN));
    gives!(0, SYS_waitid, P_PIDFD, descriptor, 0, WEXITED, 0);
    Ok(())
}

fn pidfd_wait_for_others() -> Outcome {
    let own = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    fails!(ECHILD, SYS_waitid, P_PIDFD, own, 0, WEXITED, 0);
    fails!(EBADF, SYS_waitid, P_PIDFD, 99, 0, WEXITED, 0);
    fails!(EINVAL, SYS_waitid, P_PIDFD, -1, 0, WEXITED, 0);
    fails!(EINVAL, SYS_waitid, P_PIDFD, own, 0, 0, 0);
    Ok(())
}

fn pidfd_signal() -> Outcome {
    signal::mask(SIG_BLOCK, bit(SIGUSR1));
    let pid = works!(SYS_getpid);
    let own = works!(SYS_pidfd_open, pid, 0);
    gives!(0, SYS_pidfd_send_signal, own, 0, 0, 0);
    gives!(0, SYS_pidfd_send_signal, own, SIGUSR1, 0, 0);
    let mut info = Info::default();
    gives!(
        SIGUSR1,
        SYS_rt_sigtimedwait,
        &bit(SIGUSR1),
        &mut info,
        &[5u64, 0],
        8
    );
    same!((info.code, info.pid() as isize), (SI_USER, pid));
    let mut given = Info {
        signal: SIGUSR1,
        code: SI_QUEUE,
        ..Info::default()
    };
    given.fields = [1234, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    gives!(0, SYS_pidfd_send_signal, own, SIGUSR1, &given, 0);
    gives!(
        SIGUSR1,
        SYS_rt_sigtimedwait,
        &bit(SIGUSR1),
        &mut info,
        &[5u64, 0],
        8
    );
    same!(
        (info.code, info.pid(), info.fields[1]),
        (SI_QUEUE, 1234, 77)
    );
    Ok(())
}

fn pidfd_signal_arguments() -> Outcome {
    let child = spawn(sleep_for_good)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    fails!(EINVAL, SYS_pidfd_send_signal, descriptor, 65, 0, 0);
    fails!(EINVAL, SYS_pidfd_send_signal, descriptor, -1, 0, 0);
    fails!(EINVAL, SYS_pidfd_send_signal, descriptor, 0, 0, 1 << 20);
    fails!(EFAULT, SYS_pidfd_send_signal, descriptor, SIGUSR1, 8, 0);
    let mut given = Info {
        signal: SIGUSR2,
        code: SI_QUEUE,
        ..Info::default()
    };
    fails!(
        EINVAL,
        SYS_pidfd_send_signal,
        descriptor,
        SIGUSR1,
        &given,
        0
    );
    // Another's signal cannot be made to look like the kernel's or a plain one.
    given.signal = SIGUSR1;
    for code in [SI_USER, SI_KERNEL, SI_TKILL] {
        given.code = code;
        fails!(EPERM, SYS_pidfd_send_signal, descriptor, SIGUSR1, &given, 0);
    }
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}

fn pidfd_signal_to_a_zombie() -> Outcome {
    let child = spawn(|| 0)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    same!(polled(descriptor, 5000), (1, POLLIN));
    gives!(0, SYS_pidfd_send_signal, descriptor, SIGTERM, 0, 0);
    wait(child)?;
    Ok(())
}

fn pidfd_signal_to_the_dead() -> Outcome {
    let child = spawn(|| 0)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    wait(child)?;
    fails!(ESRCH, SYS_pidfd_send_signal, descriptor, SIGTERM, 0, 0);
    fails!(ESRCH, SYS_pidfd_send_signal, descriptor, 0, 0, 0);
    fails!(ESRCH, SYS_pidfd_open, child, 0);
    Ok(())
}

fn pidfd_signal_needs_privilege() -> Outcome {
    if sys!(SYS_getuid) != 0 {
        return Err(abi_tests::check::Failure::Skipped);
    }
    let own = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_pidfd_send_signal, own, 0, 0, 0);
        fails!(EPERM, SYS_pidfd_send_signal, own, SIGTERM, 0, 0);
        Ok(())
    })
}

/// Downwards only, whoever opened the descriptor.
fn pidfd_signal_across() -> Outcome {
    let own = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    inside(0, || {
        fails!(EINVAL, SYS_pidfd_send_signal, own, 0, 0, 0);
        fails!(EINVAL, SYS_pidfd_send_signal, own, SIGTERM, 0, 0);
        let child = spawn(sleep_for_good)?;
        let descriptor = works!(SYS_pidfd_open, child, 0);
        gives!(0, SYS_pidfd_send_signal, descriptor, SIGTERM, 0, 0);
        same!(wait(child)?, SIGTERM);
        let init = works!(SYS_pidfd_open, 1, 0);
        gives!(0, SYS_pidfd_send_signal, init, SIGKILL, 0, 0);
        Ok(())
    })?;
    let init = start_init(sleep_for_good)?;
    let descriptor = works!(SYS_pidfd_open, init, 0);
    gives!(0, SYS_pidfd_send_signal, descriptor, SIGKILL, 0, 0);
    same!(wait(init)?, SIGKILL);
    Ok(())
}

fn pidfd_of_clone() -> Outcome {
    let mut descriptor = -1i32;
    let at = std::ptr::from_mut(&mut descriptor);
    let pid = sys!(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, at, 0, 0);
    if pid == 0 {
        abi_tests::process::leave(6);
    }
    let seen = abi_tests::raw::shared_word(at.expose_provenance());
    let number = seen.load(std::sync::atomic::Ordering::SeqCst);
    gives!(FD_CLOEXEC, SYS_fcntl, number, F_GETFD);
    let mut info = Info::default();
    gives!(0, SYS_waitid, P_PIDFD, number, &mut info, WEXITED, 0);
    same!((info.pid() as isize, info.status()), (pid, 6));
    // clone3 has an argument of its own for it.
    let (mut stored, mut arguments) = (0u32, [0u64; 8]);
    arguments[0] = (CLONE_PIDFD | CLONE_PARENT_SETTID) as u64;
    arguments[PIDFD] = at.expose_provenance() as u64;
    arguments[3] = std::ptr::from_mut(&mut stored).expose_provenance() as u64;
    arguments[4] = SIGCHLD as u64;
    let pid = sys!(SYS_clone3, &arguments, 64);
    if pid == 0 {
        abi_tests::process::leave(5);
    }
    let stored = abi_tests::raw::shared_word(arguments[3] as usize);
    same!(
        stored.load(std::sync::atomic::Ordering::SeqCst) as isize,
        pid
    );
    same!(wait(pid as i32)?, 5 << 8);
    Ok(())
}

fn information(descriptor: isize, key: &str) -> Result<String, abi_tests::check::Failure> {
    super::status_line(&format!("/proc/self/fdinfo/{descriptor}"), key)
}

fn pidfd_info() -> Outcome {
    let child = spawn(|| 0)?;
    let descriptor = works!(SYS_pidfd_open, child, 0);
    same!(information(descriptor, "Pid")?, child.to_string());
    holds!(information(descriptor, "NSpid")?.starts_with(&child.to_string()));
    wait(child)?;
    same!(information(descriptor, "Pid")?, "-1");
    same!(information(descriptor, "NSpid")?, "-1");
    Ok(())
}

fn pidfd_info_of_another_namespace() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let descriptor = works!(SYS_pidfd_open, init, 0);
    let seen = (
        information(descriptor, "Pid")?,
        information(descriptor, "NSpid")?,
    );
    let own = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    inside(CLONE_NEWNS, || {
        super::mount_proc()?;
        let text = std::fs::read_to_string(format!("proc/self/fdinfo/{own}"))?;
        holds!(
            text.contains("Pid:\t0\n") && text.contains("NSpid:\t0\n"),
            "{text}"
        );
        Ok(())
    })?;
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    same!((seen.0, seen.1.ends_with("\t1")), (init.to_string(), true));
    Ok(())
}
