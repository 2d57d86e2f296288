//! A terminal as a program that opened it has it.
use super::Terminal;
use crate::error::{Errno, Result};
use crate::file::{DefaultOwner, File, IoFlags, OpenFlags, SignalList, SignalSource};
use crate::memory::io::{Sink, Source};
use crate::process;
use crate::process::capabilities::Capability;
use crate::sync::poll::{PollEvents, PollRegistrar};
use abi::raw::general::O_NOCTTY;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;

/// What a terminal must know of one opening of it.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    /// Hang-ups before it was opened.
    pub(super) hangups: u32,
    /// Opened as the system console: never hung up, and reading in the background is allowed.
    pub(super) is_console: bool,
    /// Opened for reading.
    pub(super) readable: bool,
}

/// One opening of a terminal.
pub struct TerminalFile {
    terminal: Arc<Terminal>,
    opened: Opened,
}

impl TerminalFile {
    /// Opens `terminal`. Unless `O_NOCTTY` says not to, it becomes the controlling terminal of a
    /// session leader that has none. `EBUSY`: it was opened for exclusive use. `EIO`: its other
    /// side does not let anyone in.
    pub fn open(terminal: &Arc<Terminal>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        let privileged = process::current().credentials().has(Capability::SysAdmin);
        if terminal.exclusive.load(Ordering::Relaxed) && !privileged {
            return Err(Errno::EBUSY);
        }
        let file = Self::attach(terminal, flags, false)?;
        if !flags.has(O_NOCTTY) && flags.readable() {
            terminal.adopt_if_free();
        }
        Ok(file)
    }

    /// Opens `terminal` as the system console: it controls nobody and is never hung up.
    pub fn open_console(terminal: &Arc<Terminal>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        Self::attach(terminal, flags, true)
    }

    fn attach(
        terminal: &Arc<Terminal>,
        flags: OpenFlags,
        is_console: bool,
    ) -> Result<Arc<dyn File>> {
        terminal.line.file_opened()?;
        let opened = Opened {
            hangups: terminal.hangups(),
            is_console,
            readable: flags.readable(),
        };
        Ok(Arc::new(Self {
            terminal: Arc::clone(terminal),
            opened,
        }))
    }
}

impl Drop for TerminalFile {
    fn drop(&mut self) {
        self.terminal.line.file_closed();
    }
}

impl File for TerminalFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        self.terminal.read(self.opened, sink, flags)
    }

    fn write(&self, _position: &mut u64, source: &mut Source<'_>, flags: IoFlags) -> Result<usize> {
        self.terminal.write(self.opened, source, flags)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        self.terminal.poll(self.opened, registrar)
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        let signals = &self.terminal.signals;
        Some(self.terminal.signal_source(&signals.list))
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        self.terminal.ioctl(self.opened, command, argument)
    }
}

/// Readable for all kinds of data, as terminals have only one.
pub(super) const READABLE: PollEvents = PollEvents::IN.union(PollEvents::RDNORM);
/// Writable, likewise.
pub(super) const WRITABLE: PollEvents = PollEvents::OUT.union(PollEvents::WRNORM);

impl Terminal {
    /// What an opening of either side tells of its signals: they go to the foreground group.
    pub(super) fn signal_source<'a>(&self, list: &'a SignalList) -> SignalSource<'a> {
        let default_owner = match self.job_control.lock().foreground() {
            None => DefaultOwner::Caller,
            Some(group) => DefaultOwner::Group(group),
        };
        SignalSource {
            list,
            interest: PollEvents::IN | PollEvents::OUT,
            default_owner,
        }
    }

    fn poll(&self, opened: Opened, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.readers);
            registrar.register(&self.writers);
        }
        if self.is_dead(opened) {
            return READABLE | WRITABLE | PollEvents::ERR | PollEvents::HUP;
        }
        let discipline = &self.state.lock().discipline;
        let mut events = PollEvents::empty();
        events.set(READABLE, discipline.is_readable());
        events.set(WRITABLE, discipline.write_room() > 0);
        events
    }
}
