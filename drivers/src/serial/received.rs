//! What an interrupt handler leaves for the thread that feeds the terminal.
//!
//! Contract: fixed memory, usable in a `static`; when nobody takes the bytes out, new ones are
//! lost and counted, as they would be in the chip.
use crate::terminal::LineError;

/// Received bytes and errors, oldest first; at most `SLOTS` of them.
pub struct ReceivedQueue<const SLOTS: usize> {
    slots: [Result<u8, LineError>; SLOTS],
    tail: usize,
    length: usize,
    lost: u64,
}

impl<const SLOTS: usize> ReceivedQueue<SLOTS> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            slots: [Ok(0); SLOTS],
            tail: 0,
            length: 0,
            lost: 0,
        }
    }

    /// Appends what was received.
    pub fn push(&mut self, received: Result<u8, LineError>) {
        if self.length == SLOTS {
            self.lost += 1;
            return;
        }
        self.slots[(self.tail + self.length) % SLOTS] = received;
        self.length += 1;
    }

    /// Takes the bytes up to the next error into `bytes`, as many as fit, and says how many.
    pub fn take_bytes(&mut self, bytes: &mut [u8]) -> usize {
        let mut count = 0;
        while count < bytes.len() && self.length > 0 {
            let Ok(byte) = self.slots[self.tail] else {
                break;
            };
            bytes[count] = byte;
            count += 1;
            self.drop_oldest();
        }
        count
    }

    /// Takes an error, if that is what comes next.
    pub fn take_error(&mut self) -> Option<LineError> {
        if self.length == 0 {
            return None;
        }
        let error = self.slots[self.tail].err()?;
        self.drop_oldest();
        Some(error)
    }

    fn drop_oldest(&mut self) {
        self.tail = (self.tail + 1) % SLOTS;
        self.length -= 1;
    }

    /// How many bytes were lost since the last question.
    pub fn take_lost(&mut self) -> u64 {
        core::mem::take(&mut self.lost)
    }
}

impl<const SLOTS: usize> Default for ReceivedQueue<SLOTS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_errors_keep_their_order() {
        let mut queue = ReceivedQueue::<8>::new();
        for received in [Ok(b'a'), Ok(b'b'), Err(LineError::Break), Ok(b'c')] {
            queue.push(received);
        }
        let mut bytes = [0; 8];
        assert_eq!(queue.take_error(), None);
        assert_eq!(queue.take_bytes(&mut bytes), 2);
        assert_eq!(&bytes[..2], b"ab");
        assert_eq!(queue.take_bytes(&mut bytes), 0);
        assert_eq!(queue.take_error(), Some(LineError::Break));
        assert_eq!(queue.take_bytes(&mut bytes), 1);
        assert_eq!(queue.take_error(), None);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut queue = ReceivedQueue::<2>::new();
        (0..5).for_each(|byte| queue.push(Ok(byte)));
        let mut bytes = [0; 8];
        assert_eq!(queue.take_bytes(&mut bytes), 2);
        assert_eq!((queue.take_lost(), queue.take_lost()), (3, 0));
    }
}
