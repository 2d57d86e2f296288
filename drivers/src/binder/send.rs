//! Sending a transaction or a reply: BC_TRANSACTION, BC_REPLY and their forms with buffers.
//!
//! In three steps: *begin* finds out who is to get it and takes room there; *fill* copies and
//! translates without the lock; *deliver* puts it into a list and wakes whoever takes it. What
//! fails in one of them takes back what was done before. The sender is told of a failure in its
//! next read, not by the call.

use alloc::boxed::Box;
use alloc::sync::Arc;

use abi::Errno;
use abi::binder::reply::{
    BR_DEAD_REPLY, BR_FAILED_REPLY, BR_FROZEN_REPLY, BR_OK, BR_ONEWAY_SPAM_SUSPECT,
    BR_TRANSACTION_COMPLETE, BR_TRANSACTION_PENDING_FROZEN,
};
use abi::binder::{TF_ACCEPT_FDS, TF_CLEAR_BUF, TF_ONE_WAY, TF_UPDATE_TXN, TransactionData};

use super::buffer::Released;
use super::context::{Context, State};
use super::list::{Item, Job};
use super::node::{Holder, NodeKey, Strength};
use super::process::ProcessKey;
use super::space::{Allocated, Buffer, BufferKey, Request};
use super::thread::ThreadKey;
use super::transaction::{Files, Transaction, TransactionKey};
use super::translate::{Objects, Parties, Translation};
use super::{Caller, Pages};

/// What a receiver that wants to know is told of every sender: there are no security modules.
pub const SECURITY_CONTEXT: &[u8; 16] = b"unconfined\0\0\0\0\0\0";

/// What is to be sent.
#[derive(Clone, Copy)]
pub struct Sent {
    /// The command.
    pub command: u32,
    /// As the program wrote it.
    pub data: TransactionData,
    /// It answers the thread's transaction.
    pub is_reply: bool,
    /// Bytes of buffers.
    pub buffers_size: u64,
}

/// Why something could not be sent.
struct Failure {
    /// What the sender is told.
    command: u32,
    /// And why.
    reason: Errno,
}

impl Failure {
    fn failed(reason: Errno) -> Self {
        Self {
            command: BR_FAILED_REPLY,
            reason,
        }
    }

    fn dead(reason: Errno) -> Self {
        Self {
            command: BR_DEAD_REPLY,
            reason,
        }
    }
}

/// Who is to get it.
struct Route {
    process: ProcessKey,
    thread: Option<ThreadKey>,
    node: Option<NodeKey>,
}

/// Something that is being sent.
struct Sending {
    transaction: TransactionKey,
    receiver: ProcessKey,
    buffer: Allocated,
    /// Tells the sender that it was sent.
    complete: Item,
    pages: Arc<dyn Pages>,
    /// Where the receiver sees its room.
    address: u64,
    accepts_files: bool,
    wants_security_context: bool,
}

/// Where a failure comes from, and what it is about.
struct Attempt<'a> {
    caller: &'a dyn Caller,
    thread: ThreadKey,
    sender: ProcessKey,
    sent: &'a Sent,
    /// What a reply answers, once it was taken off the sender's stack.
    in_reply_to: Option<TransactionKey>,
    /// What it is called; 0 before it has begun.
    id: u32,
}

impl Context {
    /// Sends. Returns false when that failed: the thread must read what became of it before it
    /// sends anything else.
    pub(super) fn send(
        &self,
        sender: ProcessKey,
        thread: ThreadKey,
        caller: &dyn Caller,
        sent: &Sent,
    ) -> bool {
        let mut attempt = Attempt {
            caller,
            thread,
            sender,
            sent,
            in_reply_to: None,
            id: 0,
        };
        let sent = self.attempt(&mut attempt);
        if let Err(failure) = &sent {
            self.lock().report(&attempt, failure);
        }
        sent.is_ok()
    }

    fn attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Failure> {
        let sending = self.begin(attempt)?;
        let files = match self.fill(attempt, &sending) {
            Ok(files) => files,
            Err((translated, failure)) => {
                self.undo(&sending, translated);
                return Err(failure);
            }
        };
        let delivered = self.lock().deliver(attempt, &sending, files);
        match delivered {
            Ok(None) => Ok(()),
            Ok(Some(outdated)) => {
                self.drop_buffer(sending.receiver, outdated, usize::MAX);
                Ok(())
            }
            Err(failure) => {
                self.undo(&sending, usize::MAX);
                Err(failure)
            }
        }
    }

    fn begin(&self, attempt: &mut Attempt<'_>) -> Result<Sending, Failure> {
        let mut state = self.lock();
        attempt.id = state.next_id();
        state.set_extended_error(attempt.thread, attempt.id, BR_OK, 0);
        let sender = &mut state.processes[attempt.sender];
        sender.statistics.note_command(attempt.sent.command);
        let route = if attempt.sent.is_reply {
            let route = state.route_reply(attempt)?;
            if let Some(answered) = attempt.in_reply_to {
                attempt
                    .caller
                    .set_nice(state.transactions[answered].saved_nice);
            }
            route
        } else {
            state.route_request(attempt)?
        };
        let node = route.node;
        let sending = state.allocate(attempt, route);
        if sending.is_err()
            && let Some(node) = node
        {
            state.uncount_node(node, Strength::Strong, Holder::Local);
        }
        sending
    }

    /// Copies and translates. How many objects had been translated, where that fails.
    fn fill(
        &self,
        attempt: &Attempt<'_>,
        sending: &Sending,
    ) -> Result<Option<Box<Files>>, (usize, Failure)> {
        let Sent { data, .. } = attempt.sent;
        let (pages, start) = (&*sending.pages, sending.buffer.offset);
        let sizes = [data.data_size as usize, data.offsets_size as usize];
        let unfilled = |error| (0, Failure::failed(error));
        let extra = attempt.sent.buffers_size.next_multiple_of(8) as usize;
        let offsets = start + sizes[0].next_multiple_of(8);
        let behind = offsets + sizes[1].next_multiple_of(8) + extra;
        let end = behind + sending.security_bytes();
        if end > start {
            pages.supply(start..end).map_err(unfilled)?;
        }
        if sending.wants_security_context {
            pages.write(behind, SECURITY_CONTEXT);
        }
        if sizes[1] == 0 {
            if sizes[0] > 0 {
                let copied = pages.copy_from_caller(start, data.buffer as usize, sizes[0]);
                copied.map_err(unfilled)?;
            }
            return Ok(None);
        }
        let copied = pages.copy_from_caller(offsets, data.offsets as usize, sizes[1]);
        copied.map_err(unfilled)?;
        if !sizes[1].is_multiple_of(8) || !attempt.sent.buffers_size.is_multiple_of(8) {
            return Err(unfilled(Errno::EINVAL));
        }
        let parties = Parties {
            context: self,
            caller: attempt.caller,
            thread: attempt.thread,
            sender: attempt.sender,
            receiver: sending.receiver,
            accepts_files: sending.accepts_files,
        };
        let objects = Objects::new(pages, sending.address, start, sizes);
        let translation = Translation::new(parties, objects, data.buffer, extra);
        translation
            .run()
            .map_err(|(translated, error)| (translated, Failure::failed(error)))
    }

    /// Takes back what was done for something that cannot be sent, of whose objects so many were
    /// translated.
    fn undo(&self, sending: &Sending, translated: usize) {
        let mut state = self.lock();
        state.lists.remove_item(sending.complete);
        state.end_transaction(sending.transaction);
        drop(state);
        self.drop_buffer(sending.receiver, sending.buffer.key, translated);
    }

    /// Gives back a buffer that is not going to be delivered, and what the first `translated` of its
    /// objects hold. Where the receiver has ended, so has all that it held.
    pub(super) fn drop_buffer(&self, receiver: ProcessKey, key: BufferKey, translated: usize) {
        let buffer = {
            let state = self.lock();
            let owner = state.processes.get(receiver);
            owner.and_then(|owner| owner.space.get(key).copied())
        };
        let Some(buffer) = buffer else {
            return;
        };
        if translated > 0 && buffer.offsets_size > 0 {
            let released = Released::Undelivered;
            self.release_objects(receiver, key, &buffer, translated, &released);
        }
        let reclaim = self.lock().give_back(receiver, key, &buffer);
        if let Some(pages) = reclaim {
            pages.reclaim();
        }
    }
}

impl Sending {
    fn security_bytes(&self) -> usize {
        if self.wants_security_context {
            SECURITY_CONTEXT.len()
        } else {
            0
        }
    }
}

impl State {
    /// Whoever waits for the answer that the thread gives.
    fn route_reply(&mut self, attempt: &mut Attempt<'_>) -> Result<Route, Failure> {
        let thread = attempt.thread;
        let answered = self.threads[thread].stack;
        let answered = answered.ok_or(Failure::failed(Errno::EPROTO))?;
        let transaction = &self.transactions[answered];
        if transaction.to_thread != Some(thread) {
            return Err(Failure::failed(Errno::EPROTO));
        }
        attempt.in_reply_to = Some(answered);
        self.threads[thread].stack = transaction.to_parent;
        let target = self.waiting_sender(answered);
        let target = target.ok_or(Failure::dead(Errno::ESRCH))?;
        if self.threads[target].stack != Some(answered) {
            attempt.in_reply_to = None;
            return Err(Failure::failed(Errno::EPROTO));
        }
        Ok(Route {
            process: self.threads[target].process,
            thread: Some(target),
            node: None,
        })
    }

    /// The process of the node behind the handle, which is held from here on; and the thread of it
    /// that waits for an answer to what led to this transaction, if there is one.
    fn route_request(&mut self, attempt: &Attempt<'_>) -> Result<Route, Failure> {
        let Attempt { thread, sender, .. } = *attempt;
        let TransactionData { target, flags, .. } = attempt.sent.data;
        let node = match target as u32 {
            0 => self.manager.ok_or(Failure::dead(Errno::EINVAL))?,
            handle => {
                let sender = &self.processes[sender];
                let reference = sender.usable_reference(handle, Strength::Strong);
                reference.ok_or(Failure::failed(Errno::EINVAL))?.node
            }
        };
        let process = self.nodes[node].process;
        let process = process.filter(|process| self.living(*process).is_some());
        let process = process.ok_or(Failure::dead(Errno::EINVAL))?;
        let is_own = self.processes[process].opener.pid == self.processes[sender].opener.pid;
        if process == sender || target as u32 == 0 && is_own {
            return Err(Failure::failed(Errno::EINVAL));
        }
        let is_one_way = flags & TF_ONE_WAY != 0;
        let target = if is_one_way {
            None
        } else {
            self.nested_target(thread, process)?
        };
        self.nodes[node].local_strong += 1;
        Ok(Route {
            process,
            thread: target,
            node: Some(node),
        })
    }

    /// The thread of a process that waits, directly or not, for what this thread is at.
    fn nested_target(
        &self,
        thread: ThreadKey,
        process: ProcessKey,
    ) -> Result<Option<ThreadKey>, Failure> {
        let sender = &self.threads[thread];
        if let Some((_, Job::Transaction(_))) = self.lists.first(sender.todo) {
            return Err(Failure::failed(Errno::EPROTO));
        }
        let mut next = sender.stack;
        if let Some(top) = next
            && self.transactions[top].to_thread != Some(thread)
        {
            return Err(Failure::failed(Errno::EPROTO));
        }
        while let Some(transaction) = next.and_then(|key| self.transactions.get(key)) {
            if let Some(from) = transaction.from
                && self
                    .threads
                    .get(from)
                    .is_some_and(|from| from.process == process)
            {
                return Ok(Some(from));
            }
            next = transaction.from_parent;
        }
        Ok(None)
    }

    /// Takes room with the receiver, and makes the transaction.
    fn allocate(&mut self, attempt: &Attempt<'_>, route: Route) -> Result<Sending, Failure> {
        let Sent {
            data,
            is_reply,
            buffers_size,
            ..
        } = attempt.sent;
        let is_async = !is_reply && data.flags & TF_ONE_WAY != 0;
        let node = route.node.map(|node| &self.nodes[node]);
        let wants_security_context = node.is_some_and(|node| node.wants_security_context);
        let accepts_files = match (node, attempt.in_reply_to) {
            (Some(node), _) => node.accepts_files,
            (None, Some(answered)) => self.transactions[answered].flags & TF_ACCEPT_FDS != 0,
            (None, None) => false,
        };
        self.transactions.reserve().map_err(Failure::failed)?;
        let opener = self.processes[attempt.sender].opener;
        // The user as whom the sender's process acts now.
        let sender_euid = attempt.caller.opener_euid();
        let owner = &mut self.processes[route.process];
        if !owner.is_mapped {
            return Err(Failure::dead(Errno::ESRCH));
        }
        let mut extra_size = buffers_size.checked_next_multiple_of(8);
        if wants_security_context {
            extra_size =
                extra_size.and_then(|size| size.checked_add(SECURITY_CONTEXT.len() as u64));
        }
        let request = Request {
            data_size: data.data_size,
            offsets_size: data.offsets_size,
            extra_size: extra_size.ok_or(Failure::failed(Errno::EINVAL))?,
            is_async,
            sender: opener.pid,
        };
        let buffer = owner.space.allocate(&request).map_err(Failure::failed)?;
        let (pages, address) = (Arc::clone(&owner.pages), owner.address);
        let items = self.new_items(buffer.is_suspect);
        let [item, complete] = match items {
            Ok(items) => items,
            Err(error) => {
                // It has no node yet, and holds nothing.
                self.processes[route.process].space.free(buffer.key);
                return Err(Failure::failed(error));
            }
        };
        let security_context = wants_security_context.then(|| {
            let bytes = self.processes[route.process].space.bytes(buffer.key);
            bytes.end - SECURITY_CONTEXT.len()
        });
        let transaction = self.transactions.insert(Transaction {
            id: attempt.id,
            item,
            from: None,
            from_parent: None,
            to_process: route.process,
            to_thread: route.thread,
            to_parent: None,
            sender_pid: opener.pid,
            sender_euid: sender_euid.unwrap_or(opener.euid),
            code: data.code,
            flags: data.flags,
            nice: attempt.caller.nice(),
            saved_nice: 0,
            is_outstanding: false,
            buffer: Some(buffer.key),
            security_context,
            files: None,
        });
        let transaction = transaction.map_err(Failure::failed)?;
        self.lists.set_job(item, Job::Transaction(transaction));
        if let Some(made) = self.processes[route.process].space.get_mut(buffer.key) {
            made.transaction = Some(transaction);
            made.target_node = route.node;
            made.clear_on_free = data.flags & TF_CLEAR_BUF != 0;
        }
        Ok(Sending {
            transaction,
            receiver: route.process,
            buffer,
            complete,
            pages,
            address,
            accepts_files,
            wants_security_context,
        })
    }

    fn new_items(&mut self, is_suspect: bool) -> Result<[Item; 2], Errno> {
        let item = self.lists.new_item(Job::Ends)?;
        let told = if is_suspect {
            BR_ONEWAY_SPAM_SUSPECT
        } else {
            BR_TRANSACTION_COMPLETE
        };
        match self.lists.new_item(Job::Tell(told)) {
            Ok(complete) => Ok([item, complete]),
            Err(error) => {
                self.lists.remove_item(item);
                Err(error)
            }
        }
    }

    /// Returns the buffer of an earlier transaction whose place it takes.
    fn deliver(
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

    /// Tells whoever has to know that something could not be sent.
    fn report(&mut self, attempt: &Attempt<'_>, failure: &Failure) {
        let param = -failure.reason.number();
        let Some(answered) = attempt.in_reply_to else {
            self.set_extended_error(attempt.thread, attempt.id, failure.command, param);
            return self.set_return_error(attempt.thread, failure.command);
        };
        if let Some(waiting) = self.waiting_sender(answered)
            && self.threads[waiting].extended_error.command == BR_OK
        {
            self.set_extended_error(waiting, attempt.id, failure.command, param);
        }
        self.set_return_error(attempt.thread, BR_TRANSACTION_COMPLETE);
        self.fail_reply(answered, failure.command);
    }
}
