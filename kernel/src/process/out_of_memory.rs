//! When memory is out: somebody must go, and it should be the one who took it.
//!
//! A call that can fail fails with ENOMEM. A touch of a page that was promised cannot, so a
//! process is killed, never process 1. Who took the memory is asked by process group, because a
//! fork bomb is made of many small processes, each smaller than the shell it was started from:
//! of the group that has the most memory, as `oom_score_adj` weighs it, the youngest of the large
//! members goes. The touch is tried again when that one has ended.
//!
//! One that is chosen may sleep for a lock whose holder is the one that asks for memory (it reads
//! from a pipe into a fresh page, say). So whoever waits for its end inside the kernel waits for
//! a while only: then its memory is taken from it, and at last the copy fails and the lock is
//! let go of.
//!
//! The kernel itself lives off a reserve meanwhile (`metal::memory`).
//!
//! Source: proc(5), `oom_score_adj`.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use abi::raw::general;
use metal::memory::{PAGE_SIZE, total_frames};

use super::{ExitStatus, Process, ProcessId, Thread, exit, scheduler, table};
use crate::device::deferred::{self, Work};
use crate::file;
use crate::sync::SpinLock;
use crate::time::{self, Instant, Nanoseconds};

/// The one that is being killed: until it has ended, nobody else is.
static VICTIM: SpinLock<Option<Victim>> = SpinLock::new(None);
/// One that has not ended by then sleeps for something; its memory is taken from it as it is.
const UNTIL_TAKEN: Nanoseconds = Nanoseconds(50_000_000);
/// Who may hold the lock that it sleeps for gives up by then.
const PATIENCE: Nanoseconds = Nanoseconds(200_000_000);

struct Victim {
    process: Weak<Process>,
    since: Instant,
}

/// Has every shortage of the kernel's own memory looked into. To be called once at boot.
pub fn initialise() {
    metal::memory::on_shortage(|| deferred::raise(Work::SHORTAGE));
}

/// Before a program goes on while even the kernel's reserve is going: makes room first. No
/// program's next call may take more of it meanwhile, so this comes back only once there is enough
/// again, the program's own process was the one to go, or nobody is left who could.
pub fn relieve_kernel(thread: &Arc<Thread>) {
    while !metal::memory::end_shortage() && !thread.must_exit() {
        let waited = match waited_for_victim() {
            Some(waited) => waited,
            None => return,
        };
        scheduler::yield_now();
        // One that does not get to its end may wait for what this program does next.
        if waited >= PATIENCE {
            return;
        }
    }
}

/// Makes room on behalf of `thread`, which holds no lock: chooses and kills a process, or waits
/// for the one that was chosen before. The caller tries again unless its own process was the one.
pub fn relieve(thread: &Arc<Thread>) {
    let _ = waited_or_gone(thread);
    scheduler::yield_now();
}

/// As [`relieve`], for a thread that may hold what the chosen one sleeps for: a pipe, a file's
/// contents. Returns false when the caller should let go of it rather than try again.
pub fn relieve_while_locked(thread: &Arc<Thread>) -> bool {
    let waited = waited_or_gone(thread);
    scheduler::yield_now();
    waited < PATIENCE
}

/// As [`waited_for_victim`]; when nobody can be chosen, the process of `thread` goes.
fn waited_or_gone(thread: &Arc<Thread>) -> Nanoseconds {
    waited_for_victim().unwrap_or_else(|| {
        // Nobody but process 1 has any memory: it asked for more than there is.
        exit::exit_process(thread, ExitStatus::Killed(general::SIGKILL as u8));
        Nanoseconds(0)
    })
}

/// How long the one that is being killed has taken so far; if there is none, one is chosen. None
/// when there is nobody.
fn waited_for_victim() -> Option<Nanoseconds> {
    if let Some((victim, since)) = victim() {
        let waited = time::monotonic_now().since(since);
        if waited > UNTIL_TAKEN {
            take_memory(&victim);
        }
        return Some(waited);
    }
    kill(&choose()?);
    Some(Nanoseconds(0))
}

fn victim() -> Option<(Arc<Process>, Instant)> {
    let victim = VICTIM.lock();
    let Victim { process, since } = victim.as_ref()?;
    let process = process.upgrade()?;
    (!process.has_ended()).then_some((process, *since))
}

/// Takes the pages of one that was killed and does not get to its end, unless another process
/// lives in the same memory (vfork(2)).
fn take_memory(victim: &Arc<Process>) {
    let space_of = |process: &Arc<Process>| process.leader()?.address_space();
    let Some(space) = space_of(victim) else {
        return;
    };
    let is_another = |process: &Arc<Process>| {
        !Arc::ptr_eq(process, victim)
            && space_of(process).is_some_and(|other| Arc::ptr_eq(&other, &space))
    };
    if !super::all().any(|process| is_another(&process)) {
        space.give_up();
    }
}

fn kill(victim: &Arc<Process>) {
    *VICTIM.lock() = Some(Victim {
        process: Arc::downgrade(victim),
        since: time::monotonic_now(),
    });
    if let Some(thread) = victim.leader() {
        crate::log::limited!(
            error,
            "out of memory: killed process {} ({}); it had {} KiB",
            victim.pid,
            exit::name_of(&thread),
            footprint(victim) / 1024
        );
        exit::exit_process(&thread, ExitStatus::Killed(general::SIGKILL as u8));
    }
}

/// One that may be chosen.
struct Candidate {
    process: Arc<Process>,
    group: ProcessId,
    badness: i64,
}

/// The youngest large process of the largest group.
fn choose() -> Option<Arc<Process>> {
    let candidates = candidates();
    let mut totals = BTreeMap::new();
    for candidate in &candidates {
        *totals.entry(candidate.group).or_insert(0) += candidate.badness;
    }
    let (group, _) = totals.into_iter().max_by_key(|(_, total)| *total)?;
    let members = || {
        candidates
            .iter()
            .filter(|candidate| candidate.group == group)
    };
    let largest = members().map(|candidate| candidate.badness).max()?;
    members()
        .filter(|candidate| candidate.badness >= largest / 2)
        .max_by_key(|candidate| (candidate.process.started, candidate.process.pid))
        .map(|candidate| Arc::clone(&candidate.process))
}

/// Everybody but process 1, the dead, and those an administrator exempted.
fn candidates() -> Vec<Candidate> {
    const NEVER: i32 = -1000;
    let group_of = |pid| table::with(|table| table.node(pid).map(|node| node.group));
    super::all()
        .filter(|process| process.pid != 1 && !process.has_ended())
        .filter(|process| process.out_of_memory_score.load(Ordering::Relaxed) > NEVER)
        .filter_map(|process| {
            let (group, badness) = (group_of(process.pid)?, badness(&process));
            Some(Candidate {
                process,
                group,
                badness,
            })
        })
        .collect()
}

/// As on Linux: bytes, plus thousandths of all memory by `oom_score_adj`.
fn badness(process: &Process) -> i64 {
    let memory = (total_frames() * PAGE_SIZE) as i64;
    let adjustment = i64::from(process.out_of_memory_score.load(Ordering::Relaxed));
    footprint(process) as i64 + memory / 1000 * adjustment
}

/// What an open file costs the kernel, about: itself, and often an object behind it.
const BYTES_PER_FILE: usize = 512;

/// Bytes in memory: pages, and what the kernel keeps for it and loses with it, which is what it
/// knows of its mappings and open files and what lies in the pipes among them. Each of those who
/// share a pipe has all of it.
fn footprint(process: &Process) -> usize {
    let Some(thread) = process.leader() else {
        return 0;
    };
    let space = thread.address_space();
    let pages = space.map_or(0, |space| space.estimated_bytes());
    let in_files = thread.files().map_or(0, |files| {
        files.sum_of(|file| BYTES_PER_FILE + file::bytes_in_pipe(&**file.file()))
    });
    pages + in_files
}
