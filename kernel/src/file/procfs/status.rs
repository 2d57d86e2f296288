//! What a process is and does: `stat`, `status`, and the smaller files about it.
use super::memory;
use super::subject::Subject;
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::memory::PAGE_SIZE;
use crate::process::credentials::Credentials;
use crate::process::limits;
use crate::process::{self, Process, ProcessId, Thread, table};
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

/// All capabilities that Linux 6.1 knows: what the superuser has.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;
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
    of_process: bool,
    ended: bool,
) -> TaskState {
    match thread {
        _ if ended => TaskState::Zombie,
        None => TaskState::Zombie,
        // The first thread has ended and others go on: its number is held, as by a zombie.
        Some(_) if of_process && process::find_thread(process.pid).is_none() => TaskState::Zombie,
        Some(_) if process::signal::is_stopped(process) => TaskState::Stopped,
        Some(thread) if thread.is_runnable() => TaskState::Running,
        Some(_) => TaskState::Sleeping,
    }
}

/// `stat`.
pub(super) fn show_stat(subject: &Subject, text: &mut Text) -> Result<()> {
    let process = subject.process()?;
    let thread = subject.thread().ok();
    let relations = relations(process.pid)?;
    let space = subject.address_space();
    let sizes = space
        .as_ref()
        .map_or_else(Default::default, |space| memory::sizes(space));
    let layout = space.as_ref().map(|space| {
        let state = space.lock();
        (
            state.stack_start,
            state.heap.start,
            state.arguments.clone(),
            state.environment.clone(),
        )
    });
    let (stack, heap, arguments, environment) = layout.unwrap_or((0, 0, 0..0, 0..0));
    let times = match &thread {
        Some(thread) if subject.is_thread() => thread.times(),
        _ => process.times(),
    };
    let children = *process.children_time.lock();
    let terminal = process.terminal();
    let signals = signal_sets(&process, thread.as_ref());
    let range = |range: core::ops::Range<usize>| (range.start as u64, range.end as u64);
    // Addresses tell an attacker where things lie: only those who may look inside get them.
    let visible = subject.check_access().is_ok();
    let address = |address: usize| if visible { address as u64 } else { 0 };
    let view = &subject.view;
    let stat = ProcessStat {
        pid: view.shown(subject.number()),
        name: &name(thread.as_ref(), &process),
        state: state(
            &process,
            thread.as_ref(),
            subject.is_whole_process(),
            relations.exit_status.is_some(),
        ),
        parent: view.shown(relations.parent),
        group: view.shown(relations.group),
        session: view.shown(relations.session),
        terminal: terminal
            .as_ref()
            .map_or(0, |terminal| terminal.device() as u32),
        foreground_group: terminal.map_or(-1, |terminal| {
            terminal
                .foreground_group()
                .map_or(-1, |group| view.shown(group).cast_signed())
        }),
        minor_faults: process.page_faults.load(Ordering::Relaxed),
        major_faults: 0,
        children_minor_faults: 0,
        children_major_faults: 0,
        user_ticks: ticks(times.user),
        system_ticks: ticks(times.system),
        children_user_ticks: ticks(children.user),
        children_system_ticks: ticks(children.system),
        nice: thread
            .as_ref()
            .map_or(0, |thread| thread.nice.load(Ordering::Relaxed).into()),
        threads: process.thread_count() as u32,
        start_ticks: ticks(Nanoseconds(process.started.0)),
        virtual_bytes: sizes.mapped as u64,
        resident_pages: (sizes.resident / PAGE_SIZE) as u64,
        resident_limit: limits::INFINITY,
        code: (0, 0),
        start_stack: address(stack),
        signals: [
            signals.pending | signals.process_pending,
            signals.blocked,
            signals.ignored,
            signals.caught,
        ]
        .map(|mask| mask & 0x7fff_ffff),
        exit_signal: exit_signal(&process),
        processor: 0,
        data: (0, 0),
        start_heap: address(heap),
        arguments: if visible { range(arguments) } else { (0, 0) },
        environment: if visible { range(environment) } else { (0, 0) },
        exit_status: if visible {
            relations.exit_status.unwrap_or(0)
        } else {
            0
        },
    };
    stat.write(text).map_err(no_memory)
}

fn exit_signal(process: &Process) -> i32 {
    i32::try_from(process.exit_signal.load(Ordering::Relaxed)).unwrap_or(SIGCHLD as i32)
}

fn signal_sets(process: &Process, thread: Option<&Arc<Thread>>) -> SignalSets {
    process::signal::sets(process, thread.map(Arc::as_ref))
}

/// `status`.
pub(super) fn show_status(subject: &Subject, text: &mut Text) -> Result<()> {
    let process = subject.process()?;
    let thread = subject.thread().ok();
    let relations = relations(process.pid)?;
    let credentials = thread
        .as_ref()
        .map_or_else(|| Arc::new(Credentials::root()), |t| t.credentials());
    let space = subject.address_space();
    let memory = space.map(|space| memory::memory_use(&space));
    let privileged = credentials.is_privileged();
    let capabilities = if privileged { ALL_CAPABILITIES } else { 0 };
    let view = &subject.view;
    let below = |number| view.shown_below(&process, number);
    let pid = view.shown(process.pid);
    let descriptors = subject.files().map_or(0, |files| {
        files
            .open_files()
            .last()
            .map_or(0, |(last, _)| last.cast_unsigned() as usize + 1)
    });
    let status = ProcessStatus {
        name: &name(thread.as_ref(), &process),
        umask: subject.fs().ok().map(|fs| fs.umask()),
        state: state(
            &process,
            thread.as_ref(),
            subject.is_whole_process(),
            relations.exit_status.is_some(),
        ),
        process: pid,
        threads_ids: &below(subject.number()),
        process_ids: &below(process.pid),
        group_ids: &below(relations.group),
        session_ids: &below(relations.session),
        parent: view.shown(relations.parent),
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
        descriptor_slots: descriptors.next_multiple_of(64).max(64),
        memory,
        threads: process.thread_count() as u32,
        signals: signal_sets(&process, thread.as_ref()),
        capabilities: CapabilitySets {
            inheritable: 0,
            permitted: capabilities,
            effective: capabilities,
            bounding: ALL_CAPABILITIES,
            ambient: 0,
        },
        no_new_privileges: false,
        processors: 1,
        switches: (0, 0),
    };
    status.write(text).map_err(no_memory)
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

/// Sets it; only the privileged may lower it.
pub(super) fn store_adjustment(subject: &Subject, bytes: &[u8]) -> Result<()> {
    let process = subject.process()?;
    let number = str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?.trim();
    let adjustment: i32 = number.parse().map_err(|_| Errno::EINVAL)?;
    if !(-ADJUSTMENT_MAX..=ADJUSTMENT_MAX).contains(&adjustment) {
        return Err(Errno::EINVAL);
    }
    let before = process.out_of_memory_score.load(Ordering::Relaxed);
    if adjustment < before && !process::current().credentials().is_privileged() {
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
