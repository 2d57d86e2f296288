//! Descriptors: a process's numbers for its open files.
//!
//! Looking a number up is one index into an array; the lowest free number is found in a bit map.
//! Files are dropped after the table's lock is released, because the last close of a file may do
//! anything. Source: dup(2), close(2), close_range(2), RLIMIT_NOFILE in getrlimit(2).

use super::{OpenFile, locks};
use crate::{
    error::Result,
    process::{limits::Resource, scheduler},
    sync::SpinLock,
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};

/// No process may have more descriptors than this (/proc/sys/fs/nr_open).
pub const DESCRIPTORS_MAX: usize = 1 << 20;
const WORD_BITS: usize = 64;

#[derive(Clone)]
struct Slot {
    file: Arc<OpenFile>,
    close_on_exec: bool,
}

#[derive(Clone, Default)]
struct Slots {
    slots: Vec<Option<Slot>>,
    /// A bit for each number in use.
    used: Vec<u64>,
}

/// The descriptors of a process, shared by its threads.
pub struct FileTable {
    /// Who owns record locks taken through this table.
    id: u64,
    slots: SpinLock<Slots>,
}

impl Slots {
    fn get(&self, descriptor: i32) -> Option<&Slot> {
        self.slots.get(usize::try_from(descriptor).ok()?)?.as_ref()
    }

    fn lowest_free(&self, from: usize) -> usize {
        let first_word = from / WORD_BITS;
        // Numbers below `from` count as used.
        let below = (1u64 << (from % WORD_BITS)) - 1;
        for (index, &word) in self.used.iter().enumerate().skip(first_word) {
            let word = if index == first_word {
                word | below
            } else {
                word
            };
            if word != u64::MAX {
                return index * WORD_BITS + word.trailing_ones() as usize;
            }
        }
        from.max(self.used.len() * WORD_BITS)
    }

    /// Puts a slot at a number and returns what was there. `ENOMEM`: no memory for a larger table.
    fn put(&mut self, number: usize, slot: Slot) -> Result<Option<Slot>> {
        if number >= self.slots.len() {
            let wanted = (number + 1).next_multiple_of(WORD_BITS);
            let more = wanted - self.slots.len();
            self.slots
                .try_reserve_exact(more)
                .map_err(|_| Errno::ENOMEM)?;
            self.used
                .try_reserve_exact(more / WORD_BITS)
                .map_err(|_| Errno::ENOMEM)?;
            self.slots.resize(wanted, None);
            self.used.resize(wanted / WORD_BITS, 0);
        }
        self.used[number / WORD_BITS] |= 1 << (number % WORD_BITS);
        Ok(self.slots[number].replace(slot))
    }

    fn take(&mut self, number: usize) -> Option<Slot> {
        let slot = self.slots.get_mut(number)?.take()?;
        self.used[number / WORD_BITS] &= !(1 << (number % WORD_BITS));
        Some(slot)
    }

    fn last_used(&self) -> Option<usize> {
        let (index, word) = self
            .used
            .iter()
            .enumerate()
            .rev()
            .find(|(_, word)| **word != 0)?;
        Some(index * WORD_BITS + WORD_BITS - 1 - word.leading_zeros() as usize)
    }
}

impl Default for FileTable {
    fn default() -> Self {
        Self::new()
    }
}

impl FileTable {
    /// An empty table.
    pub fn new() -> FileTable {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        FileTable {
            id,
            slots: SpinLock::new(Slots::default()),
        }
    }

    /// Who owns the record locks taken through this table.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The file behind a descriptor. `EBADF`: it is not open.
    pub fn get(&self, descriptor: i32) -> Result<Arc<OpenFile>> {
        self.slots
            .lock()
            .get(descriptor)
            .map(|slot| slot.file.clone())
            .ok_or(Errno::EBADF)
    }

    /// The file behind a descriptor for anything but pointing at it. `EBADF`: it is not open or
    /// was opened with O_PATH.
    pub fn get_usable(&self, descriptor: i32) -> Result<Arc<OpenFile>> {
        let file = self.get(descriptor)?;
        file.check_usable()?;
        Ok(file)
    }

    /// How many descriptors the caller may have; the boot code, which is no process, all.
    fn limit() -> usize {
        let limit = scheduler::try_current()
            .map_or(u64::MAX, |thread| thread.process.limit(Resource::Files));
        usize::try_from(limit)
            .unwrap_or(usize::MAX)
            .min(DESCRIPTORS_MAX)
    }

    /// `EMFILE` if no descriptor below `limit` is free: what open(2) answers before it touches any
    /// file.
    pub fn check_room(&self, limit: u64) -> Result<()> {
        let free = self.slots.lock().lowest_free(0);
        if (free as u64) < limit && free < DESCRIPTORS_MAX {
            Ok(())
        } else {
            Err(Errno::EMFILE)
        }
    }

    /// Gives a file the lowest free descriptor. `EMFILE`: the process has as many as it may.
    pub fn install(&self, file: Arc<OpenFile>, close_on_exec: bool) -> Result<i32> {
        self.install_from(file, close_on_exec, 0)
    }

    /// As [`FileTable::install`], for a caller that knows the limit from [`FileTable::check_room`].
    pub fn install_below(
        &self,
        file: Arc<OpenFile>,
        close_on_exec: bool,
        limit: u64,
    ) -> Result<i32> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.install_between(file, close_on_exec, 0, limit.min(DESCRIPTORS_MAX))
    }

    /// Gives a file the lowest free descriptor from `from` on. `EMFILE`: there is none.
    pub fn install_from(
        &self,
        file: Arc<OpenFile>,
        close_on_exec: bool,
        from: usize,
    ) -> Result<i32> {
        self.install_between(file, close_on_exec, from, Self::limit())
    }

    fn install_between(
        &self,
        file: Arc<OpenFile>,
        close_on_exec: bool,
        from: usize,
        limit: usize,
    ) -> Result<i32> {
        let mut slots = self.slots.lock();
        let number = slots.lowest_free(from);
        if number >= limit {
            return Err(Errno::EMFILE);
        }
        let slot = Slot {
            file,
            close_on_exec,
        };
        slots.put(number, slot)?;
        Ok(number as i32)
    }

    /// Gives a file this very descriptor, closing what had it. `EBADF`: beyond what the process
    /// may have.
    pub fn install_at(
        &self,
        file: Arc<OpenFile>,
        close_on_exec: bool,
        descriptor: i32,
    ) -> Result<()> {
        let number = usize::try_from(descriptor).map_err(|_| Errno::EBADF)?;
        if number >= Self::limit() {
            return Err(Errno::EBADF);
        }
        let old = self.slots.lock().put(
            number,
            Slot {
                file,
                close_on_exec,
            },
        )?;
        if let Some(old) = old {
            self.let_go(old);
        }
        Ok(())
    }

    /// Whether a descriptor is closed by execve(2).
    pub fn close_on_exec_of(&self, descriptor: i32) -> Result<bool> {
        self.slots
            .lock()
            .get(descriptor)
            .map(|slot| slot.close_on_exec)
            .ok_or(Errno::EBADF)
    }

    /// Sets whether a descriptor is closed by execve(2).
    pub fn set_close_on_exec(&self, descriptor: i32, on: bool) -> Result<()> {
        let mut slots = self.slots.lock();
        let number = usize::try_from(descriptor).map_err(|_| Errno::EBADF)?;
        let slot = slots
            .slots
            .get_mut(number)
            .and_then(Option::as_mut)
            .ok_or(Errno::EBADF)?;
        slot.close_on_exec = on;
        Ok(())
    }

    /// Closing any descriptor of a file releases all record locks of the process on it.
    fn let_go(&self, slot: Slot) {
        slot.file.file().descriptor_closed();
        locks::release_table(self.id, slot.file.inode());
    }

    /// Closes a descriptor. `EBADF`: it is not open.
    pub fn close(&self, descriptor: i32) -> Result<()> {
        let number = usize::try_from(descriptor).map_err(|_| Errno::EBADF)?;
        let slot = self.slots.lock().take(number).ok_or(Errno::EBADF)?;
        self.let_go(slot);
        Ok(())
    }

    /// Takes out the open descriptors from `first` to `last` that `which` picks, one at a time.
    fn close_where(&self, first: usize, last: usize, which: impl Fn(&Slot) -> bool) {
        let mut number = first;
        loop {
            let slot = {
                let mut slots = self.slots.lock();
                let end = slots.last_used().map_or(0, |used| used.min(last) + 1);
                let wanted =
                    |slots: &Slots, number: usize| slots.slots[number].as_ref().is_some_and(&which);
                while number < end && !wanted(&slots, number) {
                    number += 1;
                }
                if number >= end {
                    return;
                }
                slots.take(number)
            };
            if let Some(slot) = slot {
                self.let_go(slot);
            }
        }
    }

    /// Closes the descriptors from `first` to `last` (close_range(2)).
    pub fn close_range(&self, first: usize, last: usize) {
        self.close_where(first, last, |_| true);
    }

    /// Marks the descriptors from `first` to `last` to be closed by execve(2).
    pub fn mark_range(&self, first: usize, last: usize) {
        let mut slots = self.slots.lock();
        let end = slots.slots.len().min(last.saturating_add(1));
        if first < end {
            let marked = slots.slots[first..end].iter_mut().flatten();
            marked.for_each(|slot| slot.close_on_exec = true);
        }
    }

    /// Closes what execve(2) closes.
    pub fn close_on_exec(&self) {
        self.close_where(0, usize::MAX - 1, |slot| slot.close_on_exec);
    }

    /// Closes everything.
    pub fn close_all(&self) {
        self.close_where(0, usize::MAX - 1, |_| true);
    }

    /// A table of its own with the same open files, for a new process. `ENOMEM`.
    pub fn fork_copy(&self) -> Result<FileTable> {
        let copy = FileTable::new();
        {
            let slots = self.slots.lock();
            let length = slots
                .last_used()
                .map_or(0, |last| (last + 1).next_multiple_of(WORD_BITS));
            let mut into = copy.slots.lock();
            into.slots
                .try_reserve_exact(length)
                .map_err(|_| Errno::ENOMEM)?;
            into.used
                .try_reserve_exact(length / WORD_BITS)
                .map_err(|_| Errno::ENOMEM)?;
            into.slots.extend_from_slice(&slots.slots[..length]);
            into.used
                .extend_from_slice(&slots.used[..length / WORD_BITS]);
        }
        Ok(copy)
    }

    /// The sum of what `size` says of each open file; it must take no lock.
    pub fn sum_of(&self, size: impl Fn(&OpenFile) -> usize) -> usize {
        let slots = self.slots.lock();
        slots
            .slots
            .iter()
            .flatten()
            .map(|slot| size(&slot.file))
            .sum()
    }

    /// The first open descriptor that is not below `from`, for /proc/PID/fd.
    pub fn next_open(&self, from: i32) -> Option<i32> {
        let slots = self.slots.lock();
        let from = from.max(0) as usize;
        let open = slots.slots.get(from..)?.iter().position(Option::is_some)?;
        Some((from + open) as i32)
    }

    /// The last open descriptor.
    pub fn last_open(&self) -> Option<i32> {
        self.slots.lock().last_used().map(|last| last as i32)
    }
}

impl Drop for FileTable {
    fn drop(&mut self) {
        self.close_all();
    }
}
