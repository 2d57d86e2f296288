//! Beneath the safe words of the other files: the bare calls of the metal room, and what can be
//! built on them in safe Rust.
//!
//! Nothing here guards memory: a case that hands out wild addresses does so in a child that may
//! die of it. Sources: sigaction(2), getauxval(3).

pub use bare_calls::{
    Entry, Preserved, Trap, call_function, call_with_registers, clear_vectors, clone, fork, peek,
    poke, raise, shared_word, step_over_call, syscall, time_stamp, vector_state_survives,
};

use crate::sys;

/// Copies `length` bytes at `address`. Bytes that are not mapped end the copy early.
pub fn copy_of(address: usize, length: usize) -> Vec<u8> {
    const PAGE: usize = 4096;
    let mut ends = [0i32; 2];
    if sys!(libc::SYS_pipe2, &mut ends, libc::O_CLOEXEC) < 0 {
        return Vec::new();
    }
    let mut bytes = Vec::with_capacity(length);
    // A page at a time, which an empty pipe always takes: the kernel does the reading.
    while bytes.len() < length {
        let (from, mut part) = (address + bytes.len(), [0u8; PAGE]);
        let count = (length - bytes.len()).min(PAGE - from % PAGE);
        if sys!(libc::SYS_write, ends[1], from, count) != count as isize {
            break;
        }
        sys!(libc::SYS_read, ends[0], &mut part, count);
        bytes.extend_from_slice(&part[..count]);
    }
    for end in ends {
        sys!(libc::SYS_close, end);
    }
    bytes
}

/// Copies the NUL-terminated string at `address`, which must be mapped.
pub fn text_at(address: usize) -> Vec<u8> {
    (address..)
        .map(peek)
        .take_while(|byte| *byte != 0)
        .collect()
}

/// An entry of the auxiliary vector (`AT_*`), or 0 if the kernel gave none. It is read where the
/// kernel put it at the start: /proc/self/auxv is closed to a set-user-id program.
pub fn auxiliary(kind: u64) -> usize {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let start_stack: Option<usize> = stat.split(' ').nth(27).and_then(|field| field.parse().ok());
    let Some(start) = start_stack.filter(|start| *start != 0) else {
        return 0;
    };
    let after_null = |from: usize| {
        let end = (from..).step_by(WORD).find(|at| word_at(*at) == 0);
        end.unwrap_or(from) + WORD
    };
    // First the number of arguments, then they, then the environment, each ended by a null word.
    let vector = after_null(after_null(start + WORD));
    let mut kinds = (vector..).step_by(2 * WORD);
    let found = kinds.find(|at| [0, kind as usize].contains(&word_at(*at)));
    found.map_or(0, |at| word_at(at + WORD))
}

const WORD: usize = size_of::<usize>();

/// The word of memory at `address`, which must be mapped.
fn word_at(address: usize) -> usize {
    usize::from_ne_bytes(std::array::from_fn(|byte| peek(address + byte)))
}

/// A signal handler as SA_SIGINFO passes it: number, details, interrupted context.
pub type Handler = extern "C" fn(i32, &crate::signal::Info, &mut crate::signal::Context);

/// Installs `handler` for `signal` with `flags` (SA_SIGINFO is added) and `mask` (bit n-1 for
/// signal n). Returns 0 or a negative errno.
pub fn set_handler(signal: i32, handler: Handler, flags: i32, mask: u64) -> isize {
    const SA_RESTORER: i32 = 0x0400_0000;
    let flags = (flags | libc::SA_SIGINFO | SA_RESTORER) as usize;
    let handler = handler as *const () as usize;
    let action = [handler, flags, bare_calls::signal_return(), mask as usize];
    sys!(libc::SYS_rt_sigaction, signal, &action, 0, 8)
}

/// Calls the code at `address` without arguments.
pub fn call_address(address: usize) {
    call_function(address, [0; 3]);
}

/// About where the stack pointer is: the address of a variable of this function.
#[inline(never)]
pub fn stack_pointer() -> usize {
    let here = 0u8;
    std::hint::black_box(std::ptr::from_ref(&here)).addr()
}
