//! Signals when I/O becomes possible: O_ASYNC, F_SETOWN, F_SETSIG and their kin on pipes, FIFOs and
//! terminals. Source: fcntl(2), sigaction(2), ioctl_tty(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, wait};
use abi_tests::signal::{self, Info};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    async_reader_gets_plain_signal,
    async_reader_gets_details,
    async_writer_gets_details,
    async_each_write_is_told,
    async_hang_up_is_told,
    async_nobody_named,
    async_cleared_and_closed,
    async_other_signals_keep_their_codes,
    async_descriptor_is_that_of_the_flag,
    async_by_ioctl,
    async_to_thread,
    async_to_group,
    async_to_child,
    async_not_to_other_users,
    async_queue_full_becomes_plain,
    async_on_what_sends_none,
    async_fifo_both_ways,
    async_terminal_slave_and_master,
    owner_read_back,
    owner_refused,
    owner_gone,
    nonblocking_by_ioctl,
];

const DETAILED: i32 = 40;
const F_OWNER_TID: i32 = 0;
const F_OWNER_PID: i32 = 1;
const F_OWNER_PGRP: i32 = 2;
const F_SETOWN_EX: i32 = 15;
const F_GETOWN_EX: i32 = 16;
const F_SETSIG: i32 = 10;
const F_GETSIG: i32 = 11;
const POLL_IN: i32 = 1;
const POLL_OUT: i32 = 2;
const SI_SIGIO: i32 = -5;
const BAND_IN: u64 = (POLLIN | POLLRDNORM) as u64;
const BAND_OUT: u64 = (POLLOUT | POLLWRNORM | POLLWRBAND) as u64;

/// A pipe; the signals of this file are blocked, to be fetched by [`next`].
fn pipe() -> Result<[i32; 2], Failure> {
    let wanted = [SIGIO, DETAILED, SIGCHLD, SIGUSR1].map(signal::bit);
    signal::mask(SIG_BLOCK, wanted.iter().sum());
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_NONBLOCK);
    Ok(ends)
}

/// Asks for `number` (0 for plain SIGIO) to this process when `file` becomes ready.
fn ask(file: i32, number: i32) -> Outcome {
    gives!(0, SYS_fcntl, file, F_SETOWN, works!(SYS_getpid));
    gives!(0, SYS_fcntl, file, F_SETSIG, number);
    let flags = works!(SYS_fcntl, file, F_GETFL);
    gives!(0, SYS_fcntl, file, F_SETFL, flags as i32 | O_ASYNC);
    Ok(())
}

/// The next blocked signal, waited for at most so long: number, code, band and descriptor.
fn within(milliseconds: i64) -> Option<(i32, i32, u64, i32)> {
    let mut info = Info::default();
    let limit = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    let all = !0u64;
    let seen = sys!(SYS_rt_sigtimedwait, &all, &mut info, &limit, 8);
    (seen > 0).then(|| {
        (
            info.signal,
            info.code,
            info.fields[0],
            info.fields[1] as i32,
        )
    })
}

fn next() -> Option<(i32, i32, u64, i32)> {
    within(0)
}

/// Number and code of the next.
fn brief() -> Option<(i32, i32)> {
    next().map(|(signal, code, ..)| (signal, code))
}

fn async_reader_gets_plain_signal() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, 0)?;
    same!(next(), None);
    gives!(1, SYS_write, into, b"x", 1);
    same!(brief(), Some((SIGIO, SI_KERNEL)));
    same!(next(), None);
    Ok(())
}

fn async_reader_gets_details() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    ask(out, SIGIO)?;
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((SIGIO, POLL_IN, BAND_IN, out)));
    Ok(())
}

fn async_writer_gets_details() -> Outcome {
    let [out, into] = pipe()?;
    gives!(65536, SYS_write, into, vec![1u8; 65536].as_slice(), 65536);
    ask(into, DETAILED)?;
    gives!(4096, SYS_read, out, vec![0u8; 4096].as_mut_slice(), 4096);
    same!(next(), Some((DETAILED, POLL_OUT, BAND_OUT, into)));
    same!(next(), None);
    Ok(())
}

fn async_each_write_is_told() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    for _ in 0..3 {
        gives!(1, SYS_write, into, b"x", 1);
    }
    for _ in 0..3 {
        same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    }
    same!(next(), None);
    Ok(())
}

fn async_hang_up_is_told() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    works!(SYS_close, into);
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    let [out, into] = pipe()?;
    ask(into, DETAILED)?;
    works!(SYS_close, out);
    same!(next(), Some((DETAILED, POLL_OUT, BAND_OUT, into)));
    Ok(())
}

fn async_nobody_named() -> Outcome {
    let [out, into] = pipe()?;
    gives!(0, SYS_fcntl, out, F_SETFL, O_ASYNC | O_NONBLOCK);
    gives!(O_ASYNC | O_NONBLOCK, SYS_fcntl, out, F_GETFL);
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), None);
    Ok(())
}

fn async_cleared_and_closed() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    gives!(0, SYS_fcntl, out, F_SETFL, O_NONBLOCK);
    gives!(O_NONBLOCK, SYS_fcntl, out, F_GETFL);
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), None);
    ask(out, DETAILED)?;
    let again = works!(SYS_dup, out);
    works!(SYS_close, out);
    gives!(1, SYS_write, into, b"x", 1);
    // The open file still exists, so the signal still comes, with the number that was.
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    works!(SYS_close, again);
    same!(next(), None);
    Ok(())
}

fn async_other_signals_keep_their_codes() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, SIGCHLD)?;
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((SIGCHLD, SI_SIGIO, BAND_IN, out)));
    ask(out, SIGUSR1)?;
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((SIGUSR1, POLL_IN, BAND_IN, out)));
    Ok(())
}

fn async_descriptor_is_that_of_the_flag() -> Outcome {
    let [out, into] = pipe()?;
    let other = works!(SYS_dup, out) as i32;
    ask(other, DETAILED)?;
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, other)));
    Ok(())
}

fn async_by_ioctl() -> Outcome {
    let [out, into] = pipe()?;
    gives!(0, SYS_fcntl, out, F_SETOWN, works!(SYS_getpid));
    gives!(0, SYS_ioctl, out, FIOASYNC, &1i32);
    gives!(O_ASYNC | O_NONBLOCK, SYS_fcntl, out, F_GETFL);
    gives!(1, SYS_write, into, b"x", 1);
    same!(brief(), Some((SIGIO, SI_KERNEL)));
    gives!(0, SYS_ioctl, out, FIOASYNC, &0i32);
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), None);
    fails!(EFAULT, SYS_ioctl, out, FIOASYNC, 8);
    Ok(())
}

fn async_to_thread() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    let owner = [F_OWNER_TID, works!(SYS_gettid) as i32];
    gives!(0, SYS_fcntl, out, F_SETOWN_EX, &owner);
    let mut seen = [9i32; 2];
    gives!(0, SYS_fcntl, out, F_GETOWN_EX, &mut seen);
    same!(seen, owner);
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    Ok(())
}

fn async_to_group() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    let owner = [F_OWNER_PGRP, works!(SYS_getpgid, 0) as i32];
    gives!(0, SYS_fcntl, out, F_SETOWN_EX, &owner);
    let child = spawn(|| within(5000).map_or(1, |(signal, ..)| signal))?;
    holds!(process::until_asleep(child));
    gives!(1, SYS_write, into, b"x", 1);
    same!(wait(child)?, DETAILED << 8);
    same!(brief().map(|(signal, _)| signal), Some(SIGCHLD));
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, out)));
    Ok(())
}

fn async_to_child() -> Outcome {
    let [out, into] = pipe()?;
    let child = spawn(|| within(5000).map_or(1, |(signal, ..)| signal))?;
    holds!(process::until_asleep(child));
    ask(out, 0)?;
    gives!(0, SYS_fcntl, out, F_SETOWN, child);
    gives!(1, SYS_write, into, b"x", 1);
    same!(wait(child)?, SIGIO << 8);
    same!(brief().map(|(signal, _)| signal), Some(SIGCHLD));
    same!(next(), None);
    Ok(())
}

fn async_not_to_other_users() -> Outcome {
    if sys!(SYS_geteuid) != 0 {
        return Err(Failure::Skipped);
    }
    let [out, into] = pipe()?;
    let parent = works!(SYS_getpid);
    // The child named us as one who may not send to us.
    let status = process::status_of(|| {
        sys!(SYS_setresuid, 1000, 1000, 1000);
        let named = sys!(SYS_fcntl, out, F_SETOWN, parent);
        let asked = sys!(SYS_fcntl, out, F_SETFL, O_ASYNC | O_NONBLOCK);
        (named != 0 || asked != 0) as i32
    })?;
    same!(status, 0);
    same!(brief().map(|(signal, _)| signal), Some(SIGCHLD));
    gives!(1, SYS_write, into, b"x", 1);
    same!(next(), None);
    gives!(0, SYS_fcntl, out, F_SETOWN, parent);
    gives!(1, SYS_write, into, b"x", 1);
    same!(brief(), Some((SIGIO, SI_KERNEL)));
    Ok(())
}

fn async_queue_full_becomes_plain() -> Outcome {
    let [out, into] = pipe()?;
    ask(out, DETAILED)?;
    works!(SYS_prlimit64, 0, RLIMIT_SIGPENDING, &[0u64, 0], 0);
    gives!(1, SYS_write, into, b"x", 1);
    same!(brief(), Some((SIGIO, SI_KERNEL)));
    same!(next(), None);
    Ok(())
}

fn async_on_what_sends_none() -> Outcome {
    let file = works!(SYS_open, c"file", O_RDWR | O_CREAT, 0o600);
    gives!(0, SYS_fcntl, file, F_SETFL, O_ASYNC);
    gives!(O_RDWR | 0o100000, SYS_fcntl, file, F_GETFL);
    fails!(ENOTTY, SYS_ioctl, file, FIOASYNC, &1i32);
    gives!(0, SYS_ioctl, file, FIOASYNC, &0i32);
    gives!(0, SYS_fcntl, file, F_SETSIG, 5);
    gives!(5, SYS_fcntl, file, F_GETSIG);
    Ok(())
}

fn async_fifo_both_ways() -> Outcome {
    pipe()?;
    works!(SYS_mknod, c"fifo", S_IFIFO | 0o600, 0);
    let fifo = works!(SYS_open, c"fifo", O_RDWR | O_NONBLOCK) as i32;
    ask(fifo, DETAILED)?;
    gives!(1, SYS_write, fifo, b"x", 1);
    same!(next(), Some((DETAILED, POLL_IN, BAND_IN, fifo)));
    gives!(1, SYS_read, fifo, &mut [0u8], 1);
    same!(next(), Some((DETAILED, POLL_OUT, BAND_OUT, fifo)));
    Ok(())
}

fn async_terminal_slave_and_master() -> Outcome {
    pipe()?;
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY) as i32;
    works!(SYS_ioctl, master, TIOCSPTLCK, &0i32);
    let slave = works!(SYS_ioctl, master, 0x5441, O_RDWR | O_NOCTTY) as i32;
    gives!(0, SYS_fcntl, slave, F_SETFL, O_RDWR | O_ASYNC);
    // Nobody named, no foreground group: it is the caller who gets them.
    gives!(works!(SYS_getpid), SYS_fcntl, slave, F_GETOWN);
    gives!(3, SYS_write, master, b"abc", 3);
    same!(within(50), None);
    gives!(1, SYS_write, master, b"\n", 1);
    same!(within(5000).map(|seen| seen.0), Some(SIGIO));
    gives!(0, SYS_fcntl, slave, F_SETSIG, DETAILED);
    gives!(2, SYS_write, master, b"d\n", 2);
    same!(within(5000), Some((DETAILED, POLL_IN, BAND_IN, slave)));
    gives!(0, SYS_fcntl, slave, F_SETFL, O_RDWR);
    // The echo of both lines; Linux's may come in parts.
    let mut echoed = 0;
    while echoed < 8 {
        echoed += works!(SYS_read, master, &mut [0u8; 64], 64);
    }
    same!(echoed, 8);
    ask(master, DETAILED)?;
    gives!(2, SYS_write, slave, b"ok", 2);
    same!(within(5000), Some((DETAILED, POLL_IN, BAND_IN, master)));
    Ok(())
}

fn owner_read_back() -> Outcome {
    let [out, _] = pipe()?;
    let me = works!(SYS_getpid);
    let mut owner = [9i32; 2];
    gives!(0, SYS_fcntl, out, F_GETOWN);
    gives!(0, SYS_fcntl, out, F_GETOWN_EX, &mut owner);
    same!(owner, [F_OWNER_TID, 0]);
    gives!(0, SYS_fcntl, out, F_GETSIG);
    gives!(0, SYS_fcntl, out, F_SETOWN, me);
    gives!(me, SYS_fcntl, out, F_GETOWN);
    gives!(0, SYS_fcntl, out, F_GETOWN_EX, &mut owner);
    same!(owner, [F_OWNER_PID, me as i32]);
    gives!(0, SYS_fcntl, out, F_SETOWN, 0);
    gives!(0, SYS_fcntl, out, F_GETOWN_EX, &mut owner);
    same!(owner, [F_OWNER_PID, 0]);
    Ok(())
}

fn owner_refused() -> Outcome {
    let [out, _] = pipe()?;
    fails!(ESRCH, SYS_fcntl, out, F_SETOWN, 4_000_000);
    fails!(ESRCH, SYS_fcntl, out, F_SETOWN, -4_000_000);
    fails!(EINVAL, SYS_fcntl, out, F_SETOWN, i32::MIN);
    fails!(EINVAL, SYS_fcntl, out, F_SETOWN_EX, &[3, 1]);
    fails!(
        ESRCH,
        SYS_fcntl,
        out,
        F_SETOWN_EX,
        &[F_OWNER_TID, 4_000_000]
    );
    fails!(EFAULT, SYS_fcntl, out, F_SETOWN_EX, 8);
    fails!(EFAULT, SYS_fcntl, out, F_GETOWN_EX, 8);
    fails!(EINVAL, SYS_fcntl, out, F_SETSIG, 65);
    fails!(EINVAL, SYS_fcntl, out, F_SETSIG, -1);
    Ok(())
}

fn owner_gone() -> Outcome {
    let [out, into] = pipe()?;
    let child = spawn(|| 0)?;
    ask(out, 0)?;
    gives!(0, SYS_fcntl, out, F_SETOWN, child);
    same!(wait(child)?, 0);
    gives!(0, SYS_fcntl, out, F_GETOWN);
    gives!(1, SYS_write, into, b"x", 1);
    same!(brief().map(|(signal, _)| signal), Some(SIGCHLD));
    same!(next(), None);
    Ok(())
}

fn nonblocking_by_ioctl() -> Outcome {
    let [out, _] = pipe()?;
    gives!(0, SYS_ioctl, out, FIONBIO, &0i32);
    gives!(0, SYS_fcntl, out, F_GETFL);
    gives!(0, SYS_ioctl, out, FIONBIO, &1i32);
    fails!(EAGAIN, SYS_read, out, &mut [0u8], 1);
    fails!(EFAULT, SYS_ioctl, out, FIONBIO, 8);
    Ok(())
}
