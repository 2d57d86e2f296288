//! futex: waiting, whose word it is, and what is refused. Source: futex(2), FUTEX_WAIT(2const),
//! FUTEX_WAIT_BITSET(2const).

use super::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{self, now, spawn, until_asleep, wait};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

cases![
    wait_value_differs,
    wait_times_out,
    wait_timeout_zero,
    wait_bad_timeout,
    wait_woken,
    wait_interrupted,
    wait_without_timeout_restarts,
    wait_with_timeout_restarts_for_rest,
    shared_between_processes,
    shared_by_file_mapping,
    private_is_not_seen_by_others,
    private_flag_within_process,
    bitset_absolute_timeout,
    bitset_realtime_clock,
    bad_addresses,
    unaligned,
    unknown_operation,
    private_copy_after_fork,
    many_threads_count,
    grows_no_stack_beyond_its_limit,
];

fn futex(word: &AtomicU32, operation: i32, value: u32, fourth: usize) -> isize {
    sys!(SYS_futex, word.as_ptr(), operation, value, fourth)
}

fn wait_value_differs() -> Outcome {
    let word = AtomicU32::new(1);
    same!(futex(&word, FUTEX_WAIT, 0, 0), -(EAGAIN as isize));
    Ok(())
}

fn wait_times_out() -> Outcome {
    let word = AtomicU32::new(0);
    let start = now();
    fails!(
        ETIMEDOUT,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT,
        0,
        &[0i64, 20_000_000]
    );
    holds!((20_000_000..3_000_000_000).contains(&(now() - start)));
    Ok(())
}

fn wait_timeout_zero() -> Outcome {
    let word = AtomicU32::new(0);
    fails!(
        ETIMEDOUT,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT,
        0,
        &[0i64, 0]
    );
    Ok(())
}

fn wait_bad_timeout() -> Outcome {
    let word = AtomicU32::new(0);
    fails!(
        EINVAL,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT,
        0,
        &[0i64, 1_000_000_000]
    );
    fails!(EINVAL, SYS_futex, word.as_ptr(), FUTEX_WAIT, 0, &[-1i64, 0]);
    fails!(EFAULT, SYS_futex, word.as_ptr(), FUTEX_WAIT, 0, 8);
    Ok(())
}

fn wait_woken() -> Outcome {
    let [word] = shared_words()?;
    let child = spawn(|| futex(word, FUTEX_WAIT, 0, 0) as i32)?;
    holds!(until_asleep(child));
    gives!(1, SYS_futex, word.as_ptr(), FUTEX_WAKE, 1);
    same!(wait(child)?, 0);
    Ok(())
}

extern "C" fn ignore(_: i32, _: &Info, _: &mut Context) {}

fn wait_interrupted() -> Outcome {
    let [word] = shared_words()?;
    raw::set_handler(SIGUSR1, ignore, 0, 0);
    let child = spawn(|| -futex(word, FUTEX_WAIT, 0, 0) as i32)?;
    holds!(until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn wait_without_timeout_restarts() -> Outcome {
    let [word] = shared_words()?;
    raw::set_handler(SIGUSR1, ignore, SA_RESTART, 0);
    let child = spawn(|| -futex(word, FUTEX_WAIT, 0, 0) as i32)?;
    holds!(until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    process::pause(20);
    gives!(1, SYS_futex, word.as_ptr(), FUTEX_WAKE, 1);
    same!(wait(child)?, 0);
    Ok(())
}

/// A wait with a timeout is interrupted by a handler even if that restarts calls.
fn wait_with_timeout_restarts_for_rest() -> Outcome {
    let [word] = shared_words()?;
    raw::set_handler(SIGUSR1, ignore, SA_RESTART, 0);
    let child = spawn(|| -sys!(SYS_futex, word.as_ptr(), FUTEX_WAIT, 0, &[5i64, 0]) as i32)?;
    holds!(until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn shared_between_processes() -> Outcome {
    let [word, flag] = shared_words()?;
    let child = spawn(|| {
        while flag.load(SeqCst) == 0 {
            sys!(SYS_futex, flag.as_ptr(), FUTEX_WAIT, 0, 0);
        }
        word.store(42, SeqCst);
        futex(word, FUTEX_WAKE, 1, 0);
        0
    })?;
    flag.store(1, SeqCst);
    futex(flag, FUTEX_WAKE, 1, 0);
    while word.load(SeqCst) == 0 {
        futex(word, FUTEX_WAIT, 0, 0);
    }
    same!((word.load(SeqCst), wait(child)?), (42, 0));
    Ok(())
}

/// What names a shared futex is the file and the place in it, not the address.
fn shared_by_file_mapping() -> Outcome {
    std::fs::write("f", [0u8; 4096])?;
    let fd = works!(SYS_open, c"f", O_RDWR);
    let map = || sys!(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) as usize;
    let (first, second) = (map(), map());
    let child = spawn(|| sys!(SYS_futex, first + 16, FUTEX_WAIT, 0, 0) as i32)?;
    holds!(until_asleep(child));
    gives!(1, SYS_futex, second + 16, FUTEX_WAKE, 1);
    same!(wait(child)?, 0);
    Ok(())
}

fn private_is_not_seen_by_others() -> Outcome {
    let [word] = shared_words()?;
    let child = spawn(|| {
        let time = [0i64, 100_000_000];
        -sys!(
            SYS_futex,
            word.as_ptr(),
            FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
            0,
            &time
        ) as i32
    })?;
    holds!(until_asleep(child));
    gives!(
        0,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
        1
    );
    same!(wait(child)?, ETIMEDOUT << 8);
    Ok(())
}

fn private_flag_within_process() -> Outcome {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let other = std::thread::spawn(|| {
        while WORD.load(SeqCst) == 0 {
            futex(&WORD, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0);
        }
    });
    process::pause(10);
    WORD.store(1, SeqCst);
    futex(&WORD, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0);
    same!(other.join().is_ok(), true);
    Ok(())
}

/// The timeout of FUTEX_WAIT_BITSET is a point in time of the monotonic clock.
fn bitset_absolute_timeout() -> Outcome {
    let word = AtomicU32::new(0);
    fails!(
        ETIMEDOUT,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT_BITSET,
        0,
        &[0i64, 1],
        0,
        1
    );
    let end = now() + 20_000_000;
    let time = [end / 1_000_000_000, end % 1_000_000_000];
    fails!(
        ETIMEDOUT,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT_BITSET,
        0,
        &time,
        0,
        1
    );
    holds!((end..end + 3_000_000_000).contains(&now()));
    Ok(())
}

fn bitset_realtime_clock() -> Outcome {
    let word = AtomicU32::new(0);
    let mut time = [0i64; 2];
    works!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
    let operation = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
    fails!(
        ETIMEDOUT,
        SYS_futex,
        word.as_ptr(),
        operation,
        0,
        &time,
        0,
        1
    );
    let operation = FUTEX_WAKE | FUTEX_CLOCK_REALTIME;
    fails!(ENOSYS, SYS_futex, word.as_ptr(), operation, 1, 0);
    Ok(())
}

fn bad_addresses() -> Outcome {
    fails!(EFAULT, SYS_futex, 0, FUTEX_WAIT, 0, 0);
    fails!(EFAULT, SYS_futex, 1usize << 63, FUTEX_WAIT, 0, 0);
    fails!(EFAULT, SYS_futex, 4096, FUTEX_WAKE, 1);
    gives!(0, SYS_futex, 4096, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
    fails!(
        EFAULT,
        SYS_futex,
        1usize << 63,
        FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
        1
    );
    Ok(())
}

fn unaligned() -> Outcome {
    let words = [0u32; 2];
    let at = words.as_ptr().expose_provenance();
    fails!(EINVAL, SYS_futex, at + 1, FUTEX_WAIT, 0, 0);
    fails!(EINVAL, SYS_futex, at + 2, FUTEX_WAKE, 1, 0);
    Ok(())
}

fn unknown_operation() -> Outcome {
    let word = AtomicU32::new(0);
    fails!(ENOSYS, SYS_futex, word.as_ptr(), 50, 0, 0);
    fails!(ENOSYS, SYS_futex, word.as_ptr(), 2, 0, 0);
    Ok(())
}

/// After fork the same address in private memory is another futex.
fn private_copy_after_fork() -> Outcome {
    let word = AtomicU32::new(0);
    let child = spawn(|| {
        -sys!(
            SYS_futex,
            word.as_ptr(),
            FUTEX_WAIT,
            0,
            &[0i64, 100_000_000]
        ) as i32
    })?;
    holds!(until_asleep(child));
    gives!(0, SYS_futex, word.as_ptr(), FUTEX_WAKE, 1);
    same!(wait(child)?, ETIMEDOUT << 8);
    Ok(())
}

fn many_threads_count() -> Outcome {
    let total = std::sync::Mutex::new(0u32);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..500 {
                    if let Ok(mut total) = total.lock() {
                        *total += 1;
                    }
                }
            });
        }
    });
    same!(total.lock().map(|total| *total).unwrap_or(0), 8000);
    Ok(())
}

/// What a touch would not find is not there for the call either, and the call makes nothing.
fn grows_no_stack_beyond_its_limit() -> Outcome {
    process::inside_child(|| {
        works!(SYS_prlimit64, 0, RLIMIT_STACK, &[8u64 << 20, 8 << 20], 0);
        let far = (raw::stack_pointer() - (40 << 20)) & !4095;
        fails!(EFAULT, SYS_futex, far, FUTEX_WAKE, 1);
        same!(process::status_of(|| i32::from(raw::peek(far)))?, SIGSEGV);
        Ok(())
    })
}
