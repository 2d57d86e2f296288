//! How process 1 waits: every signal it cares for stays blocked, and sigwait(3) hands them out
//! one by one, so that no handler runs and nothing can be lost between a check and a wait.
//!
//! Contract: `block` comes before the first child. The mask is inherited, so every child starts
//! through the session helper, which clears it (`clear_mask`).

use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::alarm;

/// What process 1 was asked to do, or what happened to its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// One or more children ended.
    Child,
    /// The time set with [`wake_after`] has passed.
    Alarm,
    /// SIGINT: the keyboard's Ctrl-Alt-Del.
    CtrlAltDel,
    /// SIGTERM.
    Reboot,
    /// SIGUSR2.
    PowerOff,
    /// SIGUSR1.
    Halt,
}

/// The signals of process 1, blocked.
pub struct Signals(SigSet);

const WATCHED: [(Signal, Event); 6] = [
    (Signal::SIGCHLD, Event::Child),
    (Signal::SIGALRM, Event::Alarm),
    (Signal::SIGINT, Event::CtrlAltDel),
    (Signal::SIGTERM, Event::Reboot),
    (Signal::SIGUSR2, Event::PowerOff),
    (Signal::SIGUSR1, Event::Halt),
];

impl Signals {
    /// Blocks the watched signals from here on.
    pub fn block() -> Result<Signals, String> {
        let set: SigSet = WATCHED.iter().map(|(signal, _)| *signal).collect();
        set.thread_block()
            .map_err(|error| format!("cannot block signals: {error}"))?;
        Ok(Signals(set))
    }

    /// Waits until a watched signal is there and takes it.
    pub fn next(&self) -> Result<Event, String> {
        loop {
            let signal = self
                .0
                .wait()
                .map_err(|error| format!("cannot wait for signals: {error}"))?;
            if let Some((_, event)) = WATCHED.iter().find(|(watched, _)| *watched == signal) {
                return Ok(*event);
            }
        }
    }
}

/// Asks for an [`Event::Alarm`] after `delay`, rounded up to whole seconds and at least one. A
/// later call replaces an earlier one.
pub fn wake_after(delay: Duration) {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    alarm::set(u32::try_from(seconds).unwrap_or(u32::MAX).max(1));
}

/// Unblocks every signal, for the program that is about to take over this process.
pub fn clear_mask() -> Result<(), String> {
    SigSet::empty()
        .thread_set_mask()
        .map_err(|error| format!("cannot clear the signal mask: {error}"))
}
