//! Descriptors of processes.
//!
//! A descriptor names one process for as long as it is open, whatever happens to the number. It
//! becomes readable when the process has ended.
//!
//! Source: `pidfd_open(2)`, `pidfd_send_signal(2)`, `clone(2)` (CLONE_PIDFD).

use alloc::sync::Arc;
use core::any::Any;

use abi::raw::general::{O_CLOEXEC, O_NONBLOCK, O_RDWR};

use super::{Process, Thread, table};
use crate::error::{Errno, Result};
use crate::file::{AnonymousInode, File, OpenFile, OpenFlags};
use crate::memory::user;
use crate::sync::poll::{PollEvents, PollRegistrar};

/// A process as a file.
struct Pidfd {
    process: Arc<Process>,
}

impl File for Pidfd {
    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.process.ended);
        }
        if self.process.has_ended() {
            PollEvents::IN | PollEvents::RDNORM
        } else {
            PollEvents::empty()
        }
    }
}

/// Gives `thread` a descriptor of `process`; `flags` may hold O_NONBLOCK.
///
/// # Errors
/// EMFILE, ENOMEM.
pub fn open(thread: &Thread, process: &Arc<Process>, flags: u32) -> Result<i32> {
    let flags = OpenFlags::from_raw(O_RDWR | O_CLOEXEC | flags & O_NONBLOCK);
    let file = Arc::new(Pidfd {
        process: Arc::clone(process),
    });
    let file = OpenFile::anonymous(Arc::new(AnonymousInode::new("pidfd")), file, flags);
    thread.files()?.install(file, true)
}

/// As [`open`], and stores the descriptor at `address`.
///
/// # Errors
/// As [`open`]; EFAULT, and then there is no descriptor.
pub(super) fn install(thread: &Thread, process: &Arc<Process>, address: usize) -> Result<()> {
    let descriptor = open(thread, process, 0)?;
    if let Err(error) = user::write(address, &descriptor) {
        thread.files()?.close(descriptor)?;
        return Err(error);
    }
    Ok(())
}

/// The process that an open file stands for. `None`: it is some other file.
pub fn of_file(file: &OpenFile) -> Option<Arc<Process>> {
    let file: &dyn Any = &**file.file();
    let pidfd = file.downcast_ref::<Pidfd>()?;
    Some(Arc::clone(&pidfd.process))
}

/// The process that a descriptor of `thread` stands for.
///
/// # Errors
/// EBADF: it is not open, or another file's.
pub fn process_of(thread: &Thread, descriptor: i32) -> Result<Arc<Process>> {
    let file = thread.files()?.get(descriptor)?;
    of_file(&file).ok_or(Errno::EBADF)
}

/// Whether the process is still in the table: it runs, or has not been waited for.
pub fn is_known(process: &Arc<Process>) -> bool {
    table::find(process.pid).is_some_and(|known| Arc::ptr_eq(&known, process))
}
