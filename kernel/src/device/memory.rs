//! `/dev/null`, `/dev/zero` and `/dev/full`. Source: `null(4)`, `full(4)`.
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, Seek};
use crate::memory::io::{Sink, Source};
use crate::memory::{Pager, SharedMemory};
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
            NULL => Ok(Arc::new(Null)),
            ZERO => Ok(Arc::new(Zero)),
            FULL => Ok(Arc::new(Full)),
            _ => Err(Errno::ENXIO),
        }
    }
}

/// Always at its end; takes everything.
struct Null;

impl File for Null {
    fn read(&self, _position: &mut u64, _sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        Ok(0)
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        // The bytes are not even looked at: a bad pointer is no error here, as on Linux.
        Ok(source.remaining())
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }
}

/// Zeros without end; takes everything.
struct Zero;

impl File for Zero {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        sink.zero(sink.remaining())
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        Ok(source.remaining())
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }

    fn pager(self: Arc<Self>) -> Result<Arc<dyn Pager>> {
        // A mapping of zeros is anonymous memory, and each has its own.
        Ok(Arc::new(SharedMemory::new()))
    }
}

/// Zeros without end; has never room.
struct Full;

impl File for Full {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        sink.zero(sink.remaining())
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        if source.remaining() == 0 {
            Ok(0)
        } else {
            Err(Errno::ENOSPC)
        }
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }
}
