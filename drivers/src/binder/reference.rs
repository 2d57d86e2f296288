//! References: what a process has of the nodes of others, by handles.
//!
//! Handle 0 leads to the context manager; the others are given out from 1 on, the lowest free one
//! first. A reference that its process neither holds nor knows any longer is gone, and its handle
//! is free.

use abi::Errno;

use super::arena::Key;
use super::context::State;
use super::death::Death;
use super::node::{Holder, NodeKey, Strength};
use super::process::{Process, ProcessKey};
use super::thread::ThreadKey;

/// A reference.
#[derive(Clone, Copy)]
pub struct Reference {
    /// What it is called in the files of debugfs.
    pub id: u32,
    /// Where it leads.
    pub node: NodeKey,
    /// How often the process holds it.
    pub strong: u32,
    /// How often the process knows of it.
    pub weak: u32,
    /// The process wants to be told of the node's death.
    pub death: Option<Key<Death>>,
}

/// Memory that a reference, a node and their places in trees may take.
pub const ROOM: usize = 2048;

impl Process {
    /// The reference behind a handle.
    pub fn reference(&self, handle: u32) -> Option<&Reference> {
        match handle {
            0 => self.manager_reference.as_ref(),
            handle => Some(self.references.at(handle as usize - 1)?.1),
        }
    }

    /// The reference behind a handle, to be changed.
    pub fn reference_mut(&mut self, handle: u32) -> Option<&mut Reference> {
        match handle {
            0 => self.manager_reference.as_mut(),
            handle => {
                let key = self.references.at(handle as usize - 1)?.0;
                self.references.get_mut(key)
            }
        }
    }

    /// The reference behind a handle, for what needs the node to be held if `strength` is strong.
    pub fn usable_reference(&self, handle: u32, strength: Strength) -> Option<&Reference> {
        let reference = self.reference(handle)?;
        (strength == Strength::Weak || reference.strong > 0).then_some(reference)
    }

    fn remove_reference(&mut self, handle: u32) -> Option<Reference> {
        match handle {
            0 => self.manager_reference.take(),
            handle => {
                let key = self.references.at(handle as usize - 1)?.0;
                self.references.remove(key)
            }
        }
    }
}

impl State {
    /// Counts one more on the reference that a process has to a node, which is made if need be;
    /// returns its handle. For `teller` see [`State::count_node`].
    ///
    /// # Errors
    /// EINVAL, as there; ENOMEM.
    pub fn count_reference_to(
        &mut self,
        process: ProcessKey,
        node: NodeKey,
        strength: Strength,
        teller: Option<ThreadKey>,
    ) -> Result<u32, Errno> {
        if let Some(&handle) = self.nodes[node].references.get(&process) {
            self.count_reference(process, handle, strength, teller)?;
            return Ok(handle);
        }
        let reference = Reference {
            id: self.next_id(),
            node,
            strong: 0,
            weak: 0,
            death: None,
        };
        let is_manager = self.manager == Some(node);
        let owner = &mut self.processes[process];
        // Handle 0 may still lead to an earlier manager, which is dead.
        let handle = if is_manager && owner.manager_reference.is_none() {
            owner.manager_reference = Some(reference);
            0
        } else {
            owner.references.insert(reference)?.index() as u32 + 1
        };
        self.nodes[node].references.insert(process, handle);
        let counted = self.count_reference(process, handle, strength, teller);
        if let Err(error) = counted {
            // Nothing was counted on it, so its end counts nothing back.
            self.processes[process].remove_reference(handle);
            self.nodes[node].references.remove(&process);
            return Err(error);
        }
        Ok(handle)
    }

    /// Counts one more on a reference.
    ///
    /// # Errors
    /// EINVAL: there is none, or see [`State::count_node`].
    pub fn count_reference(
        &mut self,
        process: ProcessKey,
        handle: u32,
        strength: Strength,
        teller: Option<ThreadKey>,
    ) -> Result<(), Errno> {
        let reference = self.processes[process].reference(handle);
        let reference = *reference.ok_or(Errno::EINVAL)?;
        let count = match strength {
            Strength::Strong => reference.strong,
            Strength::Weak => reference.weak,
        };
        let more = count.checked_add(1).ok_or(Errno::EINVAL)?;
        if count == 0 {
            self.count_node(reference.node, strength, Holder::References, teller)?;
        }
        if let Some(reference) = self.processes[process].reference_mut(handle) {
            match strength {
                Strength::Strong => reference.strong = more,
                Strength::Weak => reference.weak = more,
            }
        }
        Ok(())
    }

    /// Counts one less on a reference; the last one ends it.
    ///
    /// # Errors
    /// EINVAL: there is none, or it is not counted so.
    pub fn uncount_reference(
        &mut self,
        process: ProcessKey,
        handle: u32,
        strength: Strength,
    ) -> Result<(), Errno> {
        let owner = &mut self.processes[process];
        let is_usable = owner.usable_reference(handle, strength).is_some();
        let reference = owner.reference_mut(handle).filter(|_| is_usable);
        let reference = reference.ok_or(Errno::EINVAL)?;
        let count = match strength {
            Strength::Strong => &mut reference.strong,
            Strength::Weak => &mut reference.weak,
        };
        *count = count.checked_sub(1).ok_or(Errno::EINVAL)?;
        let (is_last, node) = (*count == 0, reference.node);
        let is_over = reference.strong == 0 && reference.weak == 0;
        if is_last && strength == Strength::Strong {
            self.uncount_node(node, strength, Holder::References);
        }
        if is_over {
            self.end_reference(process, handle);
        }
        Ok(())
    }

    /// Ends a reference, whatever it counts.
    pub fn end_reference(&mut self, process: ProcessKey, handle: u32) {
        let Some(reference) = self.processes[process].remove_reference(handle) else {
            return;
        };
        let node = reference.node;
        if reference.strong > 0 {
            self.uncount_node(node, Strength::Strong, Holder::References);
        }
        if let Some(node) = self.nodes.get_mut(node) {
            node.references.remove(&process);
        }
        self.uncount_node(node, Strength::Weak, Holder::References);
        if let Some(death) = reference.death {
            self.end_death(death);
        }
    }
}
