//! System calls: from a program's registers to a kernel function and back.
//!
//! One table ([`table`]) says which function serves which number; a file per family holds the
//! functions. A function decodes its arguments into types at its top and answers a value or an
//! [`Errno`], which the program sees negated in `rax`.
//!
//! A call that a signal interrupted answers one of the internal `ERESTART…` numbers. What
//! becomes of it is decided when the signal is delivered (`process::signal`).
//!
//! Source: syscall(2), the x86-64 psABI appendix A.2.

mod attributes;
mod credentials;
mod descriptor;
mod directory;
mod extended_attributes;
mod fcntl;
mod futex;
mod limits;
pub mod log_reader;
mod memory;
mod mount;
mod namespace;
mod open;
mod poll;
mod posix_timer;
mod prctl;
mod process;
mod read_write;
mod schedule;
mod signal;
mod stat;
mod system;
mod table;
mod time;
mod timer;
mod working_directory;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use metal::user::UserContext;

use crate::error::{Errno, Result};
use crate::process::{Thread, exit, out_of_memory, signal as signals};

/// What serves a call: ordinary functions get the arguments, a few get the registers.
type Handler = fn(&Arc<Thread>, &mut UserContext) -> Result<usize>;

/// One row of the table.
struct SystemCall {
    handler: Handler,
}

/// Carries out the call that the registers ask for.
pub fn dispatch(thread: &Arc<Thread>, registers: &mut UserContext) {
    let number = registers.registers().rax as usize;
    if metal::memory::is_short() {
        out_of_memory::relieve_kernel(thread);
    }
    let outcome = match table::get(number) {
        Some(call) => (call.handler)(thread, registers),
        None => {
            report_unknown(thread, number);
            Err(Errno::ENOSYS)
        }
    };
    match outcome {
        Ok(value) => registers.registers_mut().rax = value as u64,
        Err(error) if error.is_restart() => {
            signals::note_interrupted(thread, registers, number, error)
        }
        Err(error) => registers.registers_mut().rax = error.to_return_value() as u64,
    }
}

/// The six arguments of a call.
fn arguments(registers: &UserContext) -> [usize; 6] {
    let values = registers.registers();
    [
        values.rdi, values.rsi, values.rdx, values.r10, values.r8, values.r9,
    ]
    .map(|value| value as usize)
}

/// Says once for each number that it is not served, so that a porter sees what is missing and
/// a program that tries again and again does not fill the log.
fn report_unknown(thread: &Thread, number: usize) {
    const NUMBERS: usize = 1024;
    static SEEN: [AtomicU64; NUMBERS / 64] = [const { AtomicU64::new(0) }; NUMBERS / 64];
    let slot = number.min(NUMBERS - 1);
    let bit = 1 << (slot % 64);
    if SEEN[slot / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        let name = table::name_of_unserved(number);
        log::info!(
            "system call {number} ({name}) is not supported: {} got ENOSYS; this is said once",
            exit::name_of(thread)
        );
    }
}
