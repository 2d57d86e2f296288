//! The first instructions on x86-64: the PVH note, 32-bit protected mode, long mode, Rust.
//!
//! On entry (PVH ABI): 32-bit protected mode, flat segments, paging off, interrupts off,
//! `ebx` = physical address of the start-info structure, no stack. The code here runs at its
//! physical address until the jump to the higher half.
//!
//! The assembler's Intel syntax in `.code32` makes `push offset symbol` a 16-bit push, so the
//! far jump to 64-bit code is written in bytes.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .note.pvh, "a", @note
    .align 4
    .long 4                         // length of the owner's name
    .long 8                         // length of the descriptor: an 8-byte entry address
    .long 18                        // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

    .section .boot.text, "ax"
    .code32
    .global pvh_entry
pvh_entry:
    cld
    mov esi, ebx                    // start-info, kept in esi until Rust takes it

    // Two page directories are enough: the first GiB, in 2 MiB pages, seen at 0 and at
    // KERNEL_BASE. Everything is writable and executable here; metal replaces these tables
    // by ones that are not.
    mov edi, offset boot_page_directory
    mov eax, 0x83                   // present, writable, 2 MiB page
    mov ecx, 512
2:  mov [edi], eax
    mov dword ptr [edi + 4], 0
    add eax, 0x200000
    add edi, 8
    dec ecx
    jnz 2b

    mov eax, offset boot_page_directory
    or eax, 3
    mov [boot_pdpt_low], eax
    mov [boot_pdpt_high + 510 * 8], eax
    mov eax, offset boot_pdpt_low
    or eax, 3
    mov [boot_pml4], eax
    mov eax, offset boot_pdpt_high
    or eax, 3
    mov [boot_pml4 + 511 * 8], eax

    mov eax, cr4
    or eax, 0x20                    // CR4.PAE
    mov cr4, eax
    mov eax, offset boot_pml4
    mov cr3, eax
    mov ecx, 0xc0000080             // IA32_EFER
    rdmsr
    or eax, 0x901                   // LME, NXE, SCE (every x86-64 has NX)
    wrmsr
    mov eax, cr0
    or eax, 0x80010001              // PG, WP, PE
    mov cr0, eax

    lgdt [boot_gdt_pointer]
    .byte 0xea                      // far jump, ptr16:32
    .long long_mode
    .word 8

    .code64
long_mode:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    movabs rax, offset higher_half
    jmp rax

    .section .text.higher_half, "ax"
higher_half:
    // BOOT_STACK_PATTERN everywhere on the stack: what is left of it tells the highest use.
    mov r8d, esi
    lea rdi, [rip + boot_stack_guard + 4096]
    lea rcx, [rip + boot_stack_top]
    sub rcx, rdi
    shr rcx, 3
    movabs rax, {pattern}
    cld
    rep stosq
    mov esi, r8d

    lea rsp, [rip + boot_stack_top]
    xor ebp, ebp                    // ends the chain of frames for the backtrace
    mov edi, esi
    call kernel_entry
    ud2

    .section .boot.data, "aw"
    .align 16
boot_gdt:
    .quad 0
    .quad 0x00af9a000000ffff        // 64-bit code
boot_gdt_pointer:
    .word 15
    .long boot_gdt

    .section .boot.bss, "aw", @nobits
    .align 4096
boot_pml4:           .skip 4096
boot_pdpt_low:       .skip 4096
boot_pdpt_high:      .skip 4096
boot_page_directory: .skip 4096

    // The boot processor keeps this stack as its idle stack. The page under it is left
    // unmapped by metal: an overflow faults instead of spoiling what lies below.
    .section .boot_stack, "aw", @nobits
    .align 4096
    .global boot_stack_guard
boot_stack_guard:    .skip 4096
    .skip 0x10000
    .global boot_stack_top
boot_stack_top:
    "#,
    pattern = const crate::BOOT_STACK_PATTERN,
);
