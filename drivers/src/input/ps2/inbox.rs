//! The bytes that interrupts brought and no thread has looked at yet.
//!
//! What does not fit is lost. Contract: from the first lost byte on, all are, until everything
//! that was kept has been taken; so what is lost lies in one piece, and whoever takes the bytes
//! is told where and how long it was. A keyboard loses strokes too, when the few bytes that it
//! keeps itself are not fetched in time; it does not say so, but such a moment is known by its
//! having had as many to give as it can keep.

use super::Received;
use crate::queue::ByteQueue;

/// Bytes of one device.
pub struct Inbox {
    kept: ByteQueue,
    lost: usize,
    /// The device may have lost something itself.
    was_full: bool,
}

/// Bytes that a keyboard keeps until they are fetched.
pub const KEYBOARD_KEEPS: usize = 16;

impl Inbox {
    /// For `capacity` bytes. None: there is no memory.
    pub fn new(capacity: usize) -> Option<Self> {
        let kept = ByteQueue::new(capacity)?;
        Some(Self {
            kept,
            lost: 0,
            was_full: false,
        })
    }

    /// Keeps a byte, or counts it as lost. Made for interrupt handlers: it does not allocate.
    pub fn push(&mut self, byte: u8) {
        if self.lost > 0 || !self.kept.push(byte) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// The device had as many bytes to give as it keeps.
    pub fn note_full(&mut self) {
        self.was_full = true;
    }

    /// Takes the oldest byte, or the hole behind the last one.
    pub fn pop(&mut self) -> Option<Received> {
        if let Some(byte) = self.kept.pop() {
            return Some(Received::Byte(byte));
        }
        let lost = core::mem::take(&mut self.lost);
        let was_full = core::mem::take(&mut self.was_full);
        (lost > 0 || was_full).then_some(Received::Lost(lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_one_hole_behind_what_was_kept() {
        let mut inbox = Inbox::new(4).unwrap();
        (1..=6).for_each(|byte| inbox.push(byte));
        assert_eq!(inbox.pop(), Some(Received::Byte(1)));
        // There is room again, but it lies behind what was lost.
        inbox.push(7);
        for byte in 2..=4 {
            assert_eq!(inbox.pop(), Some(Received::Byte(byte)));
        }
        assert_eq!(inbox.pop(), Some(Received::Lost(3)));
        assert_eq!(inbox.pop(), None);
        inbox.note_full();
        assert_eq!(inbox.pop(), Some(Received::Lost(0)));
        assert_eq!(inbox.pop(), None);
        inbox.push(8);
        assert_eq!(inbox.pop(), Some(Received::Byte(8)));
    }
}
