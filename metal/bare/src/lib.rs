//! What a test of the kernel's ABI needs and safe Rust has no words for: the bare system call with
//! any register values, memory touched where a fault is what one is after, and (in the other
//! files) the processor's state around a call, and tasks that run on a stack of the test's own.
//!
//! It runs in user mode, on Linux or on Janus, and is the one part of metal that a test program may
//! name, so that all of `tests/` is safe Rust.
//!
//! Contract: the functions are safe to *call* in the sense that matters here, which is not
//! memory safety. A test program exists to hand the kernel wild pointers, to unmap its own pages
//! and to divide by zero, and it does so in a child process that may die of it. Whoever calls
//! with the address of memory that Rust owns must pass a real one: `abi_tests::call::Word` takes
//! references for that. Source: the System V ABI for AMD64, appendix A.2.1 (system calls).

mod processor;
mod task;

pub use processor::{
    Preserved, Trap, call_function, call_with_registers, clear_vectors, raise, step_over_call,
    time_stamp, vector_state_survives,
};
pub use task::{Entry, clone, fork, signal_return};

use core::arch::asm;
use core::sync::atomic::AtomicU32;

/// Makes a system call with exactly these six register values.
///
/// `number` is that of the x86-64 table. Returns what the kernel left in RAX: a value, or a
/// negative errno.
#[inline]
pub fn syscall(number: usize, args: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: hostile input is the point: the kernel under test must answer an errno for whatever
    // is wrong with the values. The registers the instruction destroys are declared, and memory
    // counts as changed because the kernel may write through any of the pointers.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// Reads the byte at `address`, which may fault.
pub fn peek(address: usize) -> u8 {
    // SAFETY: the address was mapped by the test itself, or the fault is what it is after.
    unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() }
}

/// Writes the byte at `address`, which may fault.
pub fn poke(address: usize, value: u8) {
    // SAFETY: as for `peek`: memory of the test's own mapping, or a fault on purpose.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(value) }
}

/// A word shared with another process or changed by the kernel, at a mapped, aligned `address`.
pub fn shared_word(address: usize) -> &'static AtomicU32 {
    // SAFETY: callers pass an address inside a mapping they keep for as long as the process
    // lives, and reach the word only through this function.
    unsafe { AtomicU32::from_ptr(std::ptr::with_exposed_provenance_mut(address)) }
}
