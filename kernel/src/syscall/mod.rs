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
mod capabilities;
mod credentials;
mod descriptor;
mod directory;
mod epoll;
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
mod socket;
mod splice;
mod stat;
mod system;
mod table;
mod time;
mod timer;
mod timer_descriptor;
mod working_directory;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use metal::user::{SystemCall, UserContext};

use crate::error::{Errno, Result};
use crate::process::{Thread, exit, signal as signals};
use crate::sync::SpinLock;

/// What serves an ordinary call, from the arguments to what the program finds in `rax`.
type Handler = fn(&Arc<Thread>, &SystemCall) -> usize;

/// What serves a call that wants all registers of the program, to copy or to change them.
type RegistersHandler = fn(&Arc<Thread>, &mut UserContext) -> Result<usize>;

/// Serves a call if it is an ordinary one; returns whether it was.
#[inline]
pub fn serve(thread: &Arc<Thread>, call: &mut SystemCall) -> bool {
    match table::ordinary(call.number()) {
        Some(handler) => {
            call.answer(handler(thread, call));
            true
        }
        None => false,
    }
}

/// Serves a call that is none of the ordinary ones.
pub fn serve_with_registers(thread: &Arc<Thread>, registers: &mut UserContext) {
    let number = registers.registers().rax as usize;
    let outcome = match table::with_registers(number) {
        Some(handler) => handler(thread, registers),
        None => {
            report_unknown(thread, number);
            Err(Errno::ENOSYS)
        }
    };
    registers.registers_mut().rax = answer(thread, number, outcome) as u64;
}

/// What the program finds in `rax`: the value, or the error's number negated.
#[inline]
fn answer(thread: &Arc<Thread>, number: usize, outcome: Result<usize>) -> usize {
    match outcome {
        Ok(value) => value,
        Err(error) => refuse(thread, number, error),
    }
}

#[cold]
fn refuse(thread: &Arc<Thread>, number: usize, error: Errno) -> usize {
    if error.is_restart() {
        // The program does not see this number: it is settled on the way back.
        signals::note_interrupted(thread, number, error);
    }
    error.to_return_value() as usize
}

/// The six arguments of a call.
fn arguments(registers: &UserContext) -> [usize; 6] {
    registers.registers().arguments()
}

/// Says once for each number that it is not served, so that a porter sees what is missing and
/// a program that tries again and again does not fill the log.
fn report_unknown(thread: &Thread, number: usize) {
    if is_new(number) {
        let name = table::name_of_unserved(number);
        log::info!(
            "system call {number} ({name}) is not supported: {} got ENOSYS; this is said once",
            exit::name_of(thread)
        );
    }
}

/// Whether `number` is asked for the first time. Numbers that no Linux has either are
/// remembered one by one, and only so many of them: a program may try them all.
fn is_new(number: usize) -> bool {
    const NUMBERS: usize = 1024;
    const HIGHER_MAX: usize = 16;
    static SEEN: [AtomicU64; NUMBERS / 64] = [const { AtomicU64::new(0) }; NUMBERS / 64];
    static HIGHER: SpinLock<([usize; HIGHER_MAX], usize)> = SpinLock::new(([0; HIGHER_MAX], 0));
    if let Some(word) = SEEN.get(number / 64) {
        let bit = 1 << (number % 64);
        return word.fetch_or(bit, Ordering::Relaxed) & bit == 0;
    }
    let mut higher = HIGHER.lock();
    let (numbers, count) = &mut *higher;
    if *count == HIGHER_MAX || numbers[..*count].contains(&number) {
        return false;
    }
    numbers[*count] = number;
    *count += 1;
    true
}

#[cfg(feature = "ktest")]
mod tests {
    use super::is_new;

    metal::ktest! {
        fn each_unknown_number_is_said_once() {
            for number in [999, 5000, 5001, usize::MAX] {
                assert!(is_new(number), "{number}");
                assert!(!is_new(number), "{number}");
            }
            let many = (6000..7000).filter(|number| is_new(*number)).count();
            assert!(many < 16, "{many} numbers were said");
        }
    }
}
