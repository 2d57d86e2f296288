//! A context switch: leaving one flow of kernel execution and taking up another.
//!
//! A [`Context`] is a kernel stack, and what lies on it, while nobody runs on it. Safe code
//! cannot go wrong with it: switching to a context that runs panics instead, and so does
//! dropping one. Each context also keeps what the processor holds of a user thread (FPU
//! registers, thread-local bases) while another thread runs.
//!
//! Source: the x86-64 psABI, section 3.2.1 (which registers a function must keep).

use alloc::sync::Arc;
use core::arch::global_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use spin::Mutex;

use super::cpu::per_cpu;
use super::fpu::FpuState;
use super::kernel_space;
use super::paging::PAGE_SIZE;
use super::user::{ThreadBases, WayIn};
use crate::frame::Frame;

/// Usable bytes of a kernel stack.
pub const STACK_BYTES: usize = 32 * 1024;
/// Each stack has a slot with as much unmapped room under it, of which one page would do.
const SLOT_BYTES: usize = 2 * STACK_BYTES;
/// How many stacks there can be, which bounds the threads of the machine.
pub const STACKS_MAX: usize = 32 * 1024;
/// Free stacks kept mapped for the next thread.
const CACHE_MAX: usize = 8;

global_asm!(
    r#"
    .section .text.context, "ax"
    // switch_stacks(rdi: where to leave the stack pointer, rsi: the one to take)
    .global switch_stacks
switch_stacks:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

    .global first_steps
first_steps:
    xor ebp, ebp
    mov rdi, r12
    call begin_context
    ud2
    "#
);

unsafe extern "C" {
    fn switch_stacks(from: *mut usize, to: usize);
    static first_steps: u8;
}

const SUSPENDED: u8 = 0;
const RUNNING: u8 = 1;

/// What the processor holds of a user thread besides its general registers.
#[derive(Clone)]
pub struct UserState {
    /// Floating-point and SSE registers.
    pub fpu: FpuState,
    /// Thread-local bases.
    pub bases: ThreadBases,
}

impl UserState {
    /// What a new program starts with.
    pub const fn initial() -> Self {
        Self {
            fpu: FpuState::initial(),
            bases: ThreadBases { fs: 0, gs: 0 },
        }
    }

    /// What the processor holds now.
    pub fn current() -> Self {
        Self {
            fpu: FpuState::current(),
            bases: ThreadBases::current(),
        }
    }

    /// Makes the processor hold this.
    pub fn load(&self) {
        self.fpu.restore();
        self.bases.load();
    }
}

/// A flow of kernel execution.
pub struct Context {
    stack_pointer: UnsafeCell<usize>,
    stack: Option<KernelStack>,
    state: AtomicU8,
    user: Option<UnsafeCell<UserState>>,
}

// SAFETY: the cells are touched only by the processor that switches from or to the context,
// and `state` lets only one do so at a time.
unsafe impl Sync for Context {}
// SAFETY: nothing in a context belongs to a processor while it is suspended.
unsafe impl Send for Context {}

impl Context {
    /// A context that will call `entry` on a stack of its own when first switched to. `user`
    /// is given for contexts that run programs. None when there is no memory for a stack.
    pub fn new(entry: fn() -> !, user: Option<UserState>) -> Option<Self> {
        let stack = KernelStack::new()?;
        let top = stack.top();
        // What `switch_stacks` pops: r15, r14, r13, r12 (the entry), rbx, rbp, then the place
        // to go to. That leaves the stack empty, and so aligned as a call wants it.
        let initial = [
            0,
            0,
            0,
            entry as usize,
            0,
            0,
            &raw const first_steps as usize,
        ];
        let pointer = top - size_of_val(&initial);
        // SAFETY: the words lie on the new stack, which nobody else knows.
        unsafe { (pointer as *mut [usize; 7]).write(initial) };
        Some(Self {
            stack_pointer: UnsafeCell::new(pointer),
            stack: Some(stack),
            state: AtomicU8::new(SUSPENDED),
            user: user.map(UnsafeCell::new),
        })
    }

    /// The context of whoever calls, on the stack that the boot code gave, becomes the
    /// processor's idle context. To be called once on each processor, before any switch.
    pub fn of_caller() -> Arc<Self> {
        let context = Arc::new(Self {
            stack_pointer: UnsafeCell::new(0),
            stack: None,
            state: AtomicU8::new(RUNNING),
            user: None,
        });
        let current = Arc::into_raw(Arc::clone(&context));
        per_cpu().current_context.set(current as usize);
        context
    }

    fn save_user_state(&self) {
        if let Some(user) = &self.user {
            // SAFETY: this context runs on this processor: nobody else touches the cell.
            let user = unsafe { &mut *user.get() };
            user.fpu.save();
            user.bases = ThreadBases::current();
        }
    }

    fn load_user_state(&self) {
        if let Some(user) = &self.user {
            // SAFETY: the caller has taken this context for its processor.
            unsafe { (*user.get()).load() };
        }
    }

    /// Takes a context for this processor. A thread can be woken, and chosen by another
    /// processor, a moment before the one that it ran on has left its stack; that moment is
    /// waited for.
    fn take(&self) {
        const LOOKS_MAX: u32 = 10_000_000;
        for _ in 0..LOOKS_MAX {
            if self.state.swap(RUNNING, Ordering::Acquire) == SUSPENDED {
                return;
            }
            super::cpu::relax();
        }
        panic!("switch to a context that runs elsewhere and does not stop");
    }
}

/// Leaves the context that runs on this processor for `next`. Returns when somebody switches
/// back, perhaps on another processor. What the caller owns on its stack stays there until
/// then: if nobody ever switches back, for ever.
///
/// # Panics
/// When `next` runs: the scheduler lost count.
pub fn switch_to(next: Arc<Context>) {
    next.take();
    let processor = per_cpu();
    let next = Arc::into_raw(next);
    let from = processor.current_context.replace(next as usize) as *const Context;
    processor.previous_context.set(from as usize);
    let way_in = WayIn::current();
    // SAFETY: both came from `Arc::into_raw` and are held by the processor: `next` until it is
    // left in turn, `from` until `finish` has run on the next stack. The stack pointer of
    // `next` was left by `switch_stacks` or made by `new`; ours is read only after `finish`
    // says so.
    unsafe {
        (*from).save_user_state();
        (*next).load_user_state();
        switch_stacks((*from).stack_pointer.get(), *(*next).stack_pointer.get());
    }
    way_in.install();
    finish();
}

impl Drop for Context {
    fn drop(&mut self) {
        assert!(
            self.stack.is_none() || *self.state.get_mut() == SUSPENDED,
            "a context was dropped while it ran"
        );
    }
}

/// The context left by this processor is whole now: others may switch to it, and if nobody
/// else holds it, it ends here, on another stack than its own.
fn finish() {
    let previous = per_cpu().previous_context.get() as *const Context;
    // SAFETY: `switch_to` left its hold here, once for each switch.
    unsafe {
        (*previous).state.store(SUSPENDED, Ordering::Release);
        drop(Arc::from_raw(previous));
    }
}

#[unsafe(no_mangle)]
extern "C" fn begin_context(entry: usize) -> ! {
    finish();
    // SAFETY: `Context::new` put a `fn() -> !` there.
    let entry: fn() -> ! = unsafe { core::mem::transmute(entry) };
    entry()
}

/// A stack in the kernel's own address range, with unmapped pages under it.
struct KernelStack {
    slot: usize,
}

struct Slots {
    cached: [usize; CACHE_MAX],
    cached_count: usize,
    used: [u64; STACKS_MAX / 64],
}

static SLOTS: Mutex<Slots> = Mutex::new(Slots {
    cached: [0; CACHE_MAX],
    cached_count: 0,
    used: [0; STACKS_MAX / 64],
});
/// Where to look for a free slot first.
static HINT: AtomicUsize = AtomicUsize::new(0);

impl KernelStack {
    fn new() -> Option<Self> {
        let mut slots = SLOTS.lock();
        if slots.cached_count > 0 {
            slots.cached_count -= 1;
            let slot = slots.cached[slots.cached_count];
            return Some(Self { slot });
        }
        let slot = slots.take()?;
        drop(slots);
        let stack = Self { slot };
        for page in (stack.bottom()..stack.top()).step_by(PAGE_SIZE) {
            // A failed mapping is undone by dropping `stack`: unmapping skips what is not there.
            let frame = Frame::zeroed()?;
            // SAFETY: the slot is ours and its pages show nothing.
            if !unsafe { kernel_space::map_frame(page, frame) } {
                return None;
            }
        }
        Some(stack)
    }

    fn top(&self) -> usize {
        kernel_space::STACKS + (self.slot + 1) * SLOT_BYTES
    }

    fn bottom(&self) -> usize {
        self.top() - STACK_BYTES
    }

    fn is_whole(&self) -> bool {
        kernel_space::is_mapped(self.top() - PAGE_SIZE)
    }
}

impl Slots {
    fn take(&mut self) -> Option<usize> {
        let start = HINT.load(Ordering::Relaxed);
        let words = self.used.len();
        let word = (0..words)
            .map(|step| (start + step) % words)
            .find(|word| self.used[*word] != u64::MAX)?;
        let bit = self.used[word].trailing_ones() as usize;
        self.used[word] |= 1 << bit;
        HINT.store(word, Ordering::Relaxed);
        Some(word * 64 + bit)
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        let whole = self.is_whole();
        let mut slots = SLOTS.lock();
        if whole && slots.cached_count < CACHE_MAX {
            let count = slots.cached_count;
            slots.cached[count] = self.slot;
            slots.cached_count += 1;
            return;
        }
        drop(slots);
        for page in (self.bottom()..self.top()).step_by(PAGE_SIZE) {
            // SAFETY: the context that ran on the stack is gone.
            drop(unsafe { kernel_space::unmap_frame(page) });
        }
        SLOTS.lock().used[self.slot / 64] &= !(1 << (self.slot % 64));
    }
}
