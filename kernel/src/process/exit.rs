//! How threads and processes end. Source: exit(2), exit_group(2), wait(2), futex(2).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::general;

use super::signal::{self, Origin, SignalInfo};
use super::{Attention, ExitStatus, Process, ProcessId, Thread, scheduler, table};
use crate::memory::user;

/// Ends the whole process: all its threads end, and its parent will be told this status. A
/// status that came first stays.
pub fn exit_process(thread: &Arc<Thread>, status: ExitStatus) {
    thread.process.set_exit_status(status);
    let tell = |other: &Arc<Thread>| other.attract_attention(Attention::EXIT);
    thread.process.for_each_thread(tell);
}

/// exit_group(2): as [`exit_process`], unless another thread's execve(2) or end has already told
/// the caller to end. Then what it wanted to say came too late.
pub fn leave_process(thread: &Arc<Thread>, status: ExitStatus) {
    if !thread.must_exit() {
        exit_process(thread, status);
    }
}

/// Ends one thread; with the last one the process ends, with the last thread's status.
pub fn exit_thread(thread: &Arc<Thread>, status: ExitStatus) {
    thread.note_last_status(status);
    thread.note_attention(Attention::EXIT);
}

/// A thread's name as text.
pub fn name_of(thread: &Thread) -> alloc::string::String {
    let name = thread.name();
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    alloc::string::String::from_utf8_lossy(&name[..end]).into_owned()
}

/// The last that a thread does: gives up all it holds and takes its leave of its process.
pub fn end_thread(thread: &Arc<Thread>) {
    leave_memory(thread);
    thread.finish_vfork();
    let status = thread.last_status();
    thread.set_files(None);
    thread.set_fs(None);
    // Left first: what no processor uses is taken apart without telling any.
    metal::kernel_space::activate();
    thread.set_address_space(None);
    let process = Arc::clone(&thread.process);
    let times = thread.times();
    {
        let mut ended = process.ended_threads_time.lock();
        *ended = ended.plus(times);
    }
    *process.last_turns.lock() = (thread.scheduling(), thread.nice.load(Ordering::Relaxed));
    let counts = thread.counters.counts();
    {
        let mut ended = process.ended_threads_counts.lock();
        *ended = ended.plus(counts);
    }
    table::remove_thread(thread.tid());
    if process.remove_thread(thread) == 0 {
        end_process(&process, thread, status);
    } else {
        signal::note_thread_end(&process);
    }
}

/// Ends a kernel thread, and with it the process that it stands for, without a trace.
#[cfg(feature = "ktest")]
pub fn end_kernel_thread() -> ! {
    let thread = super::current();
    thread.set_files(None);
    thread.set_fs(None);
    // Left first: what no processor uses is taken apart without telling any.
    metal::kernel_space::activate();
    thread.set_address_space(None);
    table::remove_thread(thread.tid());
    thread.process.remove_thread(&thread);
    thread.process.pid_namespace.process_ended();
    thread.process.membership.end();
    drop(table::with(|table| table.remove(thread.process.pid)));
    drop(thread);
    scheduler::leave()
}

/// Keeps what the thread promised to those it shares its memory with, while it still has it:
/// its locks are given up and its end is announced. Both are void afterwards. How much memory
/// there was at most is remembered.
pub fn leave_memory(thread: &Arc<Thread>) {
    if let Some(space) = thread.address_space() {
        thread.process.note_peak(&space);
    }
    super::futex::release_robust_list(thread);
    announce_thread_end(thread);
}

/// Stores 0 where the thread asked for it and wakes whoever waits there (set_tid_address(2)).
/// Nobody is there to be told of a bad address.
fn announce_thread_end(thread: &Arc<Thread>) {
    let address = thread.clear_child_tid.swap(0, Ordering::Relaxed);
    if address != 0 && thread.shares_memory() && user::write(address, &0_u32).is_ok() {
        super::futex::wake_word(thread, address);
    }
}

/// The process has no thread left: it becomes a zombie and its relatives are told.
fn end_process(process: &Arc<Process>, thread: &Arc<Thread>, last_status: ExitStatus) {
    let status = process.exit_status().unwrap_or(last_status);
    process.release();
    if process.is_namespace_init() {
        end_namespace(process, status);
    }
    process.membership.end();
    let pid = process.pid;
    let session = process.session();
    let reaper = reaper_for(process);
    give_children_away(pid, reaper);
    if session.id == pid
        && let Some(terminal) = session.terminal()
    {
        terminal.leader_ended();
    }
    let own_group = table::with(|table| {
        let group = table.node(pid)?.group;
        let was_last = !table.is_orphaned(group, None) && table.is_orphaned(group, Some(pid));
        was_last.then_some(group)
    });
    own_group.into_iter().for_each(hang_up_if_stopped);
    become_zombie(process, thread, status);
    process.pid_namespace.process_ended();
}

/// The first process of a pid namespace has ended: all others in it and below it are killed,
/// and collected, before its own end is told.
fn end_namespace(init: &Arc<Process>, status: ExitStatus) {
    let namespace = &init.pid_namespace;
    if namespace.is_root() {
        panic!(
            "process 1 ended ({status:?}): there is nobody to start it again; look at the last lines it printed"
        );
    }
    namespace.close();
    for (_, number) in namespace.numbers_from(0) {
        if number != init.pid
            && let Some(process) = super::find(number)
        {
            signal::send_to_process(&process, SignalInfo::from_kernel(general::SIGKILL));
        }
    }
    let alone = || (namespace.living() <= 1).then_some(());
    namespace.member_ended.wait_uninterruptible(alone);
    while let Some(zombie) = table::with(|table| table.remove_zombie_child(init.pid)) {
        drop(zombie);
    }
}

/// Who takes care of the children of a process that ends: the nearest ancestor in its pid
/// namespace that asked for it (PR_SET_CHILD_SUBREAPER), else the init of the namespace.
fn reaper_for(process: &Process) -> ProcessId {
    let namespace = &process.pid_namespace;
    table::with(|table| {
        let mut ancestor = table.node(process.pid).map_or(0, |node| node.parent);
        while let Some(node) = table.node(ancestor) {
            if !Arc::ptr_eq(&node.process.pid_namespace, namespace) {
                break;
            }
            if node.process.is_subreaper.load(Ordering::Relaxed) && node.zombie.is_none() {
                return ancestor;
            }
            ancestor = node.parent;
        }
        namespace.init()
    })
}

/// Gives all children to their new parent, one after the other. A group that hung on its session
/// by a child alone is orphaned then. The parent's own never does: it takes a parent in another
/// group.
fn give_children_away(pid: ProcessId, reaper: ProcessId) {
    let give_one = |table: &mut table::Table| {
        let node = table.node(pid)?;
        let child = table.node(*node.children.first()?);
        let may_tie = child.filter(|child| {
            child.zombie.is_none() && child.session == node.session && child.group != node.group
        });
        let tied = may_tie
            .map(|child| child.group)
            .filter(|group| !table.is_orphaned(*group, None));
        let child = Arc::clone(&table.reparent_child(pid, reaper)?.process);
        Some((child, tied.filter(|group| table.is_orphaned(*group, None))))
    };
    while let Some((child, orphaned)) = table::with(give_one) {
        adopt(&child, pid, reaper);
        orphaned.into_iter().for_each(hang_up_if_stopped);
    }
}

/// Tells a child of its new parent: the signal it asked for when the old one ends, and the new
/// parent if the child is a zombie already.
fn adopt(child: &Process, old_parent: ProcessId, reaper: ProcessId) {
    let wanted = child.parent_death_signal.load(Ordering::Relaxed);
    if wanted != 0 {
        let origin = Origin::Process {
            code: 0,
            pid: child.sees(old_parent),
            uid: 0,
            value: 0,
        };
        let info = SignalInfo {
            signal: wanted as u8,
            origin,
        };
        signal::send_to_process(child, info);
    }
    child.exit_signal.store(general::SIGCHLD, Ordering::Relaxed);
    if child.has_ended()
        && let Some(parent) = super::find(reaper)
    {
        parent.child_events.wake_all();
        signal::send_to_process(&parent, SignalInfo::from_kernel(general::SIGCHLD));
    }
}

/// POSIX: a group that becomes orphaned with a stopped member gets SIGHUP and SIGCONT.
fn hang_up_if_stopped(group: ProcessId) {
    let stopped = table::group_members(group).any(|process| signal::is_stopped(&process));
    if stopped {
        table::signal_group(group, &SignalInfo::from_kernel(general::SIGHUP));
        table::signal_group(group, &SignalInfo::from_kernel(general::SIGCONT));
    }
}

fn become_zombie(process: &Arc<Process>, thread: &Arc<Thread>, status: ExitStatus) {
    process.ended.wake_all();
    let parent = table::with(|table| {
        let node = table.node_mut(process.pid)?;
        node.zombie = Some(status);
        let parent = node.parent;
        table.node(parent).map(|node| Arc::clone(&node.process))
    });
    let Some(parent) = parent else {
        return;
    };
    let wanted = process.exit_signal.load(Ordering::Relaxed);
    // A parent that ignores SIGCHLD gets no zombies (sigaction(2), SA_NOCLDWAIT).
    let discard = wanted == general::SIGCHLD && signal::discards_children(&parent);
    // clone(2) lets a program ask for one that does not exist: nobody is told then.
    if (1..=signal::SIGNAL_MAX).contains(&wanted) {
        let uid = thread.credentials().uid;
        let pid = parent.sees(process.pid);
        let mut info = child_information(wanted, pid, uid, status);
        info.set_times(process.times());
        signal::send_to_process(&parent, info);
    }
    if discard {
        let node = table::with(|table| table.remove(process.pid));
        drop(node);
    }
    parent.child_events.wake_all();
}

fn child_information(signal: u32, pid: ProcessId, uid: u32, status: ExitStatus) -> SignalInfo {
    let (code, status) = match status {
        ExitStatus::Exited(status) => (general::CLD_EXITED, i32::from(status)),
        ExitStatus::Killed(signal) => (general::CLD_KILLED, i32::from(signal)),
    };
    SignalInfo {
        signal: signal as u8,
        origin: Origin::Child {
            code: code as i32,
            pid,
            uid,
            status,
            user_ticks: 0,
            system_ticks: 0,
        },
    }
}

/// Sleeps until all other threads of the process have ended (execve(2)). Returns false when
/// this thread has been told to end too: of several that call execve at once the first goes on.
pub fn end_other_threads(thread: &Arc<Thread>) -> bool {
    let process = &thread.process;
    // The list is locked from the first look to the last word, so that no two can tell each
    // other to end.
    process.for_each_thread(|other| {
        if !thread.must_exit() && !Arc::ptr_eq(other, thread) {
            other.attract_attention(Attention::EXIT);
        }
    });
    let alone = || {
        if thread.must_exit() {
            Some(false)
        } else {
            (process.thread_count() == 1).then_some(true)
        }
    };
    let outcome = process.thread_events.wait_uninterruptible(alone);
    scheduler::yield_if_needed();
    outcome
}
