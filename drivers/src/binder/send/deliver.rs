//! The last step of sending: into which list it goes, and who is woken for it.

use alloc::boxed::Box;

use abi::Errno;
use abi::binder::TF_UPDATE_TXN;
use abi::binder::reply::{
    BR_DEAD_REPLY, BR_FAILED_REPLY, BR_FROZEN_REPLY, BR_TRANSACTION_PENDING_FROZEN,
};

use super::{Attempt, Failure, Sending};
use crate::binder::context::State;
use crate::binder::list::Job;
use crate::binder::node::NodeKey;
use crate::binder::space::{Buffer, BufferKey};
use crate::binder::thread::ThreadKey;
use crate::binder::transaction::{Files, TransactionKey};

impl State {
    /// Returns the buffer of an earlier transaction whose place it takes.
    pub(super) fn deliver(
        &mut self,
        attempt: &Attempt<'_>,
        sending: &Sending,
        files: Option<Box<Files>>,
    ) -> Result<Option<BufferKey>, Failure> {
        // Its receiver may have ended, and it with it.
        let Some(transaction) = self.transactions.get_mut(sending.transaction) else {
            self.discarded.add(files);
            return Err(Failure::dead(Errno::ESRCH));
        };
        transaction.files = files;
        let is_one_way = transaction.is_one_way();
        match attempt.in_reply_to {
            None if is_one_way => return self.deliver_one_way(attempt.thread, sending),
            None => self.deliver_request(attempt.thread, sending)?,
            Some(answered) => self.deliver_reply(attempt.thread, sending, answered)?,
        }
        Ok(None)
    }

    fn deliver_reply(
        &mut self,
        thread: ThreadKey,
        sending: &Sending,
        answered: TransactionKey,
    ) -> Result<(), Failure> {
        let target = self.waiting_sender(answered);
        let target = target.filter(|target| self.threads[*target].stack == Some(answered));
        let target = target.ok_or(Failure::dead(Errno::ESRCH))?;
        self.give(thread, sending.complete);
        self.pop_sent(target, answered);
        let transaction = &mut self.transactions[sending.transaction];
        transaction.is_outstanding = true;
        let item = transaction.item;
        self.processes[sending.receiver].outstanding += 1;
        self.give(target, item);
        self.wake_thread(target);
        self.end_transaction(answered);
        Ok(())
    }

    /// The sender is told that it was sent together with the answer, so that it goes on to wait.
    fn deliver_request(&mut self, thread: ThreadKey, sending: &Sending) -> Result<(), Failure> {
        let key = sending.transaction;
        let below = self.threads[thread].stack.replace(key);
        let transaction = &mut self.transactions[key];
        transaction.from = Some(thread);
        transaction.from_parent = below;
        let target = transaction.to_thread;
        self.give_later(thread, sending.complete);
        let entered = self.enter(sending, target);
        if let Err(command) = entered {
            self.pop_sent(thread, key);
            self.lists.unlink(sending.complete);
            return Err(Failure {
                command,
                reason: Errno::ESRCH,
            });
        }
        Ok(())
    }

    fn deliver_one_way(
        &mut self,
        thread: ThreadKey,
        sending: &Sending,
    ) -> Result<Option<BufferKey>, Failure> {
        let outdated = self.outdated_by(sending);
        let entered = self.enter(sending, None);
        let is_frozen = entered.map_err(|command| Failure {
            command,
            reason: Errno::ESRCH,
        })?;
        if is_frozen {
            let told = Job::Tell(BR_TRANSACTION_PENDING_FROZEN);
            self.lists.set_job(sending.complete, told);
        }
        self.give(thread, sending.complete);
        Ok(outdated.and_then(|outdated| {
            let buffer = self.transactions[outdated].buffer;
            self.end_transaction(outdated);
            buffer
        }))
    }

    /// Puts a transaction where it is to wait: with a thread of the receiver, with all of them, or,
    /// if it is one-way and not the only one, with its node. Returns whether the receiver is frozen.
    ///
    /// # Errors
    /// What the sender is told.
    fn enter(&mut self, sending: &Sending, target: Option<ThreadKey>) -> Result<bool, u32> {
        let process = sending.receiver;
        let transaction = &self.transactions[sending.transaction];
        let (item, is_one_way) = (transaction.item, transaction.is_one_way());
        if self.living(process).is_none() {
            return Err(BR_DEAD_REPLY);
        }
        let owner = &mut self.processes[process];
        let is_frozen = owner.is_frozen;
        if is_frozen {
            owner.has_received_sync |= !is_one_way;
            owner.has_received_async |= is_one_way;
        }
        if is_frozen && !is_one_way {
            return Err(BR_FROZEN_REPLY);
        }
        if target.is_some_and(|target| self.threads.get(target).is_none()) {
            return Err(BR_DEAD_REPLY);
        }
        let waits = is_one_way && self.wait_with_node(sending).map_err(|_| BR_FAILED_REPLY)?;
        if !waits {
            let thread = target.or_else(|| self.select_waiting(process));
            match thread {
                Some(thread) => self.give(thread, item),
                None => self.lists.push_back(self.processes[process].todo, item),
            }
            self.wake_thread_or_pollers(process, thread);
        }
        self.transactions[sending.transaction].is_outstanding = true;
        self.processes[process].outstanding += 1;
        Ok(is_frozen)
    }

    /// Lets a one-way transaction wait with its node if another is under way; returns whether it
    /// has to.
    fn wait_with_node(&mut self, sending: &Sending) -> Result<bool, Errno> {
        let Some(key) = self.target_of(sending.transaction) else {
            return Ok(false);
        };
        if !self.nodes[key].has_async {
            self.nodes[key].has_async = true;
            return Ok(false);
        }
        let list = match self.nodes[key].async_todo {
            Some(list) => list,
            None => {
                let list = self.lists.new_list()?;
                self.nodes[key].async_todo = Some(list);
                list
            }
        };
        let item = self.transactions[sending.transaction].item;
        self.lists.push_back(list, item);
        Ok(true)
    }

    /// The node that a transaction goes to.
    fn target_of(&self, key: TransactionKey) -> Option<NodeKey> {
        self.buffer_of(key)?.target_node
    }

    fn buffer_of(&self, key: TransactionKey) -> Option<&Buffer> {
        let transaction = self.transactions.get(key)?;
        let owner = self.processes.get(transaction.to_process)?;
        owner.space.get(transaction.buffer?)
    }

    /// The transaction that waits for a frozen process and that this one, by its flags, is to take
    /// the place of.
    fn outdated_by(&self, sending: &Sending) -> Option<TransactionKey> {
        let new = &self.transactions[sending.transaction];
        let is_frozen = self.processes.get(sending.receiver)?.is_frozen;
        if new.flags & TF_UPDATE_TXN == 0 || !is_frozen {
            return None;
        }
        let list = self.nodes[self.target_of(sending.transaction)?].async_todo?;
        let sender = self.buffer_of(sending.transaction)?.sender;
        let mut next = self.lists.first(list);
        while let Some((item, job)) = next {
            next = self.lists.after(list, item);
            let Job::Transaction(key) = job else {
                continue;
            };
            let old = &self.transactions[key];
            let is_same = (old.code, old.flags) == (new.code, new.flags);
            if is_same
                && self
                    .buffer_of(key)
                    .is_some_and(|buffer| buffer.sender == sender)
            {
                return Some(key);
            }
        }
        None
    }
}
