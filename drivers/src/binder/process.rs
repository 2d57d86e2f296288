//! A process: one opening of the device, with what is its own.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use abi::Errno;

use super::arena::{Arena, Key};
use super::context::State;
use super::list::{Job, List, Lists};
use super::node::Node;
use super::reference::Reference;
use super::space::{BufferKey, Space};
use super::statistics::Statistics;
use super::thread::Thread;
use super::{Pages, Waker};

/// Names a process.
pub type ProcessKey = Key<Process>;

/// Who opens the device.
#[derive(Clone, Copy, Debug)]
pub struct Opener {
    /// The number of the process, as the root sees it.
    pub pid: u32,
    /// The user whose rights count.
    pub euid: u32,
    /// Its nice value.
    pub nice: i32,
}

/// A process.
pub struct Process {
    /// Who it is.
    pub opener: Opener,
    /// Its threads that have called, by their numbers.
    pub threads: BTreeMap<u32, Key<Thread>>,
    /// The one of them that called last, which often calls next, too; it may be gone.
    pub latest_thread: Key<Thread>,
    /// Its nodes, by their addresses.
    pub nodes: BTreeMap<u64, Key<Node>>,
    /// Its references: the handle of one is its place and one more.
    pub references: Arena<Reference>,
    /// Its reference to the context manager, handle 0.
    pub manager_reference: Option<Reference>,
    /// What any of its threads may do.
    pub todo: List,
    /// Its threads that wait for that, the last to come first.
    pub waiting: List,
    /// Deaths that it was told of and has not dealt with.
    pub delivered_deaths: List,
    /// How many threads it may be asked for.
    pub max_threads: u32,
    /// It has been asked for so many that have not come yet.
    pub requested_threads: u32,
    /// So many have come.
    pub started_threads: u32,
    /// It has ended, and is being cleared away.
    pub is_dead: bool,
    /// It takes no transactions.
    pub is_frozen: bool,
    /// Somebody called since it was frozen.
    pub has_received_sync: bool,
    /// A one-way transaction came since.
    pub has_received_async: bool,
    /// Transactions to it, and replies, that have not ended or been taken.
    pub outstanding: u32,
    /// Whoever polls.
    pub pollers: Arc<dyn Waker>,
    /// Who waits for those to end.
    pub freezer: Option<Arc<dyn Waker>>,
    /// Its threads are told when they send too much.
    pub detects_spam: bool,
    /// Its room.
    pub space: Space,
    /// The memory of its room.
    pub pages: Arc<dyn Pages>,
    /// Where the program sees the room, or saw it.
    pub address: u64,
    /// It sees it.
    pub is_mapped: bool,
    /// What it did.
    pub statistics: Statistics,
}

impl Process {
    /// Gives the room of a buffer back. Returns whose memory is to be reclaimed without the lock.
    #[inline]
    pub fn free_room(&mut self, buffer: BufferKey, clear: bool) -> Option<Arc<dyn Pages>> {
        if clear {
            self.pages.zero(self.space.bytes(buffer));
        }
        let unneeded = self.space.free(buffer);
        let is_released = !unneeded.is_empty() && self.pages.release(unneeded);
        is_released.then(|| Arc::clone(&self.pages))
    }

    /// Something is sent to it: notes that if it is frozen, and returns whether it is.
    #[inline]
    pub fn notice_arrival(&mut self, is_one_way: bool) -> bool {
        if self.is_frozen {
            self.has_received_sync |= !is_one_way;
            self.has_received_async |= is_one_way;
        }
        self.is_frozen
    }

    /// A thread that waits for anything there is to do, and waits for that no longer.
    #[inline(always)]
    pub fn select_waiting(&self, lists: &mut Lists) -> Option<Key<Thread>> {
        match lists.pop(self.waiting)?.1 {
            Job::Waiter(thread) => Some(thread),
            _ => None,
        }
    }

    /// One of the transactions that it counts has ended.
    #[inline]
    pub fn note_ended(&mut self) {
        self.outstanding -= 1;
        if self.outstanding == 0
            && let Some(freezer) = &self.freezer
        {
            Arc::clone(freezer).wake();
        }
    }
}

impl State {
    /// Adds a process.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn add_process(
        &mut self,
        opener: Opener,
        pages: Arc<dyn Pages>,
        pollers: Arc<dyn Waker>,
    ) -> Result<ProcessKey, Errno> {
        let [todo, waiting, delivered_deaths] = self.new_lists()?;
        let process = Process {
            opener,
            threads: BTreeMap::new(),
            latest_thread: Key::NOTHING,
            nodes: BTreeMap::new(),
            references: Arena::new(),
            manager_reference: None,
            todo,
            waiting,
            delivered_deaths,
            max_threads: 0,
            requested_threads: 0,
            started_threads: 0,
            is_dead: false,
            is_frozen: false,
            has_received_sync: false,
            has_received_async: false,
            outstanding: 0,
            pollers,
            freezer: None,
            detects_spam: false,
            space: Space::new(),
            pages,
            address: 0,
            is_mapped: false,
            statistics: Statistics::default(),
        };
        self.processes.insert(process)
    }

    fn new_lists<const N: usize>(&mut self) -> Result<[List; N], Errno> {
        let mut made = [None; N];
        for slot in &mut made {
            match self.lists.new_list() {
                Ok(list) => *slot = Some(list),
                Err(error) => {
                    let made = made.into_iter().flatten();
                    made.for_each(|list| self.lists.remove_list(list));
                    return Err(error);
                }
            }
        }
        Ok(made.map(|list| list.expect("all were made")))
    }

    /// Wakes a thread of the process for what is in its list.
    pub fn wake_process(&mut self, process: ProcessKey) {
        let thread = self.processes[process].select_waiting(&mut self.lists);
        self.wake_thread_or_pollers(process, thread);
    }

    /// Wakes a thread, or, where none waits, those that poll and would take anything.
    fn wake_thread_or_pollers(&mut self, process: ProcessKey, thread: Option<Key<Thread>>) {
        match thread {
            Some(thread) => self.wake_thread(thread),
            None => self.wake_pollers(process),
        }
    }

    /// Wakes those that poll and would take anything.
    pub fn wake_pollers(&mut self, process: ProcessKey) {
        for thread in self.processes[process].threads.values() {
            if self.threads[*thread].polls() && self.takes_process_work(*thread) {
                return self.wake_thread(*thread);
            }
        }
    }

    /// Whether something that was sent to the process has not ended, or a thread of it waits for
    /// an answer or owes one.
    pub fn has_pending_transactions(&self, process: ProcessKey) -> bool {
        let process = &self.processes[process];
        let mut threads = process.threads.values();
        process.outstanding > 0 || threads.any(|thread| self.threads[*thread].stack.is_some())
    }
}
