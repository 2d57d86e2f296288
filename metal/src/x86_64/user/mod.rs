//! User mode: going there, and what comes back.
//!
//! [`UserContext::run`] enters user mode with the registers it holds and returns when there is
//! more to do for the kernel than to serve a system call, with the registers as they were at
//! that moment. So the kernel's side of a thread is an ordinary loop around an ordinary call,
//! and the system calls in between are served by a [`Kernel`] that is given to it.
//!
//! The trick is where traps push: on entry the stack pointer for traps from user mode
//! (TSS.RSP0) is set to the end of the [`Registers`] themselves. The processor and the stub
//! then fill the structure by pushing, and only after that is the kernel's own stack picked up
//! again. System calls find the same structure by the processor's `user_frame`.
//!
//! The border itself is in [`entry`].
//!
//! Source: SDM volume 3, section 6.8.8; the x86-64 psABI, appendix A.2 (the Linux system call
//! convention).

mod bases;
mod entry;

use super::cpu::per_cpu;
use super::{interrupt, segment, trap};

pub use bases::ThreadBases;
pub(super) use entry::enable_system_calls;

/// Flags a program may have: arithmetic, trap, direction, resume, alignment check,
/// identification.
const USER_FLAGS: u64 = 0x25_0dd5;
const TRAP: u64 = 1 << 8;
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

/// A system call that a program makes: its number and arguments, and room for the answer. The
/// other registers are not to be had here, nor their places to be changed: that is what lets
/// the program go back the short way (see [`entry`]).
#[repr(transparent)]
pub struct SystemCall(Registers);

impl SystemCall {
    /// The number of the call.
    #[inline]
    pub fn number(&self) -> usize {
        self.0.rax as usize
    }

    /// The six arguments; a call that takes fewer finds anything in the rest.
    #[inline]
    pub fn arguments(&self) -> [usize; 6] {
        self.0.arguments()
    }

    /// Sets what the program gets for it.
    #[inline]
    pub fn answer(&mut self, value: usize) {
        self.0.rax = value as u64;
    }
}

impl Registers {
    /// The six arguments of a system call.
    #[inline]
    pub fn arguments(&self) -> [usize; 6] {
        [self.rdi, self.rsi, self.rdx, self.r10, self.r8, self.r9].map(|value| value as usize)
    }
}

/// What a program that runs has the kernel for.
pub trait Kernel {
    /// Serves a system call, with interrupts on. Returns false, with nothing done, if the call
    /// is one that wants all of the program's registers: `run` returns [`Event::SystemCall`]
    /// then.
    fn serve(&self, call: &mut SystemCall) -> bool;

    /// The last look before the program goes on, with interrupts off, so that nothing can come
    /// up between this look and user mode. Returns whether it may; if not, `run` returns
    /// [`Event::LookAround`].
    fn may_go_on(&self) -> bool;
}

/// Why user mode was left, or not entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The kernel said that the program may not go on yet.
    LookAround,
    /// A system call that wants all registers; number and arguments are in them.
    SystemCall,
    /// An interrupt; its handler has run.
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
}

/// What [`serve`] answers when the program may not go on, and so what `enter_user` returns.
const LOOK_AROUND: u32 = 1;
const WANTS_REGISTERS: u32 = 2;

/// What `system_call_entry` calls.
///
/// # Safety
/// `told` is a `K` that outlives the call; the frame is the running program's and in nobody
/// else's hands.
unsafe extern "C" fn serve<K: Kernel>(frame: *mut Registers, told: *const ()) -> u32 {
    // SAFETY: the caller vouches; a `SystemCall` is laid out as `Registers` are.
    let (kernel, call) = unsafe { (&*told.cast::<K>(), &mut *frame.cast::<SystemCall>()) };
    interrupt::enable();
    let served = kernel.serve(call);
    interrupt::disable();
    if !served {
        WANTS_REGISTERS
    } else if !kernel.may_go_on() {
        LOOK_AROUND
    } else {
        0
    }
}

impl UserContext {
    /// Registers for a program that starts at `instruction` with `stack`; all others are 0.
    pub fn new(instruction: usize, stack: usize) -> Self {
        let mut context = Self::default();
        context.registers.rip = instruction as u64;
        context.registers.rsp = stack as u64;
        context
    }

    /// The registers, to read.
    pub fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The registers, to change.
    pub fn registers_mut(&mut self) -> &mut Registers {
        &mut self.registers
    }

    /// Runs the program, and has its system calls served, until something else needs the
    /// kernel. Returns with interrupts on.
    pub fn run<K: Kernel>(&mut self, kernel: &K) -> Event {
        interrupt::disable();
        let event = self.run_uninterrupted(kernel);
        interrupt::enable();
        event
    }

    /// The same with interrupts off while the kernel runs. It has one caller, and is entered for
    /// every trap and signal: a call of its own would save all registers once more.
    #[inline(always)]
    fn run_uninterrupted<K: Kernel>(&mut self, kernel: &K) -> Event {
        let is_fit = self.prepare();
        if !kernel.may_go_on() {
            return Event::LookAround;
        }
        if !is_fit {
            // The return instruction itself would fault, in kernel mode.
            return Event::Exception {
                vector: trap::GENERAL_PROTECTION,
                error: 0,
            };
        }
        let frame = &raw mut self.registers;
        WayIn::install_frame(frame as usize);
        // SAFETY: the segments and flags are a program's; the kernel half of the address space
        // is out of its reach. The frame and the kernel live as long as this call, which is as
        // long as user mode lasts, and the frame is touched by nobody else meanwhile.
        let left = unsafe { entry::enter_user(frame, serve::<K>, (&raw const *kernel).cast()) };
        match left {
            LOOK_AROUND => Event::LookAround,
            WANTS_REGISTERS => Event::SystemCall,
            _ => self.trap(),
        }
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

/// Where the processor finds the kernel's side of the thread that runs when its program calls
/// or traps. It is the thread's: a context switch takes it along, so that a system call that
/// slept meanwhile need not look whether all is still in place.
#[derive(Clone, Copy)]
pub(super) struct WayIn {
    kernel_stack: usize,
    frame: usize,
}

impl WayIn {
    /// The calling processor's.
    pub fn current() -> Self {
        let processor = per_cpu();
        Self {
            kernel_stack: processor.kernel_stack.get(),
            frame: processor.user_frame.get(),
        }
    }

    /// Makes it the calling processor's. What a context has that does not run a program is
    /// never used: `run` puts its own in place before it enters user mode.
    pub fn install(self) {
        per_cpu().kernel_stack.set(self.kernel_stack);
        Self::install_frame(self.frame);
    }

    /// The part of it that is not put in place by `enter_user`.
    #[inline]
    fn install_frame(frame: usize) {
        let processor = per_cpu();
        if processor.user_frame.get() != frame {
            processor.user_frame.set(frame);
            let end = frame + size_of::<Registers>();
            // SAFETY: in user mode the frame is that of a `run` that has not returned; it ends
            // 16-byte aligned.
            unsafe { segment::set_user_trap_stack(processor.number.get(), end) };
        }
    }
}
