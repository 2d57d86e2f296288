//! What a process is and does: `stat`, `status`, and the smaller files about it.
use super::memory;
use super::subject::Subject;
use super::view::View;
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::memory::PAGE_SIZE;
use crate::process::capabilities::Capability;
use crate::process::credentials::Credentials;
use crate::process::limits;
use crate::process::{self, Counts, Process, ProcessId, Thread, table};
use crate::time::Nanoseconds;
use abi::procfs::{
    CapabilitySets, Limit, ProcessStat, ProcessStatus, SignalSets, TICKS_PER_SECOND, TaskState,
    Text, write_limits,
};
use abi::raw::general::SIGCHLD;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;
use core::str;
use core::sync::atomic::Ordering;

/// The largest adjustment of the out-of-memory score.
const ADJUSTMENT_MAX: i32 = 1000;

/// Clock ticks in a span of time.
pub(super) fn ticks(time: Nanoseconds) -> u64 {
    time.0 / (1_000_000_000 / TICKS_PER_SECOND)
}

/// The relations of a process, looked up at once.
struct Relations {
    parent: ProcessId,
    group: ProcessId,
    session: ProcessId,
    exit_status: Option<u32>,
}

fn relations(pid: ProcessId) -> Result<Relations> {
    table::with(|table| {
        table.node(pid).map(|node| Relations {
            parent: node.parent,
            group: node.group,
            session: node.session,
            exit_status: node.zombie.map(|status| status.to_wait_status()),
        })
    })
    .ok_or(Errno::ESRCH)
}

/// The name without the NULs behind it.
fn name(thread: Option<&Arc<Thread>>, process: &Process) -> Vec<u8> {
    let name = thread.map_or_else(|| process.name(), |thread| thread.name());
    let length = name
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(name.len());
    name[..length].to_vec()
}

fn state(
    process: &Process,
    thread: Option<&Arc<Thread>>,
    number: ProcessId,
    ended: bool,
) -> TaskState {
    match thread {
        _ if ended => TaskState::Zombie,
        None => TaskState::Zombie,
        // The first thread has ended and others go on: its number is held, as by a zombie.
        Some(thread) if thread.tid() != number => TaskState::Zombie,
        Some(_) if process::signal::is_stopped(process) => TaskState::Stopped,
        Some(thread) if thread.is_runnable() => TaskState::Running,
        Some(_) => TaskState::Sleeping,
    }
}

/// Who a subject is and what it does, as `stat` and `status` both tell it.
struct Identity {
    process: Arc<Process>,
    thread: Option<Arc<Thread>>,
    relations: Relations,
    name: Vec<u8>,
    state: TaskState,
    signals: SignalSets,
}

fn identity(subject: &Subject) -> Result<Identity> {
    let process = subject.process()?;
    let thread = subject.thread().ok();
    let relations = relations(process.pid)?;
    let ended = relations.exit_status.is_some();
    Ok(Identity {
        name: name(thread.as_ref(), &process),
        state: state(&process, thread.as_ref(), subject.number(), ended),
        signals: process::signal::sets(&process, thread.as_deref()),
        process,
        thread,
        relations,
    })
}

/// Where the parts of a program lie.
#[derive(Default)]
struct Places {
    stack: u64,
    heap: u64,
    arguments: (u64, u64),
    environment: (u64, u64),
}

/// Addresses tell an attacker where things lie: only those who may look inside get them.
fn places(subject: &Subject) -> Places {
    let range = |range: &core::ops::Range<usize>| (range.start as u64, range.end as u64);
    match subject.address_space() {
        Some(space) if subject.check_access().is_ok() => {
            let state = space.lock();
            Places {
                stack: state.stack_start as u64,
                heap: state.heap.start as u64,
                arguments: range(&state.arguments),
                environment: range(&state.environment),
            }
        }
        _ => Places::default(),
    }
}

/// The controlling terminal's device number and foreground group; 0 and -1 without one.
fn terminal(process: &Process, view: &View) -> (u32, i32) {
    let Some(terminal) = process.terminal() else {
        return (0, -1);
    };
    let group = terminal
        .foreground_group()
        .map_or(-1, |group| view.shown(group).cast_signed());
    (terminal.device() as u32, group)
}

/// `stat`.
pub(super) fn show_stat(subject: &Subject, text: &mut Text) -> Result<()> {
    let who = identity(subject)?;
    let process = &who.process;
    let sizes = subject
        .address_space()
        .map_or_else(Default::default, |space| memory::sizes(&space));
    let times = match &who.thread {
        Some(thread) if subject.is_thread() => thread.times(),
        _ => process.times(),
    };
    let children = *process.children_time.lock();
    let view = &subject.view;
    let (terminal, foreground_group) = terminal(process, view);
    let places = places(subject);
    let stat = ProcessStat {
        pid: view.shown(subject.number()),
        name: &who.name,
        state: who.state,
        parent: view.shown(who.relations.parent),
        group: view.shown(who.relations.group),
        session: view.shown(who.relations.session),
        terminal,
        foreground_group,
        minor_faults: process.page_faults.load(Ordering::Relaxed),
        major_faults: 0,
        children_minor_faults: process.children_counts.lock().page_faults,
        children_major_faults: 0,
        user_ticks: ticks(times.user),
        system_ticks: ticks(times.system),
        children_user_ticks: ticks(children.user),
        children_system_ticks: ticks(children.system),
        nice: nice(who.thread.as_deref()),
        threads: process.thread_count() as u32,
        start_ticks: ticks(Nanoseconds(process.started.0)),
        virtual_bytes: sizes.mapped as u64,
        resident_pages: (sizes.resident / PAGE_SIZE) as u64,
        resident_limit: limits::INFINITY,
        code: (0, 0),
        start_stack: places.stack,
        signals: first_signals(&who.signals),
        exit_signal: exit_signal(process),
        processor: 0,
        data: (0, 0),
        start_heap: places.heap,
        arguments: places.arguments,
        environment: places.environment,
        exit_status: exit_status(subject, &who.relations),
    };
    stat.write(text).map_err(no_memory)
}

fn nice(thread: Option<&Thread>) -> i32 {
    thread.map_or(0, |thread| thread.nice.load(Ordering::Relaxed).into())
}

/// The sets of signals that `stat` has room for, those below 32.
fn first_signals(signals: &SignalSets) -> [u64; 4] {
    [
        signals.pending | signals.process_pending,
        signals.blocked,
        signals.ignored,
        signals.caught,
    ]
    .map(|mask| mask & 0x7fff_ffff)
}

/// How the process ended, for those who may look inside.
fn exit_status(subject: &Subject, relations: &Relations) -> u32 {
    match relations.exit_status {
        Some(status) if subject.check_access().is_ok() => status,
        _ => 0,
    }
}

fn exit_signal(process: &Process) -> i32 {
    i32::try_from(process.exit_signal.load(Ordering::Relaxed)).unwrap_or(SIGCHLD as i32)
}

/// `status`.
pub(super) fn show_status(subject: &Subject, text: &mut Text) -> Result<()> {
    let who = identity(subject)?;
    let credentials = subject.credentials()?;
    let counts = counts(subject, &who.process);
    let view = &subject.view;
    let below = |number| view.shown_below(&who.process, number);
    let pid = view.shown(who.process.pid);
    let status = ProcessStatus {
        name: &who.name,
        umask: subject.fs().ok().map(|fs| fs.umask()),
        state: who.state,
        process: pid,
        threads_ids: &below(subject.number()),
        process_ids: &below(who.process.pid),
        group_ids: &below(who.relations.group),
        session_ids: &below(who.relations.session),
        parent: view.shown(who.relations.parent),
        users: [
            credentials.uid,
            credentials.euid,
            credentials.suid,
            credentials.fsuid,
        ],
        groups: [
            credentials.gid,
            credentials.egid,
            credentials.sgid,
            credentials.fsgid,
        ],
        supplementary: &credentials.groups,
        descriptor_slots: descriptor_slots(subject),
        memory: subject
            .address_space()
            .map(|space| memory::memory_use(&space)),
        threads: who.process.thread_count() as u32,
        signals: who.signals,
        capabilities: capabilities(&credentials),
        no_new_privileges: credentials.no_new_privileges,
        processors: 1,
        switches: (counts.voluntary_switches, counts.involuntary_switches),
    };
    status.write(text).map_err(no_memory)
}

/// How many descriptors the table has room for; as on Linux, it grows by 64.
fn descriptor_slots(subject: &Subject) -> usize {
    let last = subject.files().ok().and_then(|files| files.last_open());
    let used = last.map_or(0, |last| last.cast_unsigned() as usize + 1);
    used.next_multiple_of(64).max(64)
}

fn capabilities(credentials: &Credentials) -> CapabilitySets {
    let sets = &credentials.capabilities;
    CapabilitySets {
        inheritable: sets.inheritable.bits(),
        permitted: sets.permitted.bits(),
        effective: sets.effective.bits(),
        bounding: sets.bounding.bits(),
        ambient: sets.ambient.bits(),
    }
}

/// What is counted of a thread or of all of a process.
fn counts(subject: &Subject, process: &Process) -> Counts {
    match subject.thread() {
        Ok(thread) if subject.is_thread() => thread.counters.counts(),
        _ => process.counts(),
    }
}

/// `io`: what was read and written. Everything lives in memory, so no device is asked.
pub(super) fn show_transfers(subject: &Subject, text: &mut Text) -> Result<()> {
    let counts = counts(subject, &*subject.process()?);
    write!(
        text,
        "rchar: {}\nwchar: {}\nsyscr: {}\nsyscw: {}\nread_bytes: 0\nwrite_bytes: 0\n\
         cancelled_write_bytes: 0\n",
        counts.read_bytes, counts.written_bytes, counts.reads, counts.writes
    )
    .map_err(no_memory)
}

/// `comm`.
pub(super) fn show_name(subject: &Subject, text: &mut Text) -> Result<()> {
    let process = subject.process()?;
    text.bytes(&name(subject.thread().ok().as_ref(), &process))
        .map_err(no_memory)?;
    text.bytes(b"\n").map_err(no_memory)
}

/// A thread of the same process may change the name; what does not fit is cut.
pub(super) fn store_name(subject: &Subject, bytes: &[u8]) -> Result<()> {
    let thread = subject.thread()?;
    if process::current().process.pid != thread.process.pid {
        return Err(Errno::EINVAL);
    }
    thread.set_name(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    Ok(())
}

/// `limits`.
pub(super) fn show_limits(subject: &Subject, text: &mut Text) -> Result<()> {
    let process = subject.process()?;
    let unlimited = Limit {
        soft: limits::INFINITY,
        hard: limits::INFINITY,
    };
    let mut rows = [unlimited; 16];
    {
        let limits = process.limits.lock();
        for (number, row) in rows.iter_mut().enumerate() {
            if let Some(limit) = limits.get(number) {
                *row = Limit {
                    soft: limit.soft,
                    hard: limit.hard,
                };
            }
        }
    }
    write_limits(text, &rows).map_err(no_memory)
}

/// `oom_score`: how much of the memory the process has, in thousandths, adjusted.
pub(super) fn show_score(subject: &Subject, text: &mut Text) -> Result<()> {
    let process = subject.process()?;
    let resident = subject
        .address_space()
        .map_or(0, |space| space.lock().resident_bytes());
    let total = (metal::memory::total_frames() * PAGE_SIZE).max(1);
    let share = (resident * 1000 / total) as i32;
    let score = (share + process.out_of_memory_score.load(Ordering::Relaxed)).max(0);
    writeln!(text, "{score}").map_err(no_memory)
}

/// `oom_score_adj`.
pub(super) fn show_adjustment(subject: &Subject, text: &mut Text) -> Result<()> {
    let adjustment = subject
        .process()?
        .out_of_memory_score
        .load(Ordering::Relaxed);
    writeln!(text, "{adjustment}").map_err(no_memory)
}

/// Sets it. Only with CAP_SYS_RESOURCE can it be lowered below what who had that set last.
pub(super) fn store_adjustment(subject: &Subject, bytes: &[u8]) -> Result<()> {
    let process = subject.process()?;
    let number = str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?.trim();
    let adjustment: i32 = number.parse().map_err(|_| Errno::EINVAL)?;
    if !(-ADJUSTMENT_MAX..=ADJUSTMENT_MAX).contains(&adjustment) {
        return Err(Errno::EINVAL);
    }
    let floor = &process.out_of_memory_score_floor;
    if process::current()
        .credentials()
        .has(Capability::SysResource)
    {
        floor.store(adjustment, Ordering::Relaxed);
    } else if adjustment < floor.load(Ordering::Relaxed) {
        return Err(Errno::EACCES);
    }
    process
        .out_of_memory_score
        .store(adjustment, Ordering::Relaxed);
    Ok(())
}

/// `personality`: always Linux.
pub(super) fn show_personality(_subject: &Subject, text: &mut Text) -> Result<()> {
    text.write_str("00000000\n").map_err(no_memory)
}

/// `wchan`: where it sleeps is not told.
pub(super) fn show_wait_channel(_subject: &Subject, text: &mut Text) -> Result<()> {
    text.write_str("0").map_err(no_memory)
}

/// `loginuid` and `sessionid`: nobody has logged in by the audit system.
pub(super) fn show_login_user(_subject: &Subject, text: &mut Text) -> Result<()> {
    write!(text, "{}", u32::MAX).map_err(no_memory)
}

/// `cgroup`: the one group there is.
pub(super) fn show_control_groups(_subject: &Subject, text: &mut Text) -> Result<()> {
    text.write_str("0::/\n").map_err(no_memory)
}
