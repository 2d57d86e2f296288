//! `/dev/input/eventN` as an open file. The rules are `drivers::input::evdev`'s.

use alloc::sync::Arc;

use drivers::input::client::Waker;
use drivers::input::evdev::{Evdev, UserMemory};

use super::{arm_repetition, input, turn_locks};
use crate::device::caller::Caller;
use crate::device::readers::Readers;
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, SignalSource};
use crate::memory::io::{Sink, Source};
use crate::process;
use crate::sync::poll::{PollEvents, PollRegistrar};

/// The first minor number (major 13).
pub(super) const FIRST_MINOR: u32 = 64;
/// How many there may be.
pub(super) const COUNT: u32 = 32;

/// All of them; which one is told by the minor number.
pub(super) struct EventDevice {
    /// Whether there is a device with this number.
    pub(super) exists: fn(usize) -> bool,
}

impl Device for EventDevice {
    fn open(&self, number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        let device = number.minor.checked_sub(FIRST_MINOR).ok_or(Errno::ENXIO)? as usize;
        if !(self.exists)(device) {
            return Err(Errno::ENXIO);
        }
        Ok(Arc::new(EventFile::open(device)?))
    }
}

/// One opening.
pub(super) struct EventFile {
    evdev: Evdev,
    readers: Arc<Readers>,
}

impl EventFile {
    /// Opens a device for the running process.
    pub(super) fn open(device: usize) -> Result<Self> {
        let readers = Readers::new();
        let namespace = process::current().process.membership.namespace();
        let waker = Arc::clone(&readers) as Arc<dyn Waker>;
        let input = input();
        let evdev = Evdev::open(&input.mux, &input.handle, &namespace, device, waker)?;
        Ok(Self { evdev, readers })
    }

    fn is_ready(&self) -> bool {
        self.evdev.is_readable() || self.evdev.is_dead()
    }
}

impl File for EventFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        loop {
            let room = sink.remaining();
            let read = self.evdev.read(room, &mut |bytes| sink.write(bytes))?;
            if let Some(count) = read {
                return Ok(count);
            }
            if flags.nonblocking && !self.is_ready() {
                return Err(Errno::EAGAIN);
            }
            if room == 0 {
                return Ok(0);
            }
            let queue = &self.readers.queue;
            queue.wait_until(|| self.is_ready().then_some(()))?;
        }
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let length = source.remaining();
        // It may be gigabytes, and the keys that switch personas wait meanwhile.
        let mut fetch = |bytes: &mut [u8]| {
            Caller.pause()?;
            source.read(bytes)
        };
        let written = self.evdev.write(length, &mut fetch);
        turn_locks();
        arm_repetition();
        written
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.readers.queue);
        }
        let mut events = if self.evdev.is_dead() {
            PollEvents::HUP | PollEvents::ERR
        } else {
            PollEvents::OUT | PollEvents::WRNORM
        };
        let readable = PollEvents::IN | PollEvents::RDNORM;
        events.set(readable, self.evdev.is_readable());
        events
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        let answer = self.evdev.ioctl(&Caller, command, argument);
        arm_repetition();
        answer
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        Some(self.readers.signal_source())
    }
}
