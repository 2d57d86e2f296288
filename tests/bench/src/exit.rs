//! `bench-exit`: the smallest program there can be, for measuring execve alone.
//!
//! It asks the kernel to exit and does nothing before. A program with the C library's start-up
//! would measure its relocations and its locale instead. Source: System V ABI for AMD64, 3.4.1
//! (process entry) and A.2.1 (system calls).
#![no_main]
#![allow(unsafe_code)] // two instructions of entry code; there is no other way to write `_start`

// SAFETY: the kernel enters here with a stack; `exit_group(0)` never returns, so nothing of the
// missing run-time environment is needed.
core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "mov eax, 231",
    "xor edi, edi",
    "syscall",
    "ud2",
);
