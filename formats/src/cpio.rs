//! The "newc" cpio archive, as ramdisks use it.
//!
//! An archive is a run of entries, each a header of 110 ASCII bytes (a magic of six and thirteen
//! numbers of eight hexadecimal digits), the name with a closing NUL, and the data; name and data
//! are padded so that the next part starts at a multiple of four. An entry named `TRAILER!!!` ends
//! it. Source: cpio(5), and "initramfs buffer format" in the Linux documentation.
//!
//! [`Reader`] is a state machine that is fed pieces of any size.

use crate::Failure;
use alloc::vec::Vec;

/// Bytes of an entry's header.
const HEADER_BYTES: usize = 110;
/// The longest name taken, closing NUL included (PATH_MAX).
const NAME_BYTES_MAX: u32 = 4096;
/// The name of the entry that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// What is wrong with an archive. Positions count bytes from the archive's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The header at this position starts with neither 070701 nor 070702.
    BadMagic(u64),
    /// A number in the header at this position is not eight hexadecimal digits.
    BadNumber(u64),
    /// The name of the entry at this position is empty or longer than 4,096 bytes.
    BadNameLength(u64),
    /// The name of the entry at this position has no closing NUL or one in the middle.
    BadName(u64),
    /// The archive ends at this position, before its trailer.
    Truncated(u64),
}

impl core::fmt::Display for Error {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Error::BadMagic(at) => write!(out, "no newc cpio header at byte {at}"),
            Error::BadNumber(at) => write!(out, "the cpio header at byte {at} has a bad number"),
            Error::BadNameLength(at) => {
                write!(
                    out,
                    "the name length in the cpio header at byte {at} is not 1 to 4096"
                )
            }
            Error::BadName(at) => {
                write!(
                    out,
                    "the name in the cpio entry at byte {at} does not end at its NUL"
                )
            }
            Error::Truncated(at) => write!(out, "the cpio archive is cut off at byte {at}"),
        }
    }
}

/// An entry's header, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Inode number; with `device` it says which entries are hard links of one file.
    pub inode: u32,
    /// File type and permission bits, as in `st_mode`.
    pub mode: u32,
    /// Owner.
    pub user: u32,
    /// Group.
    pub group: u32,
    /// Number of hard links.
    pub links: u32,
    /// Last modification, in seconds since 1970.
    pub modified_seconds: u32,
    /// Bytes of data that follow.
    pub size: u32,
    /// Major and minor number of the device that held the file.
    pub device: (u32, u32),
    /// Major and minor number of a device node.
    pub special: (u32, u32),
}

/// Receives the entries of an archive in their order.
pub trait Visitor {
    /// What the receiver may refuse with.
    type Error;
    /// An entry begins. `name` is as in the archive, without the NUL.
    fn begin(&mut self, header: &Header, name: &[u8]) -> Result<(), Self::Error>;
    /// A piece of the entry's data; the pieces come in order and add up to `header.size`.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
    /// The entry is complete.
    fn end(&mut self) -> Result<(), Self::Error>;
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    Name(Header, usize),
    Data { remaining: u32 },
    Padding { remaining: usize, next: After },
    Done,
}

#[derive(Debug, Clone, Copy)]
enum After {
    Data(u32),
    Header,
    Done,
}

/// Takes an archive apart, fed in pieces.
#[derive(Debug)]
pub struct Reader {
    state: State,
    /// The part of a header or name seen so far.
    gathered: Vec<u8>,
    position: u64,
    entry_start: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the start of an archive.
    pub fn new() -> Self {
        Reader {
            state: State::Header,
            gathered: Vec::new(),
            position: 0,
            entry_start: 0,
        }
    }

    /// Takes the next piece and returns how many of its bytes belong to the archive: fewer than
    /// given only when the trailer was reached.
    pub fn push<V: Visitor>(
        &mut self,
        input: &[u8],
        visitor: &mut V,
    ) -> Result<usize, Failure<Error, V::Error>> {
        let mut rest = input;
        loop {
            self.state = match self.state {
                State::Done => break,
                State::Padding { remaining, next } => {
                    let taken = remaining.min(rest.len());
                    self.advance(&mut rest, taken);
                    if taken < remaining {
                        self.state = State::Padding {
                            remaining: remaining - taken,
                            next,
                        };
                        break;
                    }
                    match next {
                        After::Header => State::Header,
                        After::Done => State::Done,
                        After::Data(remaining) => State::Data { remaining },
                    }
                }
                State::Header => {
                    if !self.gather(&mut rest, HEADER_BYTES) {
                        break;
                    }
                    self.header().map_err(Failure::Format)?
                }
                State::Name(header, length) => {
                    if !self.gather(&mut rest, length) {
                        break;
                    }
                    self.name(&header, visitor)?
                }
                State::Data { remaining } => {
                    let taken = rest.len().min(remaining as usize);
                    let piece = self.advance(&mut rest, taken);
                    if taken > 0 {
                        visitor.data(piece).map_err(Failure::Receiver)?;
                    }
                    let remaining = remaining - taken as u32;
                    if remaining > 0 {
                        self.state = State::Data { remaining };
                        break;
                    }
                    visitor.end().map_err(Failure::Receiver)?;
                    self.padding(After::Header)
                }
            };
        }
        Ok(input.len() - rest.len())
    }

    /// Whether the trailer was seen.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// To be asked when there is no more input: an archive without its trailer was cut off. One
    /// that ends between two entries is taken as whole, as Linux takes it.
    pub fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Done => Ok(()),
            State::Header if self.gathered.is_empty() && self.position > 0 => Ok(()),
            State::Padding {
                next: After::Done | After::Header,
                ..
            } => Ok(()),
            _ => Err(Error::Truncated(self.position)),
        }
    }

    fn advance<'a>(&mut self, rest: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (taken, left) = rest.split_at(count);
        *rest = left;
        self.position += count as u64;
        taken
    }

    /// Fills `gathered` up to `wanted` bytes; false when the input ends before.
    fn gather(&mut self, rest: &mut &[u8], wanted: usize) -> bool {
        let taken = (wanted - self.gathered.len()).min(rest.len());
        let piece = self.advance(rest, taken);
        self.gathered.extend_from_slice(piece);
        self.gathered.len() == wanted
    }

    fn padding(&self, next: After) -> State {
        State::Padding {
            remaining: (self.position.wrapping_neg() & 3) as usize,
            next,
        }
    }

    fn header(&mut self) -> Result<State, Error> {
        let start = self.position - HEADER_BYTES as u64;
        self.entry_start = start;
        let bytes = core::mem::take(&mut self.gathered);
        let (magic, digits) = bytes.split_at(6);
        if magic != b"070701" && magic != b"070702" {
            return Err(Error::BadMagic(start));
        }
        let mut numbers = [0u32; 13];
        for (number, text) in numbers.iter_mut().zip(digits.chunks_exact(8)) {
            *number = hexadecimal(text).ok_or(Error::BadNumber(start))?;
        }
        let [inode, mode, user, group, links, modified_seconds, size, ..] = numbers;
        let [
            ..,
            device_major,
            device_minor,
            major,
            minor,
            name_bytes,
            _check,
        ] = numbers;
        if name_bytes == 0 || name_bytes > NAME_BYTES_MAX {
            return Err(Error::BadNameLength(start));
        }
        let header = Header {
            inode,
            mode,
            user,
            group,
            links,
            modified_seconds,
            size,
            device: (device_major, device_minor),
            special: (major, minor),
        };
        Ok(State::Name(header, name_bytes as usize))
    }

    fn name<V: Visitor>(
        &mut self,
        header: &Header,
        visitor: &mut V,
    ) -> Result<State, Failure<Error, V::Error>> {
        let bytes = core::mem::take(&mut self.gathered);
        let name = match bytes.split_last() {
            Some((0, name)) if !name.contains(&0) => name,
            _ => return Err(Failure::Format(Error::BadName(self.entry_start))),
        };
        if name == TRAILER {
            return Ok(self.padding(After::Done));
        }
        visitor.begin(header, name).map_err(Failure::Receiver)?;
        Ok(self.padding(After::Data(header.size)))
    }
}

/// Eight hexadecimal digits of either case.
fn hexadecimal(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0u32, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}
