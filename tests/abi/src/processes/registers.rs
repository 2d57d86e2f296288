//! What a system call leaves as it was, on each of the ways back from the kernel. Source: the
//! x86-64 ABI, appendix A.2.1: only rax, rcx and r11 change.

use abi_tests::check::{Failure, Outcome};
use abi_tests::raw::{Preserved, call_with_registers, set_handler, step_over_call};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, same, works};
use libc::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

cases![
    kept_by_a_short_call,
    kept_by_a_call_that_sleeps,
    kept_by_an_unknown_call,
    kept_across_a_handler,
    kept_by_fork,
    kept_when_stepping,
    steps_are_counted,
];

static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    HANDLED.fetch_add(1, SeqCst);
}

/// A different pattern in each register, none of them an address, and the arguments.
fn pattern(arguments: [usize; 3]) -> Preserved {
    let mut registers =
        std::array::from_fn(|n| 0x9e37_79b9_7f4a_7c15_u64.rotate_left(n as u32 * 5));
    for (register, argument) in registers[9..].iter_mut().zip(arguments) {
        *register = argument as u64;
    }
    registers
}

/// Makes the call and checks all registers; gives its result.
fn keeps(number: i64, arguments: [usize; 3]) -> Result<isize, Failure> {
    let before = pattern(arguments);
    let (after, result) = call_with_registers(number as usize, &before);
    same!(after, before);
    Ok(result)
}

fn kept_by_a_short_call() -> Outcome {
    for number in [SYS_getppid, SYS_getpid, SYS_gettid, SYS_getuid] {
        let result = keeps(number, [usize::MAX; 3])?;
        same!(result, works!(number));
    }
    Ok(())
}

fn kept_by_a_call_that_sleeps() -> Outcome {
    let millisecond = [0i64, 1_000_000];
    let span = millisecond.as_ptr().expose_provenance();
    same!(keeps(SYS_nanosleep, [span, 0, 77])?, 0);
    same!(keeps(SYS_sched_yield, [1, 2, 3])?, 0);
    Ok(())
}

fn kept_by_an_unknown_call() -> Outcome {
    for number in [499, 511, 512, 100_000] {
        same!(keeps(number, [4, 5, 6])?, -(ENOSYS as isize));
    }
    Ok(())
}

fn kept_across_a_handler() -> Outcome {
    set_handler(SIGUSR1, count, 0, 0);
    let me = works!(SYS_gettid) as usize;
    same!(keeps(SYS_tkill, [me, SIGUSR1 as usize, 9])?, 0);
    same!(HANDLED.load(SeqCst), 1);
    Ok(())
}

/// In the parent and in the child, which has no more than this to do.
fn kept_by_fork() -> Outcome {
    let before = pattern([7, 8, 9]);
    let (after, pid) = call_with_registers(SYS_fork as usize, &before);
    if pid == 0 {
        abi_tests::process::leave(i32::from(after != before));
    }
    same!(after, before);
    let mut status = 0i32;
    same!(works!(SYS_wait4, pid, &mut status, 0, 0), pid);
    same!(status, 0);
    Ok(())
}

fn kept_when_stepping() -> Outcome {
    set_handler(SIGTRAP, count, 0, 0);
    let parent = works!(SYS_getppid);
    same!(step_over_call(SYS_getppid as usize), parent);
    // The flag is off again, and the short way back is as good as before.
    let steps = HANDLED.load(SeqCst);
    same!(keeps(SYS_getppid, [1; 3])?, parent);
    same!(HANDLED.load(SeqCst), steps);
    Ok(())
}

fn steps_are_counted() -> Outcome {
    set_handler(SIGTRAP, count, 0, 0);
    step_over_call(SYS_getppid as usize);
    // syscall (with the instruction behind it), pushfq, and, popfq.
    same!(HANDLED.load(SeqCst), 4);
    Ok(())
}
