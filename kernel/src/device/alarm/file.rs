//! `/dev/alarm` as an open file. The rules are `drivers::alarm::file`'s.

use abi::raw::general;
use alloc::sync::Arc;

use drivers::alarm::file::{AlarmFile, Answer};

use super::handle;
use crate::device::caller::Caller;
use crate::device::misc::{self, Rights};
use crate::error::Result;
use crate::file::{Device, DeviceNumber, File, OpenFlags};
use crate::process;
use crate::sync::WaitQueue;

/// Its group may set alarms, as the original has it.
const RIGHTS: Rights = Rights {
    permissions: 0o664,
    group: 0,
};

/// Makes the node.
pub(super) fn initialise() -> Result<()> {
    misc::add("alarm", "alarm", RIGHTS, Arc::new(AlarmDevice))
}

struct AlarmDevice;

impl Device for AlarmDevice {
    fn open(&self, _number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        let pending = Arc::new(WaitQueue::new());
        let woken = Arc::clone(&pending);
        let wake = Arc::new(move || woken.wake_all());
        // Whoever may write; as Android, which asks so, also access mode 3.
        let writable = flags.raw() & general::O_ACCMODE != general::O_RDONLY;
        let namespace = process::current().process.membership.namespace();
        let file = AlarmFile::open(handle(), &namespace, writable, wake)?;
        Ok(Arc::new(OpenAlarms { file, pending }))
    }
}

/// One opening.
struct OpenAlarms {
    file: AlarmFile,
    /// Who waits for an alarm.
    pending: Arc<WaitQueue>,
}

impl File for OpenAlarms {
    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        match self.file.ioctl(&Caller, command, argument)? {
            Answer::Done => Ok(0),
            Answer::Wait => self.pending.wait_until(|| self.file.take()),
        }
    }
}
