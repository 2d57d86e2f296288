//! Stopping and continuing.
//!
//! A stop signal is carried out by the thread that takes it: it notes that the process is to
//! stop and asks the others to look. Each thread rests when it comes to look; when the last
//! one rests the process *is* stopped, and its parent is told. SIGCONT takes effect where it
//! is sent, whatever the receiver thinks of the signal itself.
//!
//! Source: signal(7), waitpid(2) (WUNTRACED, WCONTINUED), POSIX 2.4.3.

use alloc::sync::Arc;

use abi::raw::general as linux;

use super::information::{Origin, SignalInfo};
use super::send;
use super::set::{STOPPING, SignalSet};
use crate::process::table;
use crate::process::wait::Change;
use crate::process::{Attention, Process, Thread};

/// How far a process is with stopping.
#[derive(Default)]
pub(super) struct Stop {
    /// The signal that stops it, from the moment a thread has taken it.
    signal: Option<u8>,
    /// All threads rest.
    is_complete: bool,
    /// How many threads rest.
    resting: usize,
    /// A thread has taken a stop signal and no SIGCONT came since.
    was_taken: bool,
    /// What the parent has not yet asked about.
    unreported: Option<Change>,
}

impl Stop {
    /// Whether threads must rest.
    pub fn is_wanted(&self) -> bool {
        self.signal.is_some()
    }

    /// Notes that a thread has taken a stop signal.
    pub fn note_taken(&mut self) {
        self.was_taken = true;
    }

    /// If the last of `threads` rests now, the process is stopped: returns the signal then.
    fn complete(&mut self, threads: usize) -> Option<u8> {
        let signal = self.signal?;
        if self.is_complete || threads == 0 || self.resting < threads {
            return None;
        }
        self.is_complete = true;
        self.unreported = Some(Change::Stopped(signal));
        Some(signal)
    }
}

/// Whether a stop signal has stopped the process.
pub fn is_stopped(process: &Process) -> bool {
    process.signals.lock().stop.is_complete
}

/// A stop or continue of a child that its parent has not yet seen, if `options` (those of
/// waitid(2)) ask for it; taken unless WNOWAIT is given.
pub fn take_stop_event(process: &Process, options: u32) -> Option<Change> {
    let mut state = process.signals.lock();
    let change = state.stop.unreported?;
    let wanted = match change {
        Change::Stopped(_) => linux::WSTOPPED,
        _ => linux::WCONTINUED,
    };
    if options & wanted == 0 {
        return None;
    }
    if options & linux::WNOWAIT == 0 {
        state.stop.unreported = None;
    }
    Some(change)
}

/// Begins the stop for a signal that the thread has taken. A group that nobody could continue
/// (an orphaned one) is stopped by SIGSTOP only.
pub(super) fn begin(thread: &Arc<Thread>, signal: u8) {
    let process = &thread.process;
    if u32::from(signal) != linux::SIGSTOP && is_in_orphaned_group(process) {
        return;
    }
    let mut state = process.signals.lock();
    if !state.stop.was_taken || state.stop.is_wanted() {
        return;
    }
    state.stop.signal = Some(signal);
    state.stop.unreported = None;
    drop(state);
    process.for_each_thread(|other| other.attract_attention(Attention::SIGNAL));
}

fn is_in_orphaned_group(process: &Process) -> bool {
    table::with(|table| {
        let group = table.node(process.pid).map(|node| node.group);
        group.is_some_and(|group| table.is_orphaned(group, None))
    })
}

/// Rests until the process is continued. A thread that must end does not rest.
pub(super) fn rest(thread: &Arc<Thread>) {
    let process = &thread.process;
    let stopped = {
        let mut state = process.signals.lock();
        state.stop.resting += 1;
        state.stop.complete(process.thread_count())
    };
    if let Some(signal) = stopped {
        notify_parent(process, Change::Stopped(signal));
    }
    process.signals.continued.wait_uninterruptible(|| {
        let wanted = process.signals.lock().stop.is_wanted();
        (!wanted || thread.must_exit()).then_some(())
    });
    process.signals.lock().stop.resting -= 1;
}

/// A thread has ended: perhaps it was the last that did not rest.
pub(super) fn note_thread_end(process: &Process) {
    let stopped = {
        let mut state = process.signals.lock();
        state.stop.complete(process.thread_count())
    };
    if let Some(signal) = stopped {
        notify_parent(process, Change::Stopped(signal));
    }
}

/// What sending a stop signal does at once: a SIGCONT that is pending is forgotten.
pub(super) fn discard_continue(process: &Process) {
    const CONTINUE: SignalSet = SignalSet::of(&[linux::SIGCONT]);
    let mut state = process.signals.lock();
    state.pending.discard(CONTINUE);
    process.for_each_thread(|thread| thread.signals.lock().pending.discard(CONTINUE));
}

/// What sending SIGCONT does at once: stop signals that are pending are forgotten, and a
/// stopped process goes on.
pub(super) fn continue_process(process: &Process) {
    let mut state = process.signals.lock();
    state.pending.discard(STOPPING);
    process.for_each_thread(|thread| thread.signals.lock().pending.discard(STOPPING));
    state.stop.was_taken = false;
    if state.stop.signal.take().is_none() {
        return;
    }
    let was_stopped = core::mem::take(&mut state.stop.is_complete);
    if was_stopped {
        state.stop.unreported = Some(Change::Continued);
    }
    drop(state);
    process.signals.continued.wake_all();
    if was_stopped {
        notify_parent(process, Change::Continued);
    }
}

/// Tells the parent that its child stopped or goes on: SIGCHLD unless it does not want that,
/// and an answer to whoever waits.
fn notify_parent(process: &Process, change: Change) {
    let parent = table::with(|table| {
        let parent = table.node(process.pid)?.parent;
        table.node(parent).map(|node| Arc::clone(&node.process))
    });
    let Some(parent) = parent else {
        return;
    };
    let action = parent.signals.action(linux::SIGCHLD as u8);
    if !action.is_ignore() && !action.has(linux::SA_NOCLDSTOP) {
        let (code, status) = match change {
            Change::Stopped(signal) => (linux::CLD_STOPPED, i32::from(signal)),
            _ => (linux::CLD_CONTINUED, linux::SIGCONT as i32),
        };
        let origin = Origin::Child {
            code: code as i32,
            pid: parent.sees(process.pid),
            uid: process.real_user(),
            status,
            user_ticks: 0,
            system_ticks: 0,
        };
        let signal = linux::SIGCHLD as u8;
        let mut info = SignalInfo { signal, origin };
        info.set_times(process.times());
        send::send_to_process(&parent, info);
    }
    parent.child_events.wake_all();
}
