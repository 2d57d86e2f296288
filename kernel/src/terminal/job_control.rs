//! Job control: which session a terminal controls, which of its groups is in the foreground, and
//! what the others may do with it.
//!
//! The session holds the terminal; the terminal knows the session only as long as it exists, and
//! groups only by number, so neither keeps the other alive. Neither lock is held while the other
//! is taken.
//!
//! Source: POSIX.1-2017 section 11.1.4, `ioctl_tty(2)`, `credentials(7)`.
use super::Terminal;
use super::file::Opened;
use crate::error::{Errno, Result};
use crate::process::capabilities::Capability;
use crate::process::session::{ControllingTerminal, Session};
use crate::process::signal::{self, SignalInfo};
use crate::process::{self, Process, ProcessId, table};
use abi::raw::general::{SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, TOSTOP};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;

/// Whom a terminal belongs to.
#[derive(Default)]
pub(super) struct JobControl {
    session: Weak<Session>,
    /// Number of the foreground group; 0 for none.
    foreground: ProcessId,
}

impl JobControl {
    /// The foreground group, if it still exists in the session that the terminal controls. (A
    /// group's number may be used again by another session once the group is gone.)
    pub(super) fn foreground(&self) -> Option<ProcessId> {
        let session = self.session.upgrade()?;
        if self.foreground == 0 {
            return None;
        }
        table::with(|table| {
            let member = table.group_members(self.foreground).next()?;
            (member.session == session.id).then_some(self.foreground)
        })
    }

    /// Gives the terminal free; returns whom it belonged to.
    pub(super) fn release(&mut self) -> (Option<Arc<Session>>, Option<ProcessId>) {
        let foreground = self.foreground();
        let released = core::mem::take(self);
        (released.session.upgrade(), foreground)
    }
}

impl ControllingTerminal for Terminal {
    fn device(&self) -> u64 {
        self.device.to_raw()
    }

    fn foreground_group(&self) -> Option<ProcessId> {
        self.job_control.lock().foreground()
    }

    fn leader_ended(&self) {
        if self.line.is_pseudoterminal() {
            self.leave_session();
        } else {
            self.hang_up();
        }
    }
}

impl Terminal {
    fn is(&self, terminal: Option<Arc<dyn ControllingTerminal>>) -> bool {
        terminal.is_some_and(|terminal| {
            core::ptr::addr_eq(Arc::as_ptr(&terminal), core::ptr::from_ref(self))
        })
    }

    /// Whether this is the controlling terminal of `session`.
    pub(super) fn controls(&self, session: &Session) -> bool {
        self.is(session.terminal())
    }

    /// Whether this is the controlling terminal of the calling process.
    pub(super) fn controls_caller(&self) -> bool {
        self.is(process::current().process.terminal())
    }

    /// Answers whether the caller may read now, or stops its group with `SIGTTIN`.
    pub(super) fn check_background_read(&self, opened: Opened) -> Result<()> {
        if opened.is_console {
            Ok(())
        } else {
            self.check_background(SIGTTIN)
        }
    }

    /// Answers whether the caller may write now; with `TOSTOP` only the foreground may.
    pub(super) fn check_background_write(&self, opened: Opened) -> Result<()> {
        let stops = self.state.lock().discipline.settings().base.local(TOSTOP);
        if opened.is_console || !stops {
            Ok(())
        } else {
            self.check_background(SIGTTOU)
        }
    }

    /// Answers whether the caller may change the terminal, or stops its group with `SIGTTOU`.
    pub(super) fn check_change(&self) -> Result<()> {
        self.check_background(SIGTTOU)
    }

    /// The rule for a process in the background of the session that this terminal controls: its
    /// group is sent `signal`, and the call starts again once the group is continued. A process
    /// that blocks or ignores the signal may write but not read; nobody could continue an
    /// orphaned group, so there the call fails.
    fn check_background(&self, signal: u32) -> Result<()> {
        let thread = process::current();
        if !self.is(thread.process.terminal()) {
            return Ok(());
        }
        let foreground = self.job_control.lock().foreground();
        let Some((group, _)) = table::group_and_session_of(thread.process.pid) else {
            return Ok(());
        };
        if foreground.is_none_or(|foreground| foreground == group) {
            return Ok(());
        }
        if signal::is_blocked_or_ignored(&thread, signal) {
            return if signal == SIGTTIN {
                Err(Errno::EIO)
            } else {
                Ok(())
            };
        }
        if table::with(|table| table.is_orphaned(group, None)) {
            return Err(Errno::EIO);
        }
        table::signal_group(group, &SignalInfo::from_kernel(signal));
        Err(Errno::ERESTARTSYS)
    }

    /// Makes this the controlling terminal of the caller if opening it does that: the caller
    /// leads a session without one, and the terminal has no session.
    pub(super) fn adopt_if_free(self: &Arc<Self>) {
        let process = Arc::clone(&process::current().process);
        let session = process.session();
        let free = self.job_control.lock().session.upgrade().is_none();
        if session.id == process.pid && session.terminal().is_none() && free {
            self.take_over(&session, &process);
        }
    }

    fn take_over(self: &Arc<Self>, session: &Arc<Session>, leader: &Process) {
        let group = table::group_and_session_of(leader.pid).map_or(0, |(group, _)| group);
        *self.job_control.lock() = JobControl {
            session: Arc::downgrade(session),
            foreground: group,
        };
        session.set_terminal(Some(Arc::clone(self) as Arc<dyn ControllingTerminal>));
    }

    /// `TIOCSCTTY`: becomes the controlling terminal of the caller's session. `steal` takes it
    /// from another session, which only the privileged may.
    pub(super) fn become_controlling(self: &Arc<Self>, steal: bool, readable: bool) -> Result<()> {
        let thread = process::current();
        let process = &thread.process;
        let session = process.session();
        let privileged = thread.credentials().has(Capability::SysAdmin);
        let is_leader = session.id == process.pid;
        let owner = self.job_control.lock().session.upgrade();
        if is_leader
            && owner
                .as_ref()
                .is_some_and(|owner| Arc::ptr_eq(owner, &session))
        {
            return Ok(());
        }
        if !is_leader || session.terminal().is_some() || (!readable && !privileged) {
            return Err(Errno::EPERM);
        }
        if let Some(owner) = owner {
            if !steal || !privileged {
                return Err(Errno::EPERM);
            }
            owner.set_terminal(None);
        }
        self.take_over(&session, process);
        Ok(())
    }

    /// `TIOCNOTTY`: the caller gives the terminal up, for the whole session if it leads that.
    pub(super) fn give_up(&self) -> Result<()> {
        let process = Arc::clone(&process::current().process);
        let session = process.session();
        if !self.is(process.terminal()) {
            return Err(Errno::ENOTTY);
        }
        if session.id == process.pid {
            self.leave_session();
        } else {
            process.gave_terminal_up.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Parts from the session; the foreground group is told by `SIGHUP` and `SIGCONT`.
    fn leave_session(&self) {
        let (session, foreground) = self.job_control.lock().release();
        if let Some(session) = session
            && self.controls(&session)
        {
            session.set_terminal(None);
        }
        Self::tell_hangup(foreground);
    }

    /// Sends `SIGHUP` and `SIGCONT` to a group.
    pub(super) fn tell_hangup(group: Option<ProcessId>) {
        for number in [SIGHUP, SIGCONT] {
            if let Some(group) = group {
                table::signal_group(group, &SignalInfo::from_kernel(number));
            }
        }
    }

    /// `TIOCGPGRP`: number of the foreground group, as the caller sees it; 0 when there is none.
    pub(super) fn foreground_number(&self) -> ProcessId {
        let group = self.job_control.lock().foreground().unwrap_or(0);
        process::current().sees(group)
    }

    /// `TIOCSPGRP`: brings a group of the caller's session to the foreground.
    pub(super) fn set_foreground(&self, group: i32) -> Result<()> {
        match self.check_change() {
            Err(Errno::EIO) => return Err(Errno::ENOTTY),
            other => other?,
        }
        if !self.controls_caller() {
            return Err(Errno::ENOTTY);
        }
        let caller = process::current();
        let session = caller.process.session();
        let group = ProcessId::try_from(group).map_err(|_| Errno::EINVAL)?;
        let group = caller.group_named(group);
        let owner = table::with(|table| {
            table
                .group_members(group)
                .next()
                .map(|member| member.session)
        });
        if owner.ok_or(Errno::ESRCH)? != session.id {
            return Err(Errno::EPERM);
        }
        self.job_control.lock().foreground = group;
        Ok(())
    }

    /// `TIOCGSID`: number of the session, as the caller sees it. `ENOTTY`: it controls none.
    pub(super) fn session_number(&self) -> Result<ProcessId> {
        let session = self.job_control.lock().session.upgrade();
        let session = session.ok_or(Errno::ENOTTY)?;
        Ok(process::current().sees(session.id))
    }
}
