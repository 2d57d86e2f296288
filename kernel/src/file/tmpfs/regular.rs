//! Regular files and directories of tmpfs as open files: reading, writing, size, mapping.
//!
//! `changing` is held over writes and changes of size, so that they happen one after the other;
//! reads take only the short lock over the pages. No lock that a page fault takes is held while
//! bytes move to or from a program.

use super::{
    Account,
    node::{Content, Node},
    pages::{PAGE_BYTES, Pages},
};
use crate::{
    error::Result,
    file::{File, Inode, IoFlags, Seek, WriteAccess},
    memory::{
        self, Pager,
        io::{Sink, Source},
    },
    process,
    sync::{Mutex, SpinLock},
};
use abi::{Errno, raw::general};
use alloc::{boxed::Box, format, sync::Arc, vec::Vec};
use core::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use metal::memory::{Frame, PAGE_SIZE};

/// The largest size a file can have.
const SIZE_MAX: u64 = i64::MAX as u64;
/// The modes of fallocate(2) that are done here.
const ALLOCATE_MODES: u32 =
    general::FALLOC_FL_KEEP_SIZE | general::FALLOC_FL_PUNCH_HOLE | general::FALLOC_FL_ZERO_RANGE;

/// What a regular file has besides its attributes.
pub struct Regular {
    pages: SpinLock<Pages>,
    changing: Mutex<()>,
    /// Who writes or runs it.
    pub(super) access: WriteAccess,
    /// `F_SEAL_*` of memfd_create(2).
    seals: AtomicU32,
    /// Whether a program ever mapped it: only then can there be mappings to take pages out of.
    mapped: AtomicBool,
    /// The name given to memfd_create(2).
    memory_name: SpinLock<Option<Box<[u8]>>>,
}

impl Regular {
    /// An empty file. It is sealed against sealing, as all are but those of memfd_create(2).
    pub fn new(account: Arc<Account>) -> Regular {
        Regular {
            pages: SpinLock::new(Pages::new(account)),
            changing: Mutex::new(()),
            access: WriteAccess::default(),
            seals: AtomicU32::new(general::F_SEAL_SEAL),
            mapped: AtomicBool::new(false),
            memory_name: SpinLock::new(None),
        }
    }

    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        self.pages.lock().size()
    }

    /// Storage in use, in units of 512 bytes.
    pub fn blocks_512(&self) -> u64 {
        self.pages.lock().allocated() * (PAGE_BYTES / 512)
    }

    /// Makes this the file of memfd_create(2).
    pub fn name_memory_file(&self, name: &[u8], seals: u32) {
        *self.memory_name.lock() = Some(name.into());
        self.seals.store(seals, Ordering::Relaxed);
    }

    /// Takes pages that are no more out of every mapping.
    fn discard_mapped(&self, pager: &dyn Pager, pages: Range<u64>) {
        if self.mapped.load(Ordering::SeqCst) && !pages.is_empty() {
            memory::pager::discard(pager, pages);
        }
    }

    fn is_sealed(&self, seals: u32) -> bool {
        self.seals.load(Ordering::Relaxed) & seals != 0
    }

    /// `EPERM` if any of `seals` is set.
    fn check_seals(&self, seals: u32) -> Result<()> {
        if self.is_sealed(seals) {
            Err(Errno::EPERM)
        } else {
            Ok(())
        }
    }

    /// `F_GET_SEALS`.
    pub fn seals(&self) -> u32 {
        self.seals.load(Ordering::Relaxed)
    }

    /// `F_ADD_SEALS`.
    pub fn add_seals(&self, seals: u32) -> Result<()> {
        let known = general::F_SEAL_SEAL
            | general::F_SEAL_SHRINK
            | general::F_SEAL_GROW
            | general::F_SEAL_WRITE
            | general::F_SEAL_FUTURE_WRITE;
        if seals & !known != 0 {
            return Err(Errno::EINVAL);
        }
        let _changing = self.changing.lock();
        self.check_seals(general::F_SEAL_SEAL)?;
        self.seals.fetch_or(seals, Ordering::Relaxed);
        Ok(())
    }

    /// Writes until the source is empty or something stops it, growing the file as far as bytes
    /// came. `changing` is held.
    fn fill(
        &self,
        position: &mut u64,
        source: &mut Source<'_>,
        size_limit: u64,
    ) -> (usize, Result<()>) {
        let mut written = 0;
        while source.remaining() > 0 {
            match self.fill_page(*position, source, size_limit) {
                Ok(0) => break,
                Ok(count) => {
                    written += count;
                    *position += count as u64;
                    process::yield_if_needed();
                }
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    fn fill_page(&self, position: u64, source: &mut Source<'_>, size_limit: u64) -> Result<usize> {
        let size_limit = size_limit.min(SIZE_MAX);
        if position >= size_limit {
            return Err(Errno::EFBIG);
        }
        let (index, offset) = (position / PAGE_BYTES, (position % PAGE_BYTES) as usize);
        let room = (size_limit - position).min((PAGE_SIZE - offset) as u64) as usize;
        let end = position + room.min(source.remaining()) as u64;
        if self.is_sealed(general::F_SEAL_GROW) && end > self.size() {
            return Err(Errno::EPERM);
        }
        let (frame, is_new) = {
            let mut pages = self.pages.lock();
            let is_new = pages.get(index).is_none();
            (pages.get_or_make(index)?, is_new)
        };
        let outcome = source.read_into_frame(&frame, offset, room.min(source.remaining()));
        let mut pages = self.pages.lock();
        match outcome {
            Ok(count) => pages.grow(position + count as u64),
            Err(_) if is_new => pages.drop_if_past_end(index),
            Err(_) => {}
        }
        outcome
    }

    fn copy_out(&self, position: &mut u64, sink: &mut Sink<'_>) -> Result<usize> {
        let mut total = 0;
        while sink.remaining() > 0 {
            let (index, offset) = (*position / PAGE_BYTES, (*position % PAGE_BYTES) as usize);
            let (size, frame) = {
                let pages = self.pages.lock();
                (pages.size(), pages.get(index))
            };
            let left = size
                .saturating_sub(*position)
                .min((PAGE_SIZE - offset) as u64) as usize;
            let length = left.min(sink.remaining());
            if length == 0 {
                break;
            }
            let copied = match frame {
                Some(frame) => sink.write_frame(&frame, offset, length),
                None => sink.zero(length),
            };
            match copied {
                Ok(count) => {
                    total += count;
                    *position += count as u64;
                    if count < length {
                        break;
                    }
                }
                Err(error) if total == 0 => return Err(error),
                Err(_) => break,
            }
            process::yield_if_needed();
        }
        Ok(total)
    }

    fn allocate(&self, mode: u32, start: u64, end: u64) -> Result<()> {
        let keeps_size = mode & general::FALLOC_FL_KEEP_SIZE != 0;
        if mode & general::FALLOC_FL_PUNCH_HOLE != 0 {
            self.check_seals(general::F_SEAL_WRITE | general::F_SEAL_FUTURE_WRITE)?;
            self.pages.lock().punch(start, end);
            return Ok(());
        }
        if !keeps_size && end > self.size() {
            self.check_seals(general::F_SEAL_GROW)?;
        }
        if mode & general::FALLOC_FL_ZERO_RANGE != 0 {
            self.pages.lock().punch(start, end);
        }
        for index in start / PAGE_BYTES..end.div_ceil(PAGE_BYTES) {
            self.pages.lock().get_or_make(index)?;
            process::yield_if_needed();
        }
        if !keeps_size {
            self.pages.lock().grow(end);
        }
        Ok(())
    }
}

impl Node {
    pub(super) fn regular(&self) -> Result<&Regular> {
        match &self.content {
            Content::Regular(regular) => Ok(regular),
            Content::Directory(_) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Sets the size; pages that go disappear from every mapping.
    pub(super) fn set_regular_size(&self, size: u64) -> Result<()> {
        let regular = self.regular()?;
        if size > SIZE_MAX {
            return Err(Errno::EFBIG);
        }
        let _changing = regular.changing.lock();
        let old = regular.size();
        if size < old {
            regular.check_seals(general::F_SEAL_SHRINK)?;
        } else if size > old {
            regular.check_seals(general::F_SEAL_GROW)?;
        }
        regular.pages.lock().set_size(size);
        if size < old {
            regular.discard_mapped(self, size.div_ceil(PAGE_BYTES)..u64::MAX);
        }
        self.note_modified();
        Ok(())
    }
}

impl File for Node {
    fn read(&self, position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        self.regular()?.copy_out(position, sink)
    }

    fn write(&self, position: &mut u64, source: &mut Source<'_>, flags: IoFlags) -> Result<usize> {
        let regular = self.regular()?;
        let _changing = regular.changing.lock();
        regular.check_seals(general::F_SEAL_WRITE | general::F_SEAL_FUTURE_WRITE)?;
        if flags.append {
            *position = regular.size();
        }
        let (written, outcome) = regular.fill(position, source, flags.size_limit);
        if written == 0 {
            return outcome.map(|()| 0);
        }
        self.note_written();
        Ok(written)
    }

    fn seek(&self) -> Seek {
        match &self.content {
            Content::Regular(regular) => Seek::Positioned {
                size: regular.size(),
            },
            // Directory positions are cursors, not bytes; any value may be sought.
            _ => Seek::Positioned {
                size: i64::MAX as u64,
            },
        }
    }

    fn next_data(&self, offset: u64) -> Result<u64> {
        self.regular()
            .map_err(|_| Errno::EINVAL)?
            .pages
            .lock()
            .next_data(offset)
    }

    fn next_hole(&self, offset: u64) -> Result<u64> {
        Ok(self
            .regular()
            .map_err(|_| Errno::EINVAL)?
            .pages
            .lock()
            .next_hole(offset))
    }

    fn pager(self: Arc<Self>) -> Result<Arc<dyn Pager>> {
        let regular = self.regular().map_err(|_| Errno::ENODEV)?;
        regular.mapped.store(true, Ordering::SeqCst);
        Ok(self)
    }

    fn synchronise(&self) -> Result<()> {
        // Memory is all the storage there is.
        Ok(())
    }

    fn allocate(&self, mode: u32, offset: u64, length: u64) -> Result<()> {
        if mode & !ALLOCATE_MODES != 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        let regular = self.regular().map_err(|_| Errno::ENODEV)?;
        let end = offset
            .checked_add(length)
            .filter(|&end| end <= SIZE_MAX)
            .ok_or(Errno::EFBIG)?;
        let _changing = regular.changing.lock();
        regular.allocate(mode, offset, end)?;
        if mode & (general::FALLOC_FL_PUNCH_HOLE | general::FALLOC_FL_ZERO_RANGE) != 0 {
            regular.discard_mapped(self, offset.div_ceil(PAGE_BYTES)..end / PAGE_BYTES);
        }
        self.note_modified();
        Ok(())
    }
}

impl Pager for Node {
    fn page(&self, index: u64, write: bool) -> Result<Frame> {
        let regular = self.regular().map_err(|_| Errno::EFAULT)?;
        if write && regular.is_sealed(general::F_SEAL_WRITE) {
            return Err(Errno::EFAULT);
        }
        let frame = {
            let mut pages = regular.pages.lock();
            if index >= pages.size().div_ceil(PAGE_BYTES) {
                return Err(Errno::EFAULT);
            }
            // A full file system makes the access fail like one past the end, as on Linux.
            pages.get_or_make(index).map_err(|error| match error {
                Errno::ENOSPC => Errno::EFAULT,
                other => other,
            })?
        };
        if write {
            self.note_modified();
        }
        Ok(frame)
    }

    fn remove(&self, pages: Range<u64>) -> Result<()> {
        let mode = general::FALLOC_FL_PUNCH_HOLE | general::FALLOC_FL_KEEP_SIZE;
        let length = (pages.end - pages.start) * PAGE_BYTES;
        self.allocate(mode, pages.start * PAGE_BYTES, length)
    }

    fn page_at_hand(&self, index: u64) -> Option<Frame> {
        let pages = self.regular().ok()?.pages.lock();
        (index < pages.size().div_ceil(PAGE_BYTES)).then(|| pages.get(index))?
    }
}

/// How /proc/PID/fd shows a file that memfd_create(2) made.
pub fn anonymous_name(node: &Node) -> Vec<u8> {
    let name = node
        .regular()
        .ok()
        .and_then(|regular| regular.memory_name.lock().clone());
    match name {
        Some(name) => [b"/memfd:", &name[..], b" (deleted)"].concat(),
        None => format!("/#{} (deleted)", node.number()).into_bytes(),
    }
}
