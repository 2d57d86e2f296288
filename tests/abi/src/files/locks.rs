//! Record locks (per process and per open file) and flock. Source: fcntl(2) "Advisory record
//! locking", flock(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, process, same, sys, works};
use libc::*;

cases![
    record_lock_conflicts_between_processes,
    record_lock_getlk_names_holder,
    record_lock_getlk_unlocked,
    record_lock_shared_together,
    record_lock_needs_access,
    record_lock_ranges,
    record_lock_splits_when_unlocked,
    record_lock_to_end,
    record_lock_released_by_any_close,
    record_lock_released_by_exit,
    record_lock_not_inherited,
    record_lock_waits,
    record_lock_deadlock,
    record_lock_interrupted,
    record_lock_bad_arguments,
    record_lock_whence,
    open_file_lock_conflicts_in_one_process,
    open_file_lock_needs_pid_zero,
    flock_conflicts_between_opens,
    flock_shared_by_dup_and_fork,
    flock_upgrade,
    flock_bad_arguments,
    flock_and_record_locks_are_apart,
];

fn lock(kind: i32, start: i64, length: i64) -> flock {
    flock {
        l_type: kind as i16,
        l_whence: SEEK_SET as i16,
        l_start: start,
        l_len: length,
        l_pid: 0,
    }
}

fn new() -> Result<isize, Failure> {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    gives!(100, SYS_write, fd, &[0u8; 100], 100);
    works!(SYS_lseek, fd, 0, SEEK_SET);
    Ok(fd)
}

/// What another process sees when it tries this lock: 0 or an errno.
fn attempt(fd: isize, wanted: flock) -> Result<i32, Failure> {
    Ok(process::status_of(|| -sys!(SYS_fcntl, fd, F_SETLK, &wanted) as i32)? >> 8)
}

fn record_lock_conflicts_between_processes() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 10, 10));
    same!(attempt(fd, lock(F_WRLCK, 15, 1))?, EAGAIN);
    same!(attempt(fd, lock(F_RDLCK, 0, 11))?, EAGAIN);
    same!(attempt(fd, lock(F_WRLCK, 20, 5))?, 0);
    same!(attempt(fd, lock(F_WRLCK, 0, 10))?, 0);
    Ok(())
}

fn record_lock_getlk_names_holder() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_RDLCK, 10, 10));
    let me = works!(SYS_getpid) as i32;
    process::inside_child(|| {
        let mut probe = lock(F_WRLCK, 5, 10);
        gives!(0, SYS_fcntl, fd, F_GETLK, &mut probe);
        same!(
            (probe.l_type, probe.l_start, probe.l_len, probe.l_pid == me),
            (F_RDLCK as i16, 10, 10, true)
        );
        Ok(())
    })
}

fn record_lock_getlk_unlocked() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 0));
    let mut probe = lock(F_WRLCK, 5, 10);
    gives!(0, SYS_fcntl, fd, F_GETLK, &mut probe);
    same!(
        (probe.l_type, probe.l_start, probe.l_len),
        (F_UNLCK as i16, 5, 10)
    );
    Ok(())
}

fn record_lock_shared_together() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_RDLCK, 0, 10));
    same!(attempt(fd, lock(F_RDLCK, 0, 10))?, 0);
    same!(attempt(fd, lock(F_WRLCK, 0, 10))?, EAGAIN);
    Ok(())
}

fn record_lock_needs_access() -> Outcome {
    new()?;
    let reader = works!(SYS_open, c"f", O_RDONLY);
    let writer = works!(SYS_open, c"f", O_WRONLY);
    fails!(EBADF, SYS_fcntl, reader, F_SETLK, &lock(F_WRLCK, 0, 1));
    fails!(EBADF, SYS_fcntl, writer, F_SETLK, &lock(F_RDLCK, 0, 1));
    gives!(0, SYS_fcntl, writer, F_SETLK, &lock(F_WRLCK, 0, 1));
    Ok(())
}

/// Adjacent locks of one kind join; a lock of the other kind inside splits.
fn record_lock_ranges() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 10, 10));
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_RDLCK, 30, 10));
    process::inside_child(|| {
        let mut probe = lock(F_WRLCK, 0, 0);
        gives!(0, SYS_fcntl, fd, F_GETLK, &mut probe);
        same!((probe.l_start, probe.l_len), (0, 20));
        let mut probe = lock(F_WRLCK, 25, 0);
        gives!(0, SYS_fcntl, fd, F_GETLK, &mut probe);
        same!((probe.l_start, probe.l_len), (30, 10));
        Ok(())
    })
}

fn record_lock_splits_when_unlocked() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 30));
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_UNLCK, 10, 10));
    same!(attempt(fd, lock(F_WRLCK, 10, 10))?, 0);
    same!(attempt(fd, lock(F_WRLCK, 9, 1))?, EAGAIN);
    same!(attempt(fd, lock(F_WRLCK, 20, 1))?, EAGAIN);
    Ok(())
}

fn record_lock_to_end() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 50, 0));
    same!(attempt(fd, lock(F_WRLCK, 1 << 40, 1))?, EAGAIN);
    same!(attempt(fd, lock(F_WRLCK, 0, 50))?, 0);
    Ok(())
}

fn record_lock_released_by_any_close() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    let other = works!(SYS_open, c"f", O_RDONLY);
    works!(SYS_close, other);
    same!(attempt(fd, lock(F_WRLCK, 0, 10))?, 0);
    Ok(())
}

fn record_lock_released_by_exit() -> Outcome {
    let fd = new()?;
    same!(attempt(fd, lock(F_WRLCK, 0, 10))?, 0);
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    Ok(())
}

fn record_lock_not_inherited() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    // The child's unlocking must not touch the parent's lock.
    same!(attempt(fd, lock(F_UNLCK, 0, 10))?, 0);
    same!(attempt(fd, lock(F_WRLCK, 0, 10))?, EAGAIN);
    Ok(())
}

fn record_lock_waits() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    let child = process::spawn(|| -sys!(SYS_fcntl, fd, F_SETLKW, &lock(F_WRLCK, 0, 10)) as i32)?;
    process::until_asleep(child);
    gives!(0, SYS_wait4, child, 0, WNOHANG, 0);
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_UNLCK, 0, 10));
    same!(process::wait(child)?, 0);
    Ok(())
}

fn record_lock_deadlock() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 1));
    let child = process::spawn(|| {
        sys!(SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 1, 1));
        -sys!(SYS_fcntl, fd, F_SETLKW, &lock(F_WRLCK, 0, 1)) as i32
    })?;
    process::until_asleep(child);
    fails!(EDEADLK, SYS_fcntl, fd, F_SETLKW, &lock(F_WRLCK, 1, 1));
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_UNLCK, 0, 1));
    same!(process::wait(child)?, 0);
    Ok(())
}

fn record_lock_interrupted() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 0, 10));
    extern "C" fn ignore(_: i32, _: &abi_tests::signal::Info, _: &mut abi_tests::signal::Context) {}
    abi_tests::raw::set_handler(SIGUSR1, ignore, 0, 0);
    let child = process::spawn(|| -sys!(SYS_fcntl, fd, F_SETLKW, &lock(F_WRLCK, 0, 10)) as i32)?;
    process::until_asleep(child);
    works!(SYS_kill, child, SIGUSR1);
    same!(process::wait(child)? >> 8, EINTR);
    Ok(())
}

fn record_lock_bad_arguments() -> Outcome {
    let fd = new()?;
    fails!(EINVAL, SYS_fcntl, fd, F_SETLK, &lock(77, 0, 1));
    fails!(EINVAL, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, -1, 1));
    fails!(EINVAL, SYS_fcntl, fd, F_SETLK, &lock(F_WRLCK, 5, -6));
    fails!(
        EOVERFLOW,
        SYS_fcntl,
        fd,
        F_SETLK,
        &lock(F_WRLCK, i64::MAX, 2)
    );
    fails!(EINVAL, SYS_fcntl, fd, F_GETLK, &mut lock(F_UNLCK, 0, 1));
    fails!(EFAULT, SYS_fcntl, fd, F_SETLK, 0);
    fails!(EFAULT, SYS_fcntl, fd, F_GETLK, 1usize << 63);
    Ok(())
}

/// A negative length locks what lies before the start; the start may count from position or end.
fn record_lock_whence() -> Outcome {
    let fd = new()?;
    works!(SYS_lseek, fd, 40, SEEK_SET);
    let mut wanted = lock(F_WRLCK, 0, -10);
    wanted.l_whence = SEEK_CUR as i16;
    gives!(0, SYS_fcntl, fd, F_SETLK, &wanted);
    same!(attempt(fd, lock(F_WRLCK, 30, 1))?, EAGAIN);
    same!(attempt(fd, lock(F_WRLCK, 40, 1))?, 0);
    wanted = lock(F_WRLCK, -5, 5);
    wanted.l_whence = SEEK_END as i16;
    gives!(0, SYS_fcntl, fd, F_SETLK, &wanted);
    same!(attempt(fd, lock(F_WRLCK, 95, 1))?, EAGAIN);
    same!(attempt(fd, lock(F_WRLCK, 94, 1))?, 0);
    Ok(())
}

fn open_file_lock_conflicts_in_one_process() -> Outcome {
    let fd = new()?;
    let other = works!(SYS_open, c"f", O_RDWR);
    gives!(0, SYS_fcntl, fd, F_OFD_SETLK, &lock(F_WRLCK, 0, 10));
    fails!(EAGAIN, SYS_fcntl, other, F_OFD_SETLK, &lock(F_WRLCK, 5, 1));
    fails!(EAGAIN, SYS_fcntl, other, F_SETLK, &lock(F_WRLCK, 5, 1));
    let mut probe = lock(F_WRLCK, 0, 1);
    gives!(0, SYS_fcntl, other, F_OFD_GETLK, &mut probe);
    same!((probe.l_type, probe.l_pid), (F_WRLCK as i16, -1));
    works!(SYS_close, fd);
    gives!(0, SYS_fcntl, other, F_OFD_SETLK, &lock(F_WRLCK, 5, 1));
    Ok(())
}

fn open_file_lock_needs_pid_zero() -> Outcome {
    let fd = new()?;
    let mut wanted = lock(F_WRLCK, 0, 10);
    wanted.l_pid = 1;
    fails!(EINVAL, SYS_fcntl, fd, F_OFD_SETLK, &wanted);
    Ok(())
}

fn flock_conflicts_between_opens() -> Outcome {
    let fd = new()?;
    let other = works!(SYS_open, c"f", O_RDONLY);
    gives!(0, SYS_flock, fd, LOCK_EX);
    fails!(EAGAIN, SYS_flock, other, LOCK_EX | LOCK_NB);
    fails!(EAGAIN, SYS_flock, other, LOCK_SH | LOCK_NB);
    gives!(0, SYS_flock, fd, LOCK_UN);
    gives!(0, SYS_flock, other, LOCK_SH | LOCK_NB);
    gives!(0, SYS_flock, fd, LOCK_SH | LOCK_NB);
    Ok(())
}

fn flock_shared_by_dup_and_fork() -> Outcome {
    let fd = new()?;
    let other = works!(SYS_open, c"f", O_RDWR);
    gives!(0, SYS_flock, fd, LOCK_EX);
    let copy = works!(SYS_dup, fd);
    works!(SYS_close, fd);
    fails!(EAGAIN, SYS_flock, other, LOCK_EX | LOCK_NB);
    same!(
        process::status_of(|| sys!(SYS_flock, copy, LOCK_UN) as i32)?,
        0
    );
    gives!(0, SYS_flock, other, LOCK_EX | LOCK_NB);
    Ok(())
}

fn flock_upgrade() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_flock, fd, LOCK_SH);
    gives!(0, SYS_flock, fd, LOCK_EX | LOCK_NB);
    let other = works!(SYS_open, c"f", O_RDWR);
    fails!(EAGAIN, SYS_flock, other, LOCK_SH | LOCK_NB);
    gives!(0, SYS_flock, fd, LOCK_SH | LOCK_NB);
    gives!(0, SYS_flock, other, LOCK_SH | LOCK_NB);
    Ok(())
}

fn flock_bad_arguments() -> Outcome {
    let fd = new()?;
    fails!(EINVAL, SYS_flock, fd, 0);
    fails!(EINVAL, SYS_flock, fd, LOCK_SH | LOCK_EX);
    fails!(EBADF, SYS_flock, 99, LOCK_SH);
    Ok(())
}

fn flock_and_record_locks_are_apart() -> Outcome {
    let fd = new()?;
    gives!(0, SYS_flock, fd, LOCK_EX);
    same!(attempt(fd, lock(F_WRLCK, 0, 0))?, 0);
    Ok(())
}
