//! Tasks: a copy of this one, one that starts on a stack of the test's own, and the way back from
//! a signal handler.
//!
//! Source: fork(2), clone(2), sigreturn(2).

use core::arch::naked_asm;

/// Forks, letting the C library bring its own records up to date in the child.
///
/// Returns 0 in the child, the child's pid in the parent, or a negative errno.
pub fn fork() -> isize {
    // SAFETY: cases run single-threaded where they fork, so the child finds no lock held by a
    // thread that no longer exists.
    id_or_error(unsafe { libc::fork() })
}

/// What a new task made by `clone` runs: gets the argument, returns the exit status.
pub type Entry = extern "C" fn(*mut libc::c_void) -> i32;

/// `clone(2)` with a stack: the new task runs `entry(argument)` on the memory that ends at
/// `stack_top`. The entry must keep to bare system calls, because it has no thread record of its
/// own. `tids` are the parent and child tid addresses. Returns the tid or a negative errno.
pub fn clone(
    flags: i32,
    stack_top: usize,
    entry: Entry,
    argument: usize,
    tids: [usize; 2],
) -> isize {
    let at = std::ptr::with_exposed_provenance_mut::<libc::c_void>;
    // SAFETY: `stack_top` ends a mapping of the test's own that outlives the task.
    let id = unsafe {
        libc::clone(
            entry,
            at(stack_top),
            flags,
            at(argument),
            at(tids[0]),
            at(0),
            at(tids[1]),
        )
    };
    id_or_error(id)
}

fn id_or_error(id: i32) -> isize {
    if id >= 0 {
        return id as isize;
    }
    let error = std::io::Error::last_os_error();
    -(error.raw_os_error().unwrap_or(libc::EINVAL) as isize)
}

/// The address to give the kernel as `sa_restorer`: where a signal handler returns to, which makes
/// the call `rt_sigreturn`.
pub fn signal_return() -> usize {
    restore as *const () as usize
}

// SAFETY: the kernel arranges that handlers return here, with the stack at the signal's frame,
// which is what the call expects; it does not come back.
#[unsafe(naked)]
extern "C" fn restore() {
    naked_asm!("mov eax, 15", "syscall")
}
