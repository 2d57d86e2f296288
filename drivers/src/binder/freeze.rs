//! Freezing: a process that takes no transactions for a while, so that it can be stopped.
//!
//! Calls that somebody waits for are refused then, one-way ones wait. A process is frozen only when
//! nothing is under way with it.

use abi::Errno;
use abi::binder::{FreezeInfo, FrozenStatusInfo};

use super::context::{Context, State};
use super::process::ProcessKey;
use super::{Caller, Milliseconds};

impl Context {
    /// BINDER_FREEZE: every opening by the process.
    ///
    /// # Errors
    /// EINVAL: there is none; EAGAIN: something is still under way; EINTR.
    pub(super) fn freeze(&self, caller: &dyn Caller, info: &FreezeInfo) -> Result<(), Errno> {
        let pid = caller.means(info.pid).ok_or(Errno::EINVAL)?;
        let mut place = 0;
        let mut any = false;
        loop {
            let found = self.lock().next_of(pid, place);
            let Some(process) = found else {
                break;
            };
            place = process.index() + 1;
            any = true;
            self.freeze_one(caller, info, process)?;
        }
        any.then_some(()).ok_or(Errno::EINVAL)
    }

    fn freeze_one(
        &self,
        caller: &dyn Caller,
        info: &FreezeInfo,
        process: ProcessKey,
    ) -> Result<(), Errno> {
        {
            let mut state = self.lock();
            let Some(process) = state.processes.get_mut(process) else {
                return Ok(());
            };
            process.has_received_sync = false;
            process.has_received_async = false;
            process.is_frozen = info.enable != 0;
            if info.enable == 0 {
                return Ok(());
            }
            process.freezer = Some(caller.waker());
        }
        let waited = self.wait_until_idle(caller, info.timeout_ms, process);
        let mut state = self.lock();
        if state.processes.get(process).is_none() {
            return Ok(());
        }
        state.processes[process].freezer = None;
        let is_busy = state.has_pending_transactions(process);
        let outcome = waited.and(if is_busy { Err(Errno::EAGAIN) } else { Ok(()) });
        if outcome.is_err() {
            state.processes[process].is_frozen = false;
        }
        outcome
    }

    fn wait_until_idle(
        &self,
        caller: &dyn Caller,
        timeout_ms: u32,
        process: ProcessKey,
    ) -> Result<(), Errno> {
        let deadline = Milliseconds(caller.now().0 + u64::from(timeout_ms));
        loop {
            let is_idle = {
                let state = self.lock();
                let process = state.processes.get(process);
                process.is_none_or(|process| process.outstanding == 0)
            };
            if is_idle || timeout_ms == 0 || !caller.sleep_until(deadline)? {
                return Ok(());
            }
        }
    }

    /// BINDER_GET_FROZEN_INFO.
    ///
    /// # Errors
    /// EINVAL: there is no such process.
    pub(super) fn frozen_info(
        &self,
        caller: &dyn Caller,
        info: &mut FrozenStatusInfo,
    ) -> Result<(), Errno> {
        let pid = caller.means(info.pid).ok_or(Errno::EINVAL)?;
        let state = self.lock();
        (info.sync_recv, info.async_recv) = (0, 0);
        let (mut place, mut any) = (0, false);
        while let Some(key) = state.next_of(pid, place) {
            place = key.index() + 1;
            any = true;
            let pending = u32::from(state.has_pending_transactions(key));
            let process = &state.processes[key];
            info.sync_recv |= u32::from(process.has_received_sync) | pending << 1;
            info.async_recv |= u32::from(process.has_received_async);
        }
        any.then_some(()).ok_or(Errno::EINVAL)
    }
}

impl State {
    /// The first opening by a process in or behind a place.
    fn next_of(&self, pid: u32, place: usize) -> Option<ProcessKey> {
        let mut place = place;
        loop {
            let (key, process) = self.processes.next_from(place)?;
            if process.opener.pid == pid && !process.is_dead {
                return Some(key);
            }
            place = key.index() + 1;
        }
    }
}
