//! `/dev/null`, `/dev/zero` and `/dev/full`. Source: `null(4)`, `full(4)`.
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, Seek};
use crate::memory::io::{Sink, Source};
use crate::memory::{PAGE_SIZE, Pager, SharedMemory};
use crate::process;
use alloc::sync::Arc;

/// Minor numbers of the three (major 1).
pub const NULL: u32 = 3;
/// See [`NULL`].
pub const ZERO: u32 = 5;
/// See [`NULL`].
pub const FULL: u32 = 7;

/// The devices of this file; which one is told by the minor number.
pub struct MemoryDevice;

impl Device for MemoryDevice {
    fn open(&self, number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        match number.minor {
            NULL => Ok(Arc::new(MemoryFile::Null)),
            ZERO => Ok(Arc::new(MemoryFile::Zero)),
            FULL => Ok(Arc::new(MemoryFile::Full)),
            _ => Err(Errno::ENXIO),
        }
    }
}

/// One of the devices, open.
enum MemoryFile {
    /// Always at its end; takes everything.
    Null,
    /// Zeros without end; takes everything.
    Zero,
    /// Zeros without end; has never room.
    Full,
}

/// Fills all there is with zeros, a piece at a time: it may be gigabytes.
fn zeros(sink: &mut Sink<'_>) -> Result<usize> {
    const PIECE_BYTES: usize = 16 * PAGE_SIZE;
    let mut total = 0;
    while sink.remaining() > 0 {
        let wanted = sink.remaining().min(PIECE_BYTES);
        match sink.zero(wanted) {
            Ok(count) => total += count,
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
        process::yield_if_needed();
        if !total.is_multiple_of(PIECE_BYTES) || process::current().must_interrupt_wait() {
            break;
        }
    }
    Ok(total)
}

impl File for MemoryFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        match self {
            Self::Null => Ok(0),
            Self::Zero | Self::Full => zeros(sink),
        }
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        match self {
            Self::Full if source.remaining() != 0 => Err(Errno::ENOSPC),
            // The bytes are not even looked at: a bad pointer is no error here, as on Linux.
            _ => Ok(source.remaining()),
        }
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }

    fn gives_to_splice(&self) -> bool {
        !matches!(self, Self::Null)
    }

    fn pager(self: Arc<Self>) -> Result<Arc<dyn Pager>> {
        match *self {
            // A mapping of zeros is anonymous memory, and each has its own.
            Self::Zero => Ok(Arc::new(SharedMemory::new())),
            Self::Null | Self::Full => Err(Errno::ENODEV),
        }
    }
}
