//! A node: an object of a process that others can call.
//!
//! Who *holds* a node counts as strong, who only *knows* of it as weak. The node's process keeps
//! its object for as long as it was told that others hold or know it: BR_ACQUIRE and BR_INCREFS
//! tell that the first one came, BR_RELEASE and BR_DECREFS that the last one has gone. It answers
//! the former two, and meanwhile counts as one who holds or knows the node itself, so that the
//! latter never overtake them.
//!
//! The node of a process that has ended is dead; it stays for as long as there are references.

use alloc::collections::BTreeMap;

use abi::Errno;
use abi::binder::object::{
    FLAT_BINDER_FLAG_ACCEPTS_FDS, FLAT_BINDER_FLAG_PRIORITY_MASK,
    FLAT_BINDER_FLAG_TXN_SECURITY_CTX, FlatObject,
};
use abi::binder::reply::{BR_ACQUIRE, BR_DECREFS, BR_INCREFS, BR_RELEASE};

use super::arena::Key;
use super::context::State;
use super::list::{Item, Job, List};
use super::process::ProcessKey;
use super::thread::ThreadKey;

/// Names a node.
pub type NodeKey = Key<Node>;

/// How much somebody wants of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// To hold it: it stays.
    Strong,
    /// To know of it: its death can be told.
    Weak,
}

/// Who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The references of another process, all together.
    References,
    /// Something on behalf of the node's process, or a buffer on its way there.
    Local,
}

/// A node.
pub struct Node {
    /// What it is called in the files of debugfs.
    pub id: u32,
    /// Whose it is; none once that has ended.
    pub process: Option<ProcessKey>,
    /// What its process calls it by.
    pub ptr: u64,
    /// And with.
    pub cookie: u64,
    /// Its place in the list of what its process is to be told.
    pub item: Item,
    /// References that hold it.
    pub strong_references: u32,
    /// Local holds.
    pub local_strong: u32,
    /// Local knowledge.
    pub local_weak: u32,
    /// Its process believes that it is held.
    pub has_strong: bool,
    /// Its process believes that it is known.
    pub has_weak: bool,
    /// Its process has not answered BR_ACQUIRE.
    pub awaits_acquire_done: bool,
    /// Its process has not answered BR_INCREFS.
    pub awaits_increfs_done: bool,
    /// Transactions to it may carry descriptors.
    pub accepts_files: bool,
    /// Transactions to it come with the sender's security context.
    pub wants_security_context: bool,
    /// The nice value of who takes its transactions, at the most.
    pub nice_limit: i32,
    /// A one-way transaction is with the process: later ones wait.
    pub has_async: bool,
    /// Those that wait.
    pub async_todo: Option<List>,
    /// Who has a reference, and by which handle.
    pub references: BTreeMap<ProcessKey, u32>,
}

/// What a process is to be told of a node, in this order.
pub type Notices = [Option<u32>; 4];

impl State {
    /// The node of a process at an address, made if need be.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn node_for(&mut self, process: ProcessKey, object: &FlatObject) -> Result<NodeKey, Errno> {
        if let Some(node) = self.processes[process].nodes.get(&object.binder) {
            return Ok(*node);
        }
        self.nodes.reserve()?;
        let item = self.lists.new_item(Job::Ends)?;
        let id = self.next_id();
        let node = self.nodes.insert(Node {
            id,
            process: Some(process),
            ptr: object.binder,
            cookie: object.cookie,
            item,
            strong_references: 0,
            local_strong: 0,
            local_weak: 0,
            has_strong: false,
            has_weak: false,
            awaits_acquire_done: false,
            awaits_increfs_done: false,
            accepts_files: object.flags & FLAT_BINDER_FLAG_ACCEPTS_FDS != 0,
            wants_security_context: object.flags & FLAT_BINDER_FLAG_TXN_SECURITY_CTX != 0,
            nice_limit: (object.flags & FLAT_BINDER_FLAG_PRIORITY_MASK) as i32,
            has_async: false,
            async_todo: None,
            references: BTreeMap::new(),
        })?;
        self.lists.set_job(item, Job::Node(node));
        self.processes[process].nodes.insert(object.binder, node);
        Ok(node)
    }

    /// Ends a node that nobody wants any longer, if that is so: a failure has taken back what it
    /// was made for.
    pub fn drop_node_if_unwanted(&mut self, key: NodeKey) {
        let is_unwanted = self.nodes.get(key).is_some_and(|node| {
            let is_told = node.process.is_some() && (node.has_strong || node.has_weak);
            !is_told && !self.is_wanted(node)
        });
        if is_unwanted {
            self.remove_node(key);
        }
    }

    fn is_wanted(&self, node: &Node) -> bool {
        node.strong_references + node.local_strong + node.local_weak > 0
            || !node.references.is_empty()
    }

    /// Counts one more. A process that does not know yet is told: through the list of `teller`, the
    /// thread that sends the node away, which deals with that before it waits for an answer.
    ///
    /// # Errors
    /// EINVAL: the process does not know that its node is held or known, and nobody is there to
    /// tell it.
    pub fn count_node(
        &mut self,
        key: NodeKey,
        strength: Strength,
        holder: Holder,
        teller: Option<ThreadKey>,
    ) -> Result<(), Errno> {
        let is_manager = self.manager == Some(key);
        let node = &mut self.nodes[key];
        if strength == Strength::Strong {
            match holder {
                Holder::Local => node.local_strong += 1,
                Holder::References => {
                    let is_known = is_manager && node.process.is_some() && node.has_strong;
                    if teller.is_none() && node.strong_references == 0 && !is_known {
                        return Err(Errno::EINVAL);
                    }
                    node.strong_references += 1;
                }
            }
            if let Some(teller) = teller.filter(|_| !node.has_strong) {
                let item = node.item;
                self.lists.unlink(item);
                self.give_later(teller, item);
            }
            return Ok(());
        }
        if holder == Holder::Local {
            node.local_weak += 1;
        }
        let (item, owner, knows) = (node.item, node.process, node.has_weak);
        if knows || self.lists.is_linked(item) {
            return Ok(());
        }
        match (teller, holder, owner) {
            (Some(teller), _, _) => self.give_later(teller, item),
            (None, Holder::References, _) => return Err(Errno::EINVAL),
            (None, Holder::Local, Some(owner)) => self.give_process(owner, item),
            (None, Holder::Local, None) => {}
        }
        Ok(())
    }

    /// Counts one less. Of references, weak ones are counted by their being in the node's list.
    /// The process is told if it was the last; a node that nobody knows of ends.
    #[inline]
    pub fn uncount_node(&mut self, key: NodeKey, strength: Strength, holder: Holder) {
        let Some(node) = self.nodes.get_mut(key) else {
            return;
        };
        match (strength, holder) {
            (Strength::Strong, Holder::References) => node.strong_references -= 1,
            // A dead node has lost its local counts.
            (Strength::Strong, Holder::Local) => {
                node.local_strong = node.local_strong.saturating_sub(1);
            }
            (Strength::Weak, Holder::Local) => node.local_weak = node.local_weak.saturating_sub(1),
            (Strength::Weak, Holder::References) => {}
        }
        let node = &self.nodes[key];
        let remains = match strength {
            Strength::Strong => node.strong_references + node.local_strong > 0,
            Strength::Weak => node.local_weak > 0 || !node.references.is_empty(),
        };
        if remains {
            return;
        }
        match node.process.filter(|_| node.has_strong || node.has_weak) {
            Some(process) => {
                let item = node.item;
                if !self.lists.is_linked(item) {
                    self.give_process(process, item);
                }
            }
            None if !self.is_wanted(node) => self.remove_node(key),
            None => {}
        }
    }

    /// What its process is to be told of a node now, which is taken as told. A node that nobody
    /// knows of any longer ends.
    pub fn take_notices(&mut self, key: NodeKey) -> Notices {
        let node = &mut self.nodes[key];
        let strong = node.strong_references + node.local_strong > 0;
        let weak = strong || node.local_weak > 0 || !node.references.is_empty();
        let (had_strong, had_weak) = (node.has_strong, node.has_weak);
        if weak && !had_weak {
            node.awaits_increfs_done = true;
            node.local_weak += 1;
        }
        if strong && !had_strong {
            node.awaits_acquire_done = true;
            node.local_strong += 1;
        }
        (node.has_strong, node.has_weak) = (strong, weak);
        if !weak {
            self.remove_node(key);
        }
        [
            (weak && !had_weak).then_some(BR_INCREFS),
            (strong && !had_strong).then_some(BR_ACQUIRE),
            (!strong && had_strong).then_some(BR_RELEASE),
            (!weak && had_weak).then_some(BR_DECREFS),
        ]
    }

    /// The process has answered BR_INCREFS or BR_ACQUIRE. Nothing happens where it has nothing to
    /// answer.
    pub fn notice_is_done(&mut self, process: ProcessKey, ptr: u64, cookie: u64, what: Strength) {
        let Some(&key) = self.processes[process].nodes.get(&ptr) else {
            return;
        };
        let node = &mut self.nodes[key];
        let awaited = match what {
            Strength::Strong => &mut node.awaits_acquire_done,
            Strength::Weak => &mut node.awaits_increfs_done,
        };
        if node.cookie == cookie && core::mem::take(awaited) {
            self.uncount_node(key, what, Holder::Local);
        }
    }

    /// Takes a node out of everything. What waits for it has been dealt with.
    pub fn remove_node(&mut self, key: NodeKey) {
        let Some(node) = self.nodes.remove(key) else {
            return;
        };
        self.lists.remove_item(node.item);
        if let Some(list) = node.async_todo {
            self.lists.remove_list(list);
        }
        if let Some(process) = node.process {
            self.processes[process].nodes.remove(&node.ptr);
        }
    }
}
