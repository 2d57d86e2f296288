//! What a thread is returned: the second half of BINDER_WRITE_READ.
//!
//! Everything that waits for the thread is told, up to one transaction or reply, with which the
//! read ends. What is told is collected under the lock and copied out without it.

mod collect;
mod output;

use abi::Errno;
use abi::binder::reply::{BR_FAILED_REPLY, BR_NOOP, BR_SPAWN_LOOPER};

use self::output::Output;
use super::Caller;
use super::context::{Context, Held, State};
use super::process::ProcessKey;
use super::space::BufferKey;
use super::thread::ThreadKey;
use super::transaction::{Files, TransactionKey};

/// Where the program wants its returns.
pub(super) struct Room {
    /// Where it begins.
    pub address: u64,
    /// Its bytes.
    pub size: u64,
    /// How many are filled.
    pub consumed: u64,
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
        caller: &impl Caller,
        room: &mut Room,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let mut output = Output::new(caller, room);
        if room.consumed == 0 {
            output.put(&BR_NOOP.to_ne_bytes());
        }
        let outcome = self.tell(thread, &mut output, nonblocking);
        if outcome.is_ok() {
            room.consumed = output.consumed();
        }
        outcome
    }

    fn tell(
        &self,
        thread: ThreadKey,
        output: &mut Output<'_, impl Caller>,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let mut told = None;
        let spawns = 'waits: loop {
            let (mut state, takes_process_work) = self.wait(thread, output, nonblocking)?;
            loop {
                match state.collect(thread, takes_process_work, output) {
                    Step::Nothing
                        if output.has_one_word() && !state.threads[thread].must_return =>
                    {
                        continue 'waits;
                    }
                    Step::Nothing | Step::Over => {}
                    Step::Told(delivery) => told = Some(delivery),
                    Step::Full => {
                        drop(state);
                        output.flush()?;
                        state = self.lock();
                        continue;
                    }
                    Step::Files(key) => {
                        let files = state.transactions[key].files.take();
                        drop(state);
                        let files = files.unwrap_or_default();
                        let are_there = self.bring_files(thread, key, &files, output);
                        state = self.lock();
                        if are_there {
                            continue;
                        }
                    }
                }
                break 'waits state.finish_read(thread);
            }
        };
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
    #[inline(always)]
    fn wait(
        &self,
        thread: ThreadKey,
        output: &Output<'_, impl Caller>,
        nonblocking: bool,
    ) -> Result<(Held<'_>, bool), Errno> {
        let mut held = self.lock();
        let mut takes = None;
        let mut is_shown = false;
        loop {
            let State {
                threads,
                processes,
                lists,
                ..
            } = &mut *held;
            let own = &mut threads[thread];
            let process = &processes[own.process];
            let takes = *takes.get_or_insert_with(|| {
                let takes = own.takes_process_work(lists);
                if takes {
                    output.caller.set_nice(process.opener.nice);
                }
                takes
            });
            if own.has_reason(process, lists, takes) {
                return Ok((held, takes));
            }
            if !is_shown && own.room != output.start {
                drop(held);
                output.show()?;
                is_shown = true;
                held = self.lock();
                held.threads[thread].room = output.start;
                continue;
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            own.begin_waiting(output.caller.waker());
            if takes {
                lists.push_front(process.waiting, own.waiter);
            }
            drop(held);
            let slept = output.caller.sleep();
            held = self.lock();
            let state = &mut *held;
            let own = &mut state.threads[thread];
            own.end_waiting();
            state.lists.unlink(own.waiter);
            if let Err(error) = slept {
                let process = own.process;
                state.pass_work_on(process);
                return Err(error);
            }
        }
    }

    /// Gives the program descriptors for what a transaction brings, and puts it back to be told
    /// next. Returns false when it could not, and the read is over with that.
    fn bring_files(
        &self,
        thread: ThreadKey,
        key: TransactionKey,
        files: &Files,
        output: &mut Output<'_, impl Caller>,
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
                    self.lock().end_async_of(process, buffer);
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
            state.end_async_of(process, delivery.buffer);
            process
        };
        self.drop_buffer(process, delivery.buffer, usize::MAX);
    }
}

impl State {
    /// What a thread leaves is for others of its process.
    fn pass_work_on(&mut self, process: ProcessKey) {
        if !self.lists.is_empty(self.processes[process].todo) {
            self.wake_process(process);
        }
    }

    /// The end of a read. Returns whether the process is to be asked for another thread: this one
    /// takes transactions, none waits for any, and it may have more.
    #[inline(always)]
    fn finish_read(&mut self, key: ThreadKey) -> bool {
        let Self {
            threads,
            processes,
            lists,
            ..
        } = self;
        let thread = &mut threads[key];
        thread.must_return = false;
        let number = thread.process;
        let process = &mut processes[number];
        let spawns = process.requested_threads == 0
            && process.started_threads < process.max_threads
            && thread.looper.takes_transactions()
            && lists.is_empty(process.waiting);
        if spawns {
            process.requested_threads += 1;
            process.statistics.note_return(BR_SPAWN_LOOPER);
        }
        if !lists.is_empty(process.todo) {
            self.wake_process(number);
        }
        spawns
    }

    fn note_return(&mut self, thread: ThreadKey, command: u32) {
        let process = self.threads[thread].process;
        self.processes[process].statistics.note_return(command);
    }

    fn put_return(
        &mut self,
        process: ProcessKey,
        output: &mut Output<'_, impl Caller>,
        command: u32,
    ) {
        self.processes[process].statistics.note_return(command);
        output.put(&command.to_ne_bytes());
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
