//! The end of a thread and of a process: what they held is let go of, and whoever waits for them is
//! told.
//!
//! A process may have a great many things. They are let go of one at a time, so that the lock is
//! never held for long; meanwhile the process is dead, and nothing new comes to it.

use alloc::sync::Arc;

use abi::binder::reply::BR_DEAD_REPLY;

use super::context::{Context, State};
use super::list::{Item, Job, List};
use super::node::NodeKey;
use super::process::{Process, ProcessKey};
use super::space::BufferKey;
use super::thread::ThreadKey;
use super::transaction::TransactionKey;

impl Context {
    /// Ends a thread: BINDER_THREAD_EXIT, or the end of its process.
    pub(super) fn release_thread(&self, thread: ThreadKey) {
        let (process, todo) = {
            let mut state = self.lock();
            let Some(found) = state.threads.get(thread) else {
                return;
            };
            let (process, todo, tid) = (found.process, found.todo, found.tid);
            state.processes[process].threads.remove(&tid);
            state.leave_stack(thread);
            (process, todo)
        };
        while self.release_work(process, todo) {}
        self.lock().remove_thread(thread);
    }

    /// Ends a process.
    pub(super) fn release_process(&self, process: ProcessKey) {
        self.lock().begin_release(process);
        // Each is asked for by a call of its own, which gives the lock back.
        let first_thread = || self.lock().first_thread(process);
        while let Some(thread) = first_thread() {
            self.release_thread(thread);
        }
        let first_node = || self.lock().first_node(process);
        while let Some(node) = first_node() {
            self.release_node(process, node);
        }
        while self.lock().end_first_reference(process) {}
        let (todo, delivered_deaths) = {
            let state = self.lock();
            let process = &state.processes[process];
            (process.todo, process.delivered_deaths)
        };
        while self.release_work(process, todo) {}
        while self.release_work(process, delivered_deaths) {}
        let ended = self.lock().remove_process(process);
        // Its memory goes when the lock is not held.
        drop(ended);
    }

    /// Lets go of the first thing in a list. Returns false when there was none.
    fn release_work(&self, process: ProcessKey, list: List) -> bool {
        let mut state = self.lock();
        let Some((item, job)) = state.lists.pop(list) else {
            return false;
        };
        let abandoned = state.release_job(process, item, job);
        drop(state);
        if let Some(buffer) = abandoned {
            self.drop_buffer(process, buffer, usize::MAX);
        }
        true
    }

    /// A node whose process ends is dead from here on.
    fn release_node(&self, process: ProcessKey, node: NodeKey) {
        let waiting = self.lock().nodes[node].async_todo;
        if let Some(waiting) = waiting {
            while self.release_work(process, waiting) {}
        }
        let mut state = self.lock();
        state.bury_node(process, node);
        let mut after = None;
        while let Some((holder, handle)) = state.next_holder(node, after) {
            state.tell_holder(holder, handle);
            after = Some(holder);
        }
        state.drop_node_if_unwanted(node);
    }
}

impl State {
    /// A process that others can still reach.
    pub fn living(&self, process: ProcessKey) -> Option<&Process> {
        self.processes
            .get(process)
            .filter(|process| !process.is_dead)
    }

    fn begin_release(&mut self, process: ProcessKey) {
        if self.manager_process() == Some(process) {
            self.manager = None;
        }
        let process = &mut self.processes[process];
        process.is_dead = true;
        process.is_frozen = false;
    }

    fn first_thread(&self, process: ProcessKey) -> Option<ThreadKey> {
        self.processes[process].threads.values().next().copied()
    }

    fn first_node(&self, process: ProcessKey) -> Option<NodeKey> {
        self.processes[process].nodes.values().next().copied()
    }

    fn end_first_reference(&mut self, process: ProcessKey) -> bool {
        let owner = &self.processes[process];
        let first = owner.references.next_from(0);
        let handle = first.map_or(0, |(key, _)| key.index() as u32 + 1);
        if handle == 0 && owner.manager_reference.is_none() {
            return false;
        }
        self.end_reference(process, handle);
        true
    }

    fn remove_process(&mut self, key: ProcessKey) -> Option<Process> {
        let process = self.processes.remove(key)?;
        for list in [process.todo, process.waiting, process.delivered_deaths] {
            self.lists.remove_list(list);
        }
        self.statistics.add(&process.statistics);
        if let Some(freezer) = &process.freezer {
            Arc::clone(freezer).wake();
        }
        Some(process)
    }

    /// Takes a thread out of the transactions that it is at or waits for. Whoever waits for what it
    /// is at is told.
    fn leave_stack(&mut self, thread: ThreadKey) {
        let top = self.threads[thread].stack.take();
        let is_at = |key: &TransactionKey| {
            let transaction = self.transactions.get(*key);
            transaction.is_some_and(|transaction| transaction.to_thread == Some(thread))
        };
        let answered = top.filter(is_at);
        let mut next = top;
        while let Some(key) = next {
            let Some(transaction) = self.transactions.get_mut(key) else {
                break;
            };
            if transaction.to_thread == Some(thread) {
                transaction.to_thread = None;
                next = transaction.to_parent;
                self.forget_receiver(key);
            } else {
                transaction.from = None;
                next = transaction.from_parent;
            }
        }
        if let Some(answered) = answered {
            self.fail_reply(answered, BR_DEAD_REPLY);
        }
    }

    /// Nobody will answer a transaction that was taken; its buffer is the program's.
    fn forget_receiver(&mut self, key: TransactionKey) {
        let transaction = &mut self.transactions[key];
        let buffer = transaction.buffer.take();
        let was_outstanding = core::mem::take(&mut transaction.is_outstanding);
        let Some(process) = self.processes.get_mut(transaction.to_process) else {
            return;
        };
        if let Some(buffer) = buffer
            && let Some(buffer) = process.space.get_mut(buffer)
        {
            buffer.transaction = None;
        }
        if was_outstanding {
            process.note_ended();
        }
    }

    /// Lets go of something that waited to be told to a process. Returns the buffer of what was
    /// never delivered.
    fn release_job(&mut self, process: ProcessKey, item: Item, job: Job) -> Option<BufferKey> {
        match job {
            Job::Transaction(key) => {
                let buffer = self.transactions.get(key)?.buffer;
                self.abandon_transaction(key, BR_DEAD_REPLY);
                if let Some(buffer) = buffer {
                    self.end_async_of(process, buffer);
                }
                return buffer;
            }
            Job::Tell(_) => self.lists.remove_item(item),
            Job::Death(death) if self.processes[process].is_dead => self.end_death(death),
            // One of the other threads tells it.
            Job::Node(_) | Job::Death(_) if !self.processes[process].is_dead => {
                self.give_process(process, item);
            }
            Job::Node(_) | Job::Death(_) => {}
            Job::Sent | Job::ReturnError | Job::ReplyError | Job::Ends | Job::Waiter(_) => {}
        }
        None
    }

    /// Takes a node from its process.
    fn bury_node(&mut self, process: ProcessKey, key: NodeKey) {
        let node = &mut self.nodes[key];
        let (ptr, item) = (node.ptr, node.item);
        node.process = None;
        (node.local_strong, node.local_weak) = (0, 0);
        node.has_async = false;
        self.lists.unlink(item);
        self.processes[process].nodes.remove(&ptr);
    }

    fn next_holder(&self, node: NodeKey, after: Option<ProcessKey>) -> Option<(ProcessKey, u32)> {
        use core::ops::Bound::{Excluded, Unbounded};
        let references = &self.nodes[node].references;
        let from = after.map_or(Unbounded, Excluded);
        let next = references.range((from, Unbounded)).next();
        next.map(|(holder, handle)| (*holder, *handle))
    }

    fn tell_holder(&mut self, holder: ProcessKey, handle: u32) {
        let reference = self.processes[holder].reference(handle);
        let death = reference.and_then(|reference| reference.death);
        if let Some(death) = death {
            self.note_death(holder, death);
        }
    }
}
