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
use crate::binder::Caller;
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
        output: &mut Output<'_, impl Caller>,
    ) -> Step {
        loop {
            let (process, job) = match self.collect_usual(key, takes_process_work, output) {
                Ok(step) => return step,
                Err(unusual) => unusual,
            };
            match job {
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
                _ => {}
            }
        }
    }

    /// Collects transactions and what became of them; a job that is something else is the error,
    /// with the process that it is told to.
    fn collect_usual(
        &mut self,
        key: ThreadKey,
        takes_process_work: bool,
        output: &mut Output<'_, impl Caller>,
    ) -> Result<Step, (ProcessKey, Job)> {
        let Self {
            threads,
            processes,
            lists,
            ..
        } = self;
        let own = &mut threads[key];
        let process = &mut processes[own.process];
        loop {
            if output.is_full() {
                return Ok(Step::Full);
            }
            if output.left() < LARGEST {
                let has_more = !lists.is_empty(own.todo)
                    || takes_process_work && !lists.is_empty(process.todo);
                return Ok(if has_more { Step::Over } else { Step::Nothing });
            }
            let popped = lists.pop(own.todo).or_else(|| {
                let common = takes_process_work.then_some(process.todo);
                lists.pop(common?)
            });
            let Some((item, job)) = popped else {
                return Ok(Step::Nothing);
            };
            if lists.is_empty(own.todo) {
                own.has_work = false;
            }
            let told = match job {
                Job::Transaction(transaction) => {
                    return Ok(self.tell_transaction(key, transaction, output));
                }
                Job::Sent => BR_TRANSACTION_COMPLETE,
                Job::Tell(command) => {
                    lists.remove_item(item);
                    match command {
                        BR_ONEWAY_SPAM_SUSPECT if !process.detects_spam => BR_TRANSACTION_COMPLETE,
                        other => other,
                    }
                }
                Job::ReturnError => core::mem::replace(&mut own.return_error.command, BR_OK),
                Job::ReplyError => core::mem::replace(&mut own.reply_error.command, BR_OK),
                other => return Err((own.process, other)),
            };
            process.statistics.note_return(told);
            output.put(&told.to_ne_bytes());
        }
    }

    fn tell_node(
        &mut self,
        process: ProcessKey,
        key: NodeKey,
        output: &mut Output<'_, impl Caller>,
    ) {
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

    /// Tells a thread of a transaction or a reply, which is its own from here on; unless it brings
    /// files.
    fn tell_transaction(
        &mut self,
        thread: ThreadKey,
        key: TransactionKey,
        output: &mut Output<'_, impl Caller>,
    ) -> Step {
        let Self {
            threads,
            transactions,
            processes,
            nodes,
            ..
        } = self;
        let transaction = &mut transactions[key];
        if transaction.files.is_some() {
            return Step::Files(key);
        }
        let sender = transaction.from.and_then(|from| threads.get(from));
        let sender_pid = sender.map_or(0, |_| output.caller.sees(transaction.sender_pid));
        let own = &mut threads[thread];
        let owner = &mut processes[own.process];
        let mut data = TransactionData {
            code: transaction.code,
            flags: transaction.flags,
            sender_pid,
            sender_euid: transaction.sender_euid,
            ..TransactionData::default()
        };
        let buffer_key = transaction.buffer.unwrap_or(BufferKey::NOTHING);
        let (mut target, mut waits_for_answer) = (None, false);
        if let Some((buffer, start)) = owner.space.deliver(buffer_key) {
            target = buffer.target_node.and_then(|node| nodes.get(node));
            data.data_size = buffer.data_size as u64;
            data.offsets_size = buffer.offsets_size as u64;
            data.buffer = owner.address + start as u64;
            data.offsets = data.buffer + buffer.data_size.next_multiple_of(8) as u64;
            waits_for_answer = target.is_some() && !transaction.is_one_way();
            if !waits_for_answer {
                (buffer.transaction, transaction.buffer) = (None, None);
            }
        }
        let mut told = BR_REPLY;
        if let Some(node) = target {
            told = BR_TRANSACTION;
            (data.target, data.cookie) = (node.ptr, node.cookie);
            transaction.take_nice(output.caller, node.nice_limit);
        }
        let secctx = transaction.security_context;
        let secctx = secctx.map(|offset| owner.address + offset as u64);
        if secctx.is_some() {
            told = BR_TRANSACTION_SEC_CTX;
        }
        owner.statistics.note_return(told);
        if waits_for_answer {
            transaction.to_thread = Some(thread);
            transaction.to_parent = own.stack.replace(key);
        } else {
            if core::mem::take(&mut transaction.is_outstanding) {
                owner.note_ended();
            }
            self.end_transaction(key);
        }
        output.put(&told.to_ne_bytes());
        output.put(data.as_bytes());
        if let Some(secctx) = secctx {
            output.put(&secctx.to_ne_bytes());
        }
        Step::Told(Delivery {
            buffer: buffer_key,
            request: waits_for_answer.then_some(key),
        })
    }
}

const _: () = assert!(offset_of!(TransactionDataSecctx, secctx) == size_of::<TransactionData>());
