//! A process: threads with one number, one parent and one exit status.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use core::iter;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};

use super::counters::Counts;
use super::credentials::Credentials;
use super::limits::{INFINITY, Limits, Resource};
use super::scheduler::Scheduling;
use super::session::{ControllingTerminal, Session};
use super::signal::ProcessSignals;
use super::table::Reserved;
use super::timer::ProcessTimers;
use super::{ProcessId, Thread};
use crate::file::OpenFile;
use crate::memory::AddressSpace;
use crate::namespace::PidNamespace;
use crate::namespace::device::Membership;
use crate::sync::{SpinLock, WaitQueue};
use crate::time::{Instant, Nanoseconds, monotonic_now};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It called `exit` with this status (the low eight bits count).
    Exited(u8),
    /// A signal killed it.
    Killed(u8),
}

impl ExitStatus {
    /// The word that `wait4(2)` stores.
    pub fn to_wait_status(self) -> u32 {
        match self {
            Self::Exited(status) => u32::from(status) << 8,
            Self::Killed(signal) => u32::from(signal),
        }
    }
}

/// Processor time used, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// In user mode.
    pub user: Nanoseconds,
    /// In the kernel.
    pub system: Nanoseconds,
}

impl Times {
    /// Both, summed up with another's.
    pub fn plus(self, other: Self) -> Self {
        Self {
            user: Nanoseconds(self.user.0 + other.user.0),
            system: Nanoseconds(self.system.0 + other.system.0),
        }
    }
}

/// The living threads of a process, by their places in the order in which they came.
#[derive(Default)]
struct Threads {
    all: BTreeMap<u64, Weak<Thread>>,
    next_place: u64,
}

/// A process.
pub struct Process {
    /// Its number, which is also the number of its first thread.
    pub pid: ProcessId,
    /// The pid namespace it was born in and stays in.
    pub pid_namespace: Arc<PidNamespace>,
    /// Its number in that namespace, as it sees itself.
    pub local_pid: ProcessId,
    /// Which persona it belongs to.
    pub membership: Membership,
    /// When it was made.
    pub started: Instant,
    /// What signals mean to it and which are pending for any of its threads.
    pub signals: ProcessSignals,
    /// Woken whenever a child ends, stops or continues.
    pub child_events: WaitQueue,
    /// Woken when `execve` or `exit` brought the number of threads down, and for `vfork`.
    pub thread_events: WaitQueue,
    /// Woken when it has ended, for those who hold a pidfd.
    pub ended: Arc<WaitQueue>,
    /// Resource limits.
    pub limits: SpinLock<Limits>,
    /// The program it runs, for /proc/PID/exe.
    pub executable: SpinLock<Option<Arc<OpenFile>>>,
    /// Processor time of threads that ended.
    pub ended_threads_time: SpinLock<Times>,
    /// How the thread that ended last took its turns, with its nice value: a zombie is asked too.
    pub last_turns: SpinLock<(Scheduling, i8)>,
    /// Counts of threads that ended.
    pub ended_threads_counts: SpinLock<Counts>,
    /// Counts of children that were waited for.
    pub children_counts: SpinLock<Counts>,
    /// Processor time of children that were waited for.
    pub children_time: SpinLock<Times>,
    /// Orphans among its descendants become its children (PR_SET_CHILD_SUBREAPER).
    pub is_subreaper: AtomicBool,
    /// It has run `execve` since it was forked (setpgid(2) of a child fails then).
    pub has_executed: AtomicBool,
    /// The signal its parent wants when it ends; 0 for none.
    pub exit_signal: AtomicU32,
    /// The signal it wants when its parent ends; 0 for none.
    pub parent_death_signal: AtomicU32,
    /// PR_SET_DUMPABLE.
    pub dumpable: AtomicU32,
    /// /proc/PID/oom_score_adj.
    pub out_of_memory_score: AtomicI32,
    /// How low an unprivileged process may set that.
    pub out_of_memory_score_floor: AtomicI32,
    /// Minor page faults.
    pub page_faults: AtomicU64,
    /// The most memory it had in those address spaces that it has left, in bytes.
    peak_resident_bytes: AtomicU64,
    /// It has asked to use membarrier(2)'s private commands.
    pub membarrier_registered: AtomicBool,
    /// It gave its session's terminal up (TIOCNOTTY); its children are born without it.
    pub gave_terminal_up: AtomicBool,
    /// The thread that made it: wait(2) with __WNOTHREAD asks for the caller's own children.
    pub(super) maker: AtomicU32,
    /// Its parent's number, as the table has it: getppid(2) asks often.
    pub(super) parent: AtomicU32,
    /// The flags of personality(2).
    pub personality: AtomicU32,
    /// Its timers.
    pub timers: ProcessTimers,
    /// The real user of its first thread: each signal is counted for somebody.
    user: AtomicU32,
    last_name: SpinLock<[u8; 16]>,
    /// Who the thread acted as that ended last.
    last_credentials: SpinLock<Option<Arc<Credentials>>>,
    exit_status: SpinLock<Option<ExitStatus>>,
    threads: SpinLock<Threads>,
    session: SpinLock<Arc<Session>>,
}

impl Process {
    /// A process without threads. It becomes visible by [`super::table::add_process`].
    pub fn new(
        numbers: &Reserved,
        membership: Membership,
        session: Arc<Session>,
        limits: Limits,
        signals: ProcessSignals,
    ) -> Self {
        Self {
            pid: numbers.number,
            membership,
            local_pid: numbers.namespace.shown(numbers.number),
            pid_namespace: Arc::clone(&numbers.namespace),
            started: monotonic_now(),
            signals,
            child_events: WaitQueue::new(),
            thread_events: WaitQueue::new(),
            ended: Arc::new(WaitQueue::new()),
            limits: SpinLock::new(limits),
            executable: SpinLock::new(None),
            ended_threads_time: SpinLock::new(Times::default()),
            last_turns: SpinLock::default(),
            ended_threads_counts: SpinLock::new(Counts::default()),
            children_counts: SpinLock::new(Counts::default()),
            children_time: SpinLock::new(Times::default()),
            is_subreaper: AtomicBool::new(false),
            has_executed: AtomicBool::new(false),
            exit_signal: AtomicU32::new(abi::raw::general::SIGCHLD),
            parent_death_signal: AtomicU32::new(0),
            dumpable: AtomicU32::new(1),
            out_of_memory_score: AtomicI32::new(0),
            out_of_memory_score_floor: AtomicI32::new(0),
            page_faults: AtomicU64::new(0),
            peak_resident_bytes: AtomicU64::new(0),
            membarrier_registered: AtomicBool::new(false),
            gave_terminal_up: AtomicBool::new(false),
            maker: AtomicU32::new(0),
            parent: AtomicU32::new(0),
            personality: AtomicU32::new(0),
            timers: ProcessTimers::new(limits.soft(Resource::Cpu) != INFINITY),
            user: AtomicU32::new(0),
            last_name: SpinLock::new([0; 16]),
            last_credentials: SpinLock::new(None),
            exit_status: SpinLock::new(None),
            threads: SpinLock::default(),
            session: SpinLock::new(session),
        }
    }

    /// The number of its parent; 0 when it has none.
    pub fn parent(&self) -> ProcessId {
        self.parent.load(Ordering::Relaxed)
    }

    /// Whether it is the first process of its pid namespace.
    #[inline]
    pub fn is_namespace_init(&self) -> bool {
        self.local_pid == 1
    }

    /// The session it belongs to.
    pub fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.lock())
    }

    /// Its controlling terminal: its session's, unless it gave that up.
    pub fn terminal(&self) -> Option<Arc<dyn ControllingTerminal>> {
        let given_up = self.gave_terminal_up.load(Ordering::Relaxed);
        if given_up {
            None
        } else {
            self.session().terminal()
        }
    }

    /// Moves it into another session (setsid(2)).
    pub fn set_session(&self, session: Arc<Session>) {
        self.gave_terminal_up.store(false, Ordering::Relaxed);
        let old = core::mem::replace(&mut *self.session.lock(), session);
        drop(old);
    }

    /// The soft limit for `resource`.
    pub fn limit(&self, resource: Resource) -> u64 {
        self.limits.lock().soft(resource)
    }

    /// Its living threads, the oldest first. No list of them is made: those that come and go
    /// meanwhile may be among them or not.
    pub fn threads(&self) -> impl Iterator<Item = Arc<Thread>> {
        let mut next = 0;
        iter::from_fn(move || {
            let threads = self.threads.lock();
            let mut living = threads.all.range(next..);
            let (place, thread) =
                living.find_map(|(place, thread)| Some((*place, thread.upgrade()?)))?;
            next = place + 1;
            Some(thread)
        })
    }

    /// How many living threads it has.
    pub fn thread_count(&self) -> usize {
        self.threads.lock().all.len()
    }

    /// The thread that has the process's number, or any other when that one has ended.
    pub fn leader(&self) -> Option<Arc<Thread>> {
        self.threads.lock().all.values().find_map(Weak::upgrade)
    }

    /// The first living thread that `wanted` accepts, the oldest first. The list is locked
    /// meanwhile, so `wanted` may take locks below it only.
    pub(super) fn find_thread(
        &self,
        mut wanted: impl FnMut(&Arc<Thread>) -> bool,
    ) -> Option<Arc<Thread>> {
        let threads = self.threads.lock();
        let mut living = threads.all.values().filter_map(Weak::upgrade);
        living.find(|thread| wanted(thread))
    }

    /// Calls `action` for each living thread, as [`Self::find_thread`] does.
    pub(super) fn for_each_thread(&self, mut action: impl FnMut(&Arc<Thread>)) {
        self.find_thread(|thread| {
            action(thread);
            false
        });
    }

    /// The real user of its first thread; what it was when that one has ended.
    pub fn real_user(&self) -> u32 {
        self.user.load(Ordering::Relaxed)
    }

    /// Notes the real user of its first thread.
    pub(super) fn note_user(&self, uid: u32) {
        self.user.store(uid, Ordering::Relaxed);
    }

    /// The name of its first thread; what it was when the last one has ended.
    pub fn name(&self) -> [u8; 16] {
        let last = *self.last_name.lock();
        self.leader().map_or(last, |thread| thread.name())
    }

    /// Who the thread acted as that ended last; none when none has.
    pub fn last_credentials(&self) -> Option<Arc<Credentials>> {
        self.last_credentials.lock().clone()
    }

    /// Adds a thread.
    pub fn add_thread(&self, thread: &Arc<Thread>) {
        let mut threads = self.threads.lock();
        let place = threads.next_place;
        threads.next_place += 1;
        threads.all.insert(place, Arc::downgrade(thread));
        thread.place.store(place, Ordering::Relaxed);
    }

    /// Removes a thread that ended; returns how many are left.
    pub fn remove_thread(&self, thread: &Thread) -> usize {
        *self.last_name.lock() = thread.name();
        let before = self.last_credentials.lock().replace(thread.credentials());
        drop(before);
        let mut threads = self.threads.lock();
        let removed = threads.all.remove(&thread.place.load(Ordering::Relaxed));
        let left = threads.all.len();
        drop(threads);
        drop(removed);
        self.thread_events.wake_all();
        left
    }

    /// Decides how it ends; the first word counts.
    pub(super) fn set_exit_status(&self, status: ExitStatus) {
        self.exit_status.lock().get_or_insert(status);
    }

    /// How it was told to end as a whole, if it was.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit_status.lock()
    }

    /// Gives up what a zombie does not need.
    pub(super) fn release(&self) {
        self.timers.release();
        let executable = self.executable.lock().take();
        drop(executable);
    }

    /// Whether all its threads have ended.
    pub fn has_ended(&self) -> bool {
        self.threads.lock().all.is_empty()
    }

    /// Processor time of all its threads, dead and alive.
    pub fn times(&self) -> Times {
        let ended = *self.ended_threads_time.lock();
        self.threads()
            .fold(ended, |sum, thread| sum.plus(thread.times()))
    }

    /// Counts of all its threads, dead and alive.
    pub fn counts(&self) -> Counts {
        let ended = Counts {
            page_faults: self.page_faults.load(Ordering::Relaxed),
            peak_resident_bytes: self.peak_resident_bytes.load(Ordering::Relaxed),
            ..*self.ended_threads_counts.lock()
        };
        self.threads()
            .fold(ended, |sum, thread| sum.plus(thread.counters.counts()))
    }

    /// Remembers how much memory it had at most, before it leaves that memory.
    pub fn note_peak(&self, space: &AddressSpace) {
        let bytes = space.lock().peak_resident_bytes() as u64;
        self.peak_resident_bytes.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Counts a minor page fault.
    pub fn count_page_fault(&self) {
        self.page_faults.fetch_add(1, Ordering::Relaxed);
    }
}
