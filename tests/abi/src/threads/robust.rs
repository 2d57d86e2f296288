//! What the kernel does to a futex for a thread that dies: the robust list and the clear-tid
//! address. Source: get_robust_list(2), set_tid_address(2), clone(2).

use super::shared_words;
use abi_tests::check::Outcome;
use abi_tests::process::{self, leave, spawn, until_asleep, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

cases![
    robust_list_set_and_get,
    robust_list_bad_length,
    robust_death_marks_and_wakes,
    robust_death_leaves_others_locks,
    robust_pending_operation,
    robust_circular_list_ends,
    robust_bad_pointer_is_harmless,
    robust_at_exec_not_kept,
    clear_tid_wakes_joiner,
];

/// The head of a robust list: first entry, offset of the futex word from an entry, pending.
type Head = [usize; 3];
const OWNER_DIED: u32 = 0x4000_0000;
const WAITERS: u32 = 0x8000_0000;

fn robust_list_set_and_get() -> Outcome {
    let head: Head = [std::ptr::null::<u8>().expose_provenance(), 0, 0];
    gives!(0, SYS_set_robust_list, &head, 24);
    let (mut at, mut length) = (0usize, 0usize);
    gives!(0, SYS_get_robust_list, 0, &mut at, &mut length);
    same!(
        (at, length),
        (std::ptr::from_ref(&head).expose_provenance(), 24)
    );
    gives!(
        0,
        SYS_get_robust_list,
        works!(SYS_getpid),
        &mut at,
        &mut length
    );
    fails!(ESRCH, SYS_get_robust_list, 4_000_000, &mut at, &mut length);
    fails!(EFAULT, SYS_get_robust_list, 0, 8, &mut length);
    Ok(())
}

fn robust_list_bad_length() -> Outcome {
    let head: Head = [0; 3];
    fails!(EINVAL, SYS_set_robust_list, &head, 23);
    fails!(EINVAL, SYS_set_robust_list, &head, 0);
    Ok(())
}

/// In a child: makes a list of one lock whose word is `value` and dies with it held.
fn die_holding(word: &AtomicU32, value: impl Fn(u32) -> u32) -> i32 {
    let mut head: Head = [0; 3];
    let at = std::ptr::from_ref(&head).expose_provenance();
    let mut entry = [at];
    let entry_at = entry.as_mut_ptr().expose_provenance();
    head[0] = entry_at;
    head[1] = (word.as_ptr().expose_provenance()).wrapping_sub(entry_at);
    word.store(value(sys!(SYS_gettid) as u32), SeqCst);
    sys!(SYS_set_robust_list, &head, 24);
    leave(0)
}

fn robust_death_marks_and_wakes() -> Outcome {
    let [word, go] = shared_words()?;
    let owner = spawn(|| {
        while go.load(SeqCst) == 0 {
            process::pause(1);
        }
        die_holding(word, |tid| tid | WAITERS)
    })?;
    let waiter = spawn(|| {
        // The value is not the owner's yet: wait on what stands there now.
        -sys!(SYS_futex, word.as_ptr(), FUTEX_WAIT, 0, 0) as i32
    })?;
    holds!(until_asleep(waiter));
    go.store(1, SeqCst);
    wait(owner)?;
    same!(
        (wait(waiter)?, word.load(SeqCst)),
        (0, OWNER_DIED | WAITERS)
    );
    Ok(())
}

fn robust_death_leaves_others_locks() -> Outcome {
    let [word] = shared_words()?;
    let owner = spawn(|| die_holding(word, |_| 12345))?;
    wait(owner)?;
    same!(word.load(SeqCst), 12345);
    Ok(())
}

/// Holds the lock `word` and names it in `head`, an empty list, as the one being taken.
fn hold_pending(head: &mut Head, word: &AtomicU32) {
    let at = std::ptr::from_ref(head).expose_provenance();
    *head = [at, 0, word.as_ptr().expose_provenance()];
    word.store(sys!(SYS_gettid) as u32, SeqCst);
    sys!(SYS_set_robust_list, &*head, 24);
}

/// A lock being taken or released at the moment of death is named apart from the list.
fn robust_pending_operation() -> Outcome {
    let [word] = shared_words()?;
    let owner = spawn(|| {
        let mut head: Head = [0; 3];
        hold_pending(&mut head, word);
        leave(0)
    })?;
    wait(owner)?;
    same!(word.load(SeqCst), OWNER_DIED);
    Ok(())
}

fn robust_circular_list_ends() -> Outcome {
    let [word] = shared_words()?;
    let owner = spawn(|| {
        let mut entry = [0usize];
        let at = entry.as_ptr().expose_provenance();
        entry[0] = std::hint::black_box(at);
        let head: Head = [at, word.as_ptr().expose_provenance().wrapping_sub(at), 0];
        word.store(sys!(SYS_gettid) as u32, SeqCst);
        sys!(SYS_set_robust_list, &head, 24, entry.as_ptr());
        leave(0)
    })?;
    same!((wait(owner)?, word.load(SeqCst)), (0, OWNER_DIED));
    Ok(())
}

fn robust_bad_pointer_is_harmless() -> Outcome {
    for address in [8usize, 1 << 63, usize::MAX - 7] {
        let owner = spawn(|| {
            sys!(SYS_set_robust_list, address, 24);
            leave(3)
        })?;
        same!(wait(owner)?, 3 << 8);
    }
    Ok(())
}

fn robust_at_exec_not_kept() -> Outcome {
    let [word] = shared_words()?;
    let owner = spawn(|| {
        let mut head: Head = [0; 3];
        hold_pending(&mut head, word);
        crate::helper::again(&["pending"]) + sys!(SYS_getpid, &head) as i32
    })?;
    wait(owner)?;
    // The exec is an end of the old program: its locks are marked then.
    same!(word.load(SeqCst), OWNER_DIED);
    Ok(())
}

/// pthread_join waits on the word that the kernel clears when the thread is gone.
fn clear_tid_wakes_joiner() -> Outcome {
    for _ in 0..20 {
        let thread = std::thread::spawn(|| {
            process::pause(1);
            5
        });
        same!(thread.join().unwrap_or(0), 5);
    }
    Ok(())
}
