//! The bytes that interrupts brought and no thread has looked at yet.
//!
//! What does not fit is lost. Contract: from the first lost byte on, all are, until everything
//! that was kept has been taken; so what is lost lies in one piece, and whoever takes the bytes
//! is told where and how long it was. A keyboard loses strokes too, or the ends of them, when the
//! few bytes that it keeps itself are not fetched in time; it does not say so, but such a moment is
//! known by its having had as many to give as it can keep. Of several such the last is told.

use super::Received;
use crate::queue::ByteQueue;

/// Bytes of one device.
pub struct Inbox {
    kept: ByteQueue,
    /// Bytes that the device keeps until they are fetched, if what it cannot keep matters.
    device_keeps: Option<usize>,
    /// Bytes fetched since the device last had none.
    in_a_row: usize,
    /// The device may have lost something itself, behind so many of the kept bytes.
    full_behind: Option<usize>,
    lost: usize,
}

/// Bytes that a keyboard keeps until they are fetched.
pub const KEYBOARD_KEEPS: usize = 16;

impl Inbox {
    /// For `capacity` bytes of a device that loses what comes while `device_keeps` wait in it.
    /// None: there is no memory.
    pub fn new(capacity: usize, device_keeps: Option<usize>) -> Option<Self> {
        let kept = ByteQueue::new(capacity)?;
        Some(Self {
            kept,
            device_keeps,
            in_a_row: 0,
            full_behind: None,
            lost: 0,
        })
    }

    /// Keeps a byte, or counts it as lost. Made for interrupt handlers: it does not allocate.
    pub fn push(&mut self, byte: u8) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.lost > 0 || !self.kept.push(byte) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// The device has no more bytes to give. Made for interrupt handlers.
    pub fn note_empty(&mut self) {
        let in_a_row = core::mem::take(&mut self.in_a_row);
        if self.device_keeps.is_some_and(|keeps| in_a_row >= keeps) {
            self.full_behind = Some(self.kept.len());
        }
    }

    /// Takes the oldest byte, or a hole where it is.
    pub fn pop(&mut self) -> Option<Received> {
        if self.full_behind == Some(0) {
            self.full_behind = None;
            // Where bytes are lost from here on, that hole says it all.
            if self.lost == 0 || !self.kept.is_empty() {
                return Some(Received::Lost(0));
            }
        }
        if let Some(byte) = self.kept.pop() {
            self.full_behind = self.full_behind.map(|behind| behind - 1);
            return Some(Received::Byte(byte));
        }
        let lost = core::mem::take(&mut self.lost);
        (lost > 0).then_some(Received::Lost(lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_one_hole_behind_what_was_kept() {
        let mut inbox = Inbox::new(4, None).unwrap();
        (1..=6).for_each(|byte| inbox.push(byte));
        assert_eq!(inbox.pop(), Some(Received::Byte(1)));
        // There is room again, but it lies behind what was lost.
        inbox.push(7);
        for byte in 2..=4 {
            assert_eq!(inbox.pop(), Some(Received::Byte(byte)));
        }
        assert_eq!(inbox.pop(), Some(Received::Lost(3)));
        assert_eq!(inbox.pop(), None);
        inbox.push(8);
        assert_eq!(inbox.pop(), Some(Received::Byte(8)));
    }

    #[test]
    fn a_device_that_was_full_has_a_hole_where_it_was() {
        let mut inbox = Inbox::new(16, Some(4)).unwrap();
        let fetch = |inbox: &mut Inbox, bytes: &[u8]| {
            bytes.iter().for_each(|byte| inbox.push(*byte));
            inbox.note_empty();
        };
        fetch(&mut inbox, &[1, 2, 3]);
        fetch(&mut inbox, &[4]);
        // Four, though two interrupts fetched them.
        [5, 6].iter().for_each(|byte| inbox.push(*byte));
        fetch(&mut inbox, &[7, 8]);
        fetch(&mut inbox, &[9]);
        for byte in 1..=8 {
            assert_eq!(inbox.pop(), Some(Received::Byte(byte)));
        }
        assert_eq!(inbox.pop(), Some(Received::Lost(0)));
        assert_eq!(inbox.pop(), Some(Received::Byte(9)));
        assert_eq!(inbox.pop(), None);
    }

    #[test]
    fn a_hole_of_both_kinds_is_told_once() {
        let mut inbox = Inbox::new(4, Some(4)).unwrap();
        (1..=5).for_each(|byte| inbox.push(byte));
        inbox.note_empty();
        for byte in 1..=4 {
            assert_eq!(inbox.pop(), Some(Received::Byte(byte)));
        }
        assert_eq!(inbox.pop(), Some(Received::Lost(1)));
        assert_eq!(inbox.pop(), None);
    }
}
