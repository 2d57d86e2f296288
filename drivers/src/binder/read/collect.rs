//! What there is to tell a thread, in the order in which it is told.

use core::mem::offset_of;

use abi::binder::reply::{
    BR_DEAD_BINDER, BR_OK, BR_ONEWAY_SPAM_SUSPECT, BR_REPLY, BR_TRANSACTION,
    BR_TRANSACTION_COMPLETE, BR_TRANSACTION_SEC_CTX,
};
use abi::binder::{PtrCookie, TransactionData, TransactionDataSecctx};
use zerocopy::IntoBytes;

use super::output::{LARGEST, Output};
use super::{Delivery, Step};
use crate::binder::context::State;
use crate::binder::list::Job;
use crate::binder::node::NodeKey;
use crate::binder::process::ProcessKey;
use crate::binder::space::BufferKey;
use crate::binder::thread::ThreadKey;
use crate::binder::transaction::TransactionKey;

impl State {
    /// Collects what there is to tell.
    pub(super) fn collect(
        &mut self,
        key: ThreadKey,
        takes_process_work: bool,
        output: &mut Output<'_>,
    ) -> Step {
        let (process, todo) = (self.threads[key].process, self.threads[key].todo);
        loop {
            if output.is_full() {
                return Step::Full;
            }
            let list = if !self.lists.is_empty(todo) {
                todo
            } else if takes_process_work && !self.lists.is_empty(self.processes[process].todo) {
                self.processes[process].todo
            } else {
                return Step::Nothing;
            };
            if output.left() < LARGEST {
                return Step::Over;
            }
            let Some((item, job)) = self.lists.pop(list) else {
                return Step::Nothing;
            };
            if self.lists.is_empty(todo) {
                self.threads[key].has_work = false;
            }
            match job {
                Job::Transaction(transaction) => {
                    if self.transactions[transaction].files.is_some() {
                        return Step::Files(transaction);
                    }
                    return Step::Told(self.tell_transaction(key, transaction, output));
                }
                Job::Tell(command) => {
                    self.lists.remove_item(item);
                    let detects = self.processes[process].detects_spam;
                    let told = match command {
                        BR_ONEWAY_SPAM_SUSPECT if !detects => BR_TRANSACTION_COMPLETE,
                        other => other,
                    };
                    self.put_return(process, output, told);
                }
                Job::ReturnError => {
                    let error = &mut self.threads[key].return_error.command;
                    let told = core::mem::replace(error, BR_OK);
                    self.put_return(process, output, told);
                }
                Job::ReplyError => {
                    let error = &mut self.threads[key].reply_error.command;
                    let told = core::mem::replace(error, BR_OK);
                    self.put_return(process, output, told);
                }
                Job::Node(node) => self.tell_node(process, node, output),
                Job::Death(death) => {
                    let (told, cookie) = self.tell_death(process, death);
                    self.put_return(process, output, told);
                    output.put(&cookie.to_ne_bytes());
                    // The program may send transactions because of it.
                    if told == BR_DEAD_BINDER {
                        return Step::Over;
                    }
                }
                Job::Ends | Job::Waiter(_) => {}
            }
        }
    }

    fn tell_node(&mut self, process: ProcessKey, key: NodeKey, output: &mut Output<'_>) {
        let node = &self.nodes[key];
        let named = PtrCookie {
            ptr: node.ptr,
            cookie: node.cookie,
        };
        for told in self.take_notices(key).into_iter().flatten() {
            self.put_return(process, output, told);
            output.put(named.as_bytes());
        }
    }

    /// Tells a thread of a transaction or a reply, which is its own from here on.
    fn tell_transaction(
        &mut self,
        thread: ThreadKey,
        key: TransactionKey,
        output: &mut Output<'_>,
    ) -> Delivery {
        let process = self.threads[thread].process;
        let has_sender = self.waiting_sender(key).is_some();
        let transaction = &mut self.transactions[key];
        let caller = output.caller;
        transaction.saved_nice = caller.nice();
        let owner = &mut self.processes[process];
        let mut data = TransactionData {
            code: transaction.code,
            flags: transaction.flags,
            sender_euid: transaction.sender_euid,
            ..TransactionData::default()
        };
        if has_sender {
            data.sender_pid = caller.sees(transaction.sender_pid);
        }
        let buffer_key = transaction.buffer.unwrap_or(BufferKey::NOTHING);
        let mut target = None;
        if let Some(buffer) = owner.space.get_mut(buffer_key) {
            buffer.is_delivered = true;
            target = buffer.target_node;
            let (size, offsets_size) = (buffer.data_size, buffer.offsets_size);
            data.data_size = size as u64;
            data.offsets_size = offsets_size as u64;
            let start = owner.space.bytes(buffer_key).start;
            data.buffer = owner.address + start as u64;
            data.offsets = data.buffer + size.next_multiple_of(8) as u64;
        }
        let mut told = BR_REPLY;
        if let Some(node) = target.and_then(|node| self.nodes.get(node)) {
            (data.target, data.cookie) = (node.ptr, node.cookie);
            told = BR_TRANSACTION;
            let nice = transaction.nice;
            if !transaction.is_one_way() && nice < node.nice_limit {
                caller.set_nice(nice);
            } else if !transaction.is_one_way() || transaction.saved_nice > node.nice_limit {
                caller.set_nice(node.nice_limit);
            }
        }
        let secctx = transaction.security_context;
        let secctx = secctx.map(|offset| owner.address + offset as u64);
        let waits_for_answer = told == BR_TRANSACTION && !transaction.is_one_way();
        if waits_for_answer {
            transaction.to_thread = Some(thread);
            transaction.to_parent = self.threads[thread].stack.replace(key);
        } else {
            self.end_transaction(key);
        }
        match secctx {
            Some(secctx) => {
                self.put_return(process, output, BR_TRANSACTION_SEC_CTX);
                output.put(data.as_bytes());
                output.put(&secctx.to_ne_bytes());
            }
            None => {
                self.put_return(process, output, told);
                output.put(data.as_bytes());
            }
        }
        Delivery {
            buffer: buffer_key,
            request: waits_for_answer.then_some(key),
        }
    }
}

const _: () = assert!(offset_of!(TransactionDataSecctx, secctx) == size_of::<TransactionData>());
