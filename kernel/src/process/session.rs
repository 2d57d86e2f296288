//! Sessions, and what a terminal must answer to control one. Source: setsid(2), credentials(7).

use alloc::sync::Arc;
use core::any::Any;

use super::ProcessId;
use crate::sync::SpinLock;

/// What a session needs of its controlling terminal. (`Any`: /dev/tty opens the terminal itself.)
pub trait ControllingTerminal: Any + Send + Sync {
    /// Device number, as stat(2) encodes it: /proc/PID/stat shows it.
    fn device(&self) -> u64;
    /// The process group in the foreground, if any.
    fn foreground_group(&self) -> Option<ProcessId>;
    /// The session's leader has ended: hang up, and give the terminal free.
    fn leader_ended(&self);
}

/// A session.
pub struct Session {
    /// Its number: that of the process that made it.
    pub id: ProcessId,
    terminal: SpinLock<Option<Arc<dyn ControllingTerminal>>>,
}

impl Session {
    /// A session without a terminal.
    pub fn new(id: ProcessId) -> Arc<Self> {
        Arc::new(Self {
            id,
            terminal: SpinLock::new(None),
        })
    }

    /// Its controlling terminal.
    pub fn terminal(&self) -> Option<Arc<dyn ControllingTerminal>> {
        self.terminal.lock().clone()
    }

    /// Gives it a controlling terminal or takes it away; returns the one before.
    pub fn set_terminal(
        &self,
        terminal: Option<Arc<dyn ControllingTerminal>>,
    ) -> Option<Arc<dyn ControllingTerminal>> {
        core::mem::replace(&mut *self.terminal.lock(), terminal)
    }
}
