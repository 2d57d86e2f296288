//! Sending on a program's behalf: to whom, and whether it may. Source: kill(2), tkill(2),
//! rt_sigqueueinfo(2).

use alloc::sync::Arc;

use abi::raw::general as linux;

use super::information::{Origin, SignalInfo};
use super::pending::NoRoom;
use super::send::{self, Side};
use super::set::SIGNAL_MAX;
use crate::error::{Errno, Result};
use crate::process::capabilities::Capability;
use crate::process::{Process, ProcessId, Thread, table};

/// Checks a signal's number; 0 stands for none, to ask whether one could be sent.
///
/// # Errors
/// EINVAL.
pub fn check_number(signal: i32) -> Result<u8> {
    match u32::try_from(signal) {
        Ok(number) if number <= SIGNAL_MAX => Ok(number as u8),
        _ => Err(Errno::EINVAL),
    }
}

/// Whether `sender` may send `signal` to the process.
#[inline]
fn may_signal(sender: &Thread, process: &Arc<Process>, signal: u8) -> bool {
    Arc::ptr_eq(&sender.process, process) || may_signal_other(sender, process, signal)
}

fn may_signal_other(sender: &Thread, process: &Arc<Process>, signal: u8) -> bool {
    let own = sender.credentials();
    let allowed = match process.leader() {
        Some(leader) => own.may_signal(&leader.credentials()),
        // A zombie: only its last real user is known.
        None => own.has(Capability::Kill) || [own.uid, own.euid].contains(&process.real_user()),
    };
    let same_session = || {
        let session = |pid| table::group_and_session_of(pid).map(|(_, session)| session);
        session(sender.process.pid) == session(process.pid)
    };
    allowed || (u32::from(signal) == linux::SIGCONT && same_session())
}

/// Sends to a process, or to one of its threads, if the sender may.
#[inline]
fn send_if_allowed(
    sender: &Thread,
    process: &Arc<Process>,
    thread: Option<&Arc<Thread>>,
    signal: i32,
    origin: &Origin,
) -> Result<()> {
    let signal = check_number(signal)?;
    if !may_signal(sender, process, signal) {
        return Err(Errno::EPERM);
    }
    if signal == 0 {
        return Ok(());
    }
    let side = match process.sees(sender.process.pid) {
        0 => Side::Outside,
        _ => Side::Inside,
    };
    let info = SignalInfo {
        signal,
        origin: match side {
            Side::Inside => *origin,
            Side::Outside => origin.hiding_the_sender(),
        },
    };
    // kill(2) of a real-time signal is never refused, only sigqueue(3).
    let no_room = if info.code() == linux::SI_USER as i32 {
        NoRoom::DropDetails
    } else {
        NoRoom::Refuse
    };
    if send::post(process, thread, &info, no_room, side) {
        Ok(())
    } else {
        Err(Errno::EAGAIN)
    }
}

/// Sends to the process that the sender calls `pid`. Here and below, signal 0 only asks whether one could be sent.
///
/// # Errors
/// ESRCH, EINVAL for what is no signal, EPERM, EAGAIN.
pub fn to_process(sender: &Thread, pid: i32, signal: i32, origin: &Origin) -> Result<()> {
    let number = ProcessId::try_from(pid).map_err(|_| Errno::ESRCH)?;
    if number == sender.process.local_pid {
        return send_if_allowed(sender, &sender.process, None, signal, origin);
    }
    let process = match sender.process_named(number) {
        Ok(process) => process,
        // As on Linux, the number of any thread names its process.
        Err(_) => Arc::clone(&sender.thread_named(number)?.process),
    };
    send_if_allowed(sender, &process, None, signal, origin)
}

/// Sends to the thread `tid`, which must belong to the process `pid` if one is given.
///
/// # Errors
/// As [`to_process`].
pub fn to_thread(
    sender: &Arc<Thread>,
    pid: Option<i32>,
    tid: i32,
    signal: i32,
    origin: &Origin,
) -> Result<()> {
    let number = ProcessId::try_from(tid).map_err(|_| Errno::ESRCH)?;
    let is_own = |pid| pid as ProcessId == sender.process.local_pid;
    if number == sender.local_tid() && pid.is_none_or(is_own) {
        return send_if_allowed(sender, &sender.process, Some(sender), signal, origin);
    }
    to_another_thread(sender, pid, number, signal, origin)
}

#[inline(never)]
fn to_another_thread(
    sender: &Arc<Thread>,
    pid: Option<i32>,
    number: ProcessId,
    signal: i32,
    origin: &Origin,
) -> Result<()> {
    let belongs =
        |process: &Process| pid.is_none_or(|pid| pid as ProcessId == sender.sees(process.pid));
    let Ok(thread) = sender.thread_named(number) else {
        // A zombie's first thread is gone, but its number still answers.
        let zombie = sender.process_named(number).ok();
        let process = zombie
            .filter(|process| belongs(process))
            .ok_or(Errno::ESRCH)?;
        return send_if_allowed(sender, &process, None, signal, origin);
    };
    if !belongs(&thread.process) {
        return Err(Errno::ESRCH);
    }
    send_if_allowed(sender, &thread.process, Some(&thread), signal, origin)
}

/// Sends to all members of a group, given by its number in the root pid namespace. It is enough that one could be sent to.
///
/// # Errors
/// ESRCH when the group has no member, else the last member's error.
pub fn to_group(sender: &Thread, group: ProcessId, signal: i32, origin: &Origin) -> Result<()> {
    table::group_members(group)
        .map(|process| send_if_allowed(sender, &process, None, signal, origin))
        .reduce(|before, last| if before.is_ok() { before } else { last })
        .unwrap_or(Err(Errno::ESRCH))
}

/// Sends to everybody the sender sees but process 1 and the sender's own process.
///
/// # Errors
/// ESRCH when there is nobody else.
pub fn to_all(sender: &Thread, signal: i32, origin: &Origin) -> Result<()> {
    let mut outcome = Err(Errno::ESRCH);
    for process in crate::process::all() {
        if sender.sees(process.pid) <= 1 || Arc::ptr_eq(&process, &sender.process) {
            continue;
        }
        // As on Linux, those that may not be sent to spoil nothing.
        match send_if_allowed(sender, &process, None, signal, origin) {
            Err(Errno::EPERM) if outcome == Err(Errno::ESRCH) => outcome = Ok(()),
            Err(Errno::EPERM) => {}
            other => outcome = other,
        }
    }
    outcome
}
