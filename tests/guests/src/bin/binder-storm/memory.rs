//! The memory that the threads of a process call from. Each has an area, and may use those of the
//! others, at the same time as they do.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use storm::{AREA_BYTES, THREADS};

const WORD_BYTES: usize = size_of::<u64>();

/// The areas, side by side.
pub struct Memory(Box<[AtomicU64]>);

impl Memory {
    /// Zeros. Behind the last area is another one that nobody has, so that nothing is hit by a
    /// return that went too far because two threads wrote one call.
    pub fn new() -> Self {
        let words = (THREADS + 1) * AREA_BYTES / WORD_BYTES;
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Where the area with this number begins.
    pub fn address(&self, area: usize) -> u64 {
        let first = &self.area(area)[0];
        std::ptr::from_ref(first).expose_provenance() as u64
    }

    fn area(&self, area: usize) -> &[AtomicU64] {
        let words = AREA_BYTES / WORD_BYTES;
        &self.0[area * words..][..words]
    }

    /// Puts bytes at the beginning of an area, and zeros up to the next word.
    pub fn put(&self, area: usize, bytes: &[u8]) {
        for (word, bytes) in self.area(area).iter().zip(bytes.chunks(WORD_BYTES)) {
            let mut value = [0; WORD_BYTES];
            value[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_ne_bytes(value), Ordering::Relaxed);
        }
    }

    /// Bytes of an area; the first of them is at a word.
    pub fn bytes(&self, area: usize, range: Range<usize>) -> Vec<u8> {
        let words = self.area(area)[range.start / WORD_BYTES..].iter();
        let bytes = words.flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes());
        bytes.take(range.len()).collect()
    }
}
