//! The bytes that a record lock covers, and what cutting one range out of another leaves. Both
//! ends are inside, so that a range can reach the last byte there is. Source: fcntl_locking(2).

use crate::error::Result;
use abi::Errno;

/// Bytes `start` to `end`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// The last byte; `Range::END` for "to the end, however far the file grows".
    pub end: u64,
}

impl Range {
    /// The last byte any file can have.
    pub const END: u64 = i64::MAX as u64;

    /// The range of a `struct flock`: `length` bytes from `start` after `base`, to the end for 0,
    /// before `start` if negative. `EINVAL`: begins before the file; `EOVERFLOW`: ends too far.
    pub fn new(base: i64, start: i64, length: i64) -> Result<Range> {
        let start = base.checked_add(start).ok_or(Errno::EOVERFLOW)?;
        let (first, last) = match length {
            0 => (start, i64::MAX),
            1.. => (
                start,
                start.checked_add(length - 1).ok_or(Errno::EOVERFLOW)?,
            ),
            _ => (start.checked_add(length).ok_or(Errno::EINVAL)?, start - 1),
        };
        if first < 0 || start < 0 {
            return Err(Errno::EINVAL);
        }
        Ok(Range {
            start: first as u64,
            end: last as u64,
        })
    }

    /// `l_len` as F_GETLK reports it.
    pub fn reported_length(&self) -> i64 {
        if self.end == Range::END {
            0
        } else {
            (self.end - self.start + 1) as i64
        }
    }

    /// Whether the two have a byte in common.
    pub fn overlaps(&self, other: &Range) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// Whether the two overlap or the one begins right after the other.
    pub fn touches(&self, other: &Range) -> bool {
        self.start <= other.end.saturating_add(1) && other.start <= self.end.saturating_add(1)
    }

    /// The smallest range with both in it.
    pub fn joined(&self, other: &Range) -> Range {
        Range {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// What is left of this range before and after `other`.
    pub fn without(&self, other: &Range) -> [Option<Range>; 2] {
        let before = (self.start < other.start).then(|| Range {
            start: self.start,
            end: self.end.min(other.start - 1),
        });
        let after = (self.end > other.end).then(|| Range {
            start: self.start.max(other.end + 1),
            end: self.end,
        });
        [before, after]
    }
}
