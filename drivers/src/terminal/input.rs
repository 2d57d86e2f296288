//! The input queue: bytes received and not yet read, with the ends of lines marked.
//!
//! Contract: everything before `line_head` belongs to complete lines and can no longer be edited;
//! what follows is the line being typed. In raw mode no lines are marked.
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bytes a terminal keeps for its readers (`N_TTY_BUF_SIZE`); one is always kept for a line end.
pub(super) const CAPACITY: usize = 4096;

/// Received bytes, oldest first, and marks on those that end a line.
pub(super) struct InputQueue {
    bytes: Box<[u8]>,
    line_ends: [u64; CAPACITY / 64],
    tail: usize,
    line_head: usize,
    head: usize,
}

impl InputQueue {
    /// An empty queue; none when there is no memory for it.
    pub(super) fn new() -> Option<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(CAPACITY).ok()?;
        bytes.resize(CAPACITY, 0);
        Some(Self {
            bytes: bytes.into_boxed_slice(),
            line_ends: [0; CAPACITY / 64],
            tail: 0,
            line_head: 0,
            head: 0,
        })
    }

    /// How many bytes wait, the line being typed included.
    pub(super) fn len(&self) -> usize {
        self.head.wrapping_sub(self.tail)
    }

    /// How many bytes of complete lines wait.
    pub(super) fn len_of_lines(&self) -> usize {
        self.line_head.wrapping_sub(self.tail)
    }

    /// How many bytes the line being typed has.
    pub(super) fn len_being_typed(&self) -> usize {
        self.head.wrapping_sub(self.line_head)
    }

    /// How many ordinary bytes still fit.
    pub(super) fn room(&self) -> usize {
        (CAPACITY - 1).saturating_sub(self.len())
    }

    const fn index(position: usize) -> usize {
        position & (CAPACITY - 1)
    }

    /// Appends an ordinary byte; one that does not fit is dropped.
    pub(super) fn push(&mut self, byte: u8) {
        if self.room() > 0 {
            self.store(byte, false);
        }
    }

    /// Appends as many of `bytes` as fit and says how many those were.
    pub(super) fn push_slice(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        for &byte in &bytes[..count] {
            self.store(byte, false);
        }
        count
    }

    /// Appends a byte that ends the line; there is always room for the one that ends a full line.
    pub(super) fn push_line_end(&mut self, byte: u8) {
        if self.len() < CAPACITY {
            self.store(byte, true);
            self.line_head = self.head;
        }
    }

    fn store(&mut self, byte: u8, ends_line: bool) {
        let index = Self::index(self.head);
        self.bytes[index] = byte;
        self.set_mark(index, ends_line);
        self.head = self.head.wrapping_add(1);
    }

    fn set_mark(&mut self, index: usize, ends_line: bool) {
        let bit = 1 << (index % 64);
        if ends_line {
            self.line_ends[index / 64] |= bit;
        } else {
            self.line_ends[index / 64] &= !bit;
        }
    }

    /// The oldest byte, and whether it ends a line.
    pub(super) fn front(&self) -> Option<(u8, bool)> {
        if self.len() == 0 {
            return None;
        }
        let index = Self::index(self.tail);
        Some((
            self.bytes[index],
            self.line_ends[index / 64] >> (index % 64) & 1 == 1,
        ))
    }

    /// Takes the oldest byte, and says whether it ended a line.
    pub(super) fn pop(&mut self) -> Option<(u8, bool)> {
        let front = self.front()?;
        if self.tail == self.line_head {
            self.line_head = self.line_head.wrapping_add(1);
        }
        self.tail = self.tail.wrapping_add(1);
        Some(front)
    }

    /// The byte `offset` places into the line being typed.
    pub(super) fn typed(&self, offset: usize) -> u8 {
        self.bytes[Self::index(self.line_head.wrapping_add(offset))]
    }

    /// Shortens the line being typed to `length` bytes.
    pub(super) fn truncate_typed(&mut self, length: usize) {
        if length < self.len_being_typed() {
            self.head = self.line_head.wrapping_add(length);
        }
    }

    /// How many of the waiting lines' bytes are marks of an end of file, which no reader gets.
    pub(super) fn count_ends_of_file(&self) -> usize {
        (0..self.len_of_lines())
            .map(|offset| Self::index(self.tail.wrapping_add(offset)))
            .filter(|&index| self.line_ends[index / 64] >> (index % 64) & 1 == 1)
            .filter(|&index| self.bytes[index] == abi::terminal::DISABLED)
            .count()
    }

    /// Forgets where lines end: all that waits becomes one line (`complete`) or no line at all.
    pub(super) fn forget_lines(&mut self, complete: bool) {
        self.line_ends = [0; CAPACITY / 64];
        self.line_head = self.tail;
        if complete && self.len() > 0 {
            self.set_mark(Self::index(self.head.wrapping_sub(1)), true);
            self.line_head = self.head;
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.tail = self.head;
        self.line_head = self.head;
    }
}
