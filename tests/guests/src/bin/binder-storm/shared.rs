//! What all processes of the storm share: a page with who they are, and how much they have done.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use abi_tests::{raw, sys};
use guests::checked;
use libc::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE, SYS_mmap};

/// Processes at a time.
pub const PROCESSES: usize = 4;

const PAGE_BYTES: usize = 4096;

/// The page. It stays mapped for as long as the program runs.
pub struct Shared {
    /// By process; 0: there is none in this place.
    pids: [&'static AtomicU32; PROCESSES],
    commands: &'static AtomicU32,
}

impl Shared {
    /// A new one, for the caller and the processes that it starts.
    ///
    /// # Errors
    /// What mmap(2) answers.
    pub fn new() -> io::Result<Self> {
        let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
        let page = checked(sys!(SYS_mmap, 0, PAGE_BYTES, protection, flags, -1, 0))?;
        let word = |index| raw::shared_word(page + index * size_of::<AtomicU32>());
        Ok(Self {
            pids: std::array::from_fn(word),
            commands: word(PROCESSES),
        })
    }

    /// The process in a place.
    pub fn pid(&self, slot: usize) -> u32 {
        self.pids[slot].load(Ordering::Relaxed)
    }

    /// There is another one now, or none.
    pub fn set_pid(&self, slot: usize, pid: u32) {
        self.pids[slot].store(pid, Ordering::Relaxed);
    }

    /// Those that there are.
    pub fn pids(&self) -> [u32; PROCESSES] {
        std::array::from_fn(|slot| self.pid(slot))
    }

    /// Counts commands.
    pub fn add_commands(&self, count: u32) {
        self.commands.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn commands(&self) -> u32 {
        self.commands.load(Ordering::Relaxed)
    }
}
