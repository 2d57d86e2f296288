//! A thread: what the scheduler runs, and what it shares with others or has for itself.
//!
//! Single words are atomics; all else lies behind a lock of its own, held only while it is copied
//! or replaced. Source: clone(2), pthreads(7).

use alloc::sync::Arc;
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

use bitflags::bitflags;
use metal::context::{Context, UserState};
use metal::user::UserContext;

use super::counters::Counters;
use super::credentials::Credentials;
use super::futex::ThreadWait;
use super::processor_time::ThreadClock;
use super::restartable::Registration;
use super::scheduler::Scheduling;
use super::signal::ThreadSignals;
use super::thread_group::Times;
use super::{ExitStatus, Process, ProcessId, scheduler};
use crate::error::{Errno, Result};
use crate::file::{FileTable, FsContext};
use crate::memory::AddressSpace;
use crate::namespace::NamespaceSet;
use crate::sync::{SpinLock, WaitQueue};

bitflags! {
    /// Why a thread must look around before it goes back to its program.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Attention: u32 {
        /// A signal can be delivered, or the process is stopped.
        const SIGNAL = 1 << 0;
        /// The thread must end.
        const EXIT = 1 << 1;
    }
}

/// PR_GET_TIMERSLACK of process 1, as on Linux.
const TIMER_SLACK_NANOSECONDS: u64 = 50_000;

/// What a new thread shares with its maker or has copies of, and what it starts with.
pub struct ThreadParts {
    /// Its number.
    pub tid: ProcessId,
    /// Its process.
    pub process: Arc<Process>,
    /// Its memory.
    pub address_space: Arc<AddressSpace>,
    /// Its descriptors.
    pub files: Arc<FileTable>,
    /// Its root and working directory and umask.
    pub fs: Arc<FsContext>,
    /// Its namespaces.
    pub namespaces: Arc<NamespaceSet>,
    /// Who it acts as.
    pub credentials: Arc<Credentials>,
    /// Its signal mask and pending signals.
    pub signals: ThreadSignals,
    /// Its name, NUL-padded.
    pub name: [u8; 16],
    /// Its nice value.
    pub nice: i8,
    /// How it takes its turns.
    pub scheduling: Scheduling,
    /// The program's general registers.
    pub registers: UserContext,
    /// The program's other registers.
    pub user_state: UserState,
}

impl ThreadParts {
    /// The first thread of a process that the kernel makes itself: root's, in the first
    /// namespaces, with memory in which nothing is yet.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn of_kernel(
        tid: ProcessId,
        process: &Arc<Process>,
        files: Arc<FileTable>,
        fs: Arc<FsContext>,
    ) -> Result<Self> {
        Ok(Self {
            tid,
            process: Arc::clone(process),
            address_space: AddressSpace::new()?,
            files,
            fs,
            namespaces: NamespaceSet::root(),
            credentials: Arc::new(Credentials::root()),
            signals: ThreadSignals::new(),
            name: [0; 16],
            nice: 0,
            scheduling: Scheduling::default(),
            registers: UserContext::default(),
            user_state: UserState::initial(),
        })
    }
}

/// A parent that waits in vfork(2).
#[derive(Default)]
pub struct Vfork {
    /// The child has its own memory, or has ended.
    pub done: AtomicBool,
    /// Where the parent sleeps.
    pub parent: WaitQueue,
}

/// A thread.
pub struct Thread {
    /// Its process.
    pub process: Arc<Process>,
    /// Its signal mask and pending signals.
    pub signals: ThreadSignals,
    /// Where to store 0 and wake a futex when it ends (set_tid_address(2)); 0 for nowhere.
    pub clear_child_tid: AtomicUsize,
    /// The head of its list of robust futexes; 0 for none.
    pub robust_list: AtomicUsize,
    /// Its nice value, -20 to 19.
    pub nice: AtomicI8,
    pub(super) context: Arc<Context>,
    /// Its part in the wait for a futex.
    pub(super) futex_wait: ThreadWait,
    /// Its place among the threads of its process.
    pub(super) place: AtomicU64,
    /// The processor time it used.
    pub(super) clock: ThreadClock,
    /// What else it is counted by.
    pub counters: Counters,
    pub(super) run_state: AtomicU8,
    /// What it runs instead of a program.
    pub(super) kernel_function: SpinLock<Option<fn() -> !>>,
    pub(super) initial_registers: SpinLock<Option<UserContext>>,
    tid: AtomicU32,
    /// Its number in the pid namespace of its process, as it sees itself.
    local_tid: AtomicU32,
    /// Its restartable sequences, if its program has any.
    pub(super) restartable: SpinLock<Option<Registration>>,
    attention: AtomicU32,
    last_status: SpinLock<ExitStatus>,
    vfork: SpinLock<Option<Arc<Vfork>>>,
    address_space: SpinLock<Option<Arc<AddressSpace>>>,
    files: SpinLock<Option<Arc<FileTable>>>,
    fs: SpinLock<Option<Arc<FsContext>>>,
    namespaces: SpinLock<Arc<NamespaceSet>>,
    credentials: SpinLock<Arc<Credentials>>,
    scheduling: SpinLock<Scheduling>,
    /// The priority that `scheduling` says, to be asked without its lock.
    priority: AtomicU8,
    timer_slack: AtomicU64,
    name: SpinLock<[u8; 16]>,
}

impl Thread {
    /// A thread that will run its program when the scheduler first takes it.
    ///
    /// # Errors
    /// ENOMEM when there is no memory for its kernel stack.
    pub fn new(parts: ThreadParts) -> Result<Arc<Self>> {
        let context =
            Context::new(scheduler::thread_entry, Some(parts.user_state)).ok_or(Errno::ENOMEM)?;
        let context = Arc::new(context);
        Ok(Arc::new(Self {
            tid: AtomicU32::new(parts.tid),
            local_tid: AtomicU32::new(parts.process.pid_namespace.shown(parts.tid)),
            process: parts.process,
            signals: parts.signals,
            clear_child_tid: AtomicUsize::new(0),
            robust_list: AtomicUsize::new(0),
            nice: AtomicI8::new(parts.nice),
            context,
            futex_wait: ThreadWait::new(),
            place: AtomicU64::new(0),
            counters: Counters::default(),
            run_state: AtomicU8::new(scheduler::NEW),
            kernel_function: SpinLock::new(None),
            initial_registers: SpinLock::new(Some(parts.registers)),
            restartable: SpinLock::new(None),
            attention: AtomicU32::new(0),
            last_status: SpinLock::new(ExitStatus::Exited(0)),
            vfork: SpinLock::new(None),
            address_space: SpinLock::new(Some(parts.address_space)),
            files: SpinLock::new(Some(parts.files)),
            fs: SpinLock::new(Some(parts.fs)),
            namespaces: SpinLock::new(parts.namespaces),
            credentials: SpinLock::new(parts.credentials),
            scheduling: SpinLock::new(parts.scheduling),
            priority: AtomicU8::new(parts.scheduling.priority),
            timer_slack: AtomicU64::new(TIMER_SLACK_NANOSECONDS),
            name: SpinLock::new(parts.name),
            clock: ThreadClock::new(),
        }))
    }

    /// Its number.
    pub fn tid(&self) -> ProcessId {
        self.tid.load(Ordering::Relaxed)
    }

    /// Its number as it sees itself: that in its pid namespace.
    #[inline]
    pub fn local_tid(&self) -> ProcessId {
        self.local_tid.load(Ordering::Relaxed)
    }

    /// Gives it the process's own number: the thread that calls execve(2) becomes the first.
    pub(super) fn become_leader(self: &Arc<Self>) {
        self.local_tid
            .store(self.process.local_pid, Ordering::Relaxed);
        let old = self.tid.swap(self.process.pid, Ordering::Relaxed);
        if old != self.process.pid {
            super::table::renumber_thread(old, self);
        }
    }

    /// Sets what a thread that has not started yet starts with.
    pub(super) fn set_initial_registers(&self, registers: UserContext) {
        *self.initial_registers.lock() = Some(registers);
    }

    /// The status that its process ends with if it is the last thread.
    pub(super) fn last_status(&self) -> ExitStatus {
        *self.last_status.lock()
    }

    /// Sets that status.
    pub(super) fn note_last_status(&self, status: ExitStatus) {
        *self.last_status.lock() = status;
    }

    /// Lets its parent wait until it gives up the memory they share (vfork(2)).
    pub(super) fn begin_vfork(&self) -> Arc<Vfork> {
        let vfork = Arc::new(Vfork::default());
        *self.vfork.lock() = Some(Arc::clone(&vfork));
        vfork
    }

    /// Lets the parent go on.
    pub(super) fn finish_vfork(&self) {
        let vfork = self.vfork.lock().take();
        if let Some(vfork) = vfork {
            vfork.done.store(true, Ordering::SeqCst);
            vfork.parent.wake_all();
        }
    }

    /// Whether another thread or process uses the same memory.
    pub fn shares_memory(&self) -> bool {
        let space = self.address_space.lock();
        space
            .as_ref()
            .is_some_and(|space| Arc::strong_count(space) > 1)
    }

    /// Its memory; none once it has ended.
    pub fn address_space(&self) -> Option<Arc<AddressSpace>> {
        self.address_space.lock().clone()
    }

    /// Gives it other memory (execve(2)) or none (exit). The scheduler makes it the
    /// processor's when the thread is switched to; the caller does if it is the one running.
    pub fn set_address_space(&self, space: Option<Arc<AddressSpace>>) {
        let old = core::mem::replace(&mut *self.address_space.lock(), space);
        drop(old);
    }

    /// Its descriptors.
    ///
    /// # Errors
    /// ESRCH once the thread has ended.
    pub fn files(&self) -> Result<Arc<FileTable>> {
        self.files.lock().clone().ok_or(Errno::ESRCH)
    }

    /// Gives it other descriptors (unshare, execve) or none (exit).
    pub fn set_files(&self, files: Option<Arc<FileTable>>) {
        let old = core::mem::replace(&mut *self.files.lock(), files);
        drop(old);
    }

    /// Its root, working directory and umask.
    ///
    /// # Errors
    /// ESRCH once the thread has ended.
    pub fn fs(&self) -> Result<Arc<FsContext>> {
        self.fs.lock().clone().ok_or(Errno::ESRCH)
    }

    /// Whether its directories are `fs`.
    pub(super) fn has_directories(&self, fs: &Arc<FsContext>) -> bool {
        self.fs
            .lock()
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(own, fs))
    }

    /// Gives it other directories (unshare) or none (exit).
    pub fn set_fs(&self, fs: Option<Arc<FsContext>>) {
        let old = core::mem::replace(&mut *self.fs.lock(), fs);
        drop(old);
    }

    /// Its namespaces.
    pub fn namespaces(&self) -> Arc<NamespaceSet> {
        Arc::clone(&self.namespaces.lock())
    }

    /// Gives it other namespaces (unshare, setns).
    pub fn set_namespaces(&self, namespaces: Arc<NamespaceSet>) {
        let old = core::mem::replace(&mut *self.namespaces.lock(), namespaces);
        drop(old);
    }

    /// Who it acts as.
    pub fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.credentials.lock())
    }

    /// Its real user.
    pub fn real_user(&self) -> u32 {
        self.credentials.lock().uid
    }

    /// Makes it act as somebody else.
    pub fn set_credentials(&self, credentials: Credentials) {
        if self.tid() == self.process.pid {
            self.process.note_user(credentials.uid);
        }
        *self.credentials.lock() = Arc::new(credentials);
    }

    /// Makes it act as somebody else because it asked to (setuid(2) and its kin). A process
    /// that changes what it may do is no longer its user's to look into, and no longer gets
    /// the signal it wanted from its parent's end (prctl(2)).
    pub fn change_credentials(&self, credentials: Credentials) {
        if self.credentials().is_left_for(&credentials) {
            self.process.dumpable.store(0, Ordering::Relaxed);
            self.process.parent_death_signal.store(0, Ordering::Relaxed);
        }
        self.set_credentials(credentials);
    }

    /// How it takes its turns.
    pub fn scheduling(&self) -> Scheduling {
        *self.scheduling.lock()
    }

    /// Changes how it takes its turns.
    pub fn set_scheduling(&self, scheduling: Scheduling) {
        *self.scheduling.lock() = scheduling;
        self.priority.store(scheduling.priority, Ordering::Relaxed);
    }

    /// Its real-time priority; 0 for none.
    pub(super) fn priority(&self) -> u8 {
        self.priority.load(Ordering::Relaxed)
    }

    /// PR_GET_TIMERSLACK: by how much its sleeps may be longer, in nanoseconds. They are not.
    pub fn timer_slack(&self) -> u64 {
        self.timer_slack.load(Ordering::Relaxed)
    }

    /// PR_SET_TIMERSLACK; 0 is the default.
    pub fn set_timer_slack(&self, nanoseconds: u64) {
        let nanoseconds = match nanoseconds {
            0 => TIMER_SLACK_NANOSECONDS,
            other => other,
        };
        self.timer_slack.store(nanoseconds, Ordering::Relaxed);
    }

    /// Its name, NUL-padded.
    pub fn name(&self) -> [u8; 16] {
        *self.name.lock()
    }

    /// Names it; what does not fit into 15 bytes is cut off.
    pub fn set_name(&self, name: &[u8]) {
        let mut stored = [0; 16];
        for (slot, byte) in stored[..15].iter_mut().zip(name) {
            *slot = *byte;
        }
        *self.name.lock() = stored;
    }

    /// Makes the thread look around before its program goes on, and ends its sleep.
    pub fn attract_attention(self: &Arc<Self>, attention: Attention) {
        self.attention.fetch_or(attention.bits(), Ordering::SeqCst);
        scheduler::unpark(self);
    }

    /// Sets the flag without waking: for a thread's own flags.
    pub fn note_attention(&self, attention: Attention) {
        self.attention.fetch_or(attention.bits(), Ordering::SeqCst);
    }

    /// Takes a flag back.
    pub fn clear_attention(&self, attention: Attention) {
        self.attention
            .fetch_and(!attention.bits(), Ordering::SeqCst);
    }

    /// What the thread must look at.
    pub fn attention(&self) -> Attention {
        Attention::from_bits_truncate(self.attention.load(Ordering::SeqCst))
    }

    /// Whether a sleep must end: a signal can be delivered or the thread must end.
    pub fn must_interrupt_wait(&self) -> bool {
        !self.attention().is_empty()
    }

    /// Whether it runs or waits for its turn.
    pub fn is_runnable(&self) -> bool {
        scheduler::is_runnable_state(self.run_state.load(Ordering::Relaxed))
    }

    /// Whether the thread must end.
    pub fn must_exit(&self) -> bool {
        self.attention().contains(Attention::EXIT)
    }

    /// Processor time it used so far.
    pub fn times(&self) -> Times {
        self.clock.times()
    }
}
