//! The open file: what a descriptor stands for.
//!
//! Descriptors that come from one open(2) (by dup(2), fork(2), or sent to another process) share
//! one [`OpenFile`], and with it the position and the flags that fcntl(2) sets. Source: open(2)
//! ("open file description"), lseek(2), fcntl(2).

use super::{
    File, FileKind, Inode, IoFlags, Location, Metadata, OpenFlags, Seek, SignalOwner, anonymous,
    locks,
};
use crate::{
    error::Result,
    memory::{
        MapRequest, Pager,
        io::{Sink, Source},
    },
    process::{self, limits::Resource, signal},
    sync::{
        Mutex,
        poll::{PollEvents, PollRegistrar},
    },
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Once;

/// Where an open file is.
enum Place {
    At(Location),
    /// It never had a name.
    Nowhere(Arc<dyn Inode>),
}

/// What an open file excludes others from as long as it exists.
enum Hold {
    None,
    /// It may write: nobody executes the file or makes its mount read-only.
    Writes,
    /// A program runs it: nobody opens it for writing.
    Runs,
}

/// What a descriptor stands for. See the head of this file.
pub struct OpenFile {
    file: Arc<dyn File>,
    place: Place,
    hold: Hold,
    flags: AtomicU32,
    /// Whether reads and writes know no position.
    streams: bool,
    position: Mutex<u64>,
    /// Who gets the signal when I/O becomes possible, once fcntl(2) was told.
    signal_owner: Once<Arc<SignalOwner>>,
}

impl OpenFile {
    fn new(file: Arc<dyn File>, place: Place, flags: OpenFlags, hold: Hold) -> Arc<OpenFile> {
        let streams = !matches!(file.seek(), Seek::Positioned { .. });
        Arc::new(OpenFile {
            file,
            place,
            hold,
            flags: AtomicU32::new(flags.kept().raw()),
            streams,
            position: Mutex::new(0),
            signal_owner: Once::new(),
        })
    }

    /// An open file at a place; `file` is what the inode there was opened to. `ETXTBSY`: it may
    /// write to a program that is being executed.
    pub fn at(location: Location, file: Arc<dyn File>, flags: OpenFlags) -> Result<Arc<OpenFile>> {
        let mut hold = Hold::None;
        if flags.writable() {
            if let Some(access) = location.inode().write_access() {
                access.writer_added()?;
            }
            location.mount.writer_added();
            hold = Hold::Writes;
        }
        Ok(OpenFile::new(file, Place::At(location), flags, hold))
    }

    /// A program to be executed: nobody may write to it as long as this exists. `ETXTBSY`:
    /// somebody may.
    pub fn to_run(
        location: Location,
        file: Arc<dyn File>,
        flags: OpenFlags,
    ) -> Result<Arc<OpenFile>> {
        let mut hold = Hold::None;
        if let Some(access) = location.inode().write_access() {
            access.runner_added()?;
            hold = Hold::Runs;
        }
        Ok(OpenFile::new(file, Place::At(location), flags, hold))
    }

    /// An open file that never had a name.
    pub fn anonymous(
        inode: Arc<dyn Inode>,
        file: Arc<dyn File>,
        flags: OpenFlags,
    ) -> Arc<OpenFile> {
        OpenFile::new(file, Place::Nowhere(inode), flags, Hold::None)
    }

    /// The object behind it.
    pub fn file(&self) -> &Arc<dyn File> {
        &self.file
    }

    /// Its inode.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        match &self.place {
            Place::At(location) => location.inode(),
            Place::Nowhere(inode) => inode,
        }
    }

    /// Where it is.
    pub fn location(&self) -> Location {
        match &self.place {
            Place::At(location) => location.clone(),
            Place::Nowhere(inode) => anonymous::place(inode),
        }
    }

    /// The number of the device it is stored on, as stat(2) shows it.
    pub fn device_raw(&self) -> u64 {
        match &self.place {
            Place::At(location) => location.mount.superblock().device().to_raw(),
            Place::Nowhere(inode) => anonymous::mount(&**inode).superblock().device().to_raw(),
        }
    }

    /// The number of the mount it was opened through, for statx(2).
    pub fn mount_id(&self) -> u32 {
        match &self.place {
            Place::At(location) => location.mount.id(),
            Place::Nowhere(inode) => anonymous::mount(&**inode).id(),
        }
    }

    /// Its name as /proc shows it, seen from `root`.
    pub fn path_name_from(&self, root: &Location) -> Vec<u8> {
        match &self.place {
            Place::At(location)
                if location.dentry.parent().is_none() && location.dentry.is_removed() =>
            {
                location.dentry.name().to_vec()
            }
            Place::At(location) => location.path_for_display(root),
            Place::Nowhere(inode) => inode.anonymous_name(),
        }
    }

    /// Its name as /proc shows it, seen from the root of the process that asks.
    pub fn path_name(&self) -> Vec<u8> {
        let root = process::current().fs().map(|fs| fs.root());
        match (root, &self.place) {
            (Ok(root), _) => self.path_name_from(&root),
            (Err(_), Place::At(location)) => self.path_name_from(location),
            (Err(_), Place::Nowhere(inode)) => inode.anonymous_name(),
        }
    }

    /// Everything stat(2) tells.
    pub fn metadata(&self) -> Metadata {
        self.inode().metadata()
    }

    /// The flags that fcntl(F_GETFL) shows.
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::from_raw(self.flags.load(Ordering::Relaxed))
    }

    /// Changes the flags that fcntl(F_SETFL) can change.
    pub fn set_flags(&self, raw: u32) -> Result<()> {
        let changed = |old| (old & !OpenFlags::SETTABLE) | (raw & OpenFlags::SETTABLE);
        let wanted = changed(self.flags.load(Ordering::Relaxed));
        self.file.flags_changed(OpenFlags::from_raw(wanted))?;
        self.flags
            .update(Ordering::Relaxed, Ordering::Relaxed, changed);
        Ok(())
    }

    /// Sets or clears one flag, as ioctl(FIONBIO) does.
    pub fn set_flag(&self, flag: u32, on: bool) -> Result<()> {
        let old = self.flags.load(Ordering::Relaxed);
        self.set_flags(if on { old | flag } else { old & !flag })
    }

    /// Who gets the signal when I/O becomes possible; None as long as nothing was said of it.
    pub fn signal_owner(&self) -> Option<&Arc<SignalOwner>> {
        self.signal_owner.get()
    }

    /// The same, made if need be, to be changed.
    pub fn make_signal_owner(&self) -> &Arc<SignalOwner> {
        self.signal_owner.call_once(|| Arc::new(SignalOwner::new()))
    }

    /// Sets or clears O_ASYNC; `descriptor` is what the signal will tell. `ENOTTY`: the file sends
    /// no signals.
    pub fn set_async(&self, descriptor: i32, on: bool) -> Result<()> {
        if self.flags().has(general::FASYNC) == on {
            return Ok(());
        }
        let source = self.file.signal_source().ok_or(Errno::ENOTTY)?;
        if on {
            source.subscribe(self.make_signal_owner(), descriptor)?;
            self.flags.fetch_or(general::FASYNC, Ordering::Relaxed);
        } else {
            source.unsubscribe(self.make_signal_owner());
            self.flags.fetch_and(!general::FASYNC, Ordering::Relaxed);
        }
        Ok(())
    }

    /// `EBADF` for a file opened with O_PATH, which can only be pointed at.
    pub fn check_usable(&self) -> Result<()> {
        if self.flags().path_only() {
            Err(Errno::EBADF)
        } else {
            Ok(())
        }
    }

    fn readable(&self) -> Result<OpenFlags> {
        let flags = self.flags();
        if flags.readable() {
            Ok(flags)
        } else {
            Err(Errno::EBADF)
        }
    }

    fn writable(&self) -> Result<OpenFlags> {
        let flags = self.flags();
        if flags.writable() {
            Ok(flags)
        } else {
            Err(Errno::EBADF)
        }
    }

    /// `ESPIPE` if reads and writes know no position. A device may take any and ignore it.
    pub fn check_positioned(&self) -> Result<()> {
        if !self.streams {
            return Ok(());
        }
        match (self.file.seek(), &self.place) {
            (Seek::Ignored | Seek::Itself, Place::At(_)) => Ok(()),
            _ => Err(Errno::ESPIPE),
        }
    }

    fn io_flags(flags: OpenFlags) -> IoFlags {
        IoFlags {
            nonblocking: flags.nonblocking(),
            append: flags.append(),
            direct: flags.has(general::O_DIRECT),
            ..IoFlags::default()
        }
    }

    /// Reads at the shared position. `EBADF`: not open for reading.
    pub fn read(&self, sink: &mut Sink<'_>) -> Result<usize> {
        let flags = self.readable()?;
        if self.streams {
            return self.file.read(&mut 0, sink, Self::io_flags(flags));
        }
        let mut position = self.position.lock();
        check_extent(*position, sink.remaining())?;
        let count = self.file.read(&mut position, sink, Self::io_flags(flags))?;
        drop(position);
        self.note_access(flags, count);
        Ok(count)
    }

    /// Reads at `position` and leaves the shared one alone. `ESPIPE`: a stream.
    pub fn read_from(&self, mut position: u64, sink: &mut Sink<'_>) -> Result<usize> {
        self.check_positioned()?;
        let flags = self.readable()?;
        check_extent(position, sink.remaining())?;
        let count = self.file.read(&mut position, sink, Self::io_flags(flags))?;
        self.note_access(flags, count);
        Ok(count)
    }

    /// Reads into a kernel buffer at `offset`, for the kernel's own needs (program headers).
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.file.read(
            &mut { offset },
            &mut Sink::from_slice(buffer),
            IoFlags::default(),
        )
    }

    fn note_access(&self, flags: OpenFlags, count: usize) {
        let Place::At(location) = &self.place else {
            return;
        };
        if count != 0
            && !flags.has(general::O_NOATIME)
            && location.mount.flags() & (general::MS_NOATIME | general::MS_RDONLY) == 0
        {
            location.inode().note_access();
        }
    }

    /// Writes at the shared position or, with O_APPEND, at the end. `EBADF`: not open for writing.
    pub fn write(&self, source: &mut Source<'_>) -> Result<usize> {
        let flags = self.writable()?;
        if self.streams {
            return self.file.write(&mut 0, source, Self::io_flags(flags));
        }
        let mut position = self.position.lock();
        self.write_positioned(&mut position, source, flags)
    }

    /// Writes at `position` (with O_APPEND at the end all the same, as on Linux) and leaves the
    /// shared one alone. `ESPIPE`: a stream.
    pub fn write_to(&self, mut position: u64, source: &mut Source<'_>) -> Result<usize> {
        self.check_positioned()?;
        if !self.file.writes_at_a_position() {
            return Err(Errno::ESPIPE);
        }
        let flags = self.writable()?;
        self.write_positioned(&mut position, source, flags)
    }

    fn write_positioned(
        &self,
        position: &mut u64,
        source: &mut Source<'_>,
        flags: OpenFlags,
    ) -> Result<usize> {
        check_extent(*position, source.remaining())?;
        let mut io = Self::io_flags(flags);
        if self.inode().kind() != FileKind::Regular {
            return self.file.write(position, source, io);
        }
        io.size_limit = process::current().process.limit(Resource::FileSize);
        let outcome = self.file.write(position, source, io);
        if outcome == Err(Errno::EFBIG) && *position >= io.size_limit {
            signal_size_limit();
        }
        outcome
    }

    /// What can be done now without waiting.
    pub fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if self.flags().path_only() {
            return PollEvents::NVAL;
        }
        self.file.poll(registrar)
    }

    /// The shared position, locked.
    pub fn position(&self) -> crate::sync::MutexGuard<'_, u64> {
        self.position.lock()
    }

    /// The shared position, unless a read or write is at work with it.
    pub fn try_position(&self) -> Option<u64> {
        self.position.try_lock().map(|position| *position)
    }

    /// lseek(2). `ESPIPE`: a stream; `EINVAL`: a bad place; `ENXIO`: no data or hole there.
    pub fn seek(&self, offset: i64, whence: u32) -> Result<u64> {
        self.check_usable()?;
        let size = match self.file.seek() {
            Seek::Stream => return Err(Errno::ESPIPE),
            Seek::Ignored => return Ok(0),
            Seek::Itself => return self.file.seek_itself(offset, whence),
            Seek::Positioned { size } => size,
        };
        let mut position = self.position.lock();
        let target = match whence {
            general::SEEK_SET => Some(offset),
            general::SEEK_CUR => (*position as i64).checked_add(offset),
            general::SEEK_END if self.inode().kind() == FileKind::Directory => {
                return Err(Errno::EINVAL);
            }
            general::SEEK_END => (size as i64).checked_add(offset),
            general::SEEK_DATA | general::SEEK_HOLE => {
                let offset = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
                if offset >= size {
                    return Err(Errno::ENXIO);
                }
                let found = match whence {
                    general::SEEK_DATA => self.file.next_data(offset)?,
                    _ => self.file.next_hole(offset)?,
                };
                Some(found as i64)
            }
            _ => return Err(Errno::EINVAL),
        };
        let target = target
            .and_then(|target| u64::try_from(target).ok())
            .ok_or(Errno::EINVAL)?;
        *position = target;
        Ok(target)
    }

    /// The pages of the file. `ENODEV`: cannot be mapped.
    pub fn pager(&self) -> Result<Arc<dyn Pager>> {
        self.file.clone().pager()
    }

    /// The pages of the file for one mapping; see [`File::mapping`].
    pub fn mapping(
        &self,
        request: &mut MapRequest,
        offset_bytes: &mut u64,
    ) -> Result<Arc<dyn Pager>> {
        self.file.clone().mapping(request, offset_bytes)
    }
}

/// Whether the running process may let a file grow to `size` (RLIMIT_FSIZE). `EFBIG`, with SIGXFSZ:
/// it may not.
pub fn check_size_limit(size: u64) -> Result<()> {
    if size <= process::current().process.limit(Resource::FileSize) {
        return Ok(());
    }
    signal_size_limit();
    Err(Errno::EFBIG)
}

/// Whether a position may be reached at all.
///
/// # Errors
/// EINVAL when the end would be beyond the largest offset there is.
fn check_extent(position: u64, length: usize) -> Result<()> {
    match position.checked_add(length as u64) {
        Some(end) if end <= i64::MAX as u64 => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

fn signal_size_limit() {
    let info = signal::SignalInfo::from_kernel(general::SIGXFSZ);
    signal::send_to_thread(&process::current(), info);
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let (Some(owner), Some(source)) = (self.signal_owner.get(), self.file.signal_source()) {
            source.unsubscribe(owner);
        }
        locks::release_open_file(self);
        let Place::At(location) = &self.place else {
            return;
        };
        let access = location.inode().write_access();
        match self.hold {
            Hold::None => {}
            Hold::Writes => {
                location.mount.writer_removed();
                access.inspect(|access| access.writer_removed());
            }
            Hold::Runs => {
                access.inspect(|access| access.runner_removed());
            }
        }
    }
}
