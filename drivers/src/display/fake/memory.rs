//! The memory of a machine that is given out as screen memory.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::display::memory::{FrameRun, MemorySource, ScreenMemory};

const PAGE: usize = 4096;
/// Pages that lie side by side.
const RUN_PAGES: usize = 5;

/// All memory that is in use, by physical address.
#[derive(Clone, Default)]
pub struct Machine {
    in_use: Arc<Mutex<BTreeMap<u64, Weak<FakeMemory>>>>,
}

impl Machine {
    pub fn new() -> Self {
        Self::default()
    }

    /// How many pieces of memory are in use.
    pub fn in_use(&self) -> usize {
        let in_use = self.in_use.lock().unwrap();
        in_use
            .values()
            .filter(|piece| piece.strong_count() > 0)
            .count()
    }

    /// What a device reads at a physical address; None where nothing is.
    pub fn device_reads(&self, address: u64, into: &mut [u8]) -> Option<()> {
        let in_use = self.in_use.lock().unwrap();
        let (_, piece) = in_use.range(..=address).next_back()?;
        let piece = piece.upgrade()?;
        let offset = piece.offset_of(address)?;
        (offset + into.len() <= piece.length()).then(|| piece.read(offset, into))
    }
}

impl MemorySource for Machine {
    fn zeroed(&self, bytes: usize) -> Option<Arc<dyn ScreenMemory>> {
        let length = bytes.next_multiple_of(PAGE);
        let mut in_use = self.in_use.lock().unwrap();
        let address = match in_use.last_key_value() {
            Some((last, _)) => last + (1 << 32),
            None => 1 << 32,
        };
        let memory = Arc::new(FakeMemory {
            address,
            bytes: Mutex::new(vec![0; length]),
            dirty: Mutex::default(),
            bytes_read: AtomicUsize::new(0),
        });
        in_use.insert(address, Arc::downgrade(&memory));
        Some(memory)
    }
}

/// Memory with a hole after each run of pages.
pub struct FakeMemory {
    address: u64,
    bytes: Mutex<Vec<u8>>,
    dirty: Mutex<BTreeSet<usize>>,
    bytes_read: AtomicUsize,
}

impl FakeMemory {
    /// The memory behind a screen.
    pub fn of(memory: &Arc<dyn ScreenMemory>) -> Arc<Self> {
        let memory: Arc<dyn Any + Send + Sync> = Arc::clone(memory) as _;
        memory.downcast().unwrap()
    }

    /// A program writes through a mapping.
    pub fn draw(&self, offset: usize, bytes: &[u8]) {
        self.write(offset, bytes);
        let pages = offset / PAGE..(offset + bytes.len()).div_ceil(PAGE);
        self.dirty.lock().unwrap().extend(pages);
    }

    /// How many bytes anybody has read since this was last asked.
    pub fn bytes_read(&self) -> usize {
        self.bytes_read.swap(0, Ordering::Relaxed)
    }

    /// Somebody is in the middle of something, as long as this is kept.
    pub fn hold(&self) -> impl Sized + '_ {
        self.bytes.lock().unwrap()
    }

    fn offset_of(&self, address: u64) -> Option<usize> {
        let distance = (address - self.address) as usize;
        let (run, inside) = (
            distance / (2 * RUN_PAGES * PAGE),
            distance % (2 * RUN_PAGES * PAGE),
        );
        (inside < RUN_PAGES * PAGE).then_some(run * RUN_PAGES * PAGE + inside)
    }
}

impl ScreenMemory for FakeMemory {
    fn length(&self) -> usize {
        self.bytes.lock().unwrap().len()
    }

    fn grow(&self, bytes: usize) -> bool {
        let mut own = self.bytes.lock().unwrap();
        let length = own.len().max(bytes.next_multiple_of(PAGE));
        own.resize(length, 0);
        true
    }

    fn read(&self, offset: usize, into: &mut [u8]) {
        self.bytes_read.fetch_add(into.len(), Ordering::Relaxed);
        into.copy_from_slice(&self.bytes.lock().unwrap()[offset..offset + into.len()]);
    }

    fn write(&self, offset: usize, from: &[u8]) {
        self.bytes.lock().unwrap()[offset..offset + from.len()].copy_from_slice(from);
    }

    fn is_at_hand(&self) -> bool {
        self.bytes.try_lock().is_ok()
    }

    fn frames(&self, visit: &mut dyn FnMut(FrameRun)) {
        let length = self.length();
        for (index, start) in (0..length).step_by(RUN_PAGES * PAGE).enumerate() {
            visit(FrameRun {
                address: self.address + (index * 2 * RUN_PAGES * PAGE) as u64,
                bytes: (RUN_PAGES * PAGE).min(length - start) as u64,
            });
        }
    }

    fn take_dirty(&self, visit: &mut dyn FnMut(Range<usize>)) {
        let pages = std::mem::take(&mut *self.dirty.lock().unwrap());
        pages
            .into_iter()
            .for_each(|page| visit(page * PAGE..(page + 1) * PAGE));
    }
}
