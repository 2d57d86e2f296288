//! Traps: what happens when the processor leaves the instruction it was at.
//!
//! All 256 vectors enter through a table of stubs that push a uniform frame. A trap from user
//! mode makes `UserContext::run` return (`user/entry.rs`). A trap from kernel mode is one of three:
//! an interrupt, for which the kernel's handler is called; a page fault in a user copy, for
//! which the kernel's pager is asked and the copy is ended if it declines (likewise a program's
//! floating-point state that the processor does not take); or a bug, which panics. A double fault or a non-maskable interrupt gets a stack of its own.
//!
//! Source: SDM volume 3, chapter 7.

use core::arch::global_asm;
use core::cell::UnsafeCell;

use spin::Once;

use super::paging::is_user;
use super::{copy, interrupt, segment};

/// The first vector that an interrupt controller may use.
pub const FIRST_INTERRUPT: u8 = 32;
/// Page fault.
pub const PAGE_FAULT: u8 = 14;
/// General protection: a value or an address that the processor does not take.
pub const GENERAL_PROTECTION: u8 = 13;
const DOUBLE_FAULT: u8 = 8;
const NON_MASKABLE: u8 = 2;
const INTERRUPT_GATE: u64 = 0x8e00;
const USER_GATE: u64 = 0xee00;

/// What the kernel does about traps that are its business. Set once at boot.
pub struct Handlers {
    /// An interrupt with this vector arrived, in user or kernel mode; interrupts are off.
    pub interrupt: fn(vector: u8),
    /// A user copy touched an address that is not mapped as needed. Returns whether it is
    /// now. Called with interrupts on, in the thread that made the copy.
    pub user_page_fault: fn(address: usize, write: bool) -> bool,
}

static HANDLERS: Once<Handlers> = Once::new();

/// Registers the kernel's handlers; until then a trap in kernel mode is a panic.
pub fn set_handlers(handlers: Handlers) {
    HANDLERS.call_once(|| handlers);
}

pub(super) fn interrupt(vector: u8) {
    if let Some(handlers) = HANDLERS.get() {
        (handlers.interrupt)(vector);
    }
}

/// The registers of interrupted kernel code, as the stub pushed them.
#[repr(C)]
#[derive(Debug)]
struct KernelFrame {
    scratch: [usize; 9],
    frame_pointer: usize,
    vector: usize,
    error: usize,
    instruction: usize,
    code_segment: usize,
    flags: usize,
    stack: usize,
    stack_segment: usize,
}

global_asm!(
    r#"
    .section .text.trap, "ax"
    .altmacro
    .macro trap_stub vector
        .align 16
        // These exceptions push an error code of their own.
        .if (\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30)
        .else
            push 0
        .endif
        push \vector
        jmp trap_common
    .endm

    .align 16
    .global trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
        trap_stub %vector
        .set vector, vector + 1
    .endr

trap_common:
    test byte ptr [rsp + 24], 3     // the interrupted code segment's privilege
    jnz user_trap
kernel_trap:
    push rbp
    push r11
    push r10
    push r9
    push r8
    push rdi
    push rsi
    push rdx
    push rcx
    push rax
    cld
    mov rdi, rsp
    mov rbp, rsp
    and rsp, -16
    call kernel_trap_entry
    mov rsp, rbp
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    pop r8
    pop r9
    pop r10
    pop r11
    pop rbp
    add rsp, 16
    iretq
    "#
);

unsafe extern "C" {
    static trap_stubs: u8;
}

#[repr(C, align(16))]
struct DescriptorTable(UnsafeCell<[[u64; 2]; 256]>);

// SAFETY: written once, by the boot processor, before any other reads it.
unsafe impl Sync for DescriptorTable {}

static TABLE: DescriptorTable = DescriptorTable(UnsafeCell::new([[0; 2]; 256]));

/// Points every vector at its stub and loads the table on the calling processor.
pub(super) fn load() {
    let stubs = &raw const trap_stubs as u64;
    // SAFETY: see the `Sync` implementation.
    let table = unsafe { &mut *TABLE.0.get() };
    for (vector, entry) in table.iter_mut().enumerate() {
        let address = stubs + vector as u64 * 16;
        let stack = match vector as u8 {
            DOUBLE_FAULT => segment::DOUBLE_FAULT_STACK + 1,
            NON_MASKABLE => segment::NON_MASKABLE_STACK + 1,
            _ => 0,
        };
        // Programs may raise a breakpoint (3) and an overflow (4) by instruction.
        let gate = if vector == 3 || vector == 4 {
            USER_GATE
        } else {
            INTERRUPT_GATE
        };
        entry[0] = address & 0xffff
            | u64::from(segment::KERNEL_CODE) << 16
            | u64::from(stack) << 32
            | gate << 32
            | (address >> 16 & 0xffff) << 48;
        entry[1] = address >> 32;
    }
    let pointer = ::x86_64::structures::DescriptorTablePointer {
        limit: (size_of::<DescriptorTable>() - 1) as u16,
        base: ::x86_64::VirtAddr::from_ptr(table),
    };
    // SAFETY: the table is a static whose entries all lead to stubs.
    unsafe { ::x86_64::instructions::tables::lidt(&pointer) };
}

/// Called by the stubs for every trap that interrupted kernel code.
#[unsafe(no_mangle)]
extern "C" fn kernel_trap_entry(frame: &mut KernelFrame) {
    let vector = frame.vector as u8;
    if vector >= FIRST_INTERRUPT {
        interrupt(vector);
    } else if vector == PAGE_FAULT {
        kernel_page_fault(frame);
    } else if vector == GENERAL_PROTECTION
        && let Some(fixup) = copy::protection_fixup(frame.instruction)
    {
        frame.instruction = fixup;
    } else if vector != NON_MASKABLE {
        unexpected(frame, 0);
    }
}

fn kernel_page_fault(frame: &mut KernelFrame) {
    let address = ::x86_64::registers::control::Cr2::read_raw() as usize;
    let Some(fixup) = copy::fixup(frame.instruction) else {
        unexpected(frame, address);
    };
    if !is_user(address) {
        unexpected(frame, address);
    }
    let Some(handlers) = HANDLERS.get() else {
        unexpected(frame, address);
    };
    const INTERRUPTS_ON: usize = 1 << 9;
    const WRITE: usize = 1 << 1;
    // The pager may sleep. Then another thread runs, and it must not find user memory open.
    let open = frame.flags & ALIGNMENT_CHECK != 0;
    if open {
        super::copy::close_access();
    }
    if frame.flags & INTERRUPTS_ON != 0 {
        interrupt::enable();
    }
    let resolved = (handlers.user_page_fault)(address, frame.error & WRITE != 0);
    interrupt::disable();
    if !resolved {
        frame.instruction = fixup;
    }
}

const ALIGNMENT_CHECK: usize = 1 << 18;

fn unexpected(frame: &KernelFrame, address: usize) -> ! {
    const NAMES: [&str; 22] = [
        "division error",
        "debug exception",
        "non-maskable interrupt",
        "breakpoint",
        "overflow",
        "bound range exceeded",
        "invalid opcode",
        "device not available",
        "double fault",
        "coprocessor segment overrun",
        "invalid task-state segment",
        "segment not present",
        "stack-segment fault",
        "general protection fault",
        "page fault",
        "reserved exception",
        "floating-point error",
        "alignment check",
        "machine check",
        "SIMD floating-point error",
        "virtualization exception",
        "control protection exception",
    ];
    let name = NAMES.get(frame.vector).unwrap_or(&"unknown exception");
    crate::backtrace::set_start(frame.instruction, frame.frame_pointer);
    panic!(
        "{name} in the kernel at {:#x} (error {:#x}, address {address:#x}, stack {:#x}, flags {:#x}){}",
        frame.instruction,
        frame.error,
        frame.stack,
        frame.flags,
        if frame.vector == usize::from(DOUBLE_FAULT) {
            ": a kernel stack overflowed, or a trap could not be delivered"
        } else {
            ""
        }
    );
}

/// Reads a byte at a user address as a bug in the kernel would, without leave. For the test of
/// what happens then.
///
/// # Panics
/// Always, unless SMAP is missing and the page is there.
pub fn touch_for_test(address: usize) -> u8 {
    assert!(is_user(address));
    let value: u8;
    // SAFETY: a byte is read and not interpreted; the fault that this is about panics.
    unsafe {
        core::arch::asm!("mov {}, [{}]", out(reg_byte) value, in(reg) address,
            options(nostack, preserves_flags, readonly));
    }
    value
}
