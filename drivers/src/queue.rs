//! A queue of bytes of a fixed size: what stands between a device and its readers and writers.
//!
//! Contract: the memory is taken once, at creation; after that nothing allocates. Bytes come out
//! in the order they went in; what does not fit is refused, never overwritten.
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A first-in first-out queue of bytes.
pub struct ByteQueue {
    /// A power of two long, so that positions wrap with a mask.
    bytes: Box<[u8]>,
    /// Position of the oldest byte; positions only grow, and wrap with the integer.
    tail: usize,
    /// Position after the newest byte.
    head: usize,
}

impl ByteQueue {
    /// A queue for `capacity` bytes, rounded up to a power of two; none when there is no memory.
    pub fn new(capacity: usize) -> Option<Self> {
        let capacity = capacity.max(1).checked_next_power_of_two()?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).ok()?;
        bytes.resize(capacity, 0);
        Some(Self {
            bytes: bytes.into_boxed_slice(),
            tail: 0,
            head: 0,
        })
    }

    /// How many bytes wait in the queue.
    pub fn len(&self) -> usize {
        self.head.wrapping_sub(self.tail)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// How many bytes still fit.
    pub fn room(&self) -> usize {
        self.bytes.len() - self.len()
    }

    /// Where a position lies in the memory.
    fn index(&self, position: usize) -> usize {
        position & (self.bytes.len() - 1)
    }

    /// Appends one byte; false when the queue is full.
    pub fn push(&mut self, byte: u8) -> bool {
        if self.room() == 0 {
            return false;
        }
        let index = self.index(self.head);
        self.bytes[index] = byte;
        self.head = self.head.wrapping_add(1);
        true
    }

    /// Appends as many of `bytes` as fit and says how many those were.
    pub fn push_slice(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        let start = self.index(self.head);
        let first = count.min(self.bytes.len() - start);
        self.bytes[start..start + first].copy_from_slice(&bytes[..first]);
        self.bytes[..count - first].copy_from_slice(&bytes[first..count]);
        self.head = self.head.wrapping_add(count);
        count
    }

    /// Takes the oldest byte.
    pub fn pop(&mut self) -> Option<u8> {
        let byte = *self.front().first()?;
        self.consume(1);
        Some(byte)
    }

    /// Takes the oldest bytes, as many as `buffer` holds, and says how many those were.
    pub fn pop_slice(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < buffer.len() && !self.is_empty() {
            let front = self.front();
            let part = front.len().min(buffer.len() - count);
            buffer[count..count + part].copy_from_slice(&front[..part]);
            self.consume(part);
            count += part;
        }
        count
    }

    /// The oldest bytes that lie side by side in memory; empty only when the queue is.
    pub fn front(&self) -> &[u8] {
        let start = self.index(self.tail);
        &self.bytes[start..(start + self.len()).min(self.bytes.len())]
    }

    /// Drops the `count` oldest bytes, at most all there are.
    pub fn consume(&mut self, count: usize) {
        self.tail = self.tail.wrapping_add(count.min(self.len()));
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.tail = self.head;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_across_the_end_of_the_memory() {
        let mut queue = ByteQueue::new(8).unwrap();
        let mut buffer = [0; 8];
        for round in 0..20u8 {
            assert_eq!(queue.push_slice(&[round, 1, 2, 3, 4]), 5);
            assert_eq!(queue.pop_slice(&mut buffer), 5);
            assert_eq!(buffer[..5], [round, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn a_full_queue_refuses_and_keeps_what_it_has() {
        let mut queue = ByteQueue::new(4).unwrap();
        assert_eq!(queue.push_slice(b"abcdef"), 4);
        assert!(!queue.push(b'x'));
        assert_eq!(queue.room(), 0);
        assert_eq!(queue.pop(), Some(b'a'));
        assert!(queue.push(b'e'));
        let mut buffer = [0; 8];
        assert_eq!(queue.pop_slice(&mut buffer), 4);
        assert_eq!(&buffer[..4], b"bcde");
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn consuming_more_than_there_is_empties_it() {
        let mut queue = ByteQueue::new(4).unwrap();
        queue.push_slice(b"ab");
        queue.consume(100);
        assert!(queue.is_empty());
        assert_eq!(queue.room(), 4);
    }
}
