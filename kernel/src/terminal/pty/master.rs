//! The master's side of a pseudoterminal: what a terminal emulator or `sshd` holds.
use super::packet::DATA;
use super::{Pair, table};
use crate::error::{Errno, Result};
use crate::file::{File, IoFlags, OpenFlags, SignalSource};
use crate::memory::io::{Sink, Source};
use crate::memory::user;
use crate::process;
use crate::sync::poll::{PollEvents, PollRegistrar};
use crate::terminal::Terminal;
use crate::terminal::file::{Opened, READABLE, WRITABLE};
use crate::terminal::ioctl::count;
use abi::raw::general::{SIGINT, SIGQUIT, SIGTSTP, TCIFLUSH, TCIOFLUSH, TCOFLUSH};
use abi::raw::ioctl::*;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use drivers::terminal::Queue;

/// Bytes moved at once.
const CHUNK: usize = 512;

/// The master of a pair. There is one for each opening of `/dev/ptmx`.
struct Master {
    pair: Arc<Pair>,
    terminal: Arc<Terminal>,
    opened: Opened,
}

/// Opens `/dev/ptmx`: makes a new pair and gives its master.
pub fn open_master(flags: OpenFlags) -> Result<Arc<dyn File>> {
    Ok(Arc::new(Master::create(flags)?))
}

/// A new pair, its slave not locked: the master and the slave's terminal.
#[cfg(feature = "ktest")]
pub fn open_pair(flags: OpenFlags) -> Result<(Arc<dyn File>, Arc<Terminal>)> {
    let master = Master::create(flags)?;
    master.pair.locked.store(false, Ordering::Release);
    let terminal = Arc::clone(&master.terminal);
    Ok((Arc::new(master), terminal))
}

impl Drop for Master {
    fn drop(&mut self) {
        table::remove(self.pair.number);
        self.pair.master_open.store(false, Ordering::Release);
        self.terminal.hang_up();
    }
}

impl Master {
    fn create(flags: OpenFlags) -> Result<Self> {
        let credentials = process::current().credentials();
        let (pair, terminal) = table::create(credentials.fsuid, credentials.fsgid)?;
        let opened = Opened {
            hangups: 0,
            is_console: false,
            readable: flags.readable(),
        };
        Ok(Self {
            pair,
            terminal,
            opened,
        })
    }

    /// Takes output of the slave, with the packet mode's byte in front where that is on.
    fn take(&self, buffer: &mut [u8]) -> Option<Result<usize>> {
        let packets = {
            let mut packets = self.pair.packets.lock();
            if let Some(events) = packets.take() {
                buffer[0] = events;
                return Some(Ok(1));
            }
            packets.is_enabled()
        };
        let start = usize::from(packets);
        let taken = self.terminal.take_output(&mut buffer[start..]);
        if taken > 0 {
            if packets {
                buffer[0] = DATA;
            }
            return Some(Ok(start + taken));
        }
        self.pair
            .slave_closed
            .load(Ordering::Acquire)
            .then_some(Err(Errno::EIO))
    }

    /// Types `bytes` on the slave, waiting for room; says how many it took, and why not all.
    fn give(&self, bytes: &[u8], flags: IoFlags) -> (usize, Result<()>) {
        let mut given = 0;
        while given < bytes.len() {
            let taken = self.terminal.receive(&bytes[given..]);
            given += taken;
            if taken > 0 {
                continue;
            }
            self.pair.master_signals.write_cut_short();
            let waited = if flags.nonblocking {
                Err(Errno::EAGAIN)
            } else {
                let room = || (self.terminal.input_room() > 0).then_some(());
                self.pair.master_writers.wait_until(room)
            };
            if waited.is_err() {
                return (given, waited);
            }
        }
        (given, Ok(()))
    }

    fn ioctl_of_master(&self, command: u32, argument: usize) -> Result<()> {
        match command {
            TIOCGPTN => user::write(argument, &self.pair.number),
            TIOCSPTLCK => {
                let lock = user::read::<i32>(argument)? != 0;
                self.pair.locked.store(lock, Ordering::Release);
                Ok(())
            }
            TIOCGPTLCK => user::write(
                argument,
                &i32::from(self.pair.locked.load(Ordering::Acquire)),
            ),
            TIOCPKT => {
                let enable = user::read::<i32>(argument)? != 0;
                self.pair.packets.lock().set_enabled(enable);
                Ok(())
            }
            TIOCGPKT => {
                let enabled = self.pair.packets.lock().is_enabled();
                user::write(argument, &i32::from(enabled))
            }
            TIOCSIG => self.signal_slave(argument),
            TCFLSH => self.flush(argument),
            FIONREAD => user::write(argument, &count(self.terminal.output_sendable())),
            // What the master wrote the slave has received at once.
            TIOCOUTQ => user::write(argument, &0_i32),
            _ => Err(Errno::ENOTTY),
        }
    }

    fn signal_slave(&self, number: usize) -> Result<()> {
        match u32::try_from(number) {
            Ok(number @ (SIGINT | SIGQUIT | SIGTSTP)) => {
                self.terminal.flush(Queue::Both);
                self.terminal.signal_foreground(number);
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// Seen from the master, the slave's output is what is received, and the other way round.
    fn flush(&self, argument: usize) -> Result<()> {
        let queue = match u32::try_from(argument) {
            Ok(TCIFLUSH) => Queue::Output,
            Ok(TCOFLUSH) => Queue::Input,
            Ok(TCIOFLUSH) => Queue::Both,
            _ => return Err(Errno::EINVAL),
        };
        self.terminal.flush(queue);
        Ok(())
    }
}

impl File for Master {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let mut buffer = [0; CHUNK];
        let mut total = 0;
        while sink.remaining() > 0 {
            let room = sink.remaining().min(CHUNK);
            let taken = match self.take(&mut buffer[..room]) {
                Some(taken) => taken,
                None if total > 0 => break,
                None if flags.nonblocking => return Err(Errno::EAGAIN),
                None => self
                    .pair
                    .master_readers
                    .wait_until(|| self.take(&mut buffer[..room]))?,
            };
            match taken {
                Ok(count) => total += sink.write(&buffer[..count])?,
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
            // Each packet is a read of its own, so that its first byte can be told.
            if self.pair.packets.lock().is_enabled() {
                break;
            }
        }
        Ok(total)
    }

    fn write(&self, _position: &mut u64, source: &mut Source<'_>, flags: IoFlags) -> Result<usize> {
        let mut buffer = [0; CHUNK];
        let mut total = 0;
        while source.remaining() > 0 {
            let wanted = source.remaining().min(CHUNK);
            let length = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) if length < wanted && total > 0 => break,
                Ok(length) if length < wanted => return Err(Errno::EFAULT),
                Ok(length) => length,
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            };
            let (given, outcome) = self.give(&buffer[..length], flags);
            total += given;
            match outcome {
                Ok(()) => {}
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.pair.master_readers);
            registrar.register(&self.pair.master_writers);
        }
        let news = self.pair.packets.lock().has_events();
        let mut events = PollEvents::empty();
        events.set(READABLE, news || self.terminal.output_sendable() > 0);
        events.set(PollEvents::PRI, news);
        events.set(WRITABLE, self.terminal.input_room() > 0);
        events.set(
            PollEvents::HUP,
            self.pair.slave_closed.load(Ordering::Acquire),
        );
        events
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        let signals = &self.pair.master_signals;
        Some(self.terminal.signal_source(&signals.list))
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        match self.ioctl_of_master(command, argument) {
            Err(Errno::ENOTTY) => {}
            done => return done.map(|()| 0),
        }
        match command {
            TIOCGPTPEER => super::devpts::open_peer(self.pair.number, argument),
            TIOCSCTTY => {
                let steal = argument == 1;
                self.terminal
                    .become_controlling(steal, self.opened.readable)
                    .map(|()| 0)
            }
            _ => self.terminal.shared_ioctl(self.opened, command, argument),
        }
    }
}

impl Terminal {
    /// Takes output for the master, and lets writers go on who waited for the room.
    fn take_output(&self, buffer: &mut [u8]) -> usize {
        let taken = self.state.lock().discipline.take_output(buffer);
        if taken > 0 {
            self.writers.wake_all();
            self.signals.room();
        }
        taken
    }

    fn output_sendable(&self) -> usize {
        self.state.lock().discipline.output_sendable()
    }
}
