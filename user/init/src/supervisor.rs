//! The life of process 1 after the mounts: start the table's entries in their order, then
//! bury the dead, start again what shall run, and listen for the signal to go down.
//!
//! Contract: every child is waited for, also those inherited from parents that ended
//! (wait(2) in a loop at each SIGCHLD, for signals of one kind do not queue). Returns only the
//! reason why it cannot go on.

use std::path::Path;
use std::time::Instant;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus};

use crate::mounts;
use crate::personas;
use crate::service::{self, Service};
use crate::shutdown::{self, Goal};
use crate::signals::{self, Event, Signals};
use crate::table::{self, Action, Entry};

/// Runs what the table in `file` says.
pub fn run_table(file: &Path) -> String {
    let signals = match Signals::block() {
        Ok(signals) => signals,
        Err(message) => return message,
    };
    mounts::prepare_machine();
    let entries = table::read(file);
    run_in_turn(&entries, Action::SysInit);
    personas::start(Path::new(personas::PATH));
    match run_entries(&signals, &entries) {
        Ok(goal) => shutdown::bring_down(goal, &entries),
        Err(message) => message,
    }
}

/// Runs what the table of a persona in `file` says, until it is asked to go down, whichever way:
/// a persona can only end. Errors are the reason why it cannot go on.
pub fn run_persona(file: &Path) -> Result<(), String> {
    let signals = Signals::block()?;
    let entries = table::read_persona(file);
    run_in_turn(&entries, Action::SysInit);
    run_entries(&signals, &entries)?;
    shutdown::end_persona(&entries);
    Ok(())
}

/// Everything after the `sysinit` entries, until a signal says how to go down.
fn run_entries(signals: &Signals, entries: &[Entry]) -> Result<Goal, String> {
    run_in_turn(entries, Action::Wait);
    let services = [Action::Once, Action::Respawn, Action::AskFirst]
        .iter()
        .flat_map(|action| entries.iter().filter(move |entry| entry.action == *action))
        .cloned()
        .map(Service::new)
        .collect();
    supervise(signals, services, entries)
}

/// Starts each entry with `action` and waits for its end before the next.
pub fn run_in_turn(entries: &[Entry], action: Action) {
    for entry in entries.iter().filter(|entry| entry.action == action) {
        let ended = service::start(&entry.terminal, false, &entry.command()).and_then(wait_for);
        if let Err(message) = ended {
            eprintln!("init: {}: {message}", entry.process);
        }
    }
}

/// Waits until `process` has ended; orphans that end meanwhile are buried too.
pub fn wait_for(process: Pid) -> Result<WaitStatus, String> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == process => return Ok(status),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(format!("cannot wait for it: {error}")),
        }
    }
}

/// The next child that has ended already, if there is one. That there is no child at all is
/// the one failure wait(2) can have here, and means the same.
pub fn next_dead() -> Option<(Pid, WaitStatus)> {
    rustix::process::wait(WaitOptions::NOHANG).ok().flatten()
}

fn supervise(
    signals: &Signals,
    mut services: Vec<Service>,
    entries: &[Entry],
) -> Result<Goal, String> {
    loop {
        start_due(&mut services);
        match signals.next()? {
            Event::Child => {
                while let Some((process, _)) = next_dead() {
                    let now = Instant::now();
                    if let Some(service) = services.iter_mut().find(|s| s.runs_as(process)) {
                        service.ended(now);
                    }
                }
            }
            Event::Alarm => {}
            Event::CtrlAltDel => run_in_turn(entries, Action::CtrlAltDel),
            Event::Reboot => return Ok(Goal::Reboot),
            Event::PowerOff => return Ok(Goal::PowerOff),
            Event::Halt => return Ok(Goal::Halt),
        }
    }
}

/// Starts what is due and asks to be woken for what is due later.
fn start_due(services: &mut [Service]) {
    let now = Instant::now();
    for service in services.iter_mut() {
        if service.due().is_some_and(|due| due <= now) {
            service.start(now);
        }
    }
    if let Some(next) = services.iter().filter_map(Service::due).min() {
        signals::wake_after(next.saturating_duration_since(now));
    }
}
