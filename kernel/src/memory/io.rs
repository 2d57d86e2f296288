//! Where `read(2)` puts its bytes and `write(2)` takes them: a list of user ranges, or memory
//! of the kernel's own, so that a file need not know which.
//!
//! A fault in the middle ends a transfer early: what was transferred before counts, and only a
//! transfer that faults at its first byte is EFAULT. That is what Linux does.

use abi::Iovec;
use metal::copy;
use metal::paging::USER_END;

use super::Frame;
use super::user;
use crate::error::{Errno, Result};

/// The most a single call transfers, as on Linux (MAX_RW_COUNT).
pub const TRANSFER_MAX: usize = 0x7fff_f000;
/// The most ranges a call may name (IOV_MAX).
pub const RANGES_MAX: usize = 1024;

/// The user ranges of one call.
pub struct UserRanges {
    ranges: Ranges,
}

enum Ranges {
    One([Iovec; 1]),
    Many(alloc::vec::Vec<Iovec>),
}

impl UserRanges {
    /// One range.
    pub fn one(address: usize, length: usize) -> Self {
        let range = Iovec {
            iov_base: address as u64,
            iov_len: length.min(TRANSFER_MAX) as u64,
        };
        Self {
            ranges: Ranges::One([range]),
        }
    }

    /// The ranges that an array of `count` iovecs at `address` names (readv(2)).
    ///
    /// # Errors
    /// EFAULT, and EINVAL for more than 1,024 ranges or more bytes than an `ssize_t` counts.
    pub fn from_iovecs(address: usize, count: usize) -> Result<Self> {
        // Linux looks at the lower half only.
        let count = count as u32 as usize;
        if count > RANGES_MAX {
            return Err(Errno::EINVAL);
        }
        let mut ranges: alloc::vec::Vec<Iovec> = user::read_array(address, count)?;
        // A senseless length anywhere is told of before the first bad address.
        if ranges.iter().any(|range| range.iov_len > i64::MAX as u64) {
            return Err(Errno::EINVAL);
        }
        let mut left = TRANSFER_MAX as u64;
        for range in &mut ranges {
            let end = range.iov_base.checked_add(range.iov_len);
            if end.is_none_or(|end| end > USER_END as u64) {
                return Err(Errno::EFAULT);
            }
            range.iov_len = range.iov_len.min(left);
            left -= range.iov_len;
        }
        Ok(Self {
            ranges: Ranges::Many(ranges),
        })
    }

    fn as_slice(&self) -> &[Iovec] {
        match &self.ranges {
            Ranges::One(range) => range,
            Ranges::Many(ranges) => ranges,
        }
    }

    /// Whether there is no byte in them.
    pub fn is_empty(&self) -> bool {
        self.as_slice().iter().all(|range| range.iov_len == 0)
    }

    /// The ranges as a place to put bytes.
    pub fn sink(&self) -> Sink<'_> {
        Sink(Target::User(Cursor::new(self.as_slice())))
    }

    /// The ranges as a place to take bytes from.
    pub fn source(&self) -> Source<'_> {
        Source(Origin::User(Cursor::new(self.as_slice())))
    }
}

/// A position in a list of user ranges.
#[derive(Clone)]
struct Cursor<'a> {
    ranges: &'a [Iovec],
    offset: usize,
    left: usize,
}

impl<'a> Cursor<'a> {
    fn new(ranges: &'a [Iovec]) -> Self {
        let left = ranges.iter().map(|range| range.iov_len as usize).sum();
        Self {
            ranges,
            offset: 0,
            left,
        }
    }

    /// Transfers up to `length` bytes with `transfer(user address, bytes done, bytes)`, which
    /// answers how many it did. Stops at the first short answer.
    fn advance(
        &mut self,
        length: usize,
        mut transfer: impl FnMut(usize, usize, usize) -> core::result::Result<(), copy::Fault>,
    ) -> Result<usize> {
        let length = length.min(self.left);
        let mut done = 0;
        while done < length {
            let range = self.ranges[0];
            let part = (range.iov_len as usize - self.offset).min(length - done);
            if part > 0 {
                let address = (range.iov_base as usize).wrapping_add(self.offset);
                if let Err(fault) = transfer(address, done, part) {
                    done += fault.copied;
                    self.consume(fault.copied);
                    return if done == 0 {
                        Err(Errno::EFAULT)
                    } else {
                        Ok(done)
                    };
                }
            }
            done += part;
            self.consume(part);
            if self.left > 0 && self.offset == self.ranges[0].iov_len as usize {
                self.ranges = &self.ranges[1..];
                self.offset = 0;
            }
        }
        Ok(done)
    }

    fn consume(&mut self, bytes: usize) {
        self.offset += bytes;
        self.left -= bytes;
    }
}

enum Target<'a> {
    User(Cursor<'a>),
    Kernel { bytes: &'a mut [u8], done: usize },
}

/// Where bytes go.
pub struct Sink<'a>(Target<'a>);

impl<'a> Sink<'a> {
    /// Puts bytes into the kernel's own memory.
    pub fn from_slice(bytes: &'a mut [u8]) -> Self {
        Self(Target::Kernel { bytes, done: 0 })
    }

    /// How many bytes still fit.
    pub fn remaining(&self) -> usize {
        match &self.0 {
            Target::User(cursor) => cursor.left,
            Target::Kernel { bytes, done } => bytes.len() - done,
        }
    }

    /// Puts as many of `source` as fit; returns how many.
    ///
    /// # Errors
    /// EFAULT when not even the first could be put.
    pub fn write(&mut self, source: &[u8]) -> Result<usize> {
        match &mut self.0 {
            Target::User(cursor) => cursor.advance(source.len(), |address, at, length| {
                copy::to_user(address, &source[at..at + length])
            }),
            Target::Kernel { bytes, done } => {
                let length = source.len().min(bytes.len() - *done);
                bytes[*done..*done + length].copy_from_slice(&source[..length]);
                *done += length;
                Ok(length)
            }
        }
    }

    /// Puts `length` bytes of a frame, from `offset` on. No lock that a page fault takes may
    /// be held.
    ///
    /// # Errors
    /// EFAULT when not even the first could be put.
    pub fn write_frame(&mut self, frame: &Frame, offset: usize, length: usize) -> Result<usize> {
        match &mut self.0 {
            Target::User(cursor) => cursor.advance(length, |address, at, length| {
                frame.read_to_user(offset + at, address, length)
            }),
            Target::Kernel { bytes, done } => {
                let length = length.min(bytes.len() - *done);
                frame.read(offset, &mut bytes[*done..*done + length]);
                *done += length;
                Ok(length)
            }
        }
    }

    /// Puts `length` zeros.
    ///
    /// # Errors
    /// EFAULT when not even the first could be put.
    pub fn zero(&mut self, length: usize) -> Result<usize> {
        match &mut self.0 {
            Target::User(cursor) => cursor.advance(length, |address, _, length| {
                copy::zero_user(address, length)
            }),
            Target::Kernel { bytes, done } => {
                let length = length.min(bytes.len() - *done);
                bytes[*done..*done + length].fill(0);
                *done += length;
                Ok(length)
            }
        }
    }
}

enum Origin<'a> {
    User(Cursor<'a>),
    Kernel(&'a [u8]),
}

/// Where bytes come from.
pub struct Source<'a>(Origin<'a>);

impl<'a> Source<'a> {
    /// Takes bytes from the kernel's own memory.
    pub fn from_slice(bytes: &'a [u8]) -> Self {
        Self(Origin::Kernel(bytes))
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        match &self.0 {
            Origin::User(cursor) => cursor.left,
            Origin::Kernel(bytes) => bytes.len(),
        }
    }

    /// Takes as many bytes as `destination` holds or are left; returns how many.
    ///
    /// # Errors
    /// EFAULT when not even the first could be taken.
    pub fn read(&mut self, destination: &mut [u8]) -> Result<usize> {
        match &mut self.0 {
            Origin::User(cursor) => cursor.advance(destination.len(), |address, at, length| {
                copy::from_user(&mut destination[at..at + length], address)
            }),
            Origin::Kernel(bytes) => {
                let length = destination.len().min(bytes.len());
                destination[..length].copy_from_slice(&bytes[..length]);
                *bytes = &bytes[length..];
                Ok(length)
            }
        }
    }

    /// Takes up to `length` bytes into a frame, from `offset` on. No lock that a page fault
    /// takes may be held.
    ///
    /// # Errors
    /// EFAULT when not even the first could be taken.
    pub fn read_into_frame(
        &mut self,
        frame: &Frame,
        offset: usize,
        length: usize,
    ) -> Result<usize> {
        match &mut self.0 {
            Origin::User(cursor) => cursor.advance(length, |address, at, length| {
                frame.write_from_user(offset + at, address, length)
            }),
            Origin::Kernel(bytes) => {
                let length = length.min(bytes.len());
                frame.write(offset, &bytes[..length]);
                *bytes = &bytes[length..];
                Ok(length)
            }
        }
    }
}
