//! A thread of a process, and what waits for it.

use alloc::sync::Arc;

use abi::Errno;
use abi::binder::ExtendedError;
use abi::binder::reply::BR_OK;

use super::Waker;
use super::arena::Key;
use super::context::State;
use super::list::{Item, Job, List, Lists};
use super::process::{Process, ProcessKey};
use super::transaction::Transaction;

/// No program has its returns put there.
const NOWHERE: u64 = u64::MAX;

/// Names a thread.
pub type ThreadKey = Key<Thread>;

/// What a thread said of itself, and what was seen of it. The numbers are those that Linux shows
/// in the files of debugfs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looper(pub u32);

impl Looper {
    /// It came because the kernel asked for one.
    pub const REGISTERED: u32 = 0x01;
    /// It takes transactions.
    pub const ENTERED: u32 = 0x02;
    /// It takes no more.
    pub const EXITED: u32 = 0x04;
    /// It said two things that do not go together.
    pub const INVALID: u32 = 0x08;
    /// It waits.
    pub const WAITING: u32 = 0x10;
    /// It polls.
    pub const POLL: u32 = 0x20;

    /// Whether any of these bits is set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// Whether it takes transactions.
    pub fn takes_transactions(self) -> bool {
        self.has(Self::REGISTERED | Self::ENTERED)
    }
}

/// Something that went wrong, of which a thread is told once.
pub struct ErrorWork {
    /// What it is told; BR_OK for nothing.
    pub command: u32,
    /// Its place in the thread's list.
    pub item: Item,
}

/// A thread.
pub struct Thread {
    /// Its number, as the root sees it.
    pub tid: u32,
    /// Its process.
    pub process: ProcessKey,
    /// What it is at.
    pub looper: Looper,
    /// It goes back to its program even when there is nothing to tell.
    pub must_return: bool,
    /// What it is to be told.
    pub todo: List,
    /// Something in the list is reason enough to wake it.
    pub has_work: bool,
    /// The transaction that it is at, or waits for the answer of.
    pub stack: Option<Key<Transaction>>,
    /// What became of what it sent last.
    pub return_error: ErrorWork,
    /// What became of its transaction.
    pub reply_error: ErrorWork,
    /// The same, with the reason.
    pub extended_error: ExtendedError,
    /// Where its returns were last put: before it waits, it is tried once whether they can be.
    pub room: u64,
    /// Tells it that something was sent.
    pub sent: Item,
    /// Its place among the process's threads that wait.
    pub waiter: Item,
    /// Wakes it, while it waits.
    pub waker: Option<Arc<dyn Waker>>,
}

impl Thread {
    /// It sends something of this number, and nothing has gone wrong so far.
    #[inline]
    pub fn begin_sending(&mut self, id: u32) {
        self.extended_error = ExtendedError {
            id,
            command: BR_OK,
            param: 0,
        };
    }

    /// It waits from now on.
    #[inline]
    pub fn begin_waiting(&mut self, waker: Arc<dyn Waker>) {
        self.waker = Some(waker);
        self.looper.0 |= Looper::WAITING;
    }

    /// It waits no longer.
    #[inline]
    pub fn end_waiting(&mut self) {
        self.waker = None;
        self.looper.0 &= !Looper::WAITING;
    }

    /// What tells it that something was sent, if that does not tell it of something else.
    #[inline]
    pub fn free_sent(&self, lists: &Lists) -> Option<Item> {
        (!lists.is_linked(self.sent)).then_some(self.sent)
    }

    /// Wakes it if it waits. Once is enough: it looks at everything before it waits again.
    #[inline]
    pub fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Wakes it, and those who poll if it is one of them.
    #[inline]
    pub fn wake_with_pollers(&mut self, process: &Process) {
        self.wake();
        if self.polls() {
            Arc::clone(&process.pollers).wake();
        }
    }

    /// Puts something into its list, and gives it a reason to wake.
    #[inline(always)]
    pub fn give(&mut self, lists: &mut Lists, item: Item) {
        lists.push_back(self.todo, item);
        self.has_work = true;
    }

    /// Whether it takes what any thread of its process may do: it waits for nothing of its own.
    #[inline]
    pub fn takes_process_work(&self, lists: &Lists) -> bool {
        self.stack.is_none() && lists.is_empty(self.todo)
    }

    /// Whether it has a reason not to wait.
    #[inline]
    pub fn has_reason(&self, process: &Process, lists: &Lists, takes_process_work: bool) -> bool {
        self.has_work || self.must_return || takes_process_work && !lists.is_empty(process.todo)
    }

    /// Whether it has ever polled.
    #[inline]
    pub fn polls(&self) -> bool {
        self.looper.has(Looper::POLL)
    }
}

impl State {
    /// Wakes a thread if it waits, and those who poll if it is one of them.
    pub fn wake_thread(&mut self, key: ThreadKey) {
        let thread = &mut self.threads[key];
        thread.wake_with_pollers(&self.processes[thread.process]);
    }

    /// Adds a thread to a process.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn add_thread(&mut self, process: ProcessKey, tid: u32) -> Result<ThreadKey, Errno> {
        self.threads.reserve()?;
        let todo = self.lists.new_list()?;
        // From here on, what was made lies in the thread, which is ended if this fails.
        let no_error = || ErrorWork {
            command: BR_OK,
            item: Item::NOTHING,
        };
        let thread = self.threads.insert(Thread {
            tid,
            process,
            looper: Looper::default(),
            must_return: true,
            todo,
            has_work: false,
            stack: None,
            return_error: no_error(),
            reply_error: no_error(),
            extended_error: ExtendedError {
                command: BR_OK,
                ..ExtendedError::default()
            },
            room: NOWHERE,
            sent: Item::NOTHING,
            waiter: Item::NOTHING,
            waker: None,
        })?;
        if let Err(error) = self.give_items(thread) {
            self.remove_thread(thread);
            return Err(error);
        }
        self.processes[process].threads.insert(tid, thread);
        Ok(thread)
    }

    fn give_items(&mut self, key: ThreadKey) -> Result<(), Errno> {
        let thread = &mut self.threads[key];
        thread.return_error.item = self.lists.new_item(Job::ReturnError)?;
        thread.reply_error.item = self.lists.new_item(Job::ReplyError)?;
        thread.sent = self.lists.new_item(Job::Sent)?;
        thread.waiter = self.lists.new_item(Job::Waiter(key))?;
        Ok(())
    }

    /// Ends a thread, in whose list there is nothing left but its own errors.
    pub fn remove_thread(&mut self, key: ThreadKey) {
        let Some(thread) = self.threads.remove(key) else {
            return;
        };
        let items = [
            thread.return_error.item,
            thread.reply_error.item,
            thread.sent,
            thread.waiter,
        ];
        for item in items.into_iter().filter(|item| *item != Item::NOTHING) {
            self.lists.remove_item(item);
        }
        self.lists.remove_list(thread.todo);
    }

    /// Puts something into a thread's list, and gives the thread a reason to wake.
    pub fn give(&mut self, thread: ThreadKey, item: Item) {
        self.threads[thread].give(&mut self.lists, item);
    }

    /// Puts something into a thread's list that it is told of with the next thing that wakes it.
    pub fn give_later(&mut self, thread: ThreadKey, item: Item) {
        self.lists.push_back(self.threads[thread].todo, item);
    }

    /// Puts something into the list of a thread that takes transactions, else into its process's.
    pub fn give_looper(&mut self, thread: ThreadKey, item: Item) {
        if self.threads[thread].looper.takes_transactions() {
            return self.give(thread, item);
        }
        let process = self.threads[thread].process;
        self.give_process(process, item);
    }

    /// Puts something into a process's list.
    pub fn give_process(&mut self, process: ProcessKey, item: Item) {
        self.lists.push_back(self.processes[process].todo, item);
        self.wake_process(process);
    }

    /// Whether a thread takes what any thread of its process may do: it waits for nothing of its
    /// own.
    pub fn takes_process_work(&self, thread: ThreadKey) -> bool {
        self.threads[thread].takes_process_work(&self.lists)
    }

    /// Whether a thread has a reason not to wait.
    pub fn has_work(&self, key: ThreadKey, takes_process_work: bool) -> bool {
        let thread = &self.threads[key];
        let process = &self.processes[thread.process];
        thread.has_reason(process, &self.lists, takes_process_work)
    }

    /// Tells a thread what became of what it sent.
    pub fn set_return_error(&mut self, key: ThreadKey, command: u32) {
        let thread = &mut self.threads[key];
        thread.return_error.command = command;
        let item = thread.return_error.item;
        self.give(key, item);
    }

    /// Notes why, for BINDER_GET_EXTENDED_ERROR.
    pub fn set_extended_error(&mut self, key: ThreadKey, id: u32, command: u32, param: i32) {
        self.threads[key].extended_error = ExtendedError { id, command, param };
    }
}
