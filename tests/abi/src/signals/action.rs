//! rt_sigaction, the flags of handlers and the masks. Source: sigaction(2), sigprocmask(2).

use abi_tests::check::Outcome;
use abi_tests::process::status_of;
use abi_tests::signal::{Context, Info, bit, dispose, mask, pending, raise};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::SeqCst};

cases![
    action_errors,
    action_reads_back,
    action_default_and_ignore,
    handler_runs_with_number,
    handler_mask_blocks_others,
    handler_blocks_itself,
    no_defer_allows_itself,
    reset_hand_falls_back,
    mask_errors,
    mask_how,
    kill_and_stop_cannot_be_blocked,
    pending_is_reported,
    pending_standard_signals_merge,
    ignoring_drops_pending,
    default_ignored_dropped,
    blocked_until_unblocked,
    nested_handlers,
    handler_mask_restored,
    handler_may_change_returned_mask,
    handler_may_change_registers,
];

static SEEN: AtomicI32 = AtomicI32::new(0);
static COUNT: AtomicI32 = AtomicI32::new(0);
static MASK: AtomicU64 = AtomicU64::new(0);

extern "C" fn note(number: i32, _: &Info, _: &mut Context) {
    SEEN.store(number, SeqCst);
    COUNT.fetch_add(1, SeqCst);
    MASK.store(mask(SIG_BLOCK, 0), SeqCst);
}

fn action_errors() -> Outcome {
    let action = [SIG_IGN as u64, 0, 0, 0];
    fails!(EINVAL, SYS_rt_sigaction, 0, &action, 0, 8);
    fails!(EINVAL, SYS_rt_sigaction, 65, &action, 0, 8);
    fails!(EINVAL, SYS_rt_sigaction, -1, &action, 0, 8);
    fails!(EINVAL, SYS_rt_sigaction, SIGKILL, &action, 0, 8);
    fails!(EINVAL, SYS_rt_sigaction, SIGSTOP, &action, 0, 8);
    fails!(EINVAL, SYS_rt_sigaction, SIGUSR1, &action, 0, 7);
    fails!(EFAULT, SYS_rt_sigaction, SIGUSR1, 8, 0, 8);
    fails!(EFAULT, SYS_rt_sigaction, SIGUSR1, 0, 8, 8);
    let mut old = [7u64; 4];
    gives!(0, SYS_rt_sigaction, SIGKILL, 0, &mut old, 8);
    same!(old[0], SIG_DFL as u64);
    Ok(())
}

/// SIGKILL and SIGSTOP are taken out of a handler's mask.
fn action_reads_back() -> Outcome {
    let wanted = bit(SIGUSR2) | bit(SIGRTMAX());
    let action = [
        SIG_IGN as u64,
        SA_RESTART as u64,
        0,
        wanted | bit(SIGKILL) | bit(SIGSTOP),
    ];
    gives!(0, SYS_rt_sigaction, SIGUSR1, &action, 0, 8);
    let mut old = [0u64; 4];
    gives!(0, SYS_rt_sigaction, SIGUSR1, 0, &mut old, 8);
    same!(old, [SIG_IGN as u64, SA_RESTART as u64, 0, wanted]);
    Ok(())
}

fn action_default_and_ignore() -> Outcome {
    same!(dispose(SIGTERM, SIG_IGN), 0);
    same!(raise(SIGTERM), 0);
    same!(
        status_of(|| (dispose(SIGTERM, SIG_DFL) + raise(SIGTERM)) as i32)?,
        SIGTERM
    );
    Ok(())
}

fn handler_runs_with_number() -> Outcome {
    for number in [SIGUSR1, SIGSEGV, SIGCHLD, SIGRTMIN() + 3, SIGRTMAX()] {
        same!(raw::set_handler(number, note, 0, 0), 0);
        same!(raise(number), 0);
        same!(SEEN.load(SeqCst), number);
    }
    Ok(())
}

fn handler_mask_blocks_others() -> Outcome {
    raw::set_handler(SIGUSR1, note, 0, bit(SIGHUP) | bit(SIGRTMAX()));
    mask(SIG_SETMASK, bit(SIGINT));
    raise(SIGUSR1);
    same!(
        MASK.load(SeqCst),
        bit(SIGUSR1) | bit(SIGHUP) | bit(SIGINT) | bit(SIGRTMAX())
    );
    same!(mask(SIG_BLOCK, 0), bit(SIGINT));
    Ok(())
}

extern "C" fn again(number: i32, _: &Info, _: &mut Context) {
    let depth = COUNT.fetch_add(1, SeqCst);
    if depth < 3 {
        raise(number);
        // How many had run when the inner raise came back tells whether it was deferred.
        SEEN.fetch_max(COUNT.load(SeqCst) - depth, SeqCst);
    }
}

fn handler_blocks_itself() -> Outcome {
    raw::set_handler(SIGUSR1, again, 0, 0);
    raise(SIGUSR1);
    same!((COUNT.load(SeqCst), SEEN.load(SeqCst)), (4, 1));
    Ok(())
}

fn no_defer_allows_itself() -> Outcome {
    raw::set_handler(SIGUSR1, again, SA_NODEFER, 0);
    raise(SIGUSR1);
    same!((COUNT.load(SeqCst), SEEN.load(SeqCst)), (4, 4));
    Ok(())
}

fn reset_hand_falls_back() -> Outcome {
    raw::set_handler(SIGUSR1, note, SA_RESETHAND, 0);
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), 1);
    let mut old = [7u64; 4];
    gives!(0, SYS_rt_sigaction, SIGUSR1, 0, &mut old, 8);
    same!(old[0], SIG_DFL as u64);
    same!(status_of(|| raise(SIGUSR1) as i32)?, SIGUSR1);
    Ok(())
}

fn mask_errors() -> Outcome {
    let set = 0u64;
    fails!(EINVAL, SYS_rt_sigprocmask, 3, &set, 0, 8);
    fails!(EINVAL, SYS_rt_sigprocmask, -1, &set, 0, 8);
    fails!(EINVAL, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 4);
    fails!(EFAULT, SYS_rt_sigprocmask, SIG_BLOCK, 8, 0, 8);
    fails!(EFAULT, SYS_rt_sigprocmask, SIG_BLOCK, 0, 8, 8);
    gives!(0, SYS_rt_sigprocmask, 77, 0, 0, 8);
    fails!(EINVAL, SYS_rt_sigpending, &mut [0u64; 2], 16);
    fails!(EFAULT, SYS_rt_sigpending, 8, 8);
    Ok(())
}

fn mask_how() -> Outcome {
    same!(mask(SIG_SETMASK, bit(SIGINT) | bit(SIGHUP)), 0);
    same!(mask(SIG_BLOCK, bit(SIGUSR1)), bit(SIGINT) | bit(SIGHUP));
    same!(
        mask(SIG_UNBLOCK, bit(SIGINT)),
        bit(SIGINT) | bit(SIGHUP) | bit(SIGUSR1)
    );
    same!(mask(SIG_SETMASK, 0), bit(SIGHUP) | bit(SIGUSR1));
    Ok(())
}

fn kill_and_stop_cannot_be_blocked() -> Outcome {
    mask(SIG_SETMASK, u64::MAX);
    same!(mask(SIG_BLOCK, 0), !(bit(SIGKILL) | bit(SIGSTOP)));
    same!(status_of(|| raise(SIGKILL) as i32)?, SIGKILL);
    Ok(())
}

fn pending_is_reported() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1) | bit(SIGRTMIN()));
    same!(pending(), 0);
    raise(SIGUSR1);
    works!(SYS_kill, works!(SYS_getpid), SIGRTMIN());
    same!(pending(), bit(SIGUSR1) | bit(SIGRTMIN()));
    Ok(())
}

fn pending_standard_signals_merge() -> Outcome {
    raw::set_handler(SIGUSR1, note, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    for _ in 0..5 {
        raise(SIGUSR1);
    }
    mask(SIG_UNBLOCK, bit(SIGUSR1));
    same!(COUNT.load(SeqCst), 1);
    Ok(())
}

fn ignoring_drops_pending() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    raise(SIGUSR1);
    dispose(SIGUSR1, SIG_IGN);
    same!(pending(), 0);
    Ok(())
}

/// A blocked signal whose default is to be ignored stays pending until the default is set.
fn default_ignored_dropped() -> Outcome {
    mask(SIG_BLOCK, bit(SIGURG));
    raise(SIGURG);
    same!(pending(), bit(SIGURG));
    dispose(SIGURG, SIG_DFL);
    same!(pending(), 0);
    Ok(())
}

fn blocked_until_unblocked() -> Outcome {
    raw::set_handler(SIGUSR1, note, 0, 0);
    mask(SIG_BLOCK, bit(SIGUSR1));
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), 0);
    mask(SIG_UNBLOCK, bit(SIGUSR1));
    same!(COUNT.load(SeqCst), 1);
    Ok(())
}

extern "C" fn outer(_: i32, _: &Info, _: &mut Context) {
    raise(SIGUSR2);
    SEEN.store(COUNT.load(SeqCst), SeqCst);
}

fn nested_handlers() -> Outcome {
    raw::set_handler(SIGUSR1, outer, 0, 0);
    raw::set_handler(SIGUSR2, note, 0, 0);
    raise(SIGUSR1);
    // The inner handler had run when the outer looked.
    same!((SEEN.load(SeqCst), COUNT.load(SeqCst)), (1, 1));
    Ok(())
}

extern "C" fn change_mask(_: i32, _: &Info, _: &mut Context) {
    mask(SIG_BLOCK, bit(SIGHUP));
}

fn handler_mask_restored() -> Outcome {
    raw::set_handler(SIGUSR1, change_mask, 0, 0);
    raise(SIGUSR1);
    same!(mask(SIG_BLOCK, 0), 0);
    Ok(())
}

extern "C" fn change_saved_mask(_: i32, _: &Info, context: &mut Context) {
    // uc_sigmask follows the registers, the pointer to the float state and eight reserved words.
    let at = std::ptr::from_ref(&context.float).expose_provenance() + 8 + 64;
    raw::poke(at + 1, (bit(SIGUSR2) >> 8) as u8);
}

fn handler_may_change_returned_mask() -> Outcome {
    raw::set_handler(SIGUSR1, change_saved_mask, 0, 0);
    raise(SIGUSR1);
    same!(mask(SIG_BLOCK, 0), bit(SIGUSR2));
    Ok(())
}

extern "C" fn change_result(_: i32, _: &Info, context: &mut Context) {
    context.registers[REG_RAX as usize] = 4242;
}

fn handler_may_change_registers() -> Outcome {
    raw::set_handler(SIGUSR1, change_result, 0, 0);
    let tid = works!(SYS_gettid);
    same!(sys!(SYS_tkill, tid, SIGUSR1), 4242);
    holds!(works!(SYS_gettid) == tid);
    Ok(())
}
