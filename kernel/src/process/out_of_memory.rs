//! When memory is out: somebody must go, and it should be the one who took it.
//!
//! A call that can fail fails with ENOMEM. A touch of a page that was promised cannot, so a
//! process is killed, never process 1. Who took the memory is asked by process group, because a
//! fork bomb is made of many small processes, each smaller than the shell it was started from:
//! of the group that has the most memory, as `oom_score_adj` weighs it, the youngest of the large
//! members goes. The touch is tried again when that one has ended.
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
use crate::sync::SpinLock;

/// The one that is being killed: until it has ended, nobody else is.
static VICTIM: SpinLock<Option<Weak<Process>>> = SpinLock::new(None);

/// Has every shortage of the kernel's own memory looked into. To be called once at boot.
pub fn initialise() {
    metal::memory::on_shortage(|| deferred::raise(Work::SHORTAGE));
}

/// Before a program goes on while even the kernel's reserve is going: makes room first.
pub fn relieve_kernel(thread: &Arc<Thread>) {
    if !metal::memory::end_shortage() {
        relieve(thread);
    }
}

/// Makes room on behalf of `thread`: chooses and kills a process, or waits for the one that was
/// chosen before. The caller tries again unless its own process was the one.
pub fn relieve(thread: &Arc<Thread>) {
    if !is_being_relieved() {
        match choose() {
            Some(victim) => kill(&victim),
            // Nobody but process 1 has any memory: it asked for more than there is.
            None => exit::exit_process(thread, ExitStatus::Killed(general::SIGKILL as u8)),
        }
    }
    scheduler::yield_now();
}

fn is_being_relieved() -> bool {
    let victim = VICTIM.lock();
    let process = victim.as_ref().and_then(Weak::upgrade);
    process.is_some_and(|process| !process.has_ended())
}

fn kill(victim: &Arc<Process>) {
    *VICTIM.lock() = Some(Arc::downgrade(victim));
    if let Some(thread) = victim.leader() {
        log::error!(
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
        .into_iter()
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

/// Bytes in memory. One that is busy with its memory right now counts as nothing rather than
/// being waited for: it may be the caller.
fn footprint(process: &Process) -> usize {
    let space = process.leader().and_then(|thread| thread.address_space());
    space
        .and_then(|space| space.try_resident_bytes())
        .unwrap_or(0)
}
