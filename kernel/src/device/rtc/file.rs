//! `/dev/rtc0` as an open file. The rules are `drivers::rtc::file`'s.

use alloc::sync::Arc;

use drivers::input::client::Waker;
use drivers::rtc::file::{Caller, RtcFile};

use super::machine;
use crate::device::caller;
use crate::device::readers::Readers;
use crate::error::{Errno, Result};
use crate::file::{
    Device, DeviceNumber, File, FileKind, IoFlags, OpenFlags, SignalSource, device, devtmpfs,
};
use crate::memory::io::Sink;
use crate::process;
use crate::process::capabilities::Capability;
use crate::sync::poll::{PollEvents, PollRegistrar};

/// The number of the first, and here only, clock: from the range that Linux hands out.
pub(super) const NUMBER: DeviceNumber = DeviceNumber::new(252, 0);
const PERMISSIONS: u32 = 0o600;

/// Registers the number and makes the nodes.
pub(super) fn initialise() -> Result<()> {
    let kind = FileKind::CharacterDevice;
    device::register(kind, "rtc", NUMBER, 1, Arc::new(RtcDevice))?;
    devtmpfs::add_node("rtc0", kind, NUMBER, PERMISSIONS, 0)?;
    devtmpfs::add_link("rtc", "rtc0")
}

struct RtcDevice;

impl Device for RtcDevice {
    fn open(&self, _number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        let readers = Readers::new();
        let woken = Arc::clone(&readers);
        let wake = Arc::new(move || woken.wake());
        let namespace = process::current().process.membership.namespace();
        let machine = machine();
        let file = RtcFile::open(&machine.mux, &machine.handle, &namespace, wake)?;
        Ok(Arc::new(OpenClock { file, readers }))
    }
}

/// One opening.
struct OpenClock {
    file: RtcFile,
    readers: Arc<Readers>,
}

impl Caller for caller::Caller {
    fn may_set_time(&self) -> bool {
        process::current().credentials().has(Capability::SysTime)
    }

    fn may_exceed_limit(&self) -> bool {
        let credentials = process::current().credentials();
        credentials.has(Capability::SysResource)
    }
}

impl File for OpenClock {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let mut bytes = [0; 8];
        let mut attempt = || self.file.read(sink.remaining(), &mut bytes).transpose();
        let count = match attempt() {
            Some(count) => count?,
            None if flags.nonblocking => return Err(Errno::EAGAIN),
            None => self.readers.queue.wait_until(attempt)??,
        };
        sink.write(&bytes[..count])
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.readers.queue);
        }
        let mut events = PollEvents::empty();
        let readable = PollEvents::IN | PollEvents::RDNORM;
        events.set(readable, self.file.is_readable());
        events
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        self.file.ioctl(&caller::Caller, command, argument)
    }

    fn signal_source(&self) -> Option<SignalSource<'_>> {
        Some(self.readers.signal_source())
    }
}
