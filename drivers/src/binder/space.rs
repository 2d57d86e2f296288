//! The room in a process that transactions are delivered into: which bytes of it are whose.
//!
//! The room is divided into blocks, side by side without gaps, each of them a buffer or free. Two
//! free blocks never lie side by side. Free ones are kept in bins by their sizes, four bins to each
//! doubling, so that one which fits is found in a few steps; the blocks that begin in a page are
//! found from the page.
//!
//! The block that was freed last is spare: it stays as it is until another is freed, because who
//! calls and is answered asks for the same sizes again and again.
//!
//! One-way transactions may take half of the room, so that a flood of them leaves some for those
//! that somebody waits for. Who takes most of that half is found out when it becomes scarce.
//!
//! Nothing here knows what the bytes are, or the memory behind them ([`super::Pages`]).

use alloc::vec::Vec;
use core::ops::Range;

use abi::Errno;

use super::arena::{Arena, Key};
use super::node::Node;
use super::transaction::Transaction;

/// Blocks begin at multiples of this, and so does whatever is put into them.
pub const ALIGNMENT: usize = 8;
/// The most room that a process can have, however much it maps.
pub const LENGTH_MAX: usize = 4 << 20;
/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Pages at the beginning of the room that keep their memory when nothing is in them.
const KEPT_PAGES: usize = 64;
/// More one-way buffers than this by one process are suspect where room is scarce.
const SUSPECT_BUFFERS: usize = 50;
/// Bins: four for each power of two from [`ALIGNMENT`] to [`LENGTH_MAX`].
const BINS: usize = 4 * 20;
/// How many blocks of its own bin an allocation looks at before it takes one from a larger bin.
const LOOKS: usize = 8;

/// Names a block.
pub type BufferKey = Key<Block>;

/// Some bytes of the room.
pub struct Block {
    /// Where they begin.
    offset: usize,
    /// How many.
    length: usize,
    previous: BufferKey,
    next: BufferKey,
    state: State,
}

enum State {
    /// Its neighbours in its bin.
    Free {
        previous: BufferKey,
        next: BufferKey,
    },
    /// Free, and in no bin.
    Spare,
    Used(Buffer),
}

/// What is known of a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// Bytes of data, at its beginning.
    pub data_size: usize,
    /// Bytes of offsets, behind the data.
    pub offsets_size: usize,
    /// What it was allocated for, until that has been answered.
    pub transaction: Option<Key<Transaction>>,
    /// The node that the transaction was sent to, which is held.
    pub target_node: Option<Key<Node>>,
    /// It is of a one-way transaction.
    pub is_async: bool,
    /// The program has it, and may free it.
    pub is_delivered: bool,
    /// It is made zero when it is freed.
    pub clear_on_free: bool,
    /// Who sent it.
    pub sender: u32,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Bytes of data.
    pub data_size: u64,
    /// Bytes of offsets.
    pub offsets_size: u64,
    /// Bytes of what else is put there.
    pub extra_size: u64,
    /// It is for a one-way transaction.
    pub is_async: bool,
    /// Who sends it.
    pub sender: u32,
    /// What it is for.
    pub transaction: Option<Key<Transaction>>,
    /// The node that the transaction is sent to.
    pub target_node: Option<Key<Node>>,
    /// It is to be made zero when it is freed.
    pub clear_on_free: bool,
}

impl Request {
    /// All bytes together, each part rounded up. None: more than can be counted.
    #[inline]
    fn total(&self) -> Option<usize> {
        let parts = [self.data_size, self.offsets_size, self.extra_size];
        let total = if (parts[0] | parts[1] | parts[2]) <= u64::from(u32::MAX) {
            let rounded = parts.map(|part| part.next_multiple_of(ALIGNMENT as u64));
            rounded.iter().sum()
        } else {
            let rounded = parts.map(|part| part.checked_next_multiple_of(ALIGNMENT as u64));
            let [data, offsets, extra] = rounded;
            data?.checked_add(offsets?)?.checked_add(extra?)?
        };
        usize::try_from(total).ok()
    }
}

/// A buffer that was made.
#[derive(Clone, Copy, Debug)]
pub struct Allocated {
    /// It.
    pub key: BufferKey,
    /// Where it begins.
    pub offset: usize,
    /// Its sender takes so much of the room for one-way transactions that it should be told.
    pub is_suspect: bool,
}

/// The room of one process. It has none before [`Space::map`].
pub struct Space {
    blocks: Arena<Block>,
    /// By page: the first block that begins there.
    first_in_page: Vec<BufferKey>,
    /// The first free block of each bin.
    bins: [BufferKey; BINS],
    /// A bit for each bin in which there is a block.
    filled: u128,
    /// The block that was freed last.
    spare: BufferKey,
    length: usize,
    /// No page from here on has memory.
    supplied_end: usize,
    free_async: usize,
    /// Somebody has been told, and room has been scarce since.
    has_told_suspect: bool,
}

/// Which bin a block of so many bytes lies in.
fn bin_of(length: usize) -> usize {
    let doubling = length.max(ALIGNMENT).ilog2() as usize;
    let quarter = length >> (doubling - 2) & 3;
    (4 * (doubling - 3) + quarter).min(BINS - 1)
}

impl Space {
    /// No room.
    pub const fn new() -> Self {
        Self {
            blocks: Arena::new(),
            first_in_page: Vec::new(),
            bins: [Key::NOTHING; BINS],
            filled: 0,
            spare: Key::NOTHING,
            length: 0,
            supplied_end: 0,
            free_async: 0,
            has_told_suspect: false,
        }
    }

    /// Makes room, once: whole pages, at most [`LENGTH_MAX`].
    ///
    /// # Errors
    /// EBUSY: there is some already; ENOMEM.
    pub fn map(&mut self, length: usize) -> Result<(), Errno> {
        if self.length != 0 {
            return Err(Errno::EBUSY);
        }
        let pages = length.div_ceil(PAGE);
        self.first_in_page
            .try_reserve_exact(pages)
            .map_err(|_| Errno::ENOMEM)?;
        self.first_in_page.resize(pages, Key::NOTHING);
        let whole = self.blocks.insert(Block {
            offset: 0,
            length,
            previous: Key::NOTHING,
            next: Key::NOTHING,
            state: State::Free {
                previous: Key::NOTHING,
                next: Key::NOTHING,
            },
        })?;
        self.length = length;
        self.free_async = length / 2;
        self.first_in_page[0] = whole;
        self.put_into_bin(whole);
        Ok(())
    }

    /// Bytes of room.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bytes that one-way transactions may still take.
    pub fn free_async(&self) -> usize {
        self.free_async
    }

    /// Takes room for a buffer.
    ///
    /// # Errors
    /// EINVAL: sizes that no room has; ENOSPC: there is not enough; ENOMEM.
    #[inline]
    pub fn allocate(&mut self, request: &Request) -> Result<Allocated, Errno> {
        // What has no bytes has an address of its own nevertheless.
        let length = request.total().ok_or(Errno::EINVAL)?.max(ALIGNMENT);
        if request.is_async && self.free_async < length {
            return Err(Errno::ENOSPC);
        }
        let key = match self.blocks.get(self.spare) {
            Some(spare) if spare.length == length => {
                core::mem::replace(&mut self.spare, Key::NOTHING)
            }
            _ => self.take_free(length)?,
        };
        let block = &mut self.blocks[key];
        let offset = block.offset;
        self.supplied_end = self.supplied_end.max((offset + length).div_ceil(PAGE));
        block.state = State::Used(Buffer {
            data_size: request.data_size as usize,
            offsets_size: request.offsets_size as usize,
            transaction: request.transaction,
            target_node: request.target_node,
            is_async: request.is_async,
            is_delivered: false,
            clear_on_free: request.clear_on_free,
            sender: request.sender,
        });
        let mut is_suspect = false;
        if request.is_async {
            self.free_async -= length;
            is_suspect = self.is_suspect(request.sender);
        }
        Ok(Allocated {
            key,
            offset,
            is_suspect,
        })
    }

    /// Gives a buffer's room back. Returns the pages around it whose memory is to be given back:
    /// those that no buffer reaches into, if they are not among the first.
    #[inline]
    pub fn free(&mut self, key: BufferKey) -> Range<usize> {
        let block = &mut self.blocks[key];
        if let State::Used(Buffer { is_async: true, .. }) = block.state {
            self.free_async += block.length;
        }
        block.state = State::Spare;
        let earlier = core::mem::replace(&mut self.spare, key);
        if earlier == Key::NOTHING {
            return 0..0;
        }
        let merged = self.merge_spare(earlier);
        merged.map_or(0..0, |merged| self.unneeded_pages(merged))
    }

    /// Makes a block that was spare, if there is one, a free one like others, or part of one.
    fn merge_spare(&mut self, key: BufferKey) -> Option<BufferKey> {
        let block = self.blocks.get_mut(key)?;
        let (previous, next) = (block.previous, block.next);
        block.state = State::Free {
            previous: Key::NOTHING,
            next: Key::NOTHING,
        };
        if self.is_free(next) {
            self.take_from_bin(next);
            self.merge(key, next);
        }
        let mut key = key;
        if self.is_free(previous) {
            self.take_from_bin(previous);
            self.merge(previous, key);
            key = previous;
        }
        self.put_into_bin(key);
        Some(key)
    }

    /// The pages of a free block whose memory is to be given back.
    fn unneeded_pages(&mut self, key: BufferKey) -> Range<usize> {
        let block = &self.blocks[key];
        let unused = block.offset.div_ceil(PAGE)..(block.offset + block.length) / PAGE;
        let unneeded = unused.start.max(KEPT_PAGES)..unused.end.min(self.supplied_end);
        if unneeded.end == self.supplied_end && !unneeded.is_empty() {
            self.supplied_end = unneeded.start;
        }
        unneeded
    }

    /// Notes that the program has a buffer from now on. Gives it and where it begins.
    #[inline]
    pub fn deliver(&mut self, key: BufferKey) -> Option<(&mut Buffer, usize)> {
        let block = self.blocks.get_mut(key)?;
        match &mut block.state {
            State::Used(buffer) => {
                buffer.is_delivered = true;
                Some((buffer, block.offset))
            }
            State::Free { .. } | State::Spare => None,
        }
    }

    /// The buffer that begins here, if the program has it; it may not free it again.
    #[inline]
    pub fn take_back(&mut self, offset: usize) -> Option<(BufferKey, Buffer)> {
        let mut key = *self.first_in_page.get(offset / PAGE)?;
        loop {
            let block = self.blocks.get_mut(key)?;
            match &mut block.state {
                State::Used(buffer) if block.offset == offset => {
                    let was_delivered = core::mem::take(&mut buffer.is_delivered);
                    return was_delivered.then_some((key, *buffer));
                }
                _ if block.offset >= offset => return None,
                _ => key = block.next,
            }
        }
    }

    /// A buffer, if it is there.
    #[inline]
    pub fn get(&self, key: BufferKey) -> Option<&Buffer> {
        match &self.blocks.get(key)?.state {
            State::Used(buffer) => Some(buffer),
            State::Free { .. } | State::Spare => None,
        }
    }

    /// A buffer, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: BufferKey) -> Option<&mut Buffer> {
        match &mut self.blocks.get_mut(key)?.state {
            State::Used(buffer) => Some(buffer),
            State::Free { .. } | State::Spare => None,
        }
    }

    /// Which bytes a buffer has.
    #[inline]
    pub fn bytes(&self, key: BufferKey) -> Range<usize> {
        let block = &self.blocks[key];
        block.offset..block.offset + block.length
    }

    /// The first buffer in or behind a place of the list, and the place to go on from.
    pub fn next_buffer(&self, place: usize) -> Option<(BufferKey, &Buffer, usize)> {
        let mut place = place;
        loop {
            let (key, block) = self.blocks.next_from(place)?;
            place = key.index() + 1;
            if let State::Used(buffer) = &block.state {
                return Some((key, buffer, place));
            }
        }
    }

    fn is_free(&self, key: BufferKey) -> bool {
        let block = self.blocks.get(key);
        block.is_some_and(|block| matches!(block.state, State::Free { .. }))
    }

    /// Whether the sender of a one-way buffer is to be told that it takes too much.
    fn is_suspect(&mut self, sender: u32) -> bool {
        if self.free_async >= self.length / 10 {
            self.has_told_suspect = false;
            return false;
        }
        let (mut bytes, mut buffers, mut place) = (0, 0, 0);
        while let Some((key, buffer, next)) = self.next_buffer(place) {
            place = next;
            if buffer.is_async && buffer.sender == sender {
                bytes += self.blocks[key].length;
                buffers += 1;
            }
        }
        let is_much = buffers > SUSPECT_BUFFERS || bytes > self.length / 4;
        is_much && !core::mem::replace(&mut self.has_told_suspect, true)
    }

    /// A block of so many bytes out of the bins.
    fn take_free(&mut self, length: usize) -> Result<BufferKey, Errno> {
        self.blocks.reserve()?;
        let key = match self.find(length) {
            Some(key) => key,
            None => {
                let spare = core::mem::replace(&mut self.spare, Key::NOTHING);
                self.merge_spare(spare);
                self.find(length).ok_or(Errno::ENOSPC)?
            }
        };
        self.take_from_bin(key);
        self.split(key, length)?;
        Ok(key)
    }

    /// A free block of at least so many bytes: a small one of its own bin, else the first of the
    /// next bin, in which all are large enough.
    fn find(&self, length: usize) -> Option<BufferKey> {
        let own = bin_of(length);
        if let Some(key) = self.search_bin(own, length, LOOKS) {
            return Some(key);
        }
        let larger = self.filled & (u128::MAX << own << 1);
        if larger != 0 {
            return Some(self.bins[larger.trailing_zeros() as usize]);
        }
        self.search_bin(own, length, usize::MAX)
    }

    fn search_bin(&self, bin: usize, length: usize, looks: usize) -> Option<BufferKey> {
        let mut key = self.bins[bin];
        for _ in 0..looks {
            let block = self.blocks.get(key)?;
            if block.length >= length {
                return Some(key);
            }
            match block.state {
                State::Free { next, .. } => key = next,
                State::Used(_) | State::Spare => return None,
            }
        }
        None
    }

    fn put_into_bin(&mut self, key: BufferKey) {
        let bin = bin_of(self.blocks[key].length);
        let next = core::mem::replace(&mut self.bins[bin], key);
        self.filled |= 1 << bin;
        self.blocks[key].state = State::Free {
            previous: Key::NOTHING,
            next,
        };
        self.set_bin_previous(next, key);
    }

    fn take_from_bin(&mut self, key: BufferKey) {
        let block = &self.blocks[key];
        let bin = bin_of(block.length);
        let State::Free { previous, next } = block.state else {
            return;
        };
        self.set_bin_previous(next, previous);
        match self.blocks.get_mut(previous).map(|block| &mut block.state) {
            Some(State::Free { next: link, .. }) => *link = next,
            _ => self.bins[bin] = next,
        }
        if self.bins[bin] == Key::NOTHING {
            self.filled &= !(1 << bin);
        }
    }

    fn set_bin_previous(&mut self, key: BufferKey, value: BufferKey) {
        if let Some(block) = self.blocks.get_mut(key)
            && let State::Free { previous, .. } = &mut block.state
        {
            *previous = value;
        }
    }

    /// Makes what is left of a block behind `length` bytes a free block of its own.
    fn split(&mut self, key: BufferKey, length: usize) -> Result<(), Errno> {
        let block = &self.blocks[key];
        let (offset, rest, next) = (block.offset + length, block.length - length, block.next);
        if rest == 0 {
            return Ok(());
        }
        let behind = self.blocks.insert(Block {
            offset,
            length: rest,
            previous: key,
            next,
            state: State::Free {
                previous: Key::NOTHING,
                next: Key::NOTHING,
            },
        })?;
        let block = &mut self.blocks[key];
        (block.length, block.next) = (length, behind);
        if let Some(next) = self.blocks.get_mut(next) {
            next.previous = behind;
        }
        let first = &mut self.first_in_page[offset / PAGE];
        let is_first = self
            .blocks
            .get(*first)
            .is_none_or(|other| other.offset > offset);
        if is_first {
            *first = behind;
        }
        self.put_into_bin(behind);
        Ok(())
    }

    /// Adds a block to the one in front of it.
    fn merge(&mut self, key: BufferKey, next: BufferKey) {
        let Some(gone) = self.blocks.remove(next) else {
            return;
        };
        let block = &mut self.blocks[key];
        block.length += gone.length;
        block.next = gone.next;
        if let Some(after) = self.blocks.get_mut(gone.next) {
            after.previous = key;
        }
        let page = gone.offset / PAGE;
        if self.first_in_page[page] == next {
            let after = self.blocks.get(gone.next);
            let is_there = after.is_some_and(|after| after.offset / PAGE == page);
            self.first_in_page[page] = if is_there { gone.next } else { Key::NOTHING };
        }
    }
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
