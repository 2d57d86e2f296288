//! Returns on their way to the program: collected, then copied out.

use abi::Errno;
use abi::binder::TransactionDataSecctx;

use super::Room;
use crate::binder::Caller;

/// A return of a transaction, its number included: no read ends for want of room before this much
/// of it is left.
pub(super) const LARGEST: u64 = 4 + size_of::<TransactionDataSecctx>() as u64;
/// Bytes that are collected before they are copied out: two words and a transaction at least.
const COLLECTED: usize = 96;

/// Returns on their way to the program.
pub(super) struct Output<'a, C> {
    pub(super) caller: &'a C,
    pub(super) start: u64,
    end: u64,
    /// Where what is collected belongs.
    position: u64,
    bytes: [u8; COLLECTED],
    used: usize,
}

impl<'a, C: Caller> Output<'a, C> {
    /// For a room that may have been filled in part.
    pub(super) fn new(caller: &'a C, room: &Room) -> Self {
        Self {
            caller,
            start: room.address,
            end: room.address.wrapping_add(room.size),
            position: room.address.wrapping_add(room.consumed),
            bytes: [0; COLLECTED],
            used: 0,
        }
    }

    /// How many bytes of the room are filled.
    pub(super) fn consumed(&self) -> u64 {
        self.position.wrapping_sub(self.start)
    }

    /// Where the next return belongs. A program may have asked for any address; those behind the
    /// last one are as bad as that.
    fn next(&self) -> u64 {
        self.position.wrapping_add(self.used as u64)
    }

    pub(super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.next())
    }

    pub(super) fn is_full(&self) -> bool {
        COLLECTED - self.used < LARGEST as usize
    }

    /// Whether nothing but one word has been told.
    pub(super) fn has_one_word(&self) -> bool {
        self.next().wrapping_sub(self.start) == 4
    }

    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let end = self.used + bytes.len();
        self.bytes[self.used..end].copy_from_slice(bytes);
        self.used = end;
    }

    /// Copies out what is collected, which stays.
    pub(super) fn show(&self) -> Result<(), Errno> {
        if self.used == 0 {
            return Ok(());
        }
        let at = self.position as usize;
        self.caller.write(at, &self.bytes[..self.used])
    }

    pub(super) fn flush(&mut self) -> Result<(), Errno> {
        self.show()?;
        self.position = self.next();
        self.used = 0;
        Ok(())
    }

    /// Puts a word where the returns of the program begin.
    pub(super) fn put_first(&mut self, word: u32) -> Result<(), Errno> {
        let bytes = word.to_ne_bytes();
        if self.position == self.start && self.used >= bytes.len() {
            self.bytes[..bytes.len()].copy_from_slice(&bytes);
            return Ok(());
        }
        self.caller.write(self.start as usize, &bytes)
    }
}
