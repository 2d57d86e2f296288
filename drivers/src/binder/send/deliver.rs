//! The last step of sending: into which list it goes, and who is woken for it.

use alloc::boxed::Box;

use abi::Errno;
use abi::binder::TF_UPDATE_TXN;
use abi::binder::reply::{
    BR_DEAD_REPLY, BR_FAILED_REPLY, BR_FROZEN_REPLY, BR_TRANSACTION_PENDING_FROZEN,
};

use super::{Attempt, Failure, Sending};
use crate::binder::Caller;
use crate::binder::context::State;
use crate::binder::list::Job;
use crate::binder::node::NodeKey;
use crate::binder::space::{Buffer, BufferKey};
use crate::binder::thread::{Thread, ThreadKey};
use crate::binder::transaction::{Files, TransactionKey};

impl State {
    /// Returns the buffer of an earlier transaction whose place it takes.
    #[inline]
    pub(super) fn deliver(
        &mut self,
        attempt: &Attempt<'_, impl Caller>,
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

    #[inline(always)]
    fn deliver_reply(
        &mut self,
        thread: ThreadKey,
        sending: &Sending,
        answered: TransactionKey,
    ) -> Result<(), Failure> {
        let Self {
            transactions,
            threads,
            processes,
            lists,
            ..
        } = self;
        let request = transactions.get(answered);
        let target = request.and_then(|request| {
            let waits = |waiting: &Thread| waiting.stack == Some(answered);
            let from = request.from?;
            let is_there = threads.get(from).is_some_and(waits);
            is_there.then_some((from, request.from_parent))
        });
        let (target, below) = target.ok_or(Failure::dead(Errno::ESRCH))?;
        threads[thread].give(lists, sending.complete);
        let transaction = &mut transactions[sending.transaction];
        transaction.is_outstanding = true;
        let receiver = &mut processes[sending.receiver];
        receiver.outstanding += 1;
        let waiting = &mut threads[target];
        waiting.stack = below;
        waiting.give(lists, transaction.item);
        waiting.wake_with_pollers(receiver);
        self.end_transaction(answered);
        Ok(())
    }

    /// The sender is told that it was sent together with the answer, so that it goes on to wait.
    #[inline(always)]
    fn deliver_request(&mut self, thread: ThreadKey, sending: &Sending) -> Result<(), Failure> {
        let key = sending.transaction;
        let own = &mut self.threads[thread];
        let transaction = &mut self.transactions[key];
        transaction.from = Some(thread);
        transaction.from_parent = own.stack.replace(key);
        let target = transaction.to_thread;
        self.lists.push_back(own.todo, sending.complete);
        let entered = self.enter(sending, false, target);
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
        let entered = self.enter(sending, true, None);
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
    fn enter(
        &mut self,
        sending: &Sending,
        is_one_way: bool,
        target: Option<ThreadKey>,
    ) -> Result<bool, u32> {
        let owner = self.processes.get_mut(sending.receiver);
        let owner = owner.filter(|owner| !owner.is_dead);
        let is_frozen = owner.ok_or(BR_DEAD_REPLY)?.notice_arrival(is_one_way);
        if is_frozen && !is_one_way {
            return Err(BR_FROZEN_REPLY);
        }
        if target.is_some_and(|target| self.threads.get(target).is_none()) {
            return Err(BR_DEAD_REPLY);
        }
        let waits = is_one_way && self.wait_with_node(sending).map_err(|_| BR_FAILED_REPLY)?;
        let Self {
            transactions,
            threads,
            processes,
            lists,
            ..
        } = self;
        let transaction = &mut transactions[sending.transaction];
        transaction.is_outstanding = true;
        let owner = &mut processes[sending.receiver];
        owner.outstanding += 1;
        if waits {
            return Ok(is_frozen);
        }
        match target.or_else(|| owner.select_waiting(lists)) {
            Some(thread) => {
                let thread = &mut threads[thread];
                thread.give(lists, transaction.item);
                thread.wake_with_pollers(owner);
            }
            None => {
                lists.push_back(owner.todo, transaction.item);
                self.wake_pollers(sending.receiver);
            }
        }
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
