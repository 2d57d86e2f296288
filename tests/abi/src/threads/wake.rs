//! futex: who is woken, and who is moved to another word. Source: futex(2), FUTEX_WAKE(2const),
//! FUTEX_REQUEUE(2const), FUTEX_WAKE_OP(2const), FUTEX_WAKE_BITSET(2const).

use super::shared_words;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{spawn, until_asleep, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

cases![
    wake_nobody,
    wake_counts,
    wake_only_as_many,
    requeue_moves_waiters,
    cmp_requeue_checks_value,
    bitset_selects,
    bitset_zero_refused,
    wake_op_changes_and_wakes,
    huge_wake_count,
];

fn wake_nobody() -> Outcome {
    let word = AtomicU32::new(0);
    gives!(0, SYS_futex, word.as_ptr(), FUTEX_WAKE, 10);
    Ok(())
}

/// Starts `count` children that wait on `word` (with `mask`, a bitset), and lets them fall asleep.
fn waiters(word: &AtomicU32, count: usize, mask: u32) -> Result<Vec<i32>, Failure> {
    let mut children = Vec::new();
    for _ in 0..count {
        let child = spawn(|| {
            -sys!(
                SYS_futex,
                word.as_ptr(),
                FUTEX_WAIT_BITSET,
                word.load(SeqCst),
                0,
                0,
                mask
            ) as i32
        })?;
        holds!(until_asleep(child));
        children.push(child);
    }
    Ok(children)
}

fn wake_counts() -> Outcome {
    let [word] = shared_words()?;
    let children = waiters(word, 3, u32::MAX)?;
    gives!(3, SYS_futex, word.as_ptr(), FUTEX_WAKE, 10);
    for child in children {
        same!(wait(child)?, 0);
    }
    Ok(())
}

fn wake_only_as_many() -> Outcome {
    let [word] = shared_words()?;
    let children = waiters(word, 3, u32::MAX)?;
    gives!(2, SYS_futex, word.as_ptr(), FUTEX_WAKE, 2);
    works!(SYS_wait4, -1, 0, 0, 0);
    works!(SYS_wait4, -1, 0, 0, 0);
    gives!(0, SYS_wait4, -1, 0, WNOHANG, 0);
    gives!(1, SYS_futex, word.as_ptr(), FUTEX_WAKE, 2);
    works!(SYS_wait4, -1, 0, 0, 0);
    same!(children.len(), 3);
    Ok(())
}

fn requeue_moves_waiters() -> Outcome {
    let [from, to] = shared_words()?;
    let children = waiters(from, 3, u32::MAX)?;
    // Wakes one, moves at most one of the others; the manual says that only those woken are
    // counted, but those moved are too.
    gives!(
        2,
        SYS_futex,
        from.as_ptr(),
        FUTEX_REQUEUE,
        1,
        1,
        to.as_ptr()
    );
    gives!(1, SYS_futex, to.as_ptr(), FUTEX_WAKE, 10);
    gives!(1, SYS_futex, from.as_ptr(), FUTEX_WAKE, 10);
    for child in children {
        same!(wait(child)?, 0);
    }
    Ok(())
}

fn cmp_requeue_checks_value() -> Outcome {
    let [from, to] = shared_words()?;
    let children = waiters(from, 3, u32::MAX)?;
    fails!(
        EAGAIN,
        SYS_futex,
        from.as_ptr(),
        FUTEX_CMP_REQUEUE,
        1,
        10,
        to.as_ptr(),
        1
    );
    // Here the count is of those woken and those moved.
    gives!(
        3,
        SYS_futex,
        from.as_ptr(),
        FUTEX_CMP_REQUEUE,
        1,
        10,
        to.as_ptr(),
        0
    );
    gives!(0, SYS_futex, from.as_ptr(), FUTEX_WAKE, 10);
    gives!(2, SYS_futex, to.as_ptr(), FUTEX_WAKE, 10);
    for child in children {
        same!(wait(child)?, 0);
    }
    fails!(
        EINVAL,
        SYS_futex,
        from.as_ptr(),
        FUTEX_CMP_REQUEUE,
        -1,
        10,
        to.as_ptr(),
        0
    );
    Ok(())
}

fn bitset_selects() -> Outcome {
    let [word] = shared_words()?;
    let first = waiters(word, 1, 1)?;
    let second = waiters(word, 1, 6)?;
    gives!(0, SYS_futex, word.as_ptr(), FUTEX_WAKE_BITSET, 10, 0, 0, 8);
    gives!(1, SYS_futex, word.as_ptr(), FUTEX_WAKE_BITSET, 10, 0, 0, 4);
    same!(wait(second[0])?, 0);
    gives!(1, SYS_futex, word.as_ptr(), FUTEX_WAKE, 10);
    same!(wait(first[0])?, 0);
    Ok(())
}

fn bitset_zero_refused() -> Outcome {
    let word = AtomicU32::new(0);
    fails!(
        EINVAL,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAIT_BITSET,
        0,
        0,
        0,
        0
    );
    fails!(
        EINVAL,
        SYS_futex,
        word.as_ptr(),
        FUTEX_WAKE_BITSET,
        1,
        0,
        0,
        0
    );
    Ok(())
}

/// FUTEX_WAKE_OP: adds 5 to the second word, wakes on it too if it was 0 before.
fn wake_op_changes_and_wakes() -> Outcome {
    let [first, second] = shared_words()?;
    let children = [waiters(first, 1, 1)?[0], waiters(second, 1, 1)?[0]];
    let add_five_if_zero = 1 << 28 | 5 << 12;
    let call = |expected: isize| {
        let at = (first.as_ptr(), second.as_ptr());
        same!(
            sys!(SYS_futex, at.0, FUTEX_WAKE_OP, 1, 1, at.1, add_five_if_zero),
            expected
        );
        Ok(())
    };
    call(2)?;
    same!(second.load(SeqCst), 5);
    call(0)?;
    same!(second.load(SeqCst), 10);
    for child in children {
        same!(wait(child)?, 0);
    }
    Ok(())
}

fn huge_wake_count() -> Outcome {
    let [word] = shared_words()?;
    let children = waiters(word, 2, u32::MAX)?;
    gives!(2, SYS_futex, word.as_ptr(), FUTEX_WAKE, i32::MAX);
    for child in children {
        wait(child)?;
    }
    Ok(())
}
