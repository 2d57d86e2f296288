//! `/proc/kmsg`: the kernel log, read as `syslog(2)` reads it: what one has read, no other gets.
//!
//! Source: `proc(5)`.
use crate::error::{Errno, Result};
use crate::file::{File, IoFlags};
use crate::log;
use crate::memory::io::Sink;
use crate::process;
use crate::sync::poll::{PollEvents, PollRegistrar};
use crate::syscall::log_reader;
use alloc::sync::Arc;

/// Opens it. `EPERM`: reading takes from others, so only the privileged may.
pub(super) fn open() -> Result<Arc<dyn File>> {
    log_reader::check_permission(&process::current())?;
    Ok(Arc::new(KernelLogFile))
}

struct KernelLogFile;

impl File for KernelLogFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        if flags.nonblocking && !log_reader::has_unread() {
            return Err(Errno::EAGAIN);
        }
        log_reader::read(sink)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(log::readers());
        }
        if log_reader::has_unread() {
            PollEvents::IN | PollEvents::RDNORM
        } else {
            PollEvents::empty()
        }
    }
}
