//! Buffers that have been delivered, or are not going to be: what they hold is let go of, and their
//! room given back.

use alloc::sync::Arc;

use abi::binder::command::BC_FREE_BUFFER;
use abi::binder::object::{
    BINDER_TYPE_BINDER, BINDER_TYPE_HANDLE, BINDER_TYPE_WEAK_BINDER, BINDER_TYPE_WEAK_HANDLE,
};

use super::context::{Context, State};
use super::list::Job;
use super::node::{Holder, Strength};
use super::process::ProcessKey;
use super::space::{Buffer, BufferKey};
use super::translate::{Object, Objects};
use super::{Caller, Pages};

impl Context {
    /// BC_FREE_BUFFER. Nothing happens where no buffer begins at the address that the program has
    /// and has not freed.
    pub(super) fn free_buffer(&self, process: ProcessKey, address: u64, caller: &impl Caller) {
        let mut held = self.lock();
        let state = &mut *held;
        let owner = &mut state.processes[process];
        owner.statistics.note_command(BC_FREE_BUFFER);
        let offset = address.checked_sub(owner.address);
        let taken = offset.and_then(|offset| owner.space.take_back(usize::try_from(offset).ok()?));
        let Some((key, buffer)) = taken else {
            return;
        };
        if let Some(transaction) = buffer.transaction
            && let Some(transaction) = state.transactions.get_mut(transaction)
        {
            transaction.buffer = None;
        }
        state.end_async(process, &buffer);
        if buffer.offsets_size > 0 {
            drop(held);
            let released = Released::Delivered(caller);
            self.release_objects(process, key, &buffer, usize::MAX, &released);
            held = self.lock();
        }
        let reclaim = held.give_back(process, key, &buffer);
        drop(held);
        if let Some(pages) = reclaim {
            pages.reclaim();
        }
    }

    /// Lets go of what the first `count` objects of a buffer hold, one by one.
    pub(super) fn release_objects(
        &self,
        process: ProcessKey,
        key: BufferKey,
        buffer: &Buffer,
        count: usize,
        released: &Released<'_>,
    ) {
        let (pages, address, start) = {
            let state = self.lock();
            let Some(owner) = state.processes.get(process) else {
                return;
            };
            let start = owner.space.bytes(key).start;
            (Arc::clone(&owner.pages), owner.address, start)
        };
        let sizes = [buffer.data_size, buffer.offsets_size];
        let objects = Objects::new(&*pages, address, start, sizes);
        for index in 0..objects.count().min(count) {
            let Some((_, object)) = objects.get(index) else {
                continue;
            };
            if let Object::FdArray(array) = object {
                if let Released::Delivered(caller) = released {
                    objects.descriptors(index, &array, |fd| caller.close(fd));
                }
                continue;
            }
            let mut state = self.lock();
            if state.processes.get(process).is_none() {
                return;
            }
            state.release_object(process, &object);
        }
    }
}

/// What becomes of a buffer.
pub(super) enum Released<'a> {
    /// The program had it: the descriptors in its arrays are closed.
    Delivered(&'a dyn Caller),
    /// It was never delivered.
    Undelivered,
}

impl State {
    fn release_object(&mut self, process: ProcessKey, object: &Object) {
        let Object::Flat(flat) = object else {
            return;
        };
        match flat.kind {
            BINDER_TYPE_BINDER | BINDER_TYPE_WEAK_BINDER => {
                let node = self.processes[process].nodes.get(&flat.binder).copied();
                if let Some(node) = node {
                    let strength = strength_of(flat.kind);
                    self.uncount_node(node, strength, Holder::Local);
                }
            }
            BINDER_TYPE_HANDLE | BINDER_TYPE_WEAK_HANDLE => {
                let strength = strength_of(flat.kind);
                // A program may have dropped what it never took; then there is nothing to drop.
                let _ = self.uncount_reference(process, flat.binder as u32, strength);
            }
            _ => {}
        }
    }

    /// As [`Self::end_async`], for a buffer that may be gone.
    pub(super) fn end_async_of(&mut self, process: ProcessKey, key: BufferKey) {
        let owner = self.processes.get(process);
        if let Some(buffer) = owner.and_then(|owner| owner.space.get(key)).copied() {
            self.end_async(process, &buffer);
        }
    }

    /// If a buffer is that of the one-way transaction that is under way to its node: it has been
    /// dealt with, and the next one may come.
    #[inline]
    fn end_async(&mut self, process: ProcessKey, buffer: &Buffer) {
        if !buffer.is_async {
            return;
        }
        let node = buffer.target_node;
        let Some(node) = node.and_then(|node| self.nodes.get_mut(node)) else {
            return;
        };
        let next = node.async_todo.and_then(|list| self.lists.pop(list));
        match next {
            Some((item, Job::Transaction(_))) => self.give_process(process, item),
            _ => node.has_async = false,
        }
    }

    /// Gives a buffer's room back, and the hold on its node. Returns whose memory is to be
    /// reclaimed without the lock.
    #[inline]
    pub(super) fn give_back(
        &mut self,
        process: ProcessKey,
        key: BufferKey,
        buffer: &Buffer,
    ) -> Option<Arc<dyn Pages>> {
        let owner = self.processes.get_mut(process);
        let reclaim = owner.and_then(|owner| owner.free_room(key, buffer.clear_on_free));
        if let Some(node) = buffer.target_node {
            self.uncount_node(node, Strength::Strong, Holder::Local);
        }
        reclaim
    }
}

/// Whether an object of this type holds.
pub(super) fn strength_of(kind: u32) -> Strength {
    match kind {
        BINDER_TYPE_BINDER | BINDER_TYPE_HANDLE => Strength::Strong,
        _ => Strength::Weak,
    }
}
