//! A transaction on its way, and the stacks of those that wait for answers.
//!
//! A thread that sends a transaction waits for its answer, and may meanwhile take transactions that
//! come back to it from those it called: so each thread has a stack. Of a transaction that is
//! answered, `from` has it on its stack since it sent it, `to_thread` since it took it; below it,
//! each has what it was at before.
//!
//! A reply is a transaction too, which nobody answers.

use alloc::boxed::Box;
use alloc::vec::Vec;

use abi::binder::TF_ONE_WAY;
use abi::binder::reply::BR_OK;

use super::arena::Key;
use super::context::State;
use super::list::Item;
use super::process::ProcessKey;
use super::space::BufferKey;
use super::thread::ThreadKey;
use super::{Caller, PassedFile};

/// Names a transaction.
pub type TransactionKey = Key<Transaction>;

/// A file that a transaction brings, and where in its buffer the descriptor is to stand.
pub struct FileFixup {
    /// The file.
    pub file: PassedFile,
    /// Where, in the room of the receiver.
    pub offset: usize,
}

/// The files of one transaction. Files may only be dropped when no lock is held, so those of
/// transactions that end are put into a chain ([`Discarded`]).
#[derive(Default)]
pub struct Files {
    /// The files.
    pub fixups: Vec<FileFixup>,
    next: Option<Box<Files>>,
}

/// Files that are to be dropped.
#[derive(Default)]
pub struct Discarded(Option<Box<Files>>);

impl Discarded {
    /// Adds some.
    pub fn add(&mut self, files: Option<Box<Files>>) {
        if let Some(mut files) = files {
            files.next = self.0.take();
            self.0 = Some(files);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Takes all.
    #[must_use = "to be dropped without the lock"]
    pub fn take(&mut self) -> Self {
        Self(self.0.take())
    }
}

impl Drop for Discarded {
    #[inline]
    fn drop(&mut self) {
        if !self.is_empty() {
            self.drop_all();
        }
    }
}

impl Discarded {
    /// Drops one after the other: a long chain would need a deep stack.
    #[cold]
    fn drop_all(&mut self) {
        let mut next = self.0.take();
        while let Some(mut files) = next {
            next = files.next.take();
        }
    }
}

/// A transaction or a reply.
pub struct Transaction {
    /// What it is called in the files of debugfs.
    pub id: u32,
    /// Its place in the list of whom it is for.
    pub item: Item,
    /// The thread that waits for an answer.
    pub from: Option<ThreadKey>,
    /// What that thread was at before.
    pub from_parent: Option<TransactionKey>,
    /// The process it is for.
    pub to_process: ProcessKey,
    /// The thread that is at it, or is to take it.
    pub to_thread: Option<ThreadKey>,
    /// What that thread was at before.
    pub to_parent: Option<TransactionKey>,
    /// The process that sent it, as the root sees it.
    pub sender_pid: u32,
    /// The user who sent it.
    pub sender_euid: u32,
    /// What is to be done.
    pub code: u32,
    /// `TF_…`.
    pub flags: u32,
    /// The nice value of who sent it.
    pub nice: i32,
    /// The nice value of who took it, before.
    pub saved_nice: i32,
    /// It is one of those that `to_process` counts.
    pub is_outstanding: bool,
    /// Its buffer, in the room of `to_process`.
    pub buffer: Option<BufferKey>,
    /// Where in that room the sender's security context is, if the receiver wants it.
    pub security_context: Option<usize>,
    /// The files it brings.
    pub files: Option<Box<Files>>,
}

impl Transaction {
    /// The thread that takes it gets the nice value of who sent it, if that is no better than the
    /// node allows; a one-way transaction gives it no worse one.
    pub fn take_nice(&mut self, caller: &impl Caller, limit: i32) {
        self.saved_nice = caller.nice();
        if !self.is_one_way() && self.nice < limit {
            caller.set_nice(self.nice);
        } else if !self.is_one_way() || self.saved_nice > limit {
            caller.set_nice(limit);
        }
    }

    /// Whether nobody is to answer.
    #[inline]
    pub fn is_one_way(&self) -> bool {
        self.flags & TF_ONE_WAY != 0
    }
}

impl State {
    /// Ends a transaction. Its buffer stays.
    #[inline]
    pub fn end_transaction(&mut self, key: TransactionKey) {
        let Self {
            lists,
            discarded,
            processes,
            ..
        } = self;
        self.transactions.end(key, |transaction| {
            lists.remove_item(transaction.item);
            discarded.add(transaction.files.take());
            if transaction.buffer.is_none() && !transaction.is_outstanding {
                return;
            }
            let Some(process) = processes.get_mut(transaction.to_process) else {
                return;
            };
            if let Some(buffer) = transaction.buffer
                && let Some(buffer) = process.space.get_mut(buffer)
            {
                buffer.transaction = None;
            }
            if transaction.is_outstanding {
                process.note_ended();
            }
        });
    }

    /// Takes a transaction off the stack of the thread that sent it; it must be on top.
    pub fn pop_sent(&mut self, thread: ThreadKey, key: TransactionKey) {
        let transaction = &mut self.transactions[key];
        transaction.from = None;
        let parent = transaction.from_parent;
        self.threads[thread].stack = parent;
    }

    /// The thread that waits for the answer of a transaction, if it still does.
    pub fn waiting_sender(&self, key: TransactionKey) -> Option<ThreadKey> {
        let thread = self.transactions.get(key)?.from?;
        self.threads.get(thread).map(|_| thread)
    }

    /// Tells whoever waits for the answer that there will be none, and ends the transaction. Where
    /// the thread that waited is gone, so is what it was at before: whoever waits for that is told.
    pub fn fail_reply(&mut self, key: TransactionKey, command: u32) {
        let mut next = Some(key);
        while let Some(key) = next {
            let Some(transaction) = self.transactions.get(key) else {
                return;
            };
            let parent = transaction.from_parent;
            if let Some(thread) = self.waiting_sender(key) {
                self.pop_sent(thread, key);
                self.end_transaction(key);
                return self.set_reply_error(thread, command);
            }
            self.end_transaction(key);
            next = parent;
        }
    }

    /// A second one before the first was told is dropped: it can only come of a thread that sends
    /// without waiting.
    fn set_reply_error(&mut self, key: ThreadKey, command: u32) {
        let thread = &mut self.threads[key];
        if thread.reply_error.command == BR_OK {
            thread.reply_error.command = command;
            let item = thread.reply_error.item;
            self.give(key, item);
            self.wake_thread(key);
        }
    }

    /// Ends a transaction that its receiver never took or could not take.
    pub fn abandon_transaction(&mut self, key: TransactionKey, command: u32) {
        let Some(transaction) = self.transactions.get(key) else {
            return;
        };
        let space = self.processes.get(transaction.to_process);
        let buffer = transaction
            .buffer
            .and_then(|buffer| space?.space.get(buffer));
        let is_request = buffer.is_some_and(|buffer| buffer.target_node.is_some());
        if is_request && !transaction.is_one_way() {
            self.fail_reply(key, command);
        } else {
            self.end_transaction(key);
        }
    }
}
