//! The frame that a handler finds on its stack, and the way back from it.
//!
//! ```text
//! higher   the interrupted program's stack
//!          128 bytes that its functions may use below their stack pointer (the red zone)
//!          floating-point state as FXSAVE stores it, at a multiple of 64
//!          siginfo_t                                    <- rsi
//!          ucontext_t: registers, mask, alternate stack <- rdx
//!          return address: the restorer                 <- rsp, 8 below a multiple of 16
//! ```
//!
//! Programs may change all of it, and make frames of their own. So everything is looked at
//! anew on return: segments are never taken from it, flags only as far as a program may set
//! them (`metal::user` sees to both), and reserved bits of the floating-point state are
//! cleared.
//!
//! Source: the x86-64 psABI sections 3.2.2 and 3.2.3, Linux's `asm/sigcontext.h`,
//! sigreturn(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::signal::{
    SigContext, SignalFrame, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS, UserContextFrame,
};
use metal::fpu::{FpuState, STATE_BYTES};
use metal::user::{Registers, UserContext};

use super::alternate_stack::AlternateStack;
use super::handlers::Action;
use super::information::SignalInfo;
use super::set::SignalSet;
use super::state::ExceptionRecord;
use super::{mask, send};
use crate::error::{Errno, Result, bad_address};
use crate::memory::user;
use crate::process::Thread;

/// Below its stack pointer a function may use so much without saying so.
const RED_ZONE_BYTES: u64 = 128;
const FLOAT_ALIGNMENT: u64 = 64;
const STACK_ALIGNMENT: u64 = 16;
const FRAME_BYTES: u64 = size_of::<SignalFrame>() as u64;
/// What a handler on a stack of its own needs at least for its frame: what AT_MINSIGSTKSZ tells.
/// Never less than what sigaltstack(2) accepts.
pub const STACK_BYTES_MIN: usize = {
    let padding = FLOAT_ALIGNMENT + STACK_ALIGNMENT + size_of::<u64>() as u64;
    let bytes = (FRAME_BYTES + padding) as usize + STATE_BYTES;
    let accepted = linux::MINSIGSTKSZ as usize;
    if bytes > accepted { bytes } else { accepted }
};
/// The selectors that Linux programs know; those of this kernel are its own affair.
const CODE_SEGMENT: u16 = 0x33;
const STACK_SEGMENT: u16 = 0x2b;
/// Trap, direction and resume: a handler starts without them.
const CLEARED_FLAGS: u64 = 1 << 8 | 1 << 10 | 1 << 16;

/// What a handler starts with.
static INITIAL_FLOAT_STATE: FpuState = FpuState::initial();

/// What a frame is made from.
pub(super) struct Request<'a> {
    /// The signal.
    pub info: &'a SignalInfo,
    /// What the program asked for.
    pub action: &'a Action,
    /// The mask to return to.
    pub mask: SignalSet,
    /// The thread's alternate stack.
    pub stack: AlternateStack,
    /// The thread's last exception.
    pub exception: ExceptionRecord,
}

/// Where the parts of a frame lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    float_state: u64,
    frame: u64,
}

/// Finds the place for a frame.
///
/// # Errors
/// EFAULT when a frame on the alternate stack would run out of it.
fn lay_out(stack_pointer: u64, action: &Action, stack: AlternateStack) -> Result<Layout> {
    let mut top = stack_pointer.wrapping_sub(RED_ZONE_BYTES);
    let mut on_alternate = stack.contains(stack_pointer) && !stack.is_disarmed_by_use();
    if action.has(linux::SA_ONSTACK)
        && let Some(alternate) = stack.top_for(stack_pointer)
    {
        top = alternate;
        on_alternate = true;
    }
    let float_state = top.wrapping_sub(STATE_BYTES as u64) & !(FLOAT_ALIGNMENT - 1);
    // As if the handler had been called: the return address lies just below a multiple.
    let frame = (float_state.wrapping_sub(FRAME_BYTES) & !(STACK_ALIGNMENT - 1)).wrapping_sub(8);
    if on_alternate && !stack.contains(frame) {
        return Err(Errno::EFAULT);
    }
    Ok(Layout { float_state, frame })
}

/// Puts a frame onto the program's stack and sends the program to its handler.
///
/// # Errors
/// EFAULT when the stack cannot be written to, or the program named no restorer.
pub(super) fn push(registers: &mut UserContext, request: &Request<'_>) -> Result<()> {
    let values = registers.registers();
    if !request.action.has(linux::SA_RESTORER) {
        return Err(Errno::EFAULT);
    }
    let layout = lay_out(values.rsp, request.action, request.stack)?;
    FpuState::save_to_user(layout.float_state as usize).map_err(bad_address)?;
    // Every field is named, so that nothing is cleared only to be filled. The information comes
    // first: it takes a decision, over which no register of the program need then be kept.
    let frame = SignalFrame {
        information: request.info.to_user(),
        return_address: request.action.restorer(),
        context: UserContextFrame {
            flags: UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
            link: 0,
            stack: request.stack.saved(),
            registers: saved_registers(values, request, layout.float_state),
            mask: request.mask.0,
        },
    };
    user::write(layout.frame as usize, &frame)?;
    INITIAL_FLOAT_STATE.restore();
    let values = registers.registers_mut();
    values.rdi = u64::from(request.info.signal);
    values.rsi = layout.frame + core::mem::offset_of!(SignalFrame, information) as u64;
    values.rdx = layout.frame + core::mem::offset_of!(SignalFrame, context) as u64;
    values.rax = 0;
    values.rsp = layout.frame;
    values.rip = request.action.handler();
    values.rflags &= !CLEARED_FLAGS;
    Ok(())
}

fn saved_registers(values: &Registers, request: &Request<'_>, float_state: u64) -> SigContext {
    SigContext {
        r8: values.r8,
        r9: values.r9,
        r10: values.r10,
        r11: values.r11,
        r12: values.r12,
        r13: values.r13,
        r14: values.r14,
        r15: values.r15,
        rdi: values.rdi,
        rsi: values.rsi,
        rbp: values.rbp,
        rbx: values.rbx,
        rdx: values.rdx,
        rax: values.rax,
        rcx: values.rcx,
        rsp: values.rsp,
        rip: values.rip,
        rflags: values.rflags,
        cs: CODE_SEGMENT,
        gs: 0,
        fs: 0,
        ss: STACK_SEGMENT,
        error: u64::from(request.exception.error),
        trap: u64::from(request.exception.vector),
        old_mask: request.mask.0,
        cr2: request.exception.address,
        float_state,
        reserved: [0; 8],
    }
}

/// rt_sigreturn(2): takes up what a handler interrupted. The stack pointer is just above the
/// frame's return address. Returns what `rax` was.
///
/// # Errors
/// EFAULT when the frame cannot be read; nothing of it has been taken up then.
pub fn restore(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let address = registers.registers().rsp.wrapping_sub(8) as usize;
    let context_address = address.wrapping_add(core::mem::offset_of!(SignalFrame, context));
    user::read_with(context_address, |context: &UserContextFrame| {
        restore_float_state(context.registers.float_state)?;
        load_registers(registers.registers_mut(), &context.registers);
        restore_signal_state(thread, context);
        Ok(context.registers.rax as usize)
    })?
}

/// The mask and the alternate stack, as they were; what was to be restarted is forgotten.
fn restore_signal_state(thread: &Arc<Thread>, context: &UserContextFrame) {
    let mut state = thread.signals.lock();
    state.restart = None;
    // A stack that cannot be had again is not: the program goes on all the same, as on Linux.
    let stack = state
        .alternate_stack
        .replaced_by(&context.stack, context.registers.rsp);
    if let Ok(stack) = stack {
        state.alternate_stack = stack;
    }
    let pass_on = mask::change(thread, &mut state, SignalSet(context.mask));
    drop(state);
    send::pass_on(&thread.process, pass_on);
}

fn restore_float_state(address: u64) -> Result<()> {
    if address == 0 {
        INITIAL_FLOAT_STATE.restore();
        return Ok(());
    }
    FpuState::restore_from_user(address as usize).map_err(bad_address)
}

/// The program's flags and segments are made fit for a program on the way to it.
fn load_registers(values: &mut Registers, saved: &SigContext) {
    values.r8 = saved.r8;
    values.r9 = saved.r9;
    values.r10 = saved.r10;
    values.r11 = saved.r11;
    values.r12 = saved.r12;
    values.r13 = saved.r13;
    values.r14 = saved.r14;
    values.r15 = saved.r15;
    values.rdi = saved.rdi;
    values.rsi = saved.rsi;
    values.rbp = saved.rbp;
    values.rbx = saved.rbx;
    values.rdx = saved.rdx;
    values.rax = saved.rax;
    values.rcx = saved.rcx;
    values.rsp = saved.rsp;
    values.rip = saved.rip;
    values.rflags = saved.rflags;
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{Layout, RED_ZONE_BYTES, lay_out};
    use crate::error::Errno;
    use crate::process::signal::alternate_stack::AlternateStack;
    use crate::process::signal::handlers::Action;
    use abi::raw::general as linux;
    use abi::signal::{SigAction, SigStack};

    fn handler(flags: u32) -> Action {
        Action::from_program(SigAction {
            handler: 0x1000,
            flags: u64::from(flags),
            ..SigAction::default()
        })
    }

    fn alternate(base: u64, size: u64) -> AlternateStack {
        let wanted = SigStack {
            base,
            flags: 0,
            padding: 0,
            size,
        };
        match AlternateStack::NONE.replaced_by(&wanted, 0) {
            Ok(stack) => stack,
            Err(error) => panic!("the stack was refused: {error}"),
        }
    }

    metal::ktest! {
        fn a_frame_is_aligned_and_below_the_red_zone() {
            for stack_pointer in (0x10000..0x10080).step_by(8) {
                let Ok(layout) = lay_out(stack_pointer, &handler(0), AlternateStack::NONE) else {
                    panic!("no place on the program's own stack");
                };
                assert_eq!(layout.float_state % 64, 0);
                assert_eq!(layout.frame % 16, 8);
                assert!(layout.float_state + 512 <= stack_pointer - RED_ZONE_BYTES);
                assert!(layout.frame + 440 <= layout.float_state);
            }
        }

        fn a_frame_goes_to_the_end_of_the_alternate_stack() {
            let stack = alternate(0x20000, 0x4000);
            let placed = lay_out(0x10000, &handler(linux::SA_ONSTACK), stack);
            assert_eq!(placed, Ok(Layout { float_state: 0x23e00, frame: 0x23c38 }));
            let unasked = lay_out(0x10000, &handler(0), stack);
            assert!(unasked.is_ok_and(|layout| layout.frame < 0x10000));
        }

        fn a_frame_that_overflows_the_alternate_stack_is_refused() {
            let stack = alternate(0x20000, 0x4000);
            let placed = lay_out(0x20100, &handler(linux::SA_ONSTACK), stack);
            assert_eq!(placed, Err(Errno::EFAULT));
        }
    }
}
