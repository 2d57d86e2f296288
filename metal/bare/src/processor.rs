//! The processor from inside a program: its exceptions raised on purpose, the registers that a
//! system call must keep, and code at an address found at run time.
//!
//! Source: Intel's Software Developer's Manual, volume 3, chapter 6 (exceptions), and the System V
//! ABI for AMD64, 3.2 and A.2 (which registers a call keeps).

use core::arch::asm;

/// The time-stamp counter: ticks since the machine was switched on. Where QEMU counts instructions
/// that is how many there were, and nanoseconds of virtual time.
pub fn time_stamp() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: the instruction exists on every x86-64 and only reads; it clears the upper halves of
    // both registers. A kernel that forbids it to programs sends SIGSEGV.
    unsafe {
        asm!("rdtsc", out("rax") low, out("rdx") high, options(nomem, nostack, preserves_flags));
    }
    high << 32 | low
}

/// Calls the C function at `address`, of at most three arguments that are words.
pub fn call_function(address: usize, args: [usize; 3]) -> isize {
    let address = std::ptr::with_exposed_provenance::<()>(address);
    // SAFETY: the address is that of a function of the vDSO or of code the test wrote there, or a
    // fault is what the test is after; the arguments are what such a function takes.
    unsafe {
        let function: extern "C" fn(usize, usize, usize) -> isize = std::mem::transmute(address);
        function(args[0], args[1], args[2])
    }
}

/// A way to make the processor raise an exception.
#[derive(Clone, Copy)]
pub enum Trap {
    /// `div` by zero.
    Divide,
    /// `ud2`.
    Undefined,
    /// `hlt`, which user mode may not.
    Privileged,
    /// `int3`.
    Breakpoint,
    /// A load from a non-canonical address.
    NonCanonical,
}

/// Raises `trap`. Returns only if a handler moved the instruction pointer on.
pub fn raise(trap: Trap) {
    // SAFETY: each arm is one faulting instruction that touches no memory of Rust's; the
    // registers it uses are declared.
    unsafe {
        match trap {
            Trap::Divide => {
                asm!("xor edx, edx", "div {zero:e}", zero = in(reg) 0, inout("eax") 1 => _, out("edx") _);
            }
            Trap::Undefined => asm!("ud2"),
            Trap::Privileged => asm!("hlt"),
            Trap::Breakpoint => asm!("int3"),
            Trap::NonCanonical => asm!("mov {x}, [{x}]", x = inout(reg) 1usize << 63 => _),
        }
    }
}

/// Fills XMM0 to XMM15 with patterns made from `seed`, makes one system call and tells whether
/// every register still holds its pattern afterwards.
pub fn vector_state_survives(seed: u64, number: usize, args: [usize; 3]) -> bool {
    let before: [[u64; 2]; 16] =
        std::array::from_fn(|n| [seed ^ n as u64, !seed.rotate_left(n as u32)]);
    let mut after = [[0u64; 2]; 16];
    macro_rules! around {
        ($($n:literal),*) => {
            // SAFETY: reads `before`, writes `after`, both 256 bytes; the vector registers and
            // what the call destroys are declared.
            unsafe {
                asm!(
                    $(concat!("movdqu xmm", $n, ", [r12 + 16*", $n, "]"),)*
                    "syscall",
                    $(concat!("movdqu [r13 + 16*", $n, "], xmm", $n),)*
                    inlateout("rax") number => _,
                    in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
                    in("r12") before.as_ptr(), in("r13") after.as_mut_ptr(),
                    lateout("rcx") _, lateout("r11") _,
                    out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                    out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                    out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                    out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                );
            }
        };
    }
    around!(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    before == after
}

/// The general registers that a system call must preserve, in the order rbx, rbp, r8, r9, r10,
/// r12, r13, r14, r15, rdi, rsi, rdx.
pub type Preserved = [u64; 12];

/// Loads `registers`, of which the last three are the first three arguments, makes a system call
/// and gives what they hold afterwards, and the call's result.
pub fn call_with_registers(number: usize, registers: &Preserved) -> (Preserved, isize) {
    let mut area = *registers;
    let result: isize;
    // SAFETY: reads and writes `area`; every register that changes is declared or put back.
    unsafe {
        asm!(
            "push rbx", "push rbp",
            "mov rbx, [r11]", "mov rbp, [r11 + 8]", "mov r8, [r11 + 16]", "mov r9, [r11 + 24]",
            "mov r10, [r11 + 32]", "mov r12, [r11 + 40]", "mov r13, [r11 + 48]",
            "mov r14, [r11 + 56]", "mov r15, [r11 + 64]", "mov rdi, [r11 + 72]",
            "mov rsi, [r11 + 80]", "mov rdx, [r11 + 88]",
            "push r11",
            "syscall",
            "pop r11",
            "mov [r11], rbx", "mov [r11 + 8], rbp", "mov [r11 + 16], r8", "mov [r11 + 24], r9",
            "mov [r11 + 32], r10", "mov [r11 + 40], r12", "mov [r11 + 48], r13",
            "mov [r11 + 56], r14", "mov [r11 + 64], r15", "mov [r11 + 72], rdi",
            "mov [r11 + 80], rsi", "mov [r11 + 88], rdx",
            "pop rbp", "pop rbx",
            inlateout("rax") number as isize => result,
            inout("r11") area.as_mut_ptr() => _,
            out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _, out("r8") _, out("r9") _,
            out("r10") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
        );
    }
    (area, result)
}

/// Sets the trap flag, makes the system call `number`, which takes no arguments, and clears the
/// flag again. SIGTRAP needs a handler, which the processor's single steps run. Returns the
/// call's result.
pub fn step_over_call(number: usize) -> isize {
    let result: isize;
    // SAFETY: changes no memory but the words it pushes itself.
    unsafe {
        asm!(
            "pushfq", "or dword ptr [rsp], 0x100", "popfq",
            "syscall",
            "nop",
            "pushfq", "and dword ptr [rsp], 0xfffffeff", "popfq",
            inlateout("rax") number as isize => result,
            out("rcx") _, out("r11") _,
        );
    }
    result
}

/// Overwrites XMM0 to XMM7 with zeros, as a handler using floating point would.
pub fn clear_vectors() {
    // SAFETY: only the declared registers change.
    unsafe {
        asm!(
            "pxor xmm0, xmm0", "pxor xmm1, xmm1", "pxor xmm2, xmm2", "pxor xmm3, xmm3",
            "pxor xmm4, xmm4", "pxor xmm5, xmm5", "pxor xmm6, xmm6", "pxor xmm7, xmm7",
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
}
