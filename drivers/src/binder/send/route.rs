//! The first step of sending: who is to get it, and room there.

use alloc::sync::Arc;

use abi::Errno;
use abi::binder::reply::{BR_ONEWAY_SPAM_SUSPECT, BR_TRANSACTION_COMPLETE};
use abi::binder::{TF_ACCEPT_FDS, TF_CLEAR_BUF, TF_ONE_WAY, TransactionData};

use super::{Attempt, Failure, Route, SECURITY_CONTEXT, Sending, Sent};
use crate::binder::context::State;
use crate::binder::list::{Item, Job};
use crate::binder::node::Strength;
use crate::binder::process::ProcessKey;
use crate::binder::space::Request;
use crate::binder::thread::ThreadKey;
use crate::binder::transaction::Transaction;

impl State {
    /// Whoever waits for the answer that the thread gives.
    pub(super) fn route_reply(&mut self, attempt: &mut Attempt<'_>) -> Result<Route, Failure> {
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
    pub(super) fn route_request(&mut self, attempt: &Attempt<'_>) -> Result<Route, Failure> {
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
    pub(super) fn allocate(
        &mut self,
        attempt: &Attempt<'_>,
        route: Route,
    ) -> Result<Sending, Failure> {
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
}
