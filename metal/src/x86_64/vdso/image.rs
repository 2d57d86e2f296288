//! The bytes of the vDSO: a shared object of one page, laid out by hand.
//!
//! A dynamic linker, or a C library that is linked statically, finds it by AT_SYSINFO_EHDR and
//! looks a function up as in any library: by the dynamic section, the symbol table, the hash
//! table and the version `LINUX_2.6`. Nothing in it is relocated: its functions find the data
//! page by its distance from themselves, one page below the start of the image.
//!
//! ```text
//!   -0x1000   the data page ([`super::Data`]), readable
//!         0   ELF header, program headers
//!             hash table, symbols, names, versions, dynamic section
//!             the functions
//! ```
//!
//! A function answers what the system call of the same name would, from the same numbers and
//! by the same arithmetic, so that a program can mix both and never sees time go back. What it
//! cannot answer (a clock of processor time, a time zone) it passes on to the call. A pointer
//! to memory that is not there is a SIGSEGV and no EFAULT, as on Linux.
//!
//! Source: elf(5), vdso(7), the System V ABI chapter 5 (dynamic linking), the Linux Standard
//! Base (symbol versioning).

use core::arch::global_asm;
use core::mem::offset_of;

use super::super::paging::PAGE_SIZE;
use super::super::segment::PROCESSOR_NUMBER;
use super::Data;

/// What the object calls itself, and its version: once more below, where they cannot be named.
const NAME: &str = "linux-vdso.so.1";
const VERSION: &str = "LINUX_2.6";

/// Clocks by number that are answered here, a bit each: REALTIME, MONOTONIC, MONOTONIC_RAW,
/// REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME (clock_gettime(2)). None is above [`LAST_CLOCK`].
const CLOCKS: u32 = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7;
/// Those of them that show the time of day.
const DAY_CLOCKS: u32 = 1 << 0 | 1 << 5;
const LAST_CLOCK: u32 = 7;

/// The hash of a name (System V ABI, figure 5-13).
const fn hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash: u32 = 0;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash << 4).wrapping_add(bytes[at] as u32);
        hash ^= hash >> 24 & 0xf0;
        hash &= 0x0fff_ffff;
        at += 1;
    }
    hash
}

global_asm!(
    r#"
    .section .rodata.vdso, "a"

    // A function in the symbol table: global, of section 1, which there is no table of.
    .macro vdso_symbol name
        .long vdso_name_\name - vdso_names
        .byte 0x12, 0
        .short 1
        .quad vdso_\name - vdso_image, vdso_\name\()_end - vdso_\name
    .endm
    .macro vdso_name name
vdso_name_\name:
        .asciz "__vdso_\name"
    .endm

    // The clock rdi says, or the time of day without it, in nanoseconds: into rax. Goes to
    // `call` when the counter is not to be used. Changes rdx, r8.
    .macro vdso_read_counter call
        lea r8, [rip + vdso_image - {PAGE}]
        cmp dword ptr [r8 + {COUNTER_IS_CLOCK}], 0
        je \call
        lfence                      // not before what the program did so far
        rdtsc
        shl rdx, 32
        or rax, rdx
        sub rax, [r8 + {START}]
        mul qword ptr [r8 + {SCALE}]
        shrd rax, rdx, 32
    .endm
    // Makes the time of day of what the clock says in rax. Goes to `call` while it has a pace of
    // its own. Changes r9.
    .macro vdso_add_realtime call
        mov r9, [r8 + {REALTIME}]
        cmp r9, {ASK}
        je \call
        add rax, r9
    .endm
    // Seconds into rax, the nanoseconds beyond them into rdx. Changes rcx.
    .macro vdso_split
        xor edx, edx
        mov ecx, 1000000000
        div rcx
    .endm

    .balign 4096
.globl vdso_image, vdso_end
vdso_image:
    .byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
    .short 3, 62                    // a shared object, for x86-64
    .long 1
    .quad 0, vdso_headers - vdso_image, 0
    .long 0
    .short 64, 56, 2, 0, 0, 0       // sizes of the headers; two program headers, no sections
vdso_headers:
    .long 1, 5                      // PT_LOAD: all of it, to be read and executed
    .quad 0, 0, 0, vdso_end - vdso_image, vdso_end - vdso_image, 4096
    .long 2, 4                      // PT_DYNAMIC, to be read
    .quad vdso_dynamic - vdso_image, vdso_dynamic - vdso_image, vdso_dynamic - vdso_image
    .quad vdso_dynamic_end - vdso_dynamic, vdso_dynamic_end - vdso_dynamic, 8

    // One bucket, in which the symbols follow each other: there are only a few.
vdso_hash:
    .long 1, 6, 1, 0, 2, 3, 4, 5, 0
    .balign 8
vdso_symbols:
    .quad 0, 0, 0
    vdso_symbol clock_gettime
    vdso_symbol gettimeofday
    vdso_symbol time
    vdso_symbol clock_getres
    vdso_symbol getcpu
vdso_names:
    .byte 0
    vdso_name clock_gettime
    vdso_name gettimeofday
    vdso_name time
    vdso_name clock_getres
    vdso_name getcpu
vdso_name_of_object:
    .asciz "linux-vdso.so.1"
vdso_name_of_version:
    .asciz "LINUX_2.6"
vdso_names_end:
    .balign 4
vdso_versions_of_symbols:
    .short 0, 2, 2, 2, 2, 2
vdso_versions:
    .short 1, 1, 1, 1               // version 1 is the object itself
    .long {NAME_HASH}, 20, 28, vdso_name_of_object - vdso_names, 0
    .short 1, 0, 2, 1               // version 2
    .long {VERSION_HASH}, 20, 0, vdso_name_of_version - vdso_names, 0
    .balign 8
vdso_dynamic:
    .quad 14, vdso_name_of_object - vdso_names                  // DT_SONAME
    .quad 4, vdso_hash - vdso_image                             // DT_HASH
    .quad 5, vdso_names - vdso_image                            // DT_STRTAB
    .quad 6, vdso_symbols - vdso_image                          // DT_SYMTAB
    .quad 10, vdso_names_end - vdso_names                       // DT_STRSZ
    .quad 11, 24                                                // DT_SYMENT
    .quad 0x6ffffff0, vdso_versions_of_symbols - vdso_image     // DT_VERSYM
    .quad 0x6ffffffc, vdso_versions - vdso_image                // DT_VERDEF
    .quad 0x6ffffffd, 2                                         // DT_VERDEFNUM
    .quad 0, 0
vdso_dynamic_end:

    // int clock_gettime(edi: clock, rsi: struct timespec *)
    .balign 16
vdso_clock_gettime:
    cmp edi, {LAST_CLOCK}
    ja 3f                           // negative numbers, too
    mov ecx, {CLOCKS}
    bt ecx, edi
    jnc 3f
    vdso_read_counter 3f
    mov ecx, {DAY_CLOCKS}
    bt ecx, edi
    jnc 2f
    vdso_add_realtime 3f
2:  vdso_split
    mov [rsi], rax
    mov [rsi + 8], rdx
    xor eax, eax
    ret
3:  mov eax, 228
    syscall
    ret
vdso_clock_gettime_end:

    // int gettimeofday(rdi: struct timeval *, rsi: struct timezone *)
    .balign 16
vdso_gettimeofday:
    test rsi, rsi
    jnz 3f                          // the zone is the kernel's to know
    test rdi, rdi
    jz 2f
    vdso_read_counter 3f
    vdso_add_realtime 3f
    vdso_split
    mov [rdi], rax
    mov eax, edx
    xor edx, edx
    mov ecx, 1000
    div ecx
    mov [rdi + 8], rax
2:  xor eax, eax
    ret
3:  mov eax, 96
    syscall
    ret
vdso_gettimeofday_end:

    // time_t time(rdi: time_t *)
    .balign 16
vdso_time:
    vdso_read_counter 3f
    vdso_add_realtime 3f
    vdso_split
    test rdi, rdi
    jz 2f
    mov [rdi], rax
2:  ret
3:  mov eax, 201
    syscall
    ret
vdso_time_end:

    // int clock_getres(edi: clock, rsi: struct timespec *)
    .balign 16
vdso_clock_getres:
    cmp edi, {LAST_CLOCK}
    ja 3f
    mov ecx, {CLOCKS}
    bt ecx, edi
    jnc 3f
    test rsi, rsi
    jz 2f
    mov qword ptr [rsi], 0
    mov qword ptr [rsi + 8], 1
2:  xor eax, eax
    ret
3:  mov eax, 229
    syscall
    ret
vdso_clock_getres_end:

    // int getcpu(rdi: unsigned *processor, rsi: unsigned *node)
    .balign 16
vdso_getcpu:
    mov eax, {PROCESSOR_NUMBER}
    lsl eax, eax                    // the limit of that segment is the number
    test rdi, rdi
    jz 2f
    mov [rdi], eax
2:  xor eax, eax
    test rsi, rsi
    jz 2f
    mov [rsi], eax                  // all memory is equally far
2:  ret
vdso_getcpu_end:
vdso_end:
    .previous
    "#,
    PAGE = const PAGE_SIZE,
    COUNTER_IS_CLOCK = const offset_of!(Data, counter_is_clock),
    START = const offset_of!(Data, start),
    SCALE = const offset_of!(Data, scale),
    REALTIME = const offset_of!(Data, realtime_offset),
    ASK = const super::ASK as i64,
    NAME_HASH = const hash(NAME),
    VERSION_HASH = const hash(VERSION),
    CLOCKS = const CLOCKS,
    DAY_CLOCKS = const DAY_CLOCKS,
    LAST_CLOCK = const LAST_CLOCK,
    PROCESSOR_NUMBER = const PROCESSOR_NUMBER,
);

unsafe extern "C" {
    static vdso_image: u8;
    static vdso_end: u8;
}

/// The image, to be copied to where programs can execute it.
pub(super) fn bytes() -> &'static [u8] {
    let start = &raw const vdso_image;
    let length = &raw const vdso_end as usize - start as usize;
    // SAFETY: the labels enclose constant bytes of the kernel's image.
    unsafe { core::slice::from_raw_parts(start, length) }
}
