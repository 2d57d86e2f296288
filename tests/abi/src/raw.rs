//! The one room with `unsafe`: the bare system call and the few things Rust has no safe words for.
//!
//! Contract: the functions are safe to *call* in the sense that matters here, which is not
//! memory safety. A test program exists to hand the kernel wild pointers, to unmap its own pages
//! and to divide by zero, and it does so in a child process that may die of it. Whoever calls
//! with the address of memory that Rust owns must pass a real one: `call::Word` takes references
//! for that. Source: the System V ABI for AMD64, appendix A.2.1 (system calls), and signal(7).

use core::arch::asm;

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

/// Forks, letting the C library bring its own records up to date in the child.
///
/// Returns 0 in the child, the child's pid in the parent, or a negative errno.
pub fn fork() -> isize {
    // SAFETY: cases run single-threaded where they fork, so the child finds no lock held by a
    // thread that no longer exists.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        -(errno() as isize)
    } else {
        pid as isize
    }
}

/// The C library's error number of the calling thread.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
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
pub fn shared_word(address: usize) -> &'static std::sync::atomic::AtomicU32 {
    // SAFETY: callers pass an address inside a mapping they keep for as long as the process
    // lives, and reach the word only through this function.
    unsafe {
        std::sync::atomic::AtomicU32::from_ptr(std::ptr::with_exposed_provenance_mut(address))
    }
}

/// Copies the NUL-terminated string at `address`, which must be mapped.
pub fn text_at(address: usize) -> Vec<u8> {
    // SAFETY: used on strings the kernel put on the initial stack; a wrong address faults in the
    // child that asked.
    unsafe { std::ffi::CStr::from_ptr(std::ptr::with_exposed_provenance(address)) }
        .to_bytes()
        .to_vec()
}

/// Copies `length` bytes at `address`, which must be mapped.
pub fn copy_of(address: usize, length: usize) -> Vec<u8> {
    // SAFETY: used on mappings that the kernel made and that nobody writes to.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address), length) }
        .to_vec()
}

/// Calls the C function at `address`, of at most three arguments that are words.
pub fn call_function(address: usize, args: [usize; 3]) -> isize {
    let address = std::ptr::with_exposed_provenance::<()>(address);
    // SAFETY: the address is that of a function of the vDSO, or a fault is what the test is
    // after; the arguments are what such a function takes.
    unsafe {
        let function: extern "C" fn(usize, usize, usize) -> isize = std::mem::transmute(address);
        function(args[0], args[1], args[2])
    }
}

/// An entry of the auxiliary vector (`AT_*`), or 0 if the kernel gave none.
pub fn auxiliary(kind: u64) -> usize {
    // SAFETY: getauxval only reads the vector the C library saved at start.
    unsafe { libc::getauxval(kind) as usize }
}

/// A signal handler as SA_SIGINFO passes it: number, details, interrupted context.
pub type Handler = extern "C" fn(i32, &crate::signal::Info, &mut crate::signal::Context);

/// Installs `handler` for `signal` with `flags` (SA_SIGINFO is added) and `mask` (bit n-1 for
/// signal n). Returns 0 or a negative errno.
pub fn set_handler(signal: i32, handler: Handler, flags: i32, mask: u64) -> isize {
    // SAFETY: an all-zero sigaction is valid; `Info` and `Context` have the layout of siginfo_t
    // and ucontext_t, and the kernel passes pointers to both that live as long as the handler runs.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = flags | libc::SA_SIGINFO;
        for number in 1..=64 {
            if mask >> (number - 1) & 1 == 1 {
                libc::sigaddset(&mut action.sa_mask, number);
            }
        }
        match libc::sigaction(signal, &action, std::ptr::null_mut()) {
            0 => 0,
            _ => -(errno() as isize),
        }
    }
}

/// What a new task made by `clone` runs: gets the argument, returns the exit status.
pub type Entry = extern "C" fn(*mut libc::c_void) -> i32;

/// `clone(2)` with a stack: the new task runs `entry(argument)` on the memory that ends at
/// `stack_top`. The entry must keep to bare system calls, because it has no thread record of its
/// own. `tids` are the parent and child tid addresses. Returns the tid or a negative errno.
pub fn clone(
    flags: i32,
    stack_top: usize,
    entry: Entry,
    argument: usize,
    tids: [usize; 2],
) -> isize {
    let at = std::ptr::with_exposed_provenance_mut::<libc::c_void>;
    // SAFETY: `stack_top` ends a mapping of the test's own that outlives the task.
    let pid = unsafe {
        libc::clone(
            entry,
            at(stack_top),
            flags,
            at(argument),
            at(tids[0]),
            at(0),
            at(tids[1]),
        )
    };
    if pid < 0 {
        -(errno() as isize)
    } else {
        pid as isize
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

/// Jumps to `address` as if calling a function there.
pub fn call_address(address: usize) {
    // SAFETY: the address is either not executable, which is what the test is after, or holds a
    // `ret` the test wrote there.
    unsafe { asm!("call {0}", in(reg) address, clobber_abi("C")) }
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

/// The stack pointer, for tests of which stack a handler runs on.
pub fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads one register.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack)) }
    sp
}
