//! What a thread is returned: the second half of BINDER_WRITE_READ.
//!
//! Everything that waits for the thread is told, up to one transaction or reply, with which the
//! read ends. What is told is collected under the lock and copied out without it.

use core::mem::offset_of;

use abi::Errno;
use abi::binder::reply::{
    BR_DEAD_BINDER, BR_FAILED_REPLY, BR_NOOP, BR_OK, BR_ONEWAY_SPAM_SUSPECT, BR_REPLY,
    BR_SPAWN_LOOPER, BR_TRANSACTION, BR_TRANSACTION_COMPLETE, BR_TRANSACTION_SEC_CTX,
};
use abi::binder::{PtrCookie, TransactionData, TransactionDataSecctx};
use zerocopy::IntoBytes;

use super::Caller;
use super::context::{Context, Held, State};
use super::list::Job;
use super::node::NodeKey;
use super::process::ProcessKey;
use super::space::BufferKey;
use super::thread::{Looper, ThreadKey};
use super::transaction::{Files, TransactionKey};

/// A return of a transaction, its number included: no read ends for want of room before this much
/// of it is left.
const LARGEST: u64 = 4 + size_of::<TransactionDataSecctx>() as u64;
/// Bytes that are collected before they are copied out.
const COLLECTED: usize = 128;

/// Where the program wants its returns.
pub(super) struct Room {
    /// Where it begins.
    pub address: u64,
    /// Its bytes.
    pub size: u64,
    /// How many are filled.
    pub consumed: u64,
}

/// Returns on their way to the program.
struct Output<'a> {
    caller: &'a dyn Caller,
    start: u64,
    end: u64,
    /// Where what is collected belongs.
    position: u64,
    bytes: [u8; COLLECTED],
    used: usize,
}

impl Output<'_> {
    fn left(&self) -> u64 {
        self.end.saturating_sub(self.position + self.used as u64)
    }

    fn is_full(&self) -> bool {
        COLLECTED - self.used < LARGEST as usize
    }

    /// Whether nothing but one word has been told.
    fn has_one_word(&self) -> bool {
        (self.position + self.used as u64).wrapping_sub(self.start) == 4
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.used + bytes.len();
        self.bytes[self.used..end].copy_from_slice(bytes);
        self.used = end;
    }

    /// Copies out what is collected, which stays.
    fn show(&self) -> Result<(), Errno> {
        if self.used == 0 {
            return Ok(());
        }
        let at = self.position as usize;
        self.caller.write(at, &self.bytes[..self.used])
    }

    fn flush(&mut self) -> Result<(), Errno> {
        self.show()?;
        self.position += self.used as u64;
        self.used = 0;
        Ok(())
    }

    /// Puts a word where the returns of the program begin.
    fn put_first(&mut self, word: u32) -> Result<(), Errno> {
        let bytes = word.to_ne_bytes();
        if self.position == self.start && self.used >= bytes.len() {
            self.bytes[..bytes.len()].copy_from_slice(&bytes);
            return Ok(());
        }
        self.caller.write(self.start as usize, &bytes)
    }
}

/// How collecting ended.
enum Step {
    /// There is nothing left to tell.
    Nothing,
    /// What is collected must be copied out first.
    Full,
    /// The read is over.
    Over,
    /// A transaction was told, and the read is over.
    Told(Delivery),
    /// A transaction is to be told, and brings files.
    Files(TransactionKey),
}

/// A transaction as it was told.
#[derive(Clone, Copy)]
struct Delivery {
    buffer: BufferKey,
    /// It waits for an answer.
    request: Option<TransactionKey>,
}

impl Context {
    /// Waits for something to tell, and tells it.
    ///
    /// # Errors
    /// EFAULT; EAGAIN: there is nothing, and the thread does not wait; EINTR.
    pub(super) fn read(
        &self,
        thread: ThreadKey,
        caller: &dyn Caller,
        room: &mut Room,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let mut output = Output {
            caller,
            start: room.address,
            end: room.address.wrapping_add(room.size),
            position: room.address.wrapping_add(room.consumed),
            bytes: [0; COLLECTED],
            used: 0,
        };
        if room.consumed == 0 {
            output.put(&BR_NOOP.to_ne_bytes());
        }
        let outcome = self.tell(thread, &mut output, nonblocking);
        if outcome.is_ok() {
            room.consumed = output.position.wrapping_sub(output.start);
        }
        outcome
    }

    fn tell(
        &self,
        thread: ThreadKey,
        output: &mut Output<'_>,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let mut told = None;
        let (mut state, mut takes_process_work) = self.wait(thread, output, nonblocking)?;
        let spawns = loop {
            match state.collect(thread, takes_process_work, output) {
                Step::Nothing if output.has_one_word() && !state.threads[thread].must_return => {
                    drop(state);
                    (state, takes_process_work) = self.wait(thread, output, nonblocking)?;
                }
                Step::Nothing | Step::Over => break state.finish_read(thread),
                Step::Told(delivery) => {
                    told = Some(delivery);
                    break state.finish_read(thread);
                }
                Step::Full => {
                    drop(state);
                    output.flush()?;
                    state = self.lock();
                }
                Step::Files(key) => {
                    let files = state.transactions[key].files.take();
                    drop(state);
                    let files = files.unwrap_or_default();
                    if !self.bring_files(thread, key, &files, output) {
                        state = self.lock();
                        break state.finish_read(thread);
                    }
                    state = self.lock();
                }
            }
        };
        drop(state);
        if spawns {
            output.put_first(BR_SPAWN_LOOPER)?;
        }
        let copied = output.flush();
        if let (Err(_), Some(delivery)) = (copied, told) {
            self.take_delivery_back(thread, delivery);
        }
        copied
    }

    /// Waits until there is something to tell. Returns with the lock held, and whether the thread
    /// takes what any thread of its process may do.
    fn wait(
        &self,
        thread: ThreadKey,
        output: &Output<'_>,
        nonblocking: bool,
    ) -> Result<(Held<'_>, bool), Errno> {
        let mut state = self.lock();
        let takes = state.takes_process_work(thread);
        if takes {
            let process = state.threads[thread].process;
            output.caller.set_nice(state.processes[process].opener.nice);
        }
        let mut is_shown = state.threads[thread].room == output.start;
        while !state.has_work(thread, takes) {
            if !is_shown {
                drop(state);
                output.show()?;
                is_shown = true;
                state = self.lock();
                state.threads[thread].room = output.start;
                continue;
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            state.begin_waiting(thread, takes, output.caller);
            drop(state);
            let slept = output.caller.sleep();
            state = self.lock();
            state.end_waiting(thread);
            if let Err(error) = slept {
                state.pass_work_on(thread);
                return Err(error);
            }
        }
        Ok((state, takes))
    }

    /// Gives the program descriptors for what a transaction brings, and puts it back to be told
    /// next. Returns false when it could not, and the read is over with that.
    fn bring_files(
        &self,
        thread: ThreadKey,
        key: TransactionKey,
        files: &Files,
        output: &mut Output<'_>,
    ) -> bool {
        let (process, buffer) = {
            let state = self.lock();
            (
                state.threads[thread].process,
                state.transactions[key].buffer,
            )
        };
        let pages = alloc::sync::Arc::clone(&self.lock().processes[process].pages);
        for (number, fixup) in files.fixups.iter().enumerate() {
            let Ok(fd) = output.caller.install(&fixup.file) else {
                for earlier in &files.fixups[..number] {
                    let mut fd = [0; 4];
                    pages.read(earlier.offset, &mut fd);
                    output.caller.close(u32::from_ne_bytes(fd));
                }
                let is_reply = self.lock().refuse_files(key);
                if let Some(buffer) = buffer {
                    self.lock().end_async(process, buffer);
                    self.drop_buffer(process, buffer, usize::MAX);
                }
                if is_reply {
                    output.put(&BR_FAILED_REPLY.to_ne_bytes());
                    self.lock().note_return(thread, BR_FAILED_REPLY);
                }
                return !is_reply;
            };
            pages.write(fixup.offset, &fd.to_ne_bytes());
        }
        let mut state = self.lock();
        let (item, todo) = (state.transactions[key].item, state.threads[thread].todo);
        state.lists.push_front(todo, item);
        true
    }

    /// The program could not be told of a transaction.
    fn take_delivery_back(&self, thread: ThreadKey, delivery: Delivery) {
        let process = {
            let mut state = self.lock();
            if let Some(key) = delivery.request {
                state.threads[thread].stack = state.transactions[key].to_parent;
                state.fail_reply(key, BR_FAILED_REPLY);
            }
            let process = state.threads[thread].process;
            state.end_async(process, delivery.buffer);
            process
        };
        self.drop_buffer(process, delivery.buffer, usize::MAX);
    }
}

impl State {
    fn begin_waiting(&mut self, key: ThreadKey, takes_process_work: bool, caller: &dyn Caller) {
        let thread = &mut self.threads[key];
        thread.waker = Some(caller.waker());
        thread.looper.0 |= Looper::WAITING;
        if takes_process_work {
            let waiting = self.processes[thread.process].waiting;
            self.lists.push_front(waiting, thread.waiter);
        }
    }

    fn end_waiting(&mut self, key: ThreadKey) {
        let thread = &mut self.threads[key];
        thread.waker = None;
        thread.looper.0 &= !Looper::WAITING;
        self.lists.unlink(thread.waiter);
    }

    /// What a thread leaves is for others.
    fn pass_work_on(&mut self, thread: ThreadKey) {
        let process = self.threads[thread].process;
        if !self.lists.is_empty(self.processes[process].todo) {
            self.wake_process(process);
        }
    }

    /// The end of a read. Returns whether the process is to be asked for another thread: this one
    /// takes transactions, none waits for any, and it may have more.
    fn finish_read(&mut self, key: ThreadKey) -> bool {
        let thread = &mut self.threads[key];
        thread.must_return = false;
        let is_looper = thread.looper.takes_transactions();
        let process = &mut self.processes[thread.process];
        let spawns = is_looper
            && process.requested_threads == 0
            && process.started_threads < process.max_threads
            && self.lists.is_empty(process.waiting);
        if spawns {
            process.requested_threads += 1;
            process.statistics.note_return(BR_SPAWN_LOOPER);
        }
        self.pass_work_on(key);
        spawns
    }

    fn note_return(&mut self, thread: ThreadKey, command: u32) {
        let process = self.threads[thread].process;
        self.processes[process].statistics.note_return(command);
    }

    fn put_return(&mut self, process: ProcessKey, output: &mut Output<'_>, command: u32) {
        self.processes[process].statistics.note_return(command);
        output.put(&command.to_ne_bytes());
    }

    /// Collects what there is to tell.
    fn collect(
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

    /// A transaction that could not bring its files ends. Returns whether it was a reply.
    fn refuse_files(&mut self, key: TransactionKey) -> bool {
        let transaction = &self.transactions[key];
        let owner = &self.processes[transaction.to_process];
        let buffer = transaction
            .buffer
            .and_then(|buffer| owner.space.get(buffer));
        let is_reply = buffer.is_none_or(|buffer| buffer.target_node.is_none());
        self.abandon_transaction(key, BR_FAILED_REPLY);
        is_reply
    }
}

const _: () = assert!(offset_of!(TransactionDataSecctx, secctx) == size_of::<TransactionData>());
