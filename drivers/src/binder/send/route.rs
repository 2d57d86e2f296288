//! The first step of sending: who is to get it, and room there.

use alloc::sync::Arc;

use abi::Errno;
use abi::binder::reply::{BR_ONEWAY_SPAM_SUSPECT, BR_TRANSACTION_COMPLETE};
use abi::binder::{TF_ACCEPT_FDS, TF_CLEAR_BUF, TF_ONE_WAY, TransactionData};

use super::{Attempt, Failure, Route, SECURITY_CONTEXT, Sending, Sent};
use crate::binder::Caller;
use crate::binder::context::State;
use crate::binder::list::{Item, Job, Lists};
use crate::binder::node::Strength;
use crate::binder::process::{Opener, ProcessKey};
use crate::binder::space::Request;
use crate::binder::thread::ThreadKey;
use crate::binder::transaction::{Transaction, TransactionKey};

impl State {
    /// Whoever waits for the answer that the thread gives.
    pub(super) fn route_reply(
        &mut self,
        attempt: &mut Attempt<'_, impl Caller>,
    ) -> Result<Route, Failure> {
        let own = &mut self.threads[attempt.thread];
        own.begin_sending(attempt.id);
        let complete = own.free_sent(&self.lists);
        let answered = own.stack.ok_or(Failure::failed(Errno::EPROTO))?;
        let transaction = &self.transactions[answered];
        if transaction.to_thread != Some(attempt.thread) {
            return Err(Failure::failed(Errno::EPROTO));
        }
        attempt.in_reply_to = Some(answered);
        own.stack = transaction.to_parent;
        let from = transaction.from;
        let target = from.and_then(|from| Some((from, self.threads.get(from)?)));
        let (target, waiting) = target.ok_or(Failure::dead(Errno::ESRCH))?;
        if waiting.stack != Some(answered) {
            attempt.in_reply_to = None;
            return Err(Failure::failed(Errno::EPROTO));
        }
        attempt.caller.set_nice(transaction.saved_nice);
        Ok(Route {
            complete,
            process: waiting.process,
            thread: Some(target),
            node: None,
            accepts_files: transaction.flags & TF_ACCEPT_FDS != 0,
            wants_security_context: false,
        })
    }

    /// The process of the node behind the handle, which is held from here on; and the thread of it
    /// that waits for an answer to what led to this transaction, if there is one. `own_pid` is the
    /// number of the sender.
    pub(super) fn route_request(
        &mut self,
        attempt: &Attempt<'_, impl Caller>,
        own_pid: u32,
    ) -> Result<Route, Failure> {
        let own = &mut self.threads[attempt.thread];
        own.begin_sending(attempt.id);
        let TransactionData { target, flags, .. } = attempt.sent.data;
        let handle = target as u32;
        let key = match handle {
            0 => self.manager.ok_or(Failure::dead(Errno::EINVAL))?,
            handle => {
                let sender = &self.processes[attempt.sender];
                let reference = sender.usable_reference(handle, Strength::Strong);
                reference.ok_or(Failure::failed(Errno::EINVAL))?.node
            }
        };
        let node = &mut self.nodes[key];
        let owner = node.process.and_then(|key| {
            let owner = self.processes.get(key).filter(|owner| !owner.is_dead);
            Some((key, owner?))
        });
        let (process, owner) = owner.ok_or(Failure::dead(Errno::EINVAL))?;
        let is_own = owner.opener.pid == own_pid;
        if process == attempt.sender || handle == 0 && is_own {
            return Err(Failure::failed(Errno::EINVAL));
        }
        let (mut thread, mut complete) = (None, None);
        if flags & TF_ONE_WAY == 0 {
            if let Some((_, Job::Transaction(_))) = self.lists.first(own.todo) {
                return Err(Failure::failed(Errno::EPROTO));
            }
            complete = own.free_sent(&self.lists);
            if let Some(top) = own.stack {
                thread = self.nested_target(attempt.thread, top, process)?;
            }
        }
        let node = &mut self.nodes[key];
        node.local_strong += 1;
        Ok(Route {
            complete,
            process,
            thread,
            node: Some(key),
            accepts_files: node.accepts_files,
            wants_security_context: node.wants_security_context,
        })
    }

    /// The thread of a process that waits, directly or not, for what this thread is at: for the
    /// transaction on `top` of its stack.
    fn nested_target(
        &self,
        thread: ThreadKey,
        top: TransactionKey,
        process: ProcessKey,
    ) -> Result<Option<ThreadKey>, Failure> {
        if self.transactions[top].to_thread != Some(thread) {
            return Err(Failure::failed(Errno::EPROTO));
        }
        let mut next = Some(top);
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

    /// Takes room with the receiver, and makes the transaction. `opener` opened the sender's file.
    pub(super) fn allocate(
        &mut self,
        attempt: &Attempt<'_, impl Caller>,
        opener: &Opener,
        route: Route,
    ) -> Result<Sending, Failure> {
        let Sent {
            data,
            is_reply,
            buffers_size,
            ..
        } = attempt.sent;
        // The user as whom the sender's process acts now.
        let sender_euid = attempt.caller.opener_euid();
        let key = self.transactions.reserve().map_err(Failure::failed)?;
        let owner = &mut self.processes[route.process];
        if !owner.is_mapped {
            return Err(Failure::dead(Errno::ESRCH));
        }
        let mut extra_size = buffers_size.checked_next_multiple_of(8);
        if route.wants_security_context {
            extra_size =
                extra_size.and_then(|size| size.checked_add(SECURITY_CONTEXT.len() as u64));
        }
        let request = Request {
            data_size: data.data_size,
            offsets_size: data.offsets_size,
            extra_size: extra_size.ok_or(Failure::failed(Errno::EINVAL))?,
            is_async: !is_reply && data.flags & TF_ONE_WAY != 0,
            sender: opener.pid,
            transaction: Some(key),
            target_node: route.node,
            clear_on_free: data.flags & TF_CLEAR_BUF != 0,
        };
        let buffer = owner.space.allocate(&request).map_err(Failure::failed)?;
        let items = self.lists.new_items(key, route.complete, buffer.is_suspect);
        let [item, complete] = match items {
            Ok(items) => items,
            Err(error) => {
                // Its node is given back by the caller.
                owner.space.free(buffer.key);
                return Err(Failure::failed(error));
            }
        };
        let security_context = route.wants_security_context.then(|| {
            let bytes = owner.space.bytes(buffer.key);
            bytes.end - SECURITY_CONTEXT.len()
        });
        let sending = Sending {
            transaction: key,
            receiver: route.process,
            buffer,
            complete,
            pages: Arc::clone(&owner.pages),
            address: owner.address,
            accepts_files: route.accepts_files,
            wants_security_context: route.wants_security_context,
        };
        let transaction = self.transactions.insert_with(|| Transaction {
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
        transaction.map_err(Failure::failed)?;
        Ok(sending)
    }
}

impl Lists {
    /// The items of a transaction, and of what its sender is told of it.
    #[inline(always)]
    fn new_items(
        &mut self,
        key: TransactionKey,
        complete: Option<Item>,
        is_suspect: bool,
    ) -> Result<[Item; 2], Errno> {
        let item = self.new_item(Job::Transaction(key))?;
        if let Some(complete) = complete {
            return Ok([item, complete]);
        }
        let told = if is_suspect {
            BR_ONEWAY_SPAM_SUSPECT
        } else {
            BR_TRANSACTION_COMPLETE
        };
        match self.new_item(Job::Tell(told)) {
            Ok(complete) => Ok([item, complete]),
            Err(error) => {
                self.remove_item(item);
                Err(error)
            }
        }
    }
}
