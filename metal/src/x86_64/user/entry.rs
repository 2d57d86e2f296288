//! The border itself: the instructions that enter user mode and that a program's system calls
//! and traps arrive at.
//!
//! There are two ways out of a program. A *trap* may come at any instruction: everything is
//! saved, and `enter_user` returns to its caller. A *system call* is what programs do most, so
//! it has a shorter way: the function that serves it is called from here, and if nothing else
//! is to do the program goes on at once. Three things make it short:
//!
//! - Nothing is saved that the function preserves by itself. A function that the psABI binds
//!   gives `rbx`, `rbp` and `r12` to `r15` back as it found them, so they stay in the processor
//!   and are stored only if the kernel goes on to do something else.
//! - The function gets a [`super::SystemCall`], which lets it change `rax` and nothing else. So
//!   the instruction pointer is one that the processor itself put there, just behind a
//!   `syscall` in user memory: canonical, because the last user page is below the hole. With
//!   any other, `sysretq` would fault in kernel mode on Intel's processors.
//! - `sysretq` needs no frame on a stack. It cannot single-step, though: a program that has
//!   set its trap flag goes back by `iretq`, which alone takes effect before the first
//!   instruction.
//!
//! While the kernel runs, `rbp` may hold what the program left in it. A backtrace ends there
//! (`backtrace.rs` believes only kernel stacks).
//!
//! Source: SDM volume 2 (SYSCALL, SYSRET, IRET), volume 3, section 6.8.8; the x86-64 psABI,
//! figure 3.4 (register usage).

use core::arch::global_asm;
use core::mem::offset_of;

use ::x86_64::registers::model_specific::{LStar, SFMask, Star};
use ::x86_64::registers::rflags::RFlags;
use ::x86_64::structures::gdt::SegmentSelector;

use super::super::cpu::PerCpu;
use super::super::segment;
use super::{Registers, TRAP};

/// What `enter_user` returns after a trap; after a system call it is what the server said.
pub(super) const LEFT_BY_TRAP: u32 = u32::MAX;

global_asm!(
    r#"
    .section .text.user, "ax"

    // The registers of a program that its system calls preserve and that may have changed, or
    // not been stored at all, since: from the processor into the frame at rdi.
    .macro store_preserved
    mov [rdi + {RBX}], rbx
    mov [rdi + {RBP}], rbp
    mov [rdi + {R12}], r12
    mov [rdi + {R13}], r13
    mov [rdi + {R14}], r14
    mov [rdi + {R15}], r15
    mov rcx, [rdi + {RIP}]          // as `syscall` leaves them
    mov [rdi + {RCX}], rcx
    mov rcx, [rdi + {RFLAGS}]
    mov [rdi + {R11}], rcx
    .endm

    // enter_user(rdi: the frame, rsi: the server, rdx: what to tell it first)
    .global enter_user
enter_user:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    push rdi                        // [rsp + 16]
    push rdx                        // [rsp + 8]
    push rsi                        // [rsp], at a multiple of 16 as a call wants it
    mov gs:[{KERNEL_STACK}], rsp
restore_all:
    mov rsp, rdi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rax
    add rsp, 16                     // vector and error code
    swapgs
    iretq

    .global system_call_entry
system_call_entry:
    swapgs
    mov gs:[{SCRATCH}], rdi
    mov rdi, gs:[{FRAME}]
    mov [rdi + {RSP}], rsp
    mov rsp, gs:[{KERNEL_STACK}]
    mov [rdi + {RIP}], rcx
    mov [rdi + {RFLAGS}], r11
    mov [rdi + {RAX}], rax
    mov [rdi + {RSI}], rsi
    mov [rdi + {RDX}], rdx
    mov [rdi + {R10}], r10
    mov [rdi + {R8}], r8
    mov [rdi + {R9}], r9
    mov rcx, gs:[{SCRATCH}]
    mov [rdi + {RDI}], rcx
    mov rsi, [rsp + 8]
    call [rsp]
    mov rdi, [rsp + 16]
    test eax, eax
    jnz 2f
    mov r11, [rdi + {RFLAGS}]
    test r11d, {TRAP}
    jnz 3f
    mov rcx, [rdi + {RIP}]
    mov rax, [rdi + {RAX}]
    mov rsi, [rdi + {RSI}]
    mov rdx, [rdi + {RDX}]
    mov r10, [rdi + {R10}]
    mov r8, [rdi + {R8}]
    mov r9, [rdi + {R9}]
    mov rsp, [rdi + {RSP}]
    mov rdi, [rdi + {RDI}]
    swapgs
    sysretq

2:  store_preserved
    jmp leave_user
3:  store_preserved
    jmp restore_all

    // The trap's stub and the processor have pushed the frame's end; GS is the user's.
    .global user_trap
user_trap:
    swapgs
    push rax
    push rcx
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov eax, {LEFT_BY_TRAP}
    mov rsp, gs:[{KERNEL_STACK}]
    cld
leave_user:
    add rsp, 24
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret
    "#,
    KERNEL_STACK = const offset_of!(PerCpu, kernel_stack),
    FRAME = const offset_of!(PerCpu, user_frame),
    SCRATCH = const offset_of!(PerCpu, scratch),
    LEFT_BY_TRAP = const LEFT_BY_TRAP,
    TRAP = const TRAP,
    RAX = const offset_of!(Registers, rax),
    RBX = const offset_of!(Registers, rbx),
    RCX = const offset_of!(Registers, rcx),
    RDX = const offset_of!(Registers, rdx),
    RSI = const offset_of!(Registers, rsi),
    RDI = const offset_of!(Registers, rdi),
    RBP = const offset_of!(Registers, rbp),
    RSP = const offset_of!(Registers, rsp),
    RIP = const offset_of!(Registers, rip),
    RFLAGS = const offset_of!(Registers, rflags),
    R8 = const offset_of!(Registers, r8),
    R9 = const offset_of!(Registers, r9),
    R10 = const offset_of!(Registers, r10),
    R11 = const offset_of!(Registers, r11),
    R12 = const offset_of!(Registers, r12),
    R13 = const offset_of!(Registers, r13),
    R14 = const offset_of!(Registers, r14),
    R15 = const offset_of!(Registers, r15),
);

/// Serves the call whose registers lie in the frame. 0 says that the program can go on; all
/// else is what `enter_user` returns.
pub(super) type Server = unsafe extern "C" fn(frame: *mut Registers, told: *const ()) -> u32;

unsafe extern "C" {
    /// # Safety
    /// Interrupts are off. The frame leads to user mode, and the processor's `user_frame` and
    /// trap stack are this frame's. `told` is what the server expects.
    pub(super) fn enter_user(frame: *mut Registers, server: Server, told: *const ()) -> u32;
    static system_call_entry: u8;
}

/// Points `syscall` at the entry above, on the calling processor.
pub fn enable_system_calls() {
    LStar::write(::x86_64::VirtAddr::from_ptr(&raw const system_call_entry));
    // Direction, trap, interrupt, nested task and alignment check are cleared on entry.
    SFMask::write(
        RFlags::DIRECTION_FLAG
            | RFlags::TRAP_FLAG
            | RFlags::INTERRUPT_FLAG
            | RFlags::NESTED_TASK
            | RFlags::ALIGNMENT_CHECK,
    );
    Star::write(
        SegmentSelector(segment::USER_CODE),
        SegmentSelector(segment::USER_DATA),
        SegmentSelector(segment::KERNEL_CODE),
        SegmentSelector(segment::KERNEL_CODE + 8),
    )
    .expect("the segments lie in the order that sysret wants");
}
