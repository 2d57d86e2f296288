//! Faults: which signal, which code, which address. Source: sigaction(2), mmap(2).

use super::{PAGE, RW, file, pages};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{leave, status_of};
use abi_tests::raw::{Trap, call_address, peek, poke, raise, set_handler};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, gives, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

cases![
    unmapped_read_is_maperr,
    unmapped_write_is_maperr,
    null_pointer_is_maperr,
    read_only_write_is_accerr,
    no_access_read_is_accerr,
    no_execute_is_accerr,
    kernel_address_is_maperr,
    non_canonical_is_general,
    file_past_end_is_bus_error,
    file_grown_after_mapping,
    divide_by_zero,
    undefined_instruction,
    privileged_instruction,
    breakpoint_traps,
    handler_can_repair_and_return,
    fault_while_blocked_kills,
    fault_while_ignored_kills,
    stack_grows_on_demand,
    stack_overflow_faults,
    stack_overflow_on_alternate_stack,
    fault_in_system_call_is_no_signal,
    memory_limit_of_data,
];

/// Reads the byte for the sake of the fault.
fn touch(address: usize) {
    std::hint::black_box(peek(address));
}

/// Where the test expects the fault; checked by the handler.
static EXPECTED: AtomicUsize = AtomicUsize::new(0);

/// Exits with the code, plus 100 if the address was not the expected one.
extern "C" fn report(_: i32, info: &Info, _: &mut Context) {
    let right = info.address() == EXPECTED.load(SeqCst);
    leave((info.code & 0x3f) + if right { 0 } else { 100 });
}

/// Runs `body`, which must fault at `address` with `signal`; gives the code.
fn fault(signal: i32, address: usize, body: impl FnOnce()) -> Result<i32, Failure> {
    EXPECTED.store(address, SeqCst);
    set_handler(signal, report, 0, 0);
    let status = status_of(|| {
        body();
        99
    })?;
    match status & 0x7f {
        0 => Ok(status >> 8),
        other => Ok(-other),
    }
}

fn unmapped_read_is_maperr() -> Outcome {
    let at = pages(1)?;
    works!(SYS_munmap, at, PAGE);
    same!(fault(SIGSEGV, at + 5, || touch(at + 5))?, 1);
    Ok(())
}

fn unmapped_write_is_maperr() -> Outcome {
    let at = pages(1)?;
    works!(SYS_munmap, at, PAGE);
    same!(fault(SIGSEGV, at + 7, || poke(at + 7, 1))?, 1);
    Ok(())
}

fn null_pointer_is_maperr() -> Outcome {
    same!(fault(SIGSEGV, 16, || touch(16))?, 1);
    Ok(())
}

fn read_only_write_is_accerr() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        PAGE,
        PROT_READ,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    same!(fault(SIGSEGV, at + 9, || poke(at + 9, 1))?, 2);
    Ok(())
}

fn no_access_read_is_accerr() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        PAGE,
        PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    same!(fault(SIGSEGV, at, || touch(at))?, 2);
    Ok(())
}

fn no_execute_is_accerr() -> Outcome {
    let at = pages(1)?;
    poke(at, 0xc3);
    same!(fault(SIGSEGV, at, || call_address(at))?, 2);
    Ok(())
}

fn kernel_address_is_maperr() -> Outcome {
    let at = 0xffff_ffff_8000_0000;
    same!(fault(SIGSEGV, at, || touch(at))?, 1);
    same!(fault(SIGSEGV, at, || poke(at, 1))?, 1);
    Ok(())
}

/// The processor does not say where, so the address is 0 and the code SI_KERNEL (0x80).
fn non_canonical_is_general() -> Outcome {
    extern "C" fn general(_: i32, info: &Info, _: &mut Context) {
        leave((info.code == 0x80 && info.address() == 0) as i32);
    }
    set_handler(SIGSEGV, general, 0, 0);
    same!(
        status_of(|| {
            raise(Trap::NonCanonical);
            0
        })?,
        1 << 8
    );
    Ok(())
}

fn file_past_end_is_bus_error() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, 3 * PAGE, RW, MAP_SHARED, fd, 0) as usize;
    same!(peek(at + PAGE - 1), 0);
    same!(fault(SIGBUS, at + PAGE, || touch(at + PAGE))?, 2);
    same!(fault(SIGBUS, at + 2 * PAGE, || poke(at + 2 * PAGE, 1))?, 2);
    Ok(())
}

fn file_grown_after_mapping() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_SHARED, fd, 0) as usize;
    works!(SYS_ftruncate, fd, 2 * PAGE);
    poke(at + PAGE, 3);
    same!(peek(at + PAGE), 3);
    works!(SYS_ftruncate, fd, 5);
    same!(fault(SIGBUS, at + PAGE, || touch(at + PAGE))?, 2);
    Ok(())
}

/// Runs `trap` under a handler that tells the code and whether the address is that of the
/// instruction.
fn trapped(signal: i32, trap: Trap) -> Result<i32, Failure> {
    extern "C" fn tell(_: i32, info: &Info, context: &mut Context) {
        let here = context.registers[REG_RIP as usize] as usize;
        leave((info.code & 0x3f) + if info.address() == here { 64 } else { 0 });
    }
    set_handler(signal, tell, 0, 0);
    Ok(status_of(|| {
        raise(trap);
        99
    })? >> 8)
}

fn divide_by_zero() -> Outcome {
    same!(trapped(SIGFPE, Trap::Divide)?, 64 + 1);
    Ok(())
}

fn undefined_instruction() -> Outcome {
    same!(trapped(SIGILL, Trap::Undefined)?, 64 + 2);
    Ok(())
}

fn privileged_instruction() -> Outcome {
    // SI_KERNEL is 0x80, of which the low bits are 0; the address is 0 as for any protection fault.
    same!(trapped(SIGSEGV, Trap::Privileged)?, 0);
    Ok(())
}

fn breakpoint_traps() -> Outcome {
    extern "C" fn quiet(_: i32, info: &Info, _: &mut Context) {
        EXPECTED.store(info.code as usize, SeqCst);
    }
    set_handler(SIGTRAP, quiet, 0, 0);
    raise(Trap::Breakpoint);
    // The program goes on behind the instruction.
    same!(EXPECTED.load(SeqCst), 0x80);
    Ok(())
}

extern "C" fn repair(_: i32, info: &Info, _: &mut Context) {
    sys!(SYS_mprotect, info.address() & !(PAGE - 1), PAGE, RW);
}

fn handler_can_repair_and_return() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        4 * PAGE,
        PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    set_handler(SIGSEGV, repair, 0, 0);
    for n in 0..4 {
        poke(at + n * PAGE + 11, n as u8 + 1);
    }
    same!([0, 1, 2, 3].map(|n| peek(at + n * PAGE + 11)), [1, 2, 3, 4]);
    Ok(())
}

fn fault_while_blocked_kills() -> Outcome {
    set_handler(SIGSEGV, report, 0, 0);
    abi_tests::signal::mask(SIG_BLOCK, u64::MAX);
    same!(status_of(|| i32::from(peek(16)))?, SIGSEGV);
    Ok(())
}

fn fault_while_ignored_kills() -> Outcome {
    abi_tests::signal::dispose(SIGSEGV, SIG_IGN);
    same!(status_of(|| i32::from(peek(16)))?, SIGSEGV);
    abi_tests::signal::dispose(SIGILL, SIG_IGN);
    same!(
        status_of(|| {
            raise(Trap::Undefined);
            0
        })?,
        SIGILL
    );
    Ok(())
}

/// Recurses with a kilobyte or so of stack each time.
#[inline(never)]
fn recurse(depth: usize) -> usize {
    let block = std::hint::black_box([depth as u8; 1024]);
    match depth {
        0 => usize::from(block[0]),
        _ => recurse(depth - 1) + usize::from(std::hint::black_box(&block)[1023] == depth as u8),
    }
}

fn stack_grows_on_demand() -> Outcome {
    same!(recurse(3000), 3000);
    Ok(())
}

fn stack_overflow_faults() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_STACK, &[1u64 << 20, 8 << 20], 0);
    same!(status_of(|| recurse(1_000_000) as i32)?, SIGSEGV);
    Ok(())
}

fn stack_overflow_on_alternate_stack() -> Outcome {
    extern "C" fn end(_: i32, _: &Info, _: &mut Context) {
        leave(5);
    }
    works!(SYS_prlimit64, 0, RLIMIT_STACK, &[1u64 << 20, 8 << 20], 0);
    let base = pages(8)?;
    gives!(0, SYS_sigaltstack, &[base, 0, 8 * PAGE], 0);
    set_handler(SIGSEGV, end, SA_ONSTACK, 0);
    same!(status_of(|| recurse(1_000_000) as i32)?, 5 << 8);
    Ok(())
}

fn fault_in_system_call_is_no_signal() -> Outcome {
    set_handler(SIGSEGV, report, 0, 0);
    let fd = file(b"hello")?;
    same!(sys!(SYS_read, fd, 16, 4), -(EFAULT as isize));
    same!(
        sys!(SYS_read, fd, 0xffff_ffff_8000_0000usize, 4),
        -(EFAULT as isize)
    );
    Ok(())
}

fn memory_limit_of_data() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_DATA, &[32u64 << 20, 32 << 20], 0);
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    same!(
        sys!(SYS_mmap, 0, 64 << 20, RW, flags, -1, 0),
        -(ENOMEM as isize)
    );
    works!(SYS_mmap, 0, 64 << 20, PROT_NONE, flags, -1, 0);
    works!(SYS_mmap, 0, 64 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Ok(())
}
