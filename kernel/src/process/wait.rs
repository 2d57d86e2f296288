//! Waiting for children. Source: wait(2), wait4(2), waitid(2).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::general as linux;

use super::table::{self, Node, Table};
use super::{Counts, Times};
use super::{ExitStatus, ProcessId, Thread, signal};
use crate::error::{Errno, Result};

/// Which children are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Any.
    Any,
    /// The one with this number.
    Process(ProcessId),
    /// Those in this group.
    Group(ProcessId),
}

/// What happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It ended.
    Ended(ExitStatus),
    /// This signal stopped it.
    Stopped(u8),
    /// It goes on.
    Continued,
}

/// A child's change of state.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The child, as the caller sees it.
    pub pid: ProcessId,
    /// Its real user.
    pub uid: u32,
    /// What happened.
    pub change: Change,
    /// Processor time of the child and of the children it had waited for.
    pub times: Times,
    /// The same for what else is counted.
    pub counts: Counts,
}

impl Report {
    /// The word that wait4(2) stores.
    pub fn wait_status(&self) -> u32 {
        match self.change {
            Change::Ended(status) => status.to_wait_status(),
            Change::Stopped(signal) => u32::from(signal) << 8 | 0x7f,
            Change::Continued => 0xffff,
        }
    }
}

/// Waits for a child. `options` are those of waitid(2): WEXITED, WSTOPPED, WCONTINUED,
/// WNOHANG, WNOWAIT, and __WALL, __WCLONE. None: nothing happened yet, with WNOHANG.
///
/// # Errors
/// ECHILD when there is no such child, ERESTARTSYS when a signal comes first.
pub fn wait(thread: &Arc<Thread>, which: Which, options: u32) -> Result<Option<Report>> {
    let process = &thread.process;
    let look = || match table::with(|table| scan(table, thread, which, options)) {
        Scan::Nobody => Some(Err(Errno::ECHILD)),
        Scan::Nothing if options & linux::WNOHANG != 0 => Some(Ok(None)),
        Scan::Nothing => None,
        Scan::Found(found) => Some(Ok(Some(found))),
    };
    let found = process.child_events.wait_until(look)??;
    let Some(found) = found else {
        return Ok(None);
    };
    let ended = matches!(found.change, Change::Ended(_)) && options & linux::WNOWAIT == 0;
    let report = complete(thread, &found, ended);
    Ok(Some(report))
}

/// A change that was found, and taken from the table unless WNOWAIT was given.
#[derive(Clone)]
struct Found {
    process: Arc<super::Process>,
    /// Its number as the caller sees it, which it loses with its place in the table.
    pid: ProcessId,
    change: Change,
}

enum Scan {
    Nobody,
    Nothing,
    Found(Found),
}

fn scan(table: &mut Table, thread: &Thread, which: Which, options: u32) -> Scan {
    let (parent, caller) = (thread.process.pid, thread.tid());
    let Some(node) = table.node(parent) else {
        return Scan::Nobody;
    };
    let mut any = false;
    let mut found = None;
    let candidates = match which {
        Which::Process(pid) => pid..=pid,
        _ => 0..=ProcessId::MAX,
    };
    for pid in node.children.range(candidates) {
        let Some(child) = table.node(*pid) else {
            continue;
        };
        if !matches(child, which, options, caller) {
            continue;
        }
        any = true;
        if let Some(change) = change_of(child, options) {
            found = Some(Found {
                process: Arc::clone(&child.process),
                pid: thread.sees(*pid),
                change,
            });
            break;
        }
    }
    match found {
        Some(found) => {
            if matches!(found.change, Change::Ended(_)) && options & linux::WNOWAIT == 0 {
                drop(table.remove(found.process.pid));
            }
            Scan::Found(found)
        }
        None if any => Scan::Nothing,
        None => Scan::Nobody,
    }
}

fn matches(child: &Node, which: Which, options: u32, caller: ProcessId) -> bool {
    let chosen = match which {
        Which::Any => true,
        Which::Process(pid) => child.process.pid == pid,
        Which::Group(group) => child.group == group,
    };
    let signal = child.process.exit_signal.load(Ordering::Relaxed);
    let is_own = child.process.maker.load(Ordering::Relaxed) == caller;
    let is_clone = signal != linux::SIGCHLD;
    let kind = options & linux::__WALL != 0 || is_clone == (options & linux::__WCLONE != 0);
    chosen && kind && (options & linux::__WNOTHREAD == 0 || is_own)
}

fn change_of(child: &Node, options: u32) -> Option<Change> {
    if let Some(status) = child.zombie {
        return (options & linux::WEXITED != 0).then_some(Change::Ended(status));
    }
    signal::take_stop_event(&child.process, options)
}

fn complete(thread: &Thread, found: &Found, ended: bool) -> Report {
    let child = &found.process;
    let times = child.times().plus(*child.children_time.lock());
    let counts = child.counts().plus(*child.children_counts.lock());
    if ended {
        let mut sum = thread.process.children_time.lock();
        *sum = sum.plus(times);
        drop(sum);
        let mut sum = thread.process.children_counts.lock();
        *sum = sum.plus(counts);
    }
    Report {
        pid: found.pid,
        uid: child.real_user(),
        change: found.change,
        times,
        counts,
    }
}
