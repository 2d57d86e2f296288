//! What a thread's use of the machine is counted by, besides time: turns it gave up or lost, and
//! bytes it moved. A thread that ends adds its counts to its process, a process that is waited
//! for to its parent. Source: getrusage(2), proc_pid_io(5).

use core::sync::atomic::{AtomicU64, Ordering};

/// Counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often it gave the processor up to wait for something.
    pub voluntary_switches: u64,
    /// How often it had to give way.
    pub involuntary_switches: u64,
    /// Calls that read, and bytes they got.
    pub reads: u64,
    /// Bytes that calls read.
    pub read_bytes: u64,
    /// Calls that wrote.
    pub writes: u64,
    /// Bytes that calls wrote.
    pub written_bytes: u64,
    /// Page faults that needed no device.
    pub page_faults: u64,
    /// The most memory that any of those counted had at a time, in bytes.
    pub peak_resident_bytes: u64,
}

impl Counts {
    /// Both, summed up with another's; the peak is the higher one.
    pub fn plus(self, other: Self) -> Self {
        Self {
            voluntary_switches: self.voluntary_switches + other.voluntary_switches,
            involuntary_switches: self.involuntary_switches + other.involuntary_switches,
            reads: self.reads + other.reads,
            read_bytes: self.read_bytes + other.read_bytes,
            writes: self.writes + other.writes,
            written_bytes: self.written_bytes + other.written_bytes,
            page_faults: self.page_faults + other.page_faults,
            peak_resident_bytes: self.peak_resident_bytes.max(other.peak_resident_bytes),
        }
    }
}

/// The counters of a thread. Only the thread itself counts; others may read a moment late.
#[derive(Default)]
pub struct Counters {
    voluntary_switches: AtomicU64,
    involuntary_switches: AtomicU64,
    reads: AtomicU64,
    read_bytes: AtomicU64,
    writes: AtomicU64,
    written_bytes: AtomicU64,
}

fn add(counter: &AtomicU64, more: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(more);
    counter.store(sum, Ordering::Relaxed);
}

impl Counters {
    /// The thread gives the processor up.
    pub fn note_switch(&self, to_wait: bool) {
        add(
            if to_wait {
                &self.voluntary_switches
            } else {
                &self.involuntary_switches
            },
            1,
        );
    }

    /// A call has read so many bytes.
    pub fn note_read(&self, bytes: usize) {
        add(&self.reads, 1);
        add(&self.read_bytes, bytes as u64);
    }

    /// A call has written so many bytes.
    pub fn note_write(&self, bytes: usize) {
        add(&self.writes, 1);
        add(&self.written_bytes, bytes as u64);
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            voluntary_switches: get(&self.voluntary_switches),
            involuntary_switches: get(&self.involuntary_switches),
            reads: get(&self.reads),
            read_bytes: get(&self.read_bytes),
            writes: get(&self.writes),
            written_bytes: get(&self.written_bytes),
            page_faults: 0,
            peak_resident_bytes: 0,
        }
    }
}
