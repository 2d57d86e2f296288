//! What must hold in a context whenever its lock is free.

use super::super::context::{Context, State};
use super::super::list::Job;

impl Context {
    /// Fails where something does not hold.
    pub fn check(&self) {
        self.lock().check();
    }

    /// Fails where anything is left.
    pub fn check_empty(&self) {
        let state = self.lock();
        let left = [
            state.processes.len(),
            state.threads.len(),
            state.nodes.len(),
            state.transactions.len(),
            state.deaths.len(),
            state.lists.len(),
        ];
        assert_eq!(
            left, [0; 6],
            "processes, threads, nodes, transactions, deaths, list items"
        );
        assert!(state.manager.is_none());
    }
}

impl State {
    fn check(&self) {
        self.check_counts();
        self.check_nodes();
        self.check_transactions();
        self.check_items();
    }

    /// Every list item is somebody's.
    fn check_items(&self) {
        let (mut expected, mut from) = (0, 0);
        while let Some((key, process)) = self.processes.next_from(from) {
            from = key.index() + 1;
            expected += 3 + self.count_told(process.todo);
            for thread in process.threads.values() {
                expected += 5 + self.count_told(self.threads[*thread].todo);
            }
        }
        let mut from = 0;
        while let Some((key, node)) = self.nodes.next_from(from) {
            from = key.index() + 1;
            expected += 1 + usize::from(node.async_todo.is_some());
        }
        expected += self.transactions.len() + self.deaths.len();
        assert_eq!(self.lists.len(), expected);
    }

    /// Items that exist only for as long as they are in a list.
    fn count_told(&self, list: super::super::list::List) -> usize {
        let (mut count, mut next) = (0, self.lists.first(list));
        while let Some((item, job)) = next {
            count += usize::from(matches!(job, Job::Tell(_)));
            next = self.lists.after(list, item);
        }
        count
    }

    /// What processes count is what there is.
    fn check_counts(&self) {
        let mut from = 0;
        while let Some((key, process)) = self.processes.next_from(from) {
            from = key.index() + 1;
            let (mut outstanding, mut at) = (0, 0);
            while let Some((found, transaction)) = self.transactions.next_from(at) {
                at = found.index() + 1;
                let is_ours = transaction.to_process == key && transaction.is_outstanding;
                outstanding += u32::from(is_ours);
            }
            assert_eq!(process.outstanding, outstanding);
            process.space.check();
            let (mut place, mut handles) = (0, usize::from(process.manager_reference.is_some()));
            while let Some((found, reference)) = process.references.next_from(place) {
                place = found.index() + 1;
                handles += 1;
                assert!(reference.strong + reference.weak > 0);
                let holders = &self.nodes[reference.node].references;
                assert_eq!(holders.get(&key), Some(&(found.index() as u32 + 1)));
            }
            assert_eq!(
                process.references.len() + usize::from(process.manager_reference.is_some()),
                handles
            );
        }
    }

    fn check_nodes(&self) {
        let mut from = 0;
        while let Some((key, node)) = self.nodes.next_from(from) {
            from = key.index() + 1;
            let mut strong = 0;
            for (holder, handle) in &node.references {
                let reference = self.processes[*holder].reference(*handle).unwrap();
                assert_eq!(reference.node, key);
                strong += u32::from(reference.strong > 0);
            }
            assert_eq!(node.strong_references, strong);
            match node.process {
                Some(process) => {
                    assert_eq!(self.processes[process].nodes.get(&node.ptr), Some(&key));
                    self.check_buffers_of(process, key, node.local_strong);
                }
                None => {
                    assert!(!node.references.is_empty());
                    assert!(!self.lists.is_linked(node.item));
                }
            }
        }
    }

    /// Each buffer that was sent to a node holds it.
    fn check_buffers_of(
        &self,
        process: super::super::process::ProcessKey,
        node: super::super::node::NodeKey,
        holds: u32,
    ) {
        let space = &self.processes[process].space;
        let (mut count, mut place) = (0, 0);
        while let Some((_, buffer, next)) = space.next_buffer(place) {
            place = next;
            count += u32::from(buffer.target_node == Some(node));
        }
        assert!(holds >= count, "{holds} holds for {count} buffers");
    }

    /// A transaction waits in a list, or is on the stack of the thread that is at it; its sender
    /// has it on its stack.
    fn check_transactions(&self) {
        let mut from = 0;
        while let Some((key, transaction)) = self.transactions.next_from(from) {
            from = key.index() + 1;
            let is_waiting = self.lists.is_linked(transaction.item);
            let is_at = |thread, parent: fn(&Self, _, _) -> _| {
                let mut next = self.threads.get(thread).and_then(|thread| thread.stack);
                let mut depth = 0;
                while let Some(other) = next {
                    assert!(depth < 1000, "a circle in a stack");
                    depth += 1;
                    if other == key {
                        return true;
                    }
                    next = parent(self, other, thread);
                }
                false
            };
            let below = |state: &Self, key, thread| {
                let transaction: Option<&super::super::transaction::Transaction> =
                    state.transactions.get(key);
                let transaction = transaction?;
                match transaction.to_thread == Some(thread) {
                    true => transaction.to_parent,
                    false => transaction.from_parent,
                }
            };
            if !is_waiting && let Some(thread) = transaction.to_thread {
                assert!(is_at(thread, below), "taken, and not on the stack");
            }
            if let Some(sender) = transaction
                .from
                .filter(|key| self.threads.get(*key).is_some())
            {
                assert!(is_at(sender, below), "sent, and not on the stack");
            }
        }
    }
}
