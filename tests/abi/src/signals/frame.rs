//! The stack a handler runs on and the state kept across it. Source: sigaltstack(2),
//! sigreturn(2), the x86-64 ABI.

use abi_tests::check::Outcome;
use abi_tests::process::{leave, status_of};
use abi_tests::signal::{Context, Info, bit, mask, raise};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::SeqCst};

cases![
    vectors_kept_across_handler,
    vectors_kept_across_nested_handlers,
    vectors_kept_across_switches,
    floating_point_in_handler,
    context_shows_registers,
    context_instruction_pointer_can_be_moved,
    stack_aligned_in_handler,
    alternate_stack_used,
    alternate_stack_not_used_without_flag,
    alternate_stack_reported,
    alternate_stack_errors,
    alternate_stack_busy,
    alternate_stack_auto_disarm,
    alternate_stack_not_inherited_by_thread,
    alternate_stack_kept_by_fork_dropped_by_exec,
    bad_stack_kills,
    bad_return_frame_kills,
    handler_nowhere_kills,
    stack_of_the_least_size_suffices,
];

static COUNT: AtomicI32 = AtomicI32::new(0);
static STACK: AtomicUsize = AtomicUsize::new(0);

extern "C" fn disturb(_: i32, _: &Info, _: &mut Context) {
    raw::clear_vectors();
    COUNT.fetch_add(1, SeqCst);
}

fn vectors_kept_across_handler() -> Outcome {
    raw::set_handler(SIGUSR1, disturb, 0, 0);
    let me = works!(SYS_gettid) as usize;
    let arguments = [me, SIGUSR1 as usize, 0];
    same!(
        raw::vector_state_survives(0x1234_5678_9abc_def0, SYS_tkill as usize, arguments),
        true
    );
    same!(COUNT.load(SeqCst), 1);
    Ok(())
}

extern "C" fn disturb_and_raise(_: i32, _: &Info, _: &mut Context) {
    raise(SIGUSR1);
    let me = sys!(SYS_gettid) as usize;
    let kept = raw::vector_state_survives(5, SYS_tkill as usize, [me, SIGUSR1 as usize, 0]);
    COUNT.fetch_add(if kept { 10 } else { 0 }, SeqCst);
}

fn vectors_kept_across_nested_handlers() -> Outcome {
    raw::set_handler(SIGUSR1, disturb, 0, 0);
    raw::set_handler(SIGUSR2, disturb_and_raise, 0, 0);
    let arguments = [works!(SYS_gettid) as usize, SIGUSR2 as usize, 0];
    same!(
        raw::vector_state_survives(77, SYS_tkill as usize, arguments),
        true
    );
    same!(COUNT.load(SeqCst), 12);
    Ok(())
}

/// Several processes with patterns of their own, switching at every call.
fn vectors_kept_across_switches() -> Outcome {
    let mut children = Vec::new();
    for seed in 0..4u64 {
        children.push(abi_tests::process::spawn(|| {
            let kept = (0..2000).all(|n| {
                raw::vector_state_survives(seed * 1_000_003 + n, SYS_sched_yield as usize, [0; 3])
            });
            i32::from(kept)
        })?);
    }
    for child in children {
        same!(abi_tests::process::wait(child)?, 1 << 8);
    }
    Ok(())
}

extern "C" fn calculate(_: i32, _: &Info, _: &mut Context) {
    let sum: f64 = (1..100)
        .map(|n| 1.0 / f64::from(std::hint::black_box(n)))
        .sum();
    COUNT.store((sum * 1000.0) as i32, SeqCst);
}

fn floating_point_in_handler() -> Outcome {
    raw::set_handler(SIGUSR1, calculate, 0, 0);
    let mut product = 1.0f64;
    for n in 1..20 {
        product *= f64::from(std::hint::black_box(n));
        raise(SIGUSR1);
    }
    same!(
        (product, COUNT.load(SeqCst)),
        (121_645_100_408_832_000.0, 5177)
    );
    Ok(())
}

extern "C" fn look(_: i32, _: &Info, context: &mut Context) {
    STACK.store(context.registers[REG_RSP as usize] as usize, SeqCst);
    COUNT.store(context.registers[REG_RDI as usize] as i32, SeqCst);
}

/// After a system call the saved registers are those of the caller.
fn context_shows_registers() -> Outcome {
    raw::set_handler(SIGUSR1, look, 0, 0);
    let tid = works!(SYS_gettid);
    works!(SYS_tkill, tid, SIGUSR1);
    same!(COUNT.load(SeqCst), tid as i32);
    let here = raw::stack_pointer();
    holds!(STACK.load(SeqCst).abs_diff(here) < 65536);
    Ok(())
}

extern "C" fn skip(_: i32, _: &Info, context: &mut Context) {
    // `ud2` has two bytes.
    context.registers[REG_RIP as usize] += 2;
    COUNT.fetch_add(1, SeqCst);
}

fn context_instruction_pointer_can_be_moved() -> Outcome {
    raw::set_handler(SIGILL, skip, 0, 0);
    for _ in 0..3 {
        raw::raise(raw::Trap::Undefined);
    }
    same!(COUNT.load(SeqCst), 3);
    Ok(())
}

extern "C" fn where_am_i(_: i32, info: &Info, _: &mut Context) {
    STACK.store(raw::stack_pointer(), SeqCst);
    // siginfo_t lies in the frame, which starts 16-aligned after the call's return address.
    COUNT.store(
        (std::ptr::from_ref(info).expose_provenance() % 8) as i32,
        SeqCst,
    );
}

fn stack_aligned_in_handler() -> Outcome {
    raw::set_handler(SIGUSR1, where_am_i, 0, 0);
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), 0);
    // Below the red zone of the interrupted function, and not far.
    holds!(raw::stack_pointer() - STACK.load(SeqCst) < 65536);
    Ok(())
}

const SIZE: usize = 65536;

fn alternate(flags: usize) -> Result<usize, abi_tests::check::Failure> {
    let protection = PROT_READ | PROT_WRITE;
    let base = works!(
        SYS_mmap,
        0,
        SIZE,
        protection,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    gives!(0, SYS_sigaltstack, &[base, flags, SIZE], 0);
    Ok(base)
}

fn alternate_stack_used() -> Outcome {
    let base = alternate(0)?;
    raw::set_handler(SIGUSR1, where_am_i, SA_ONSTACK, 0);
    raise(SIGUSR1);
    holds!((base..base + SIZE).contains(&STACK.load(SeqCst)));
    Ok(())
}

fn alternate_stack_not_used_without_flag() -> Outcome {
    let base = alternate(0)?;
    raw::set_handler(SIGUSR1, where_am_i, 0, 0);
    raise(SIGUSR1);
    holds!(!(base..base + SIZE).contains(&STACK.load(SeqCst)));
    Ok(())
}

extern "C" fn report_stack(_: i32, _: &Info, context: &mut Context) {
    let mut now = [0usize; 3];
    sys!(SYS_sigaltstack, 0, &mut now);
    // In the handler the stack is in use; the context keeps what was set before.
    let in_use = now[1] as i32 == SS_ONSTACK;
    COUNT.store(
        i32::from(in_use) + 10 * (context.stack[2] as usize == SIZE) as i32,
        SeqCst,
    );
}

fn alternate_stack_reported() -> Outcome {
    let mut old = [9usize; 3];
    gives!(0, SYS_sigaltstack, 0, &mut old);
    same!(old[1] as i32, SS_DISABLE);
    let base = alternate(0)?;
    gives!(0, SYS_sigaltstack, 0, &mut old);
    same!((old[0], old[1] as i32, old[2]), (base, 0, SIZE));
    raw::set_handler(SIGUSR1, report_stack, SA_ONSTACK, 0);
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), 11);
    Ok(())
}

fn alternate_stack_errors() -> Outcome {
    let base = alternate(0)?;
    fails!(EINVAL, SYS_sigaltstack, &[base, 4, SIZE], 0);
    fails!(ENOMEM, SYS_sigaltstack, &[base, 0, 1024], 0);
    fails!(EFAULT, SYS_sigaltstack, 8, 0);
    fails!(EFAULT, SYS_sigaltstack, 0, 8);
    gives!(0, SYS_sigaltstack, &[0, SS_DISABLE as usize, 0], 0);
    Ok(())
}

extern "C" fn change_stack(_: i32, _: &Info, _: &mut Context) {
    COUNT.store(
        -sys!(SYS_sigaltstack, &[0, SS_DISABLE as usize, 0], 0) as i32,
        SeqCst,
    );
}

fn alternate_stack_busy() -> Outcome {
    alternate(0)?;
    raw::set_handler(SIGUSR1, change_stack, SA_ONSTACK, 0);
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), EPERM);
    Ok(())
}

/// With SS_AUTODISARM the stack is free again while the handler runs, and back after it.
fn alternate_stack_auto_disarm() -> Outcome {
    let base = alternate(1 << 31)?;
    raw::set_handler(SIGUSR1, change_stack, SA_ONSTACK, 0);
    raise(SIGUSR1);
    same!(COUNT.load(SeqCst), 0);
    let mut old = [9usize; 3];
    gives!(0, SYS_sigaltstack, 0, &mut old);
    same!((old[0], old[2]), (base, SIZE));
    Ok(())
}

fn alternate_stack_not_inherited_by_thread() -> Outcome {
    let base = alternate(0)?;
    let inside = std::thread::spawn(move || {
        let mut old = [9usize; 3];
        sys!(SYS_sigaltstack, 0, &mut old);
        old[0] == base
    });
    same!(inside.join().unwrap_or(true), false);
    Ok(())
}

fn alternate_stack_kept_by_fork_dropped_by_exec() -> Outcome {
    let base = alternate(0)?;
    let status = status_of(|| {
        let mut old = [9usize; 3];
        sys!(SYS_sigaltstack, 0, &mut old);
        i32::from(old[0] == base)
    })?;
    same!(status, 1 << 8);
    Ok(())
}

fn bad_stack_kills() -> Outcome {
    raw::set_handler(SIGUSR1, disturb, SA_ONSTACK, 0);
    let base = alternate(0)?;
    works!(SYS_munmap, base, SIZE);
    same!(status_of(|| raise(SIGUSR1) as i32)?, SIGSEGV);
    Ok(())
}

extern "C" fn ruin(_: i32, _: &Info, context: &mut Context) {
    context.registers[REG_RIP as usize] = 1 << 63;
    mask(SIG_BLOCK, bit(SIGSEGV));
}

/// Addresses that no instruction can be fetched from; the first two cannot even be loaded by a
/// processor of 48-bit addresses.
const NOWHERE: [u64; 4] = [1 << 47, 1 << 63, u64::MAX - 0xfff, 8];

/// A handler at an address that is none is the program's own end, however it was called.
fn handler_nowhere_kills() -> Outcome {
    const SA_RESTORER: u64 = 0x0400_0000;
    for address in NOWHERE {
        let action = [address, SA_RESTORER, address, 0];
        works!(SYS_rt_sigaction, SIGUSR1, &action, 0, 8);
        same!(status_of(|| raise(SIGUSR1) as i32)?, SIGSEGV);
        // And while the program computes, so that it is not a call that it comes back from.
        let timer = [0i64, 0, 0, 1000];
        let spin = || {
            sys!(SYS_setitimer, ITIMER_REAL, &timer, 0);
            loop {
                std::hint::spin_loop();
            }
        };
        works!(SYS_rt_sigaction, SIGALRM, &action, 0, 8);
        same!(status_of(spin)?, SIGSEGV);
    }
    Ok(())
}

/// AT_MINSIGSTKSZ is what sigaltstack takes and a frame fits into.
fn stack_of_the_least_size_suffices() -> Outcome {
    const AT_MINSIGSTKSZ: u64 = 51;
    let least = raw::auxiliary(AT_MINSIGSTKSZ) as u64;
    holds!((1024..=64 << 10).contains(&least));
    let base = works!(SYS_mmap, 0, SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) as u64;
    gives!(0, SYS_sigaltstack, &[base, 0, least.max(2048)], 0);
    extern "C" fn note(_: i32, info: &Info, _: &mut Context) {
        STACK.store(std::ptr::from_ref(info).addr(), SeqCst);
    }
    raw::set_handler(SIGUSR1, note, SA_ONSTACK, 0);
    raise(SIGUSR1);
    holds!((base..base + least.max(2048)).contains(&(STACK.load(SeqCst) as u64)));
    Ok(())
}

/// A frame that returns to nowhere is the program's own end, not the kernel's.
fn bad_return_frame_kills() -> Outcome {
    raw::set_handler(SIGUSR1, ruin, 0, 0);
    same!(status_of(|| raise(SIGUSR1) as i32)?, SIGSEGV);
    extern "C" fn no_float(_: i32, _: &Info, context: &mut Context) {
        context.float = 1 << 63;
    }
    raw::set_handler(SIGUSR1, no_float, 0, 0);
    same!(status_of(|| raise(SIGUSR1) as i32)?, SIGSEGV);
    same!(
        status_of(|| {
            sys!(SYS_rt_sigreturn);
            leave(0)
        })?,
        SIGSEGV
    );
    Ok(())
}
