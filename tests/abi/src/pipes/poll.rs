//! poll, ppoll, select and pselect6. Source: poll(2), select(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, now, spawn, wait};
use abi_tests::signal::{Context, Info, bit, mask};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    poll_pipe_states,
    poll_regular_file_always_ready,
    poll_bad_descriptor_is_reported,
    poll_negative_is_skipped,
    poll_timeout_passes,
    poll_zero_returns_at_once,
    poll_wakes_on_write,
    poll_wakes_on_hangup,
    poll_interrupted_never_restarted,
    poll_too_many,
    poll_bad_address,
    poll_same_descriptor_twice,
    poll_full_pipe_not_writable,
    ppoll_mask_lets_signal_in,
    ppoll_bad_timeout,
    ppoll_updates_timeout,
    select_read_and_write_sets,
    select_clears_not_ready,
    select_timeout_updates,
    select_bad_descriptor,
    select_bad_count,
    select_closed_writer_is_readable,
    select_nothing_sleeps,
    pselect_mask_lets_signal_in,
    pselect_keeps_timeout_in_user_struct,
];

fn new() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    Ok(ends)
}

fn ask(fd: i32, events: i16) -> pollfd {
    pollfd {
        fd,
        events,
        revents: 0x55,
    }
}

/// What poll says at once about one descriptor.
fn ready(fd: i32, events: i16) -> Result<i16, Failure> {
    let mut list = [ask(fd, events)];
    let count = works!(SYS_poll, &mut list, 1, 0);
    same!(count, (list[0].revents != 0) as isize);
    Ok(list[0].revents)
}

fn poll_pipe_states() -> Outcome {
    let [out, into] = new()?;
    same!(ready(out, POLLIN)?, 0);
    same!(ready(into, POLLOUT)?, POLLOUT);
    works!(SYS_write, into, b"x", 1);
    same!(ready(out, POLLIN | POLLOUT)?, POLLIN);
    works!(SYS_close, into);
    same!(ready(out, POLLIN)?, POLLIN | POLLHUP);
    works!(SYS_read, out, &mut [0u8], 1);
    same!(ready(out, POLLIN)?, POLLHUP);
    same!(ready(out, 0)?, POLLHUP);
    let [out, into] = new()?;
    works!(SYS_close, out);
    same!(ready(into, POLLOUT)?, POLLOUT | POLLERR);
    Ok(())
}

fn poll_regular_file_always_ready() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644) as i32;
    same!(ready(fd, POLLIN | POLLOUT | POLLPRI)?, POLLIN | POLLOUT);
    same!(
        ready(
            works!(SYS_open, c"/dev/null", O_RDWR) as i32,
            POLLIN | POLLOUT
        )?,
        POLLIN | POLLOUT
    );
    same!(
        ready(works!(SYS_open, c".", O_RDONLY) as i32, POLLIN)?,
        POLLIN
    );
    Ok(())
}

fn poll_bad_descriptor_is_reported() -> Outcome {
    same!(ready(99, POLLIN)?, POLLNVAL);
    Ok(())
}

fn poll_negative_is_skipped() -> Outcome {
    let mut list = [ask(-1, POLLIN), ask(-7, POLLIN)];
    gives!(0, SYS_poll, &mut list, 2, 0);
    same!((list[0].revents, list[1].revents), (0, 0));
    Ok(())
}

fn poll_timeout_passes() -> Outcome {
    let [out, _into] = new()?;
    let mut list = [ask(out, POLLIN)];
    let start = now();
    gives!(0, SYS_poll, &mut list, 1, 30);
    holds!((30_000_000..3_000_000_000).contains(&(now() - start)));
    gives!(0, SYS_poll, 0, 0, 10);
    Ok(())
}

fn poll_zero_returns_at_once() -> Outcome {
    let [out, _into] = new()?;
    same!(ready(out, POLLIN)?, 0);
    gives!(0, SYS_poll, 0, 0, 0);
    Ok(())
}

fn poll_wakes_on_write() -> Outcome {
    let [out, into] = new()?;
    let child = spawn(|| {
        let mut list = [ask(-1, POLLIN), ask(out, POLLIN)];
        let count = sys!(SYS_poll, &mut list, 2, -1);
        (count == 1 && list[1].revents == POLLIN) as i32
    })?;
    holds!(process::until_asleep(child));
    works!(SYS_write, into, b"x", 1);
    same!(wait(child)?, 1 << 8);
    Ok(())
}

fn poll_wakes_on_hangup() -> Outcome {
    let [out, into] = new()?;
    let child = spawn(|| {
        sys!(SYS_close, into);
        let mut list = [ask(out, 0)];
        let count = sys!(SYS_poll, &mut list, 1, -1);
        (count == 1 && list[0].revents == POLLHUP) as i32
    })?;
    holds!(process::until_asleep(child));
    works!(SYS_close, into);
    same!(wait(child)?, 1 << 8);
    Ok(())
}

static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn poll_interrupted_never_restarted() -> Outcome {
    raw::set_handler(SIGUSR1, count, SA_RESTART, 0);
    let child = spawn(|| -sys!(SYS_poll, 0, 0, -1) as i32)?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn poll_too_many() -> Outcome {
    fails!(EINVAL, SYS_poll, 0, u32::MAX, 0);
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &[16u64, 16], 0);
    fails!(EINVAL, SYS_poll, 0, 17, 0);
    Ok(())
}

fn poll_bad_address() -> Outcome {
    fails!(EFAULT, SYS_poll, 8, 1, 0);
    Ok(())
}

fn poll_same_descriptor_twice() -> Outcome {
    let [_out, into] = new()?;
    let mut list = [ask(into, POLLOUT), ask(into, 0), ask(into, POLLOUT)];
    gives!(2, SYS_poll, &mut list, 3, -1);
    same!(list.map(|one| one.revents), [POLLOUT, 0, POLLOUT]);
    Ok(())
}

fn poll_full_pipe_not_writable() -> Outcome {
    let [_out, into] = new()?;
    works!(SYS_write, into, vec![0u8; 65536].as_slice(), 65536);
    same!(ready(into, POLLOUT)?, 0);
    Ok(())
}

/// The mask holds for the time of the wait only: a signal blocked outside is let in.
fn ppoll_mask_lets_signal_in() -> Outcome {
    raw::set_handler(SIGUSR1, count, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    abi_tests::signal::raise(SIGUSR1);
    fails!(EINTR, SYS_ppoll, 0, 0, 0, &0u64, 8);
    same!((COUNT.load(SeqCst), mask(SIG_BLOCK, 0)), (1, bit(SIGUSR1)));
    Ok(())
}

fn ppoll_bad_timeout() -> Outcome {
    fails!(EINVAL, SYS_ppoll, 0, 0, &[0i64, 1_000_000_000], 0, 8);
    fails!(EINVAL, SYS_ppoll, 0, 0, &[-1i64, 0], 0, 8);
    fails!(EFAULT, SYS_ppoll, 0, 0, 8, 0, 8);
    fails!(EINVAL, SYS_ppoll, 0, 0, 0, &0u64, 4);
    Ok(())
}

fn ppoll_updates_timeout() -> Outcome {
    let mut time = [0i64, 20_000_000];
    gives!(0, SYS_ppoll, 0, 0, &mut time, 0, 8);
    same!(time, [0, 0]);
    let [_out, into] = new()?;
    let mut time = [100i64, 0];
    let mut list = [ask(into, POLLOUT)];
    gives!(1, SYS_ppoll, &mut list, 1, &mut time, 0, 8);
    holds!((90..=100).contains(&time[0]), "saw {time:?}");
    Ok(())
}

/// A set with these descriptors.
fn set(descriptors: &[i32]) -> [u64; 16] {
    let mut words = [0u64; 16];
    for fd in descriptors {
        words[*fd as usize / 64] |= 1 << (fd % 64);
    }
    words
}

fn select_read_and_write_sets() -> Outcome {
    let [out, into] = new()?;
    works!(SYS_write, into, b"x", 1);
    let (mut reading, mut writing) = (set(&[out]), set(&[into]));
    gives!(2, SYS_select, 64, &mut reading, &mut writing, 0, 0);
    same!((reading, writing), (set(&[out]), set(&[into])));
    Ok(())
}

fn select_clears_not_ready() -> Outcome {
    let [out, into] = new()?;
    let (mut reading, mut writing, mut odd) = (set(&[out]), set(&[into]), set(&[out]));
    gives!(1, SYS_select, 64, &mut reading, &mut writing, &mut odd, 0);
    same!((reading, writing, odd), (set(&[]), set(&[into]), set(&[])));
    Ok(())
}

fn select_timeout_updates() -> Outcome {
    let [out, into] = new()?;
    let mut reading = set(&[out]);
    let mut time = [0i64, 20_000];
    gives!(0, SYS_select, 64, &mut reading, 0, 0, &mut time);
    same!((reading, time), (set(&[]), [0, 0]));
    let mut writing = set(&[into]);
    let mut time = [100i64, 0];
    gives!(1, SYS_select, 64, 0, &mut writing, 0, &mut time);
    holds!((90..=100).contains(&time[0]), "saw {time:?}");
    Ok(())
}

fn select_bad_descriptor() -> Outcome {
    let mut reading = set(&[50]);
    fails!(EBADF, SYS_select, 64, &mut reading, 0, 0, 0);
    // Beyond the count it does not matter.
    let mut reading = set(&[50]);
    gives!(0, SYS_select, 50, &mut reading, 0, 0, &[0i64, 0]);
    Ok(())
}

fn select_bad_count() -> Outcome {
    fails!(EINVAL, SYS_select, -1, 0, 0, 0, 0);
    fails!(EINVAL, SYS_select, 0, 0, 0, 0, &[-1i64, 0]);
    fails!(EFAULT, SYS_select, 1, 8, 0, 0, 0);
    fails!(EFAULT, SYS_select, 0, 0, 0, 0, 8);
    // Of no descriptors no set is looked at; the count is an `int`.
    gives!(0, SYS_select, 1_u64 << 32, 0, 0, -4096, &[0i64, 0]);
    Ok(())
}

fn select_closed_writer_is_readable() -> Outcome {
    let [out, into] = new()?;
    works!(SYS_close, into);
    let mut reading = set(&[out]);
    gives!(1, SYS_select, 64, &mut reading, 0, 0, 0);
    Ok(())
}

fn select_nothing_sleeps() -> Outcome {
    let start = now();
    gives!(0, SYS_select, 0, 0, 0, 0, &[0i64, 20_000]);
    holds!(now() - start >= 20_000_000);
    Ok(())
}

fn pselect_mask_lets_signal_in() -> Outcome {
    raw::set_handler(SIGUSR1, count, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    abi_tests::signal::raise(SIGUSR1);
    let empty = 0u64;
    let pair = [std::ptr::from_ref(&empty).expose_provenance(), 8];
    fails!(EINTR, SYS_pselect6, 0, 0, 0, 0, 0, &pair);
    same!((COUNT.load(SeqCst), mask(SIG_BLOCK, 0)), (1, bit(SIGUSR1)));
    fails!(EINVAL, SYS_pselect6, 0, 0, 0, 0, 0, &[pair[0], 4]);
    Ok(())
}

/// The raw call writes the rest of the time back, unlike the library function.
fn pselect_keeps_timeout_in_user_struct() -> Outcome {
    let mut time = [0i64, 20_000_000];
    gives!(0, SYS_pselect6, 0, 0, 0, 0, &mut time, 0);
    same!(time, [0, 0]);
    fails!(EINVAL, SYS_pselect6, 0, 0, 0, 0, &[0i64, 1_000_000_000], 0);
    Ok(())
}
