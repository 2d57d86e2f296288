//! A thread's life: to its program and back, until it ends.

use alloc::sync::Arc;

use abi::raw::general;
use metal::user::{Event, Kernel, SystemCall, UserContext};

use super::limits::Resource;
use super::restartable;
use super::scheduler;
use super::signal::{self, ExceptionRecord, Origin, SignalInfo};
use super::{Thread, exit, out_of_memory};
use crate::device::deferred;
use crate::memory::{FaultError, Protection};
use crate::syscall;

/// The kernel as a thread's program sees it.
struct Program {
    thread: Arc<Thread>,
}

impl Kernel for Program {
    #[inline]
    fn serve(&self, call: &mut SystemCall) -> bool {
        self.thread.clock.enter_kernel();
        syscall::serve(&self.thread, call)
    }

    #[inline]
    fn may_go_on(&self) -> bool {
        let thread = &*self.thread;
        let may = !deferred::is_raised() && thread.attention().is_empty();
        if may {
            thread.clock.leave_kernel();
        }
        may
    }
}

/// Runs the thread's program until the thread must end, and ends it.
pub fn run_program(thread: &Arc<Thread>) {
    let Some(mut registers) = thread.initial_registers.lock().take() else {
        return;
    };
    let program = Program {
        thread: Arc::clone(thread),
    };
    loop {
        match registers.run(&program) {
            Event::LookAround => {
                if thread.must_exit() {
                    break;
                }
                look_around(thread, &mut registers);
            }
            Event::SystemCall => syscall::serve_with_registers(thread, &mut registers),
            trap => {
                thread.clock.enter_kernel();
                handle(thread, &mut registers, trap);
            }
        }
    }
    drop(program);
    exit::end_thread(thread);
}

/// Does what kept the program from going on.
fn look_around(thread: &Arc<Thread>, registers: &mut UserContext) {
    if deferred::is_raised() {
        if scheduler::yield_if_needed() {
            restartable::abort_section(thread, registers);
        }
        if metal::memory::is_short() {
            out_of_memory::relieve_kernel(thread);
        }
    } else {
        signal::deliver(thread, registers);
    }
}

/// Answers a trap.
fn handle(thread: &Arc<Thread>, registers: &mut UserContext, event: Event) {
    match event {
        Event::LookAround | Event::SystemCall | Event::Interrupt => {}
        Event::PageFault {
            address,
            write,
            execute,
            error,
        } => {
            const PAGE_FAULT: u8 = 14;
            if let Some((signal, code)) = page_fault(thread, address, write, execute) {
                note(thread, PAGE_FAULT, error, address as u64);
                send_fault(thread, signal, code, address as u64);
            }
        }
        Event::Exception { vector, error } => exception(thread, registers, vector, error),
    }
}

/// Supplies the page; returns the signal and its code if that cannot be.
fn page_fault(
    thread: &Arc<Thread>,
    address: usize,
    write: bool,
    execute: bool,
) -> Option<(u32, u32)> {
    let wanted = match (write, execute) {
        (true, _) => Protection::WRITE,
        (_, true) => Protection::EXECUTE,
        _ => Protection::READ,
    };
    let outcome = match thread.address_space() {
        Some(space) if address < metal::paging::USER_END => {
            let stack_limit = thread.process.limit(Resource::Stack) as usize;
            thread.process.count_page_fault();
            space.lock().handle_fault(address, wanted, stack_limit)
        }
        _ => Err(FaultError::NotMapped),
    };
    match outcome {
        Ok(()) => None,
        Err(FaultError::NotMapped) => Some((general::SIGSEGV, general::SEGV_MAPERR)),
        Err(FaultError::NotAllowed) => Some((general::SIGSEGV, general::SEGV_ACCERR)),
        Err(FaultError::PastEnd) => Some((general::SIGBUS, general::BUS_ADRERR)),
        Err(FaultError::OutOfMemory) => {
            out_of_memory::relieve(thread);
            None
        }
    }
}

/// Remembers an exception for the frame of the handler that will be told of it.
fn note(thread: &Thread, vector: u8, error: u32, address: u64) {
    let record = ExceptionRecord {
        vector,
        error,
        address,
    };
    signal::note_exception(thread, record);
}

fn send_fault(thread: &Arc<Thread>, signal: u32, code: u32, address: u64) {
    let info = SignalInfo {
        signal: signal as u8,
        origin: Origin::Fault {
            code: code as i32,
            address,
        },
    };
    signal::send_fault(thread, info);
}

/// Exceptions other than page faults (SDM volume 3, table 7-1), as Linux answers them.
fn exception(thread: &Arc<Thread>, registers: &UserContext, vector: u8, error: u32) {
    note(thread, vector, error, 0);
    let instruction = registers.registers().rip;
    let fault = |signal, code| send_fault(thread, signal, code, instruction);
    match vector {
        0 => fault(general::SIGFPE, general::FPE_INTDIV),
        1 => fault(general::SIGTRAP, general::TRAP_TRACE),
        4 => fault(general::SIGFPE, general::FPE_INTOVF),
        6 => fault(general::SIGILL, general::ILL_ILLOPN),
        16 | 19 => fault(
            general::SIGFPE,
            metal::fpu::pending_exception_code(vector == 19),
        ),
        17 => fault(general::SIGBUS, general::BUS_ADRALN),
        3 => signal::send_fault(thread, SignalInfo::from_kernel(general::SIGTRAP)),
        12 => signal::send_fault(thread, SignalInfo::from_kernel(general::SIGBUS)),
        _ => signal::send_fault(thread, SignalInfo::from_kernel(general::SIGSEGV)),
    }
}
