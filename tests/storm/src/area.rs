//! The memory that a thread calls from: the structure of its call, its commands, what they send,
//! and where it wants its returns.

use core::ops::Range;

use abi::binder::WriteRead;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::Random;

/// Bytes of an area.
pub const AREA_BYTES: usize = 0x2000;

/// Where the structure of a call is.
pub(crate) const CALL: usize = 0;
/// Where the commands are.
pub(crate) const COMMANDS: usize = 0x40;
/// Where the offsets of the objects are.
pub(crate) const OFFSETS: usize = 0x240;
/// Where the data with the objects is.
pub(crate) const DATA: usize = 0x280;
/// Where the buffers are that objects name.
pub(crate) const BUFFERS: usize = 0x400;
/// Where that ends: nothing behind it is ever written by a player.
pub(crate) const BUFFERS_END: usize = 0x600;
/// Where returns are wanted.
pub(crate) const RETURNS: usize = 0x1000;
/// Bytes for returns.
pub(crate) const RETURNS_BYTES: usize = AREA_BYTES - RETURNS;

/// What a player has written for a thread's next step.
#[derive(Debug)]
pub struct Area {
    /// The address at which the thread will have it.
    pub(crate) base: u64,
    /// What is to be there.
    pub(crate) bytes: [u8; BUFFERS_END],
    /// How many of the bytes were written for this step.
    used: usize,
}

impl Area {
    /// One that the thread will have at `base`, in memory of [`AREA_BYTES`].
    pub fn new(base: u64) -> Self {
        Self {
            base,
            bytes: [0; BUFFERS_END],
            used: 0,
        }
    }

    /// The bytes to be put at the beginning of the thread's memory before the step.
    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    pub(crate) fn put(&mut self, at: usize, value: &(impl IntoBytes + Immutable + ?Sized)) {
        let bytes = value.as_bytes();
        let end = at + bytes.len();
        self.bytes[at..end].copy_from_slice(bytes);
        self.used = self.used.max(end);
    }
}

/// Where in a thread's memory its returns are, after a call of BINDER_WRITE_READ whose structure
/// is now `call`: the first bytes of that memory.
pub fn returned(call: &[u8]) -> Range<usize> {
    let filled = WriteRead::read_from_prefix(call).map_or(0, |(call, _)| call.read_consumed);
    let filled = usize::try_from(filled).unwrap_or(usize::MAX);
    RETURNS..RETURNS + filled.min(RETURNS_BYTES)
}

/// An address where nobody has memory, or no program.
pub(crate) fn bad_address(random: &mut Random) -> u64 {
    random.pick(&[
        0,
        8,
        0x7fff_ffff_f000,
        0x8000_0000_0000,
        0xffff_8000_0000_0000,
        u64::MAX - 70,
        u64::MAX - 3,
        u64::MAX,
    ])
}
