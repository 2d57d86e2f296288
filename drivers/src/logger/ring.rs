//! The memory of one log.
//!
//! Contract: the newest entries are kept whole, the oldest give way. Positions only grow, so a
//! reader that remembers one knows whether what it has not read is still there. The memory is
//! taken once, at creation.

use abi::Errno;
use abi::logger::{EntryHeader, NamespaceHeader, PAYLOAD_MAX};
use alloc::boxed::Box;
use alloc::vec::Vec;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::user::Transfer;

/// Bytes that a log keeps.
pub const SIZE: usize = 256 * 1024;

/// What is kept in front of an entry's bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Record {
    /// The number of the writer's namespace, which is never given twice.
    pub namespace: u64,
    /// Not 0: a persona has dropped its entries, and this was one of them.
    discarded: u64,
    /// What readers of all namespaces see.
    pub origin: NamespaceHeader,
    /// What every reader sees. `header_size` is the reader's affair and 0 here.
    pub header: EntryHeader,
}

impl Record {
    /// Of an entry that is yet to be written; its length follows then.
    pub fn new(namespace: u64, origin: NamespaceHeader, header: EntryHeader) -> Self {
        Self {
            namespace,
            discarded: 0,
            origin,
            header,
        }
    }

    /// Bytes of the entry in the ring, its record included.
    fn span(&self) -> u64 {
        (size_of::<Self>() + usize::from(self.header.length)) as u64
    }
}

/// An entry that is there.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it is.
    position: u64,
    /// What is known of it.
    pub record: Record,
}

impl Entry {
    /// Its position.
    pub fn start(&self) -> u64 {
        self.position
    }

    /// The position behind it.
    pub fn end(&self) -> u64 {
        self.position + self.record.span()
    }
}

/// One log.
pub struct Ring {
    /// A power of two long, so that positions wrap with a mask.
    bytes: Box<[u8]>,
    /// Position of the oldest entry.
    tail: u64,
    /// Position behind the newest.
    head: u64,
}

impl Ring {
    /// An empty log.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new() -> Result<Self, Errno> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(SIZE).map_err(|_| Errno::ENOMEM)?;
        bytes.resize(SIZE, 0);
        Ok(Self {
            bytes: bytes.into_boxed_slice(),
            tail: 0,
            head: 0,
        })
    }

    /// Adds an entry of at most [`PAYLOAD_MAX`] of the `length` bytes that `source` has; returns
    /// how many it took. Nothing becomes no entry.
    ///
    /// # Errors
    /// EFAULT: `source` failed in the middle; there is no new entry then.
    pub fn append(
        &mut self,
        mut record: Record,
        length: usize,
        source: Transfer<'_>,
    ) -> Result<usize, Errno> {
        let length = length.min(PAYLOAD_MAX);
        if length == 0 {
            return Ok(0);
        }
        record.header.length = length as u16;
        self.make_room(record.span());
        let start = self.head + size_of::<Record>() as u64;
        for range in self.places(start, length) {
            let wanted = range.len();
            if source(&mut self.bytes[range])? != wanted {
                return Err(Errno::EFAULT);
            }
        }
        self.put_record(self.head, &record);
        self.head += record.span();
        Ok(length)
    }

    /// The first entry from `position` on that `is_wanted`. What has given way is passed over.
    pub fn find(&self, position: u64, is_wanted: impl Fn(&Record) -> bool) -> Option<Entry> {
        let mut position = position.max(self.tail);
        while position < self.head {
            let record = self.record(position);
            if record.discarded == 0 && is_wanted(&record) {
                return Some(Entry { position, record });
            }
            position += record.span();
        }
        None
    }

    /// Shows the bytes of an entry, in one piece or two.
    ///
    /// # Errors
    /// What `put` answers.
    pub fn show(
        &self,
        entry: &Entry,
        mut put: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let start = entry.position + size_of::<Record>() as u64;
        let mut places = self
            .places(start, entry.record.header.length.into())
            .into_iter();
        places.try_for_each(|range| put(&self.bytes[range]))
    }

    /// The position behind the newest entry.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Drops all entries.
    pub fn clear(&mut self) {
        self.tail = self.head;
    }

    /// Drops the entries of one namespace.
    pub fn discard(&mut self, namespace: u64) {
        let mut position = self.tail;
        while position < self.head {
            let mut record = self.record(position);
            if record.namespace == namespace && record.discarded == 0 {
                record.discarded = 1;
                self.put_record(position, &record);
            }
            position += record.span();
        }
    }

    fn make_room(&mut self, bytes: u64) {
        while self.head + bytes - self.tail > SIZE as u64 {
            self.tail += self.record(self.tail).span();
        }
    }

    /// Where `length` bytes from `position` on lie: to the end of the memory, and from its start.
    fn places(&self, position: u64, length: usize) -> [core::ops::Range<usize>; 2] {
        let start = position as usize & (SIZE - 1);
        let first = length.min(SIZE - start);
        [start..start + first, 0..length - first]
    }

    fn record(&self, position: u64) -> Record {
        let mut record = Record::default();
        let [first, second] = self.places(position, size_of::<Record>());
        let (front, back) = record.as_mut_bytes().split_at_mut(first.len());
        front.copy_from_slice(&self.bytes[first]);
        back.copy_from_slice(&self.bytes[second]);
        record
    }

    fn put_record(&mut self, position: u64, record: &Record) {
        let [first, second] = self.places(position, size_of::<Record>());
        let (front, back) = record.as_bytes().split_at(first.len());
        self.bytes[first].copy_from_slice(front);
        self.bytes[second].copy_from_slice(back);
    }
}
