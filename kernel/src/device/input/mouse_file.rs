//! `/dev/input/mice` and `mouseN` as open files. The rules are `drivers::input::mousedev`'s.

use alloc::sync::Arc;

use drivers::input::client::Waker;
use drivers::input::mousedev::Mousedev;
use drivers::user::UserMemory;

use super::input;
use crate::device::caller::Caller;
use crate::device::readers::Readers;
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, SignalSource};
use crate::memory::io::{Sink, Source};
use crate::process;
use crate::sync::poll::{PollEvents, PollRegistrar};

/// The first minor number (major 13).
pub(super) const FIRST_MINOR: u32 = 32;
/// That of `mice`, behind the last `mouseN`.
pub(super) const MICE_MINOR: u32 = 63;
/// Bytes that are moved at once.
const CHUNK: usize = 64;

/// All of them; which one is told by the minor number.
pub(super) struct MouseDevice {
    /// The input device behind the mouse with this number.
    pub(super) device_of: fn(usize) -> Option<usize>,
}

impl Device for MouseDevice {
    fn open(&self, number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        let device = match number.minor {
            MICE_MINOR => None,
            minor => {
                let mouse = minor.checked_sub(FIRST_MINOR).ok_or(Errno::ENXIO)?;
                Some((self.device_of)(mouse as usize).ok_or(Errno::ENXIO)?)
            }
        };
        let readers = Readers::new();
        let namespace = process::current().process.membership.namespace();
        let waker = Arc::clone(&readers) as Arc<dyn Waker>;
        let mouse = Mousedev::open(&input().handle, &namespace, device, waker)?;
        Ok(Arc::new(MouseFile { mouse, readers }))
    }
}

/// One opening.
struct MouseFile {
    mouse: Mousedev,
    readers: Arc<Readers>,
}

impl File for MouseFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let client = self.mouse.client();
        let ready = || client.is_readable().then_some(());
        if ready().is_none() && flags.nonblocking {
            return Err(Errno::EAGAIN);
        }
        self.readers.queue.wait_until(ready)?;
        // A read gives the rest of one packet at most.
        let mut bytes = [0; CHUNK];
        let room = sink.remaining().min(CHUNK);
        let count = client.take(&mut bytes[..room]);
        sink.write(&bytes[..count])
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let mut total = 0;
        while source.remaining() > 0 {
            // It may be gigabytes, and the keys that switch personas wait meanwhile.
            Caller.pause()?;
            let mut bytes = [0; CHUNK];
            let count = source.read(&mut bytes)?;
            self.mouse.client().write(&bytes[..count]);
            total += count;
        }
        Ok(total)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.readers.queue);
        }
        let mut events = PollEvents::OUT | PollEvents::WRNORM;
        let readable = PollEvents::IN | PollEvents::RDNORM;
        events.set(readable, self.mouse.client().is_readable());
        events
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        Some(self.readers.signal_source())
    }
}
