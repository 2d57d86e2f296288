//! `/dev/log/*` as programs see it: reads of one entry each, and the commands.

use abi::Errno;
use abi::logger::{
    HEADER_1, HEADER_2, LOGGER_FLUSH_LOG, LOGGER_GET_LOG_BUF_SIZE, LOGGER_GET_LOG_LEN,
    LOGGER_GET_NEXT_ENTRY_LEN, LOGGER_GET_VERSION, LOGGER_SET_DEV_NS_FILTER, LOGGER_SET_VERSION,
    NAMESPACE_HEADER,
};
use zerocopy::IntoBytes;

use super::persona::View;
use super::ring::{Entry, Record, Ring, SIZE};
use crate::user::UserMemory;

/// How a log is opened.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// For reading.
    pub reads: bool,
    /// For writing.
    pub writes: bool,
    /// By somebody who may read what other users wrote: root, or one of the log's group.
    pub all_users: bool,
}

/// One opening of a log.
pub struct Opening {
    access: Access,
    view: View,
    /// The next entry to read is the first from here on that this reader sees.
    position: u64,
    /// Of the header, 1 or 2.
    version: i32,
}

impl Opening {
    /// A reader begins with the oldest entry.
    pub fn new(access: Access, view: View) -> Self {
        Self {
            access,
            view,
            position: 0,
            version: 1,
        }
    }

    /// Reads the next entry into `room` bytes, through `put`, which says how many it took. None:
    /// there is nothing to read. `euid` is the caller's.
    ///
    /// # Errors
    /// EINVAL: the entry is longer than `room`; EFAULT. The entry can be read again then.
    pub fn read(
        &mut self,
        ring: &Ring,
        euid: u32,
        room: usize,
        put: &mut dyn FnMut(&[u8]) -> Result<usize, Errno>,
    ) -> Result<Option<usize>, Errno> {
        let Some(entry) = self.next(ring, euid) else {
            return Ok(None);
        };
        let length = self.length(&entry);
        if room < length {
            return Err(Errno::EINVAL);
        }
        let mut put_all = |bytes: &[u8]| match put(bytes)? {
            taken if taken == bytes.len() => Ok(()),
            _ => Err(Errno::EFAULT),
        };
        self.put_header(&entry.record, &mut put_all)?;
        ring.show(&entry, put_all)?;
        self.position = entry.end();
        Ok(Some(length))
    }

    /// Whether there is something to read.
    pub fn is_readable(&mut self, ring: &Ring, euid: u32) -> bool {
        self.access.reads && self.next(ring, euid).is_some()
    }

    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// EBADF: not open for it; EPERM, EINVAL, EFAULT; ENOTTY for unknown commands.
    pub fn ioctl(
        &mut self,
        ring: &mut Ring,
        memory: &dyn UserMemory,
        euid: u32,
        command: u32,
        argument: usize,
    ) -> Result<usize, Errno> {
        let is_readers = matches!(
            command,
            LOGGER_GET_LOG_LEN
                | LOGGER_GET_NEXT_ENTRY_LEN
                | LOGGER_GET_VERSION
                | LOGGER_SET_VERSION
                | LOGGER_SET_DEV_NS_FILTER
        );
        let is_writers = command == LOGGER_FLUSH_LOG;
        if is_readers && !self.access.reads || is_writers && !self.access.writes {
            return Err(Errno::EBADF);
        }
        match command {
            LOGGER_GET_LOG_BUF_SIZE => return Ok(SIZE),
            LOGGER_GET_LOG_LEN => return Ok(self.readable_length(ring, euid)),
            LOGGER_GET_NEXT_ENTRY_LEN => {
                let next = self.next(ring, euid);
                return Ok(next.map_or(0, |entry| self.length(&entry)));
            }
            LOGGER_FLUSH_LOG => match self.view.flushes() {
                Some(namespace) => ring.discard(namespace),
                None => ring.clear(),
            },
            LOGGER_GET_VERSION => return Ok(self.version as usize),
            LOGGER_SET_VERSION => self.set_version(memory, argument)?,
            LOGGER_SET_DEV_NS_FILTER => self.view.set_filter(argument as i32)?,
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn set_version(&mut self, memory: &dyn UserMemory, argument: usize) -> Result<(), Errno> {
        let mut version = 0i32;
        memory.read(argument, version.as_mut_bytes())?;
        if !(1..=2).contains(&version) {
            return Err(Errno::EINVAL);
        }
        self.version = version;
        Ok(())
    }

    fn sees(&self, record: &Record, euid: u32) -> bool {
        self.view.shows(record) && (self.access.all_users || record.header.euid == euid)
    }

    /// The next entry. What lies before it is not looked at again.
    fn next(&mut self, ring: &Ring, euid: u32) -> Option<Entry> {
        let found = ring.find(self.position, |record| self.sees(record, euid));
        self.position = found.map_or(ring.head(), |entry| entry.start());
        found
    }

    fn readable_length(&mut self, ring: &Ring, euid: u32) -> usize {
        let mut total = 0;
        let mut next = self.next(ring, euid);
        while let Some(entry) = next {
            total += self.length(&entry);
            next = ring.find(entry.end(), |record| self.sees(record, euid));
        }
        total
    }

    /// Bytes of the header that this reader gets.
    fn header_length(&self) -> usize {
        let plain = match self.version {
            1 => HEADER_1,
            _ => HEADER_2,
        };
        plain
            + if self.view.tells_origin() {
                NAMESPACE_HEADER
            } else {
                0
            }
    }

    /// Bytes of the entry that this reader gets.
    fn length(&self, entry: &Entry) -> usize {
        self.header_length() + usize::from(entry.record.header.length)
    }

    fn put_header(
        &self,
        record: &Record,
        put: &mut dyn FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        if self.view.tells_origin() {
            put(record.origin.as_bytes())?;
        }
        let mut header = record.header;
        if self.version == 1 {
            return put(&header.as_bytes()[..HEADER_1]);
        }
        header.header_size = self.header_length() as u16;
        put(header.as_bytes())
    }
}
