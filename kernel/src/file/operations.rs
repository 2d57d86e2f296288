//! What an open file can do.
//!
//! [`File`] is the object behind an open file: a tmpfs inode, one end of a pipe, a terminal, a
//! snapshot of a /proc file. [`super::OpenFile`] wraps it with what every open file has (position,
//! flags, access), so an implementation only moves bytes. The default methods answer what Linux
//! answers where a file has no such operation.
//!
//! Closing is dropping: what must happen at the last close belongs into `Drop`.

use super::SignalSource;
use crate::{
    error::Result,
    memory::{
        MapRequest, Pager,
        io::{Sink, Source},
    },
    sync::poll::{PollEvents, PollRegistrar},
};
use abi::Errno;
use alloc::sync::Arc;
use core::any::Any;

/// How one read or write shall behave.
#[derive(Debug, Clone, Copy)]
pub struct IoFlags {
    /// Answer `EAGAIN` instead of waiting (O_NONBLOCK).
    pub nonblocking: bool,
    /// Write at the end, wherever that is by then (O_APPEND).
    pub append: bool,
    /// O_DIRECT: into a pipe, write packets.
    pub direct: bool,
    /// Let no regular file grow past this many bytes (RLIMIT_FSIZE).
    pub size_limit: u64,
}

impl Default for IoFlags {
    fn default() -> Self {
        IoFlags {
            nonblocking: false,
            append: false,
            direct: false,
            size_limit: u64::MAX,
        }
    }
}

/// What lseek(2) can do on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// Nothing: `ESPIPE`. Reads and writes know no position.
    Stream,
    /// Succeed without effect, as on a terminal-like device that ignores positions: always 0.
    Ignored,
    /// What [`File::seek_itself`] makes of it: the file keeps its own position.
    Itself,
    /// Everything; the file ends at `size`.
    Positioned {
        /// Bytes in the file now.
        size: u64,
    },
}

/// What an open file can do. See the head of this file.
pub trait File: Any + Send + Sync {
    /// Reads at `position` and moves it. `Ok(0)` is the end of the file. Streams ignore the
    /// position. May sleep unless `flags.nonblocking`.
    fn read(&self, _position: &mut u64, _sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    /// Writes at `position`, or at the end with `flags.append`, and moves it.
    fn write(
        &self,
        _position: &mut u64,
        _source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    /// What can be done now without waiting; with a registrar, it is also told where to listen
    /// for changes. The default is a file that never makes anyone wait.
    fn poll(&self, _registrar: Option<&mut PollRegistrar>) -> PollEvents {
        PollEvents::IN | PollEvents::OUT | PollEvents::RDNORM | PollEvents::WRNORM
    }

    /// ioctl(2), except the commands every file has.
    fn ioctl(&self, _command: u32, _argument: usize) -> Result<usize> {
        Err(Errno::ENOTTY)
    }

    /// How lseek(2) behaves.
    fn seek(&self) -> Seek {
        Seek::Stream
    }

    /// Carries out lseek(2) where [`Seek::Itself`] says so.
    ///
    /// # Errors
    /// ESPIPE, EINVAL: it cannot go there.
    fn seek_itself(&self, _offset: i64, _whence: u32) -> Result<u64> {
        Err(Errno::ESPIPE)
    }

    /// Whether pwrite(2) is possible where reads know a position. `false`: `ESPIPE`, as in the
    /// files of /proc that are made anew for each reader.
    fn writes_at_a_position(&self) -> bool {
        true
    }

    /// The first data at or after `offset`, which is below the size (SEEK_DATA).
    /// `ENXIO`: only a hole follows.
    fn next_data(&self, offset: u64) -> Result<u64> {
        Ok(offset)
    }

    /// The first hole at or after `offset`, which is below the size (SEEK_HOLE); the end of the
    /// file counts as one.
    fn next_hole(&self, _offset: u64) -> Result<u64> {
        match self.seek() {
            Seek::Positioned { size } => Ok(size),
            _ => Err(Errno::ESPIPE),
        }
    }

    /// Whether splice(2) and sendfile(2) take bytes from it. `false`: `EINVAL`.
    fn gives_to_splice(&self) -> bool {
        true
    }

    /// The pages of the file, for mmap(2). `ENODEV`: cannot be mapped.
    fn pager(self: Arc<Self>) -> Result<Arc<dyn Pager>> {
        Err(Errno::ENODEV)
    }

    /// The pages of the file for one mapping, which it may restrict, or begin at another place:
    /// mmap(2). `ENODEV`: cannot be mapped; and what the file itself refuses.
    fn mapping(
        self: Arc<Self>,
        _request: &mut MapRequest,
        _offset_bytes: &mut u64,
    ) -> Result<Arc<dyn Pager>> {
        self.pager()
    }

    /// fsync(2). `EINVAL`: nothing that could be stored.
    fn synchronise(&self) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// fallocate(2) with its mode bits; the range is not empty and does not overflow.
    fn allocate(&self, _mode: u32, _offset: u64, _length: u64) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Where this file sends signals when I/O becomes possible, and what this opening of it wants
    /// to hear of. None for a file that sends none.
    fn signal_source(&self) -> Option<SignalSource<'_>> {
        None
    }

    /// Called each time a descriptor of the file is closed, the last one or not.
    fn descriptor_closed(&self) {}

    /// Called when fcntl(2) or ioctl(2) changes O_NONBLOCK or O_DIRECT on the open file.
    fn flags_changed(&self, _flags: super::OpenFlags) -> Result<()> {
        Ok(())
    }
}

/// The object behind an open directory whose inode keeps nothing per opening: reads answer
/// `EISDIR`, listing goes to the inode.
pub struct DirectoryFile;

impl File for DirectoryFile {
    fn read(&self, _position: &mut u64, _sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        Err(Errno::EISDIR)
    }

    fn seek(&self) -> Seek {
        // Directory positions are cursors, not bytes; any value may be sought.
        Seek::Positioned {
            size: i64::MAX as u64,
        }
    }
}
