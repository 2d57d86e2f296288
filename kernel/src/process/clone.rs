//! Making threads and processes. Source: clone(2), fork(2), vfork(2).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI32, Ordering};

use abi::raw::general as linux;
use metal::context::UserState;
use metal::user::UserContext;

use super::limits::Resource;
use super::scheduler;
use super::signal::{self, SignalInfo, ThreadSignals};
use super::table::Reserved;
use super::thread::{ThreadParts, Vfork};
use super::{Attention, Process, ProcessId, Thread, pidfd, table};
use crate::error::{Errno, Result};
use crate::memory::user;
use crate::namespace::device::Membership;
use crate::namespace::{self, Plan};
use crate::process::capabilities::Capability;

/// What clone(2) and clone3(2) are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CloneRequest {
    /// CLONE_… flags, without the exit signal.
    pub flags: u64,
    /// The signal that the parent gets when the child ends; 0 for none.
    pub exit_signal: u32,
    /// The child's stack pointer; 0 for the parent's.
    pub stack: usize,
    /// The child's thread-local storage, with CLONE_SETTLS.
    pub tls: usize,
    /// Where to store the child's number in the parent, with CLONE_PARENT_SETTID.
    pub parent_tid: usize,
    /// Where to store the child's number in the child, with CLONE_CHILD_SETTID, and where to
    /// clear it when it ends, with CLONE_CHILD_CLEARTID.
    pub child_tid: usize,
    /// Where to store a descriptor of the child, with CLONE_PIDFD.
    pub pidfd: usize,
}

/// Flags that this kernel knows.
const KNOWN: u64 = (linux::CLONE_VM
    | linux::CLONE_FS
    | linux::CLONE_FILES
    | linux::CLONE_SIGHAND
    | linux::CLONE_VFORK
    | linux::CLONE_PARENT
    | linux::CLONE_THREAD
    | linux::CLONE_SYSVSEM
    | linux::CLONE_SETTLS
    | linux::CLONE_PARENT_SETTID
    | linux::CLONE_CHILD_CLEARTID
    | linux::CLONE_CHILD_SETTID
    | linux::CLONE_DETACHED
    | linux::CLONE_UNTRACED
    | linux::CLONE_IO
    | linux::CLONE_PIDFD
    | linux::CLONE_PTRACE) as u64
    | linux::CLONE_CLEAR_SIGHAND;

impl CloneRequest {
    fn has(&self, flag: u32) -> bool {
        self.flags & u64::from(flag) != 0
    }

    /// The namespaces that the child gets.
    fn namespaces(&self, thread: &Thread) -> Result<Plan> {
        let flags = self.flags as u32 & namespace::flags();
        let plan = if flags == 0 {
            Plan::unchanged(thread)?
        } else {
            Plan::with_new(thread, flags)?
        };
        let own = &thread.process;
        // All threads of a process are in one pid namespace.
        if self.has(linux::CLONE_THREAD)
            && !Arc::ptr_eq(&plan.set.pid_for_children, &own.pid_namespace)
        {
            return Err(Errno::EINVAL);
        }
        Ok(plan)
    }

    /// The rules of clone(2) about which flags go together.
    fn check(&self) -> Result<()> {
        let needs = |flag, other| self.has(flag) && !self.has(other);
        let clear_handlers = self.flags & linux::CLONE_CLEAR_SIGHAND != 0;
        let both = |flag, other| self.has(flag) && self.has(other);
        if self.flags & !(KNOWN | u64::from(namespace::flags())) != 0
            || both(linux::CLONE_NEWNS, linux::CLONE_FS)
            || both(linux::CLONE_NEWUSER, linux::CLONE_FS)
            || both(linux::CLONE_THREAD, linux::CLONE_PIDFD)
            || both(linux::CLONE_THREAD, linux::CLONE_NEWPID)
            || both(linux::CLONE_THREAD, linux::CLONE_NEWUSER)
            || both(linux::CLONE_DETACHED, linux::CLONE_PIDFD)
            || needs(linux::CLONE_THREAD, linux::CLONE_SIGHAND)
            || needs(linux::CLONE_SIGHAND, linux::CLONE_VM)
            || (clear_handlers && self.has(linux::CLONE_SIGHAND))
        {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }
}

/// Makes a thread or a process; returns its number, as the caller sees it. With CLONE_VFORK sleeps until the child
/// has memory of its own or has ended.
///
/// # Errors
/// EINVAL, EAGAIN, ENOMEM, EFAULT as clone(2) has them.
pub fn clone(
    thread: &Arc<Thread>,
    registers: &UserContext,
    request: &CloneRequest,
) -> Result<ProcessId> {
    request.check()?;
    if request.has(linux::CLONE_PARENT) && thread.process.is_namespace_init() {
        // Nobody would collect it: an init has no parent in its namespace.
        return Err(Errno::EINVAL);
    }
    check_thread_count(thread)?;
    let plan = request.namespaces(thread)?;
    let numbers = table::new_number(&plan.set.pid_for_children)?;
    let child = build(thread, registers, request, &numbers, plan)?;
    let tid = thread.sees(numbers.number);
    if request.has(linux::CLONE_PIDFD) {
        pidfd::install(thread, &child.process, request.pidfd)?;
    }
    if request.has(linux::CLONE_PARENT_SETTID) {
        // As on Linux the child is made all the same: a bad address is not reported.
        let _ = user::write(request.parent_tid, &tid);
    }
    if !request.has(linux::CLONE_VM) {
        *child.restartable.lock() = *thread.restartable.lock();
    }
    if request.has(linux::CLONE_CHILD_CLEARTID) {
        child
            .clear_child_tid
            .store(request.child_tid, Ordering::Relaxed);
    }
    if request.has(linux::CLONE_CHILD_SETTID)
        && let Some(space) = child.address_space()
    {
        // Nor here.
        let _ = space.write_bytes(request.child_tid, &child.local_tid().to_ne_bytes());
    }
    let vfork = request.has(linux::CLONE_VFORK).then(|| child.begin_vfork());
    publish(thread, &child, request);
    scheduler::start(&child);
    drop(child);
    if let Some(vfork) = vfork {
        wait_for_vfork(thread, &vfork);
    }
    Ok(tid)
}

fn check_thread_count(thread: &Thread) -> Result<()> {
    let limit = thread.process.limit(Resource::Processes);
    let credentials = thread.credentials();
    let over_limit = || table::thread_count_of(credentials.uid) as u64 >= limit;
    if metal::memory::free_frames() <= metal::memory::reserve_frames() {
        return Err(Errno::ENOMEM);
    }
    // As on Linux: the limit is not for root, nor for who may go over limits.
    let is_limited = credentials.uid != 0
        && !credentials.has_any(&[Capability::SysResource, Capability::SysAdmin]);
    if table::thread_count() >= table::THREADS_MAX || (is_limited && over_limit()) {
        return Err(Errno::EAGAIN);
    }
    Ok(())
}

fn build(
    thread: &Arc<Thread>,
    registers: &UserContext,
    request: &CloneRequest,
    numbers: &Reserved,
    plan: Plan,
) -> Result<Arc<Thread>> {
    let space = thread.address_space().ok_or(Errno::ESRCH)?;
    let files = thread.files()?;
    let fs = plan.fs.unwrap_or(plan.old_fs);
    let is_new_fs = request.has(linux::CLONE_NEWNS);
    let mut child_registers = registers.clone();
    // The child's copy of the call returns 0, with all registers as the parent left them.
    let values = child_registers.registers_mut();
    values.rax = 0;
    if request.stack != 0 {
        values.rsp = request.stack as u64;
    }
    let mut user_state = UserState::current();
    if request.has(linux::CLONE_SETTLS) {
        if request.tls >= crate::memory::STACK_TOP {
            return Err(Errno::EPERM);
        }
        user_state.bases.fs = request.tls;
    }
    Thread::new(ThreadParts {
        tid: numbers.number,
        process: process_for(thread, request, numbers)?,
        address_space: if request.has(linux::CLONE_VM) {
            space
        } else {
            space.fork()?
        },
        files: if request.has(linux::CLONE_FILES) {
            files
        } else {
            Arc::new(files.fork_copy()?)
        },
        fs: if request.has(linux::CLONE_FS) || is_new_fs {
            fs
        } else {
            Arc::new(fs.fork_copy())
        },
        namespaces: plan.set,
        credentials: thread.credentials(),
        signals: signals_for(thread, request),
        name: thread.name(),
        nice: inherited_nice(thread),
        scheduling: thread.scheduling().inherited(),
        registers: child_registers,
        user_state,
    })
}

/// A child of a thread with SCHED_RESET_ON_FORK has no nice value below 0.
fn inherited_nice(thread: &Thread) -> i8 {
    let nice = thread.nice.load(Ordering::Relaxed);
    if thread.scheduling().reset_on_fork {
        nice.max(0)
    } else {
        nice
    }
}

fn signals_for(thread: &Thread, request: &CloneRequest) -> ThreadSignals {
    // An alternate stack lies in memory that a child with shared memory must not use too.
    let keep_stack = !request.has(linux::CLONE_VM) || request.has(linux::CLONE_VFORK);
    thread.signals.inherit(keep_stack)
}

fn process_for(
    thread: &Thread,
    request: &CloneRequest,
    numbers: &Reserved,
) -> Result<Arc<Process>> {
    let parent = &thread.process;
    if request.has(linux::CLONE_THREAD) {
        return Ok(Arc::clone(parent));
    }
    let membership = Membership::new(&numbers.namespace, Some(parent))?;
    let share_handlers = request.has(linux::CLONE_SIGHAND);
    let clear_handlers = request.flags & linux::CLONE_CLEAR_SIGHAND != 0;
    let signals = parent.signals.fork(share_handlers, clear_handlers);
    let limits = *parent.limits.lock();
    let process = Process::new(numbers, membership, parent.session(), limits, signals);
    process
        .exit_signal
        .store(request.exit_signal, Ordering::Relaxed);
    process.maker.store(thread.tid(), Ordering::Relaxed);
    process.note_user(thread.real_user());
    let copy = |from: &core::sync::atomic::AtomicU32, to: &core::sync::atomic::AtomicU32| {
        to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    };
    copy(&parent.dumpable, &process.dumpable);
    copy(&parent.personality, &process.personality);
    let given_up = parent.gave_terminal_up.load(Ordering::Relaxed);
    process.gave_terminal_up.store(given_up, Ordering::Relaxed);
    let copy = |from: &AtomicI32, to: &AtomicI32| {
        to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    };
    copy(&parent.out_of_memory_score, &process.out_of_memory_score);
    copy(
        &parent.out_of_memory_score_floor,
        &process.out_of_memory_score_floor,
    );
    *process.executable.lock() = parent.executable.lock().clone();
    if process.is_namespace_init() {
        process.membership.note_init(process.pid);
    }
    Ok(Arc::new(process))
}

/// Makes the child known, before it can run.
fn publish(thread: &Arc<Thread>, child: &Arc<Thread>, request: &CloneRequest) {
    child.process.add_thread(child);
    // Whoever ended all threads of the process a moment ago did not know of this one.
    if request.has(linux::CLONE_THREAD) && thread.must_exit() {
        child.note_attention(Attention::EXIT);
    }
    if !request.has(linux::CLONE_THREAD) {
        let pid = thread.process.pid;
        let parent = if request.has(linux::CLONE_PARENT) {
            table::parent_of(pid)
        } else {
            pid
        };
        table::add_process(&child.process, parent);
    }
    table::add_thread(child);
    signal::note_new_thread(child);
    // The init that ended a moment ago could not see this one.
    if child.process.pid_namespace.is_closed() {
        signal::send_to_process(&child.process, SignalInfo::from_kernel(linux::SIGKILL));
    }
}

fn wait_for_vfork(thread: &Thread, vfork: &Vfork) {
    vfork.parent.wait_uninterruptible(|| {
        (vfork.done.load(Ordering::SeqCst) || thread.must_exit()).then_some(())
    });
}
