//! User mode: going there, and what comes back.
//!
//! [`UserContext::run`] enters user mode with the registers it holds and returns when the
//! program makes a system call, faults or is interrupted, with the registers as they were at
//! that moment. So the kernel's side of a thread is an ordinary loop around an ordinary call.
//!
//! The trick is where traps push: on entry the stack pointer for traps from user mode
//! (TSS.RSP0, and the same for `syscall`) is set to the end of the [`Registers`] themselves.
//! The processor and the stub then fill the structure by pushing, and only after that is the
//! kernel's own stack picked up again.
//!
//! `sysret` is taken back out of a system call when nothing asks for more; `iretq` restores
//! every register (after a signal handler, for a new program, after an interrupt).
//!
//! Source: SDM volume 2 (SYSCALL, SYSRET, IRET), volume 3, section 6.8.8; the x86-64 psABI,
//! appendix A.2 (the Linux system call convention).

use core::arch::{asm, global_asm};

use ::x86_64::registers::model_specific::{LStar, SFMask, Star};
use ::x86_64::registers::rflags::RFlags;
use ::x86_64::structures::gdt::SegmentSelector;

use super::cpu::{has_fsgsbase, per_cpu, read_msr, write_msr};
use super::paging::USER_END;
use super::{segment, trap};

const FS_BASE: u32 = 0xc000_0100;
/// The user's GS base lies here while the kernel runs.
const KERNEL_GS_BASE: u32 = 0xc000_0102;
/// Marks a frame that a system call made; no trap has this vector.
const SYSTEM_CALL: u64 = 0x100;

/// Flags a program may have: arithmetic, trap, direction, resume, alignment check,
/// identification.
const USER_FLAGS: u64 = 0x25_0dd5;
const TRAP: u64 = 1 << 8;
const GENERAL_PROTECTION: u8 = 13;
const INTERRUPTS_ON: u64 = 1 << 9;

/// A program's general registers, in the order in which traps push them.
#[repr(C, align(16))]
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the names are the processor's own")]
pub struct Registers {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rax: u64,
    vector: u64,
    error: u64,
    pub rip: u64,
    code_segment: u64,
    pub rflags: u64,
    pub rsp: u64,
    stack_segment: u64,
}

/// Why user mode was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A system call; number and arguments are in the registers. Interrupts are off.
    SystemCall,
    /// An interrupt; its handler has run. Interrupts are off.
    Interrupt,
    /// A page fault.
    PageFault {
        /// The address that was touched.
        address: usize,
        /// Whether it was written to.
        write: bool,
        /// Whether an instruction was fetched from it.
        execute: bool,
        /// The error code that says so (SDM volume 3, section 4.7).
        error: u32,
    },
    /// Another exception: its vector and error code (SDM volume 3, table 7-1).
    Exception {
        /// The vector.
        vector: u8,
        /// The error code, 0 where the exception has none.
        error: u32,
    },
}

/// A program's registers, ready to run.
#[derive(Clone, Debug, Default)]
pub struct UserContext {
    registers: Registers,
    /// The next entry must restore every register.
    restore_all: bool,
}

global_asm!(
    r#"
    .section .text.user, "ax"

    // enter_user(rdi: &Registers, rsi: whether `sysret` is enough)
    .global enter_user
enter_user:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov gs:[0], rsp
    mov rsp, rdi
    test esi, esi
    jz 2f
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    mov r11, [rsp + 104]            // rflags: offset 152, of which 48 are popped
    add rsp, 8
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    add rsp, 8
    pop rax
    mov rcx, [rsp + 16]             // rip
    mov rsp, [rsp + 40]             // the user's stack pointer
    swapgs
    sysretq
2:  pop r15
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
    add rsp, 16
    swapgs
    iretq

    .global system_call_entry
system_call_entry:
    swapgs
    mov gs:[16], rsp
    mov rsp, gs:[8]
    push 0x1b
    push gs:[16]
    push r11
    push 0x23
    push rcx
    push 0
    push 0x100

    // The frame is complete but for the general registers. GS is the kernel's.
leave_user:
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
    mov rsp, gs:[0]
    cld
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

    .global user_trap
user_trap:
    swapgs
    jmp leave_user
    "#
);

unsafe extern "C" {
    fn enter_user(registers: *mut Registers, fast: usize);
    static system_call_entry: u8;
}

/// Points `syscall` at the entry above, on the calling processor.
pub(super) fn enable_system_calls() {
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

impl UserContext {
    /// Registers for a program that starts at `instruction` with `stack`; all others are 0.
    pub fn new(instruction: usize, stack: usize) -> Self {
        let mut context = Self::default();
        context.registers.rip = instruction as u64;
        context.registers.rsp = stack as u64;
        context.restore_all = true;
        context
    }

    /// The registers, to read.
    pub fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The registers, to change those that a system call may change without a full restore:
    /// all but `rcx` and `r11`.
    pub fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    /// The registers, to replace: the next entry restores them all.
    pub fn replace(&mut self) -> &mut Registers {
        self.restore_all = true;
        &mut self.registers
    }

    /// Runs the program until something needs the kernel. Interrupts must be off, so that no
    /// wake-up is missed between the last look and the entry; they are off again on return.
    #[inline]
    pub fn run(&mut self) -> Event {
        // After a system call the frame holds what the program itself had: it can go back as
        // it is, by `sysret`, unless it single-steps itself and must see its trap flag from
        // the first instruction on, which only `iretq` does.
        let fast = self.registers.vector == SYSTEM_CALL
            && !self.restore_all
            && self.registers.rflags & TRAP == 0;
        if !fast && !self.prepare() {
            // The return instruction itself would fault, in kernel mode.
            return Event::Exception {
                vector: GENERAL_PROTECTION,
                error: 0,
            };
        }
        let registers = &raw mut self.registers;
        let end = registers.wrapping_add(1) as usize;
        let processor = per_cpu();
        if processor.user_frame_end.get() != end {
            processor.user_frame_end.set(end);
            // SAFETY: the frame ends 16-byte aligned (checked below) and lives as long as
            // this call, which is as long as user mode lasts.
            unsafe { segment::set_user_trap_stack(processor.number.get(), end) };
        }
        // SAFETY: the segments and flags are a program's; the kernel half of the address space
        // is out of its reach.
        unsafe { enter_user(registers, usize::from(fast)) };
        self.restore_all = false;
        if self.registers.vector == SYSTEM_CALL {
            return Event::SystemCall;
        }
        self.trap()
    }

    /// Makes the frame one that leads to user mode, whatever it holds. Returns false when its
    /// instruction pointer cannot even be loaded.
    fn prepare(&mut self) -> bool {
        let registers = &mut self.registers;
        registers.code_segment = u64::from(segment::USER_CODE);
        registers.stack_segment = u64::from(segment::USER_DATA);
        registers.rflags = registers.rflags & USER_FLAGS | INTERRUPTS_ON | 2;
        is_canonical(registers.rip)
    }

    /// What the trap was that the frame tells of.
    fn trap(&self) -> Event {
        let vector = self.registers.vector;
        let error = self.registers.error as u32;
        if vector == u64::from(trap::PAGE_FAULT) {
            return Event::PageFault {
                address: ::x86_64::registers::control::Cr2::read_raw() as usize,
                write: error & 1 << 1 != 0,
                execute: error & 1 << 4 != 0,
                error,
            };
        }
        if vector >= u64::from(trap::FIRST_INTERRUPT) {
            trap::interrupt(vector as u8);
            return Event::Interrupt;
        }
        Event::Exception {
            vector: vector as u8,
            error,
        }
    }
}

fn is_canonical(address: u64) -> bool {
    address as i64 >> 47 == 0 || address as i64 >> 47 == -1
}

const _: () = assert!(size_of::<Registers>().is_multiple_of(16));

/// The FS and GS bases of the thread that runs: where programs keep thread-local storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadBases {
    /// FS base, a user address.
    pub fs: usize,
    /// GS base, a user address.
    pub gs: usize,
}

impl ThreadBases {
    /// Reads the processor's bases.
    pub fn current() -> Self {
        // SAFETY: these registers exist on every x86-64.
        unsafe {
            Self {
                fs: if has_fsgsbase() {
                    let base: usize;
                    asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags));
                    base
                } else {
                    read_msr(FS_BASE) as usize
                },
                gs: read_msr(KERNEL_GS_BASE) as usize,
            }
        }
    }

    /// Loads the processor's bases. An address outside the user half becomes 0: loading a
    /// non-canonical one would fault.
    pub fn load(self) {
        let checked = |base: usize| if base < USER_END { base as u64 } else { 0 };
        // SAFETY: the registers exist and the values are canonical.
        unsafe {
            if has_fsgsbase() {
                asm!("wrfsbase {}", in(reg) checked(self.fs),
                    options(nomem, nostack, preserves_flags));
            } else {
                write_msr(FS_BASE, checked(self.fs));
            }
            write_msr(KERNEL_GS_BASE, checked(self.gs));
        }
    }
}
