//! Sending a transaction or a reply: BC_TRANSACTION, BC_REPLY and their forms with buffers.
//!
//! In three steps: *begin* finds out who is to get it and takes room there; *fill* copies and
//! translates without the lock; *deliver* puts it into a list and wakes whoever takes it. What
//! fails in one of them takes back what was done before. The sender is told of a failure in its
//! next read, not by the call.

mod deliver;
mod route;

use alloc::boxed::Box;
use alloc::sync::Arc;

use abi::Errno;
use abi::binder::TransactionData;
use abi::binder::reply::{BR_DEAD_REPLY, BR_FAILED_REPLY, BR_OK, BR_TRANSACTION_COMPLETE};

use super::buffer::Released;
use super::context::{Context, State};
use super::list::Item;
use super::node::{Holder, NodeKey, Strength};
use super::process::ProcessKey;
use super::space::{Allocated, BufferKey};
use super::thread::ThreadKey;
use super::transaction::{Files, TransactionKey};
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

/// Who is to get it, and what they take.
struct Route {
    /// The sender's own item by which it is told that it was sent, if that can be had.
    complete: Option<Item>,
    process: ProcessKey,
    thread: Option<ThreadKey>,
    node: Option<NodeKey>,
    accepts_files: bool,
    wants_security_context: bool,
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
struct Attempt<'a, C> {
    caller: &'a C,
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
        caller: &impl Caller,
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

    fn attempt(&self, attempt: &mut Attempt<'_, impl Caller>) -> Result<(), Failure> {
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

    fn begin(&self, attempt: &mut Attempt<'_, impl Caller>) -> Result<Sending, Failure> {
        let mut held = self.lock();
        let state = &mut *held;
        attempt.id = state.next_id();
        let sender = &mut state.processes[attempt.sender];
        sender.statistics.note_command(attempt.sent.command);
        let opener = sender.opener;
        let route = match attempt.sent.is_reply {
            true => state.route_reply(attempt)?,
            false => state.route_request(attempt, opener.pid)?,
        };
        let node = route.node;
        let sending = state.allocate(attempt, &opener, route);
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
        attempt: &Attempt<'_, impl Caller>,
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
        if sizes[1] == 0 && sizes[0] > 0 {
            let copied = pages.copy_from_caller(start, data.buffer as usize, sizes[0]);
            copied.map_err(unfilled)?;
        }
        if end > offsets {
            pages.supply(start..end).map_err(unfilled)?;
        }
        if sending.wants_security_context {
            pages.write(behind, SECURITY_CONTEXT);
        }
        if sizes[1] == 0 {
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
        state.lists.take_back(sending.complete);
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
    /// Tells whoever has to know that something could not be sent.
    fn report(&mut self, attempt: &Attempt<'_, impl Caller>, failure: &Failure) {
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
