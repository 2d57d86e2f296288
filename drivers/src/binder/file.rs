//! `/dev/binder` as programs see it: an opening is a process, and its commands.

use alloc::sync::Arc;

use abi::Errno;
use abi::binder::object::{BINDER_TYPE_BINDER, FlatObject};
use abi::binder::reply::BR_OK;
use abi::binder::{
    BINDER_ENABLE_ONEWAY_SPAM_DETECTION, BINDER_FREEZE, BINDER_GET_EXTENDED_ERROR,
    BINDER_GET_FROZEN_INFO, BINDER_GET_NODE_DEBUG_INFO, BINDER_GET_NODE_INFO_FOR_REF,
    BINDER_SET_CONTEXT_MGR, BINDER_SET_CONTEXT_MGR_EXT, BINDER_SET_MAX_THREADS, BINDER_THREAD_EXIT,
    BINDER_VERSION, BINDER_WRITE_READ, ExtendedError, FreezeInfo, FrozenStatusInfo, NodeDebugInfo,
    NodeInfoForRef, PROTOCOL_VERSION, WriteRead,
};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

use super::context::{Context, State};
use super::node::Strength;
use super::process::{Opener, ProcessKey};
use super::read::Room;
use super::reference;
use super::space::Space;
use super::thread::{Looper, Thread, ThreadKey};
use super::{Caller, Pages, Waker};

/// One opening.
pub struct Opening {
    context: Arc<Context>,
    process: ProcessKey,
}

/// The thread that calls.
struct Calling {
    thread: ThreadKey,
    must_return: bool,
    has_error: bool,
}

impl Calling {
    #[inline(always)]
    fn new(key: ThreadKey, thread: &Thread) -> Self {
        Self {
            thread: key,
            must_return: thread.must_return,
            has_error: thread.return_error.command != BR_OK,
        }
    }
}

impl Opening {
    /// Opens a context. `pages` will be the memory of its room; `pollers` wakes those who poll.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new(
        context: &Arc<Context>,
        opener: Opener,
        pages: Arc<dyn Pages>,
        pollers: Arc<dyn Waker>,
    ) -> Result<Self, Errno> {
        let process = context.lock().add_process(opener, pages, pollers)?;
        Ok(Self {
            context: Arc::clone(context),
            process,
        })
    }

    /// Whether a process may map the room: only the one that opened it.
    ///
    /// # Errors
    /// EINVAL.
    pub fn check_opener(&self, pid: u32) -> Result<(), Errno> {
        let opener = self.context.lock().processes[self.process].opener;
        (opener.pid == pid).then_some(()).ok_or(Errno::EINVAL)
    }

    /// Makes room of so many bytes, whole pages and at most [`super::LENGTH_MAX`], for a mapping.
    /// [`Opening::mapped`] or [`Opening::not_mapped`] follows.
    ///
    /// # Errors
    /// EBUSY: it was mapped before; ENOMEM.
    pub fn map(&self, length: usize) -> Result<(), Errno> {
        let mut state = self.context.lock();
        state.processes[self.process].space.map(length)
    }

    /// The room was mapped at this address.
    pub fn mapped(&self, address: u64) {
        let mut state = self.context.lock();
        let process = &mut state.processes[self.process];
        (process.address, process.is_mapped) = (address, true);
    }

    /// It could not be mapped.
    pub fn not_mapped(&self) {
        self.context.lock().processes[self.process].space = Space::new();
    }

    /// The program has unmapped it: nothing can be delivered any longer.
    pub fn unmapped(&self) {
        self.context.lock().processes[self.process].is_mapped = false;
    }

    /// A descriptor of the opening was closed: its threads go back to their programs.
    pub fn flush(&self) {
        let mut state = self.context.lock();
        let State {
            processes, threads, ..
        } = &mut *state;
        let process = &processes[self.process];
        for thread in process.threads.values() {
            let thread = &mut threads[*thread];
            thread.must_return = true;
            thread.wake();
        }
        Arc::clone(&process.pollers).wake();
    }

    /// Whether the calling thread, which polls from now on, has something to read.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn poll(&self, caller: &impl Caller) -> Result<bool, Errno> {
        let thread = self.thread(caller)?.thread;
        let mut state = self.context.lock();
        state.threads[thread].looper.0 |= Looper::POLL;
        let takes_process_work = state.takes_process_work(thread);
        Ok(state.has_work(thread, takes_process_work))
    }

    /// The calling thread, and whether it must go back to its program, or has not read yet what
    /// became of what it sent.
    #[inline(always)]
    fn thread(&self, caller: &impl Caller) -> Result<Calling, Errno> {
        let mut held = self.context.lock();
        let state = &mut *held;
        let tid = caller.tid();
        let latest = state.processes[self.process].latest_thread;
        let is_latest = |thread: &&Thread| thread.tid == tid;
        if let Some(thread) = state.threads.get(latest).filter(is_latest) {
            return Ok(Calling::new(latest, thread));
        }
        let key = state.thread_of(self.process, caller)?;
        Ok(Calling::new(key, &state.threads[key]))
    }

    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// EINVAL: there is no such command, or it makes no sense; EFAULT; and what each command says.
    pub fn ioctl(
        &self,
        caller: &impl Caller,
        command: u32,
        argument: usize,
        nonblocking: bool,
    ) -> Result<usize, Errno> {
        let calling = self.thread(caller)?;
        let outcome = match command {
            BINDER_WRITE_READ => self.write_read(&calling, caller, argument, nonblocking),
            _ => self.answer(calling.thread, caller, command, argument),
        };
        if calling.must_return
            && let Some(thread) = self.context.lock().threads.get_mut(calling.thread)
        {
            thread.must_return = false;
        }
        outcome.map(|()| 0)
    }

    /// Everything but BINDER_WRITE_READ.
    fn answer(
        &self,
        thread: ThreadKey,
        caller: &impl Caller,
        command: u32,
        argument: usize,
    ) -> Result<(), Errno> {
        match command {
            BINDER_SET_MAX_THREADS => {
                // As Linux has it: EINVAL for a bad address, here and for two more.
                let max_threads = get(caller, argument).map_err(|_| Errno::EINVAL)?;
                self.context.lock().processes[self.process].max_threads = max_threads;
                Ok(())
            }
            BINDER_SET_CONTEXT_MGR => {
                let object = FlatObject {
                    kind: BINDER_TYPE_BINDER,
                    ..FlatObject::default()
                };
                self.set_manager(caller, &object)
            }
            BINDER_SET_CONTEXT_MGR_EXT => {
                let object = get(caller, argument).map_err(|_| Errno::EINVAL)?;
                self.set_manager(caller, &object)
            }
            BINDER_THREAD_EXIT => {
                self.context.release_thread(thread);
                Ok(())
            }
            BINDER_VERSION => put(caller, argument, &PROTOCOL_VERSION).map_err(|_| Errno::EINVAL),
            BINDER_FREEZE => {
                let info: FreezeInfo = get(caller, argument)?;
                self.context.freeze(caller, &info)
            }
            BINDER_GET_FROZEN_INFO => {
                let mut info: FrozenStatusInfo = get(caller, argument)?;
                self.context.frozen_info(caller, &mut info)?;
                put(caller, argument, &info)
            }
            BINDER_ENABLE_ONEWAY_SPAM_DETECTION => {
                let enable: u32 = get(caller, argument)?;
                self.context.lock().processes[self.process].detects_spam = enable != 0;
                Ok(())
            }
            BINDER_GET_EXTENDED_ERROR => self.extended_error(thread, caller, argument),
            BINDER_GET_NODE_DEBUG_INFO => {
                let info: NodeDebugInfo = get(caller, argument)?;
                let info = self.context.lock().node_behind(self.process, info.ptr);
                put(caller, argument, &info)
            }
            BINDER_GET_NODE_INFO_FOR_REF => {
                let info: NodeInfoForRef = get(caller, argument)?;
                let info = self.context.lock().node_info(self.process, &info)?;
                put(caller, argument, &info)
            }
            // BINDER_SET_IDLE_TIMEOUT and BINDER_SET_IDLE_PRIORITY as well.
            _ => Err(Errno::EINVAL),
        }
    }

    /// What was dealt with is told in any case.
    fn write_read(
        &self,
        calling: &Calling,
        caller: &impl Caller,
        argument: usize,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let thread = calling.thread;
        let mut call = WriteRead::default();
        caller.read(argument, call.as_mut_bytes())?;
        let mut outcome = Ok(());
        if call.write_size > 0 && !calling.has_error {
            let (address, size) = (call.write_buffer, call.write_size);
            let consumed = &mut call.write_consumed;
            outcome = self
                .context
                .write((self.process, thread), caller, address, size, consumed);
            if outcome.is_err() {
                call.read_consumed = 0;
            }
        }
        if call.read_size > 0 && outcome.is_ok() {
            let mut room = Room {
                address: call.read_buffer,
                size: call.read_size,
                consumed: call.read_consumed,
            };
            outcome = self.context.read(thread, caller, &mut room, nonblocking);
            call.read_consumed = room.consumed;
        }
        put(caller, argument, &call)?;
        outcome
    }

    fn set_manager(&self, caller: &impl Caller, object: &FlatObject) -> Result<(), Errno> {
        caller.require_room(reference::ROOM)?;
        let mut state = self.context.lock();
        state.set_manager(self.process, caller.euid(), object)
    }

    /// Tells it once.
    fn extended_error(
        &self,
        thread: ThreadKey,
        caller: &impl Caller,
        argument: usize,
    ) -> Result<(), Errno> {
        let none = ExtendedError {
            command: BR_OK,
            ..ExtendedError::default()
        };
        let mut state = self.context.lock();
        let kept = &mut state.threads[thread].extended_error;
        let told = core::mem::replace(kept, none);
        drop(state);
        put(caller, argument, &told)
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.context.release_process(self.process);
    }
}

impl State {
    /// The thread of a process that calls, which may be new; it is found at once next time, if no
    /// other one has called since.
    #[inline(never)]
    fn thread_of(&mut self, process: ProcessKey, caller: &impl Caller) -> Result<ThreadKey, Errno> {
        let tid = caller.tid();
        let key = match self.processes[process].threads.get(&tid) {
            Some(key) => *key,
            None => {
                caller.require_room(reference::ROOM)?;
                self.add_thread(process, tid)?
            }
        };
        self.processes[process].latest_thread = key;
        Ok(key)
    }

    /// The first node of a process behind an address.
    fn node_behind(&self, process: ProcessKey, ptr: u64) -> NodeDebugInfo {
        let nodes = &self.processes[process].nodes;
        let next = ptr
            .checked_add(1)
            .and_then(|next| nodes.range(next..).next());
        let Some((_, key)) = next else {
            return NodeDebugInfo::default();
        };
        let node = &self.nodes[*key];
        NodeDebugInfo {
            ptr: node.ptr,
            cookie: node.cookie,
            has_strong_ref: node.has_strong.into(),
            has_weak_ref: node.has_weak.into(),
        }
    }

    /// Who holds and knows what a handle of the context manager leads to.
    fn node_info(
        &self,
        process: ProcessKey,
        asked: &NodeInfoForRef,
    ) -> Result<NodeInfoForRef, Errno> {
        let only_handle = NodeInfoForRef {
            handle: asked.handle,
            ..NodeInfoForRef::default()
        };
        if *asked != only_handle {
            return Err(Errno::EINVAL);
        }
        if self.manager_process() != Some(process) {
            return Err(Errno::EPERM);
        }
        let owner = &self.processes[process];
        let reference = owner.usable_reference(asked.handle, Strength::Strong);
        let node = &self.nodes[reference.ok_or(Errno::EINVAL)?.node];
        Ok(NodeInfoForRef {
            strong_count: node.local_strong + node.strong_references,
            weak_count: node.local_weak,
            ..only_handle
        })
    }
}

fn get<T: FromBytes + IntoBytes + FromZeros>(
    caller: &impl Caller,
    argument: usize,
) -> Result<T, Errno> {
    let mut value = T::new_zeroed();
    caller.read(argument, value.as_mut_bytes())?;
    Ok(value)
}

fn put<T: IntoBytes + Immutable>(
    caller: &impl Caller,
    argument: usize,
    value: &T,
) -> Result<(), Errno> {
    caller.write(argument, value.as_bytes())
}
