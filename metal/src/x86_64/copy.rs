//! Copies between the kernel and user programs' memory, and between frames.
//!
//! A user address can point anywhere. A copy first checks that the whole range lies in the
//! user half; a page that is missing then faults inside the few instructions below, the
//! kernel's fault handler tries to supply it (demand paging, copy-on-write), and when it
//! cannot, the copy ends and says how far it came. Nothing else in the kernel may touch user
//! memory: SMAP faults on it, where the processor has SMAP, except between `stac` and `clac`.
//!
//! The bytes of frames are copied by the same instructions, because programs may change them
//! at the same time: Rust's memory model must not look inside.
//!
//! Source: SDM volume 2 (REP MOVS, STAC, CLAC), volume 3, section 5.6.1 (SMAP).

use core::arch::{asm, global_asm};
use core::mem::MaybeUninit;

use zerocopy::FromBytes;

use super::cpu;
use super::fpu::STATE_BYTES as FLOAT_BYTES;
use super::paging::USER_END;

/// An address in a user program's memory, in bytes. It may be anything at all.
pub type UserAddress = usize;

/// A user address range was not there, not allowed, or not in the user half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How many bytes had been copied.
    pub copied: usize,
}

global_asm!(
    r#"
    .section .text.user_copy, "ax"
    .global user_copy_start
user_copy_start:

    // user_copy(rdi: destination, rsi: source, rdx: length) -> rax: bytes not copied
    .global user_copy
user_copy:
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
    .global user_copy_words
user_copy_words:
    rep movsq
    mov ecx, edx
    .global user_copy_bytes
user_copy_bytes:
    rep movsb
    xor eax, eax
    ret
    // A word faulted: try its bytes, so that all before the bad page is copied.
    .global user_copy_words_fixup
user_copy_words_fixup:
    lea rcx, [rcx * 8 + rdx]
    jmp user_copy_bytes
    .global user_copy_bytes_fixup
user_copy_bytes_fixup:
    mov rax, rcx
    ret

    // user_zero(rdi: destination, rdx: length) -> rax: bytes not written
    .global user_zero
user_zero:
    xor eax, eax
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
    .global user_zero_words
user_zero_words:
    rep stosq
    mov ecx, edx
    .global user_zero_bytes
user_zero_bytes:
    rep stosb
    xor eax, eax
    ret
    .global user_zero_words_fixup
user_zero_words_fixup:
    lea rcx, [rcx * 8 + rdx]
    jmp user_zero_bytes
    .global user_zero_bytes_fixup
user_zero_bytes_fixup:
    mov rax, rcx
    ret

    // user_string(rdi: destination, rsi: source, rdx: limit)
    //   -> rax: bytes copied before the NUL, or limit when there was none, or -1 on a fault
    .global user_string
user_string:
    xor eax, eax
2:  cmp rax, rdx
    jae 3f
    .global user_string_load
user_string_load:
    mov cl, [rsi + rax]
    mov [rdi + rax], cl
    test cl, cl
    jz 3f
    inc rax
    jmp 2b
3:  ret
    .global user_string_fixup
user_string_fixup:
    mov rax, -1
    ret

    // user_load(rdi: source) -> rax: the 32-bit value, or a value above 32 bits on a fault
    .global user_load
user_load:
    mov eax, [rdi]
    ret
    .global user_load_fixup
user_load_fixup:
    mov rax, -1
    ret

    // user_load_word(rdi: source) -> rax: the 64-bit value, edx: 0; or edx: 1 on a fault
    .global user_load_word
user_load_word:
    mov rax, [rdi]
    xor edx, edx
    ret
    .global user_load_word_fixup
user_load_word_fixup:
    mov edx, 1                      // clears the upper half, too
    ret

    // user_exchange(rdi: target, esi: expected, edx: new)
    //   -> rax: the value found, or a value above 32 bits on a fault
    .global user_exchange
user_exchange:
    mov eax, esi
    .global user_exchange_do
user_exchange_do:
    lock cmpxchg [rdi], edx
    mov eax, eax
    ret
    .global user_exchange_fixup
user_exchange_fixup:
    mov rax, -1
    ret

    // user_save_float(rdi: destination, 16-byte aligned) -> rax: 0, or -1 on a fault
    .global user_save_float
user_save_float:
    fxsave64 [rdi]
    add rdi, 464                    // from here on the state is free for software
    mov ecx, 6
    xor eax, eax
    .global user_save_float_clear
user_save_float_clear:
    rep stosq
    ret
    .global user_save_float_fixup
user_save_float_fixup:
    mov rax, -1
    ret

    // user_load_float(rdi: source) -> rax: 0, or -1 on a fault or if the processor refuses it
    .global user_load_float
user_load_float:
    fxrstor64 [rdi]
    xor eax, eax
    ret
    .global user_load_float_fixup
user_load_float_fixup:
    mov rax, -1
    ret

    .global user_copy_end
user_copy_end:
    "#
);

macro_rules! labels {
    ($($name:ident),*) => { unsafe extern "C" { $(static $name: u8;)* } };
}
labels!(
    user_copy_start,
    user_copy_end,
    user_copy_words,
    user_copy_words_fixup,
    user_copy_bytes,
    user_copy_bytes_fixup,
    user_zero_words,
    user_zero_words_fixup,
    user_zero_bytes,
    user_zero_bytes_fixup,
    user_string_load,
    user_string_fixup,
    user_load_fixup,
    user_load_word_fixup,
    user_exchange_do,
    user_exchange_fixup,
    user_save_float_clear,
    user_save_float_fixup,
    user_load_float_fixup
);

unsafe extern "C" {
    fn user_copy(destination: *mut u8, source: *const u8, length: usize) -> usize;
    fn user_zero(destination: *mut u8, unused: usize, length: usize) -> usize;
    fn user_string(destination: *mut u8, source: *const u8, limit: usize) -> usize;
    fn user_load(source: *const u32) -> usize;
    fn user_load_word(source: *const u64) -> Word;
    fn user_exchange(target: *mut u32, expected: u32, new: u32) -> usize;
    fn user_save_float(target: *mut u8) -> usize;
    fn user_load_float(source: *const u8) -> usize;
}

/// What `user_load_word` answers: the value if `is_missing` is 0.
#[repr(C)]
struct Word {
    value: u64,
    is_missing: u64,
}

/// Where to go on after a fault at `instruction`, if it is one of the copies above.
pub(super) fn fixup(instruction: usize) -> Option<usize> {
    let at = |label: *const u8| label as usize;
    let range = at(&raw const user_copy_start)..at(&raw const user_copy_end);
    if !range.contains(&instruction) {
        return None;
    }
    let table = [
        (
            at(&raw const user_copy_words),
            at(&raw const user_copy_words_fixup),
        ),
        (
            at(&raw const user_copy_bytes),
            at(&raw const user_copy_bytes_fixup),
        ),
        (
            at(&raw const user_zero_words),
            at(&raw const user_zero_words_fixup),
        ),
        (
            at(&raw const user_zero_bytes),
            at(&raw const user_zero_bytes_fixup),
        ),
        (
            at(&raw const user_string_load),
            at(&raw const user_string_fixup),
        ),
        (
            user_load as *const () as usize,
            at(&raw const user_load_fixup),
        ),
        (
            user_load_word as *const () as usize,
            at(&raw const user_load_word_fixup),
        ),
        (
            at(&raw const user_exchange_do),
            at(&raw const user_exchange_fixup),
        ),
        (
            user_save_float as *const () as usize,
            at(&raw const user_save_float_fixup),
        ),
        (
            at(&raw const user_save_float_clear),
            at(&raw const user_save_float_fixup),
        ),
        (
            user_load_float as *const () as usize,
            at(&raw const user_load_float_fixup),
        ),
    ];
    table
        .iter()
        .find(|(place, _)| *place == instruction)
        .map(|(_, fixup)| *fixup)
}

/// Where to go on after a general protection fault at `instruction`: only what a program wants
/// loaded into the floating-point registers can be the reason for one.
pub(super) fn protection_fixup(instruction: usize) -> Option<usize> {
    let is_load = instruction == user_load_float as *const () as usize;
    is_load.then_some(&raw const user_load_float_fixup as usize)
}

fn in_user_half(address: UserAddress, length: usize) -> bool {
    address
        .checked_add(length)
        .is_some_and(|end| end <= USER_END)
}

/// Opens user memory for the calling processor while `access` runs.
fn with_access<R>(access: impl FnOnce() -> R) -> R {
    let guarded = cpu::has_smap();
    if guarded {
        // SAFETY: sets AC; the instruction exists where SMAP does.
        unsafe { asm!("stac", options(nostack)) };
    }
    let result = access();
    if guarded {
        // SAFETY: clears AC again.
        unsafe { asm!("clac", options(nostack)) };
    }
    result
}

fn outcome(length: usize, left: usize) -> Result<(), Fault> {
    if left == 0 {
        Ok(())
    } else {
        Err(Fault {
            copied: length - left,
        })
    }
}

#[inline]
pub(crate) fn to_user_from(
    destination: UserAddress,
    source: *const u8,
    length: usize,
) -> Result<(), Fault> {
    if !in_user_half(destination, length) {
        return Err(Fault { copied: 0 });
    }
    // SAFETY: the source is the caller's kernel memory; the destination is in the user half,
    // and a fault there ends the copy.
    let left = with_access(|| unsafe { user_copy(destination as *mut u8, source, length) });
    outcome(length, left)
}

#[inline]
pub(crate) fn from_user_to(
    destination: *mut u8,
    source: UserAddress,
    length: usize,
) -> Result<(), Fault> {
    if !in_user_half(source, length) {
        return Err(Fault { copied: 0 });
    }
    // SAFETY: as for `to_user_from`, the other way round.
    let left = with_access(|| unsafe { user_copy(destination, source as *const u8, length) });
    outcome(length, left)
}

/// Copies kernel bytes to user memory.
///
/// # Errors
/// With the number of bytes that were copied before the fault.
#[inline]
pub fn to_user(destination: UserAddress, source: &[u8]) -> Result<(), Fault> {
    to_user_from(destination, source.as_ptr(), source.len())
}

/// Copies user memory to kernel bytes.
///
/// # Errors
/// With the number of bytes that were copied before the fault.
#[inline]
pub fn from_user(destination: &mut [u8], source: UserAddress) -> Result<(), Fault> {
    from_user_to(destination.as_mut_ptr(), source, destination.len())
}

/// Reads a structure of user memory, without clearing room for it first, and shows it to `look`
/// where it lies.
///
/// # Errors
/// When it is not all there.
pub fn read_with<T: FromBytes, R>(
    source: UserAddress,
    look: impl FnOnce(&T) -> R,
) -> Result<R, Fault> {
    let mut value = MaybeUninit::<T>::uninit();
    from_user_to(value.as_mut_ptr().cast(), source, size_of::<T>())?;
    // SAFETY: all its bytes have been copied, and any bytes are a value of this type.
    Ok(look(unsafe { value.assume_init_ref() }))
}

/// Reads a structure of user memory.
///
/// # Errors
/// When it is not all there.
pub fn read<T: FromBytes + Copy>(source: UserAddress) -> Result<T, Fault> {
    read_with(source, |value: &T| *value)
}

/// Stores the processor's floating-point registers in user memory, as FXSAVE lays them out.
/// What it leaves to software is cleared: there, a program would look for a longer state.
///
/// # Errors
/// When there is no such memory, or it is not 16-byte aligned.
pub(super) fn save_float_to_user(destination: UserAddress) -> Result<(), Fault> {
    let missing = Fault { copied: 0 };
    if !in_user_half(destination, FLOAT_BYTES) || !destination.is_multiple_of(16) {
        return Err(missing);
    }
    // SAFETY: the destination is in the user half and aligned; a page fault ends the store.
    let left = with_access(|| unsafe { user_save_float(destination as *mut u8) });
    if left == 0 { Ok(()) } else { Err(missing) }
}

/// Loads the processor's floating-point registers from user memory.
///
/// # Errors
/// When there is no such memory, or the processor does not take what lies there; the registers
/// may hold a part of it then.
pub(super) fn load_float_from_user(source: UserAddress) -> Result<(), Fault> {
    let missing = Fault { copied: 0 };
    if !in_user_half(source, FLOAT_BYTES) {
        return Err(missing);
    }
    // SAFETY: the source is in the user half; a fault ends the load, also the one for contents
    // or an alignment that the processor does not take.
    let left = with_access(|| unsafe { user_load_float(source as *const u8) });
    if left == 0 { Ok(()) } else { Err(missing) }
}

/// Fills user memory with zeros.
///
/// # Errors
/// With the number of bytes that were written before the fault.
pub fn zero_user(destination: UserAddress, length: usize) -> Result<(), Fault> {
    if !in_user_half(destination, length) {
        return Err(Fault { copied: 0 });
    }
    // SAFETY: the destination is in the user half, and a fault there ends the copy.
    let left = with_access(|| unsafe { user_zero(destination as *mut u8, 0, length) });
    outcome(length, left)
}

/// Copies a NUL-ended string from user memory, without the NUL. Returns its length, or none
/// when there was no NUL among the first `destination.len()` bytes.
///
/// # Errors
/// When the string runs into memory that is not there.
pub fn string_from_user(
    destination: &mut [u8],
    source: UserAddress,
) -> Result<Option<usize>, Fault> {
    if source >= USER_END {
        return Err(Fault { copied: 0 });
    }
    let limit = destination.len().min(USER_END - source);
    let pointer = destination.as_mut_ptr();
    // SAFETY: at most `limit` bytes are written, which the destination holds.
    let length = with_access(|| unsafe { user_string(pointer, source as *const u8, limit) });
    match length {
        usize::MAX => Err(Fault { copied: 0 }),
        length if length < limit => Ok(Some(length)),
        _ if limit < destination.len() => Err(Fault { copied: limit }),
        _ => Ok(None),
    }
}

fn in_user_half_aligned(address: UserAddress) -> Result<(), Fault> {
    let fits = in_user_half(address, 4) && address.is_multiple_of(4);
    if fits {
        Ok(())
    } else {
        Err(Fault { copied: 0 })
    }
}

/// Reads an aligned 32-bit word of user memory in one access (futexes).
///
/// # Errors
/// When it is not there or not aligned.
pub fn load_u32(source: UserAddress) -> Result<u32, Fault> {
    in_user_half_aligned(source)?;
    // SAFETY: the word is in the user half, and a fault ends the access.
    let value = with_access(|| unsafe { user_load(source as *const u32) });
    u32::try_from(value).map_err(|_| Fault { copied: 0 })
}

/// Reads a 64-bit word of user memory: a shorter way than [`read`] to what is looked at often.
///
/// # Errors
/// When it is not all there.
#[inline]
pub fn load_u64(source: UserAddress) -> Result<u64, Fault> {
    if !in_user_half(source, size_of::<u64>()) {
        return Err(Fault { copied: 0 });
    }
    // SAFETY: the word is in the user half, and a fault ends the access.
    let word = with_access(|| unsafe { user_load_word(source as *const u64) });
    match word.is_missing {
        0 => Ok(word.value),
        _ => Err(Fault { copied: 0 }),
    }
}

/// Compares and exchanges an aligned 32-bit word of user memory; returns what was found.
///
/// # Errors
/// When it is not there, not writable or not aligned.
pub fn compare_exchange_u32(target: UserAddress, expected: u32, new: u32) -> Result<u32, Fault> {
    in_user_half_aligned(target)?;
    // SAFETY: as for `load_u32`.
    let value = with_access(|| unsafe { user_exchange(target as *mut u32, expected, new) });
    u32::try_from(value).map_err(|_| Fault { copied: 0 })
}

/// Copies bytes that somebody else may be changing.
pub(crate) fn copy(destination: *mut u8, source: *const u8, length: usize) {
    // SAFETY: callers pass ranges of frames or of Rust memory that they own or borrow.
    let left = unsafe { user_copy(destination, source, length) };
    debug_assert_eq!(left, 0);
}

/// Zeroes bytes that somebody else may be changing.
pub(crate) fn zero(destination: *mut u8, length: usize) {
    // SAFETY: as for `copy`.
    let left = unsafe { user_zero(destination, 0, length) };
    debug_assert_eq!(left, 0);
}

/// Closes user memory again in the middle of a copy whose page fault is being looked into;
/// the interrupted copy gets its flag back with its other flags.
pub(super) fn close_access() {
    // SAFETY: clears AC; the caller saw AC set, so the instruction exists.
    unsafe { asm!("clac", options(nostack)) };
}
