//! The ring of log records.
//!
//! Contract: the newest records are always kept whole; the oldest give way. Records are numbered
//! without gaps, so a reader who remembers a number knows what it has missed. Nothing allocates.
use super::Priority;

/// Bytes of text that one record keeps; longer texts are cut.
pub const TEXT_LIMIT: usize = 1024;

/// What is known of a record besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number; the first record ever has 0.
    pub sequence: u64,
    /// When it was written, in microseconds since the machine started.
    pub microseconds: u64,
    /// Who wrote it and how urgent it is.
    pub priority: Priority,
    /// Bytes of text.
    pub length: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Position of the text; positions only grow.
    start: u64,
    length: u16,
    priority: Priority,
    microseconds: u64,
}

/// The newest records, at most `RECORDS` of them with `BYTES` bytes of text together.
pub struct Ring<const BYTES: usize, const RECORDS: usize> {
    text: [u8; BYTES],
    entries: [Entry; RECORDS],
    first: u64,
    next: u64,
    text_end: u64,
}

impl<const BYTES: usize, const RECORDS: usize> Ring<BYTES, RECORDS> {
    /// An empty ring.
    pub const fn new() -> Self {
        assert!(
            BYTES >= TEXT_LIMIT && RECORDS > 0,
            "a ring must hold one record at least"
        );
        let empty = Entry {
            start: 0,
            length: 0,
            priority: Priority(0),
            microseconds: 0,
        };
        Self {
            text: [0; BYTES],
            entries: [empty; RECORDS],
            first: 0,
            next: 0,
            text_end: 0,
        }
    }

    /// The number of the oldest record kept; that of the next one when there is none.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The number the next record will have.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Bytes of text the ring can keep.
    pub const fn capacity(&self) -> usize {
        BYTES
    }

    fn index(sequence: u64) -> usize {
        (sequence % RECORDS as u64) as usize
    }

    /// Adds a record, cut to [`TEXT_LIMIT`], and drops as many old ones as it takes.
    pub fn push(&mut self, priority: Priority, microseconds: u64, text: &[u8]) {
        let text = &text[..text.len().min(TEXT_LIMIT)];
        let end = self.text_end + text.len() as u64;
        while self.first < self.next
            && (self.next - self.first == RECORDS as u64
                || self.entries[Self::index(self.first)].start + (BYTES as u64) < end)
        {
            self.first += 1;
        }
        let start = self.text_end;
        for (&byte, position) in text.iter().zip(start..) {
            self.text[(position % BYTES as u64) as usize] = byte;
        }
        self.entries[Self::index(self.next)] = Entry {
            start,
            length: text.len() as u16,
            priority,
            microseconds,
        };
        self.text_end = end;
        self.next += 1;
    }

    /// What is known of record `sequence`; none when it is gone or not yet written.
    pub fn record(&self, sequence: u64) -> Option<Record> {
        if !(self.first..self.next).contains(&sequence) {
            return None;
        }
        let entry = &self.entries[Self::index(sequence)];
        Some(Record {
            sequence,
            microseconds: entry.microseconds,
            priority: entry.priority,
            length: entry.length.into(),
        })
    }

    /// Copies record `sequence` out; `text` gets as much of its text as it holds.
    pub fn read(&self, sequence: u64, text: &mut [u8; TEXT_LIMIT]) -> Option<Record> {
        let record = self.record(sequence)?;
        let start = self.entries[Self::index(sequence)].start;
        for (byte, position) in text[..record.length].iter_mut().zip(start..) {
            *byte = self.text[(position % BYTES as u64) as usize];
        }
        Some(record)
    }
}

impl<const BYTES: usize, const RECORDS: usize> Default for Ring<BYTES, RECORDS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    const PRIORITY: Priority = Priority::of_kernel(Level::INFORMATION);

    fn text<const B: usize, const R: usize>(ring: &Ring<B, R>, sequence: u64) -> Option<String> {
        let mut buffer = [0; TEXT_LIMIT];
        let record = ring.read(sequence, &mut buffer)?;
        Some(String::from_utf8_lossy(&buffer[..record.length]).into_owned())
    }

    #[test]
    fn records_are_numbered_and_kept() {
        let mut ring = Ring::<2000, 4>::new();
        ring.push(PRIORITY, 5, b"one");
        ring.push(PRIORITY, 6, b"two");
        assert_eq!((ring.first(), ring.next()), (0, 2));
        assert_eq!(text(&ring, 1).unwrap(), "two");
        assert_eq!(ring.record(0).unwrap().microseconds, 5);
        assert_eq!(ring.record(2), None);
    }

    #[test]
    fn the_oldest_give_way_to_many() {
        let mut ring = Ring::<2000, 4>::new();
        for number in 0..10 {
            ring.push(PRIORITY, number, number.to_string().as_bytes());
        }
        assert_eq!((ring.first(), ring.next()), (6, 10));
        assert_eq!(text(&ring, 5), None);
        assert_eq!(text(&ring, 6).unwrap(), "6");
    }

    #[test]
    fn the_oldest_give_way_to_long_ones_and_texts_stay_whole() {
        let mut ring = Ring::<1100, 64>::new();
        for number in 0..100_usize {
            let long = number.to_string().repeat(number * 7);
            ring.push(PRIORITY, 0, long.as_bytes());
            for kept in ring.first()..ring.next() {
                let mut expected = kept.to_string().repeat(kept as usize * 7);
                expected.truncate(TEXT_LIMIT);
                assert_eq!(text(&ring, kept).unwrap(), expected);
            }
        }
    }
}
