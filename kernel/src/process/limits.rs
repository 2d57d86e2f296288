//! Resource limits: the table each process has, and what the first one starts with. Who may raise
//! them is decided by the system call; each limit is enforced where its resource is given out.
//! Source: getrlimit(2).

use abi::raw::general;

/// A limit that limits nothing.
pub const INFINITY: u64 = u64::MAX;
/// The most files that a limit may allow (/proc/sys/fs/nr_open).
pub const FILES_MAX: u64 = 1 << 20;
/// How many resources there are.
pub const COUNT: usize = general::RLIM_NLIMITS as usize;

/// The resources that this kernel asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Resource {
    /// Processor time, in seconds.
    Cpu = general::RLIMIT_CPU as usize,
    /// Size of a file written, in bytes.
    FileSize = general::RLIMIT_FSIZE as usize,
    /// Private writable memory, in bytes.
    Data = general::RLIMIT_DATA as usize,
    /// The stack of the first thread, in bytes.
    Stack = general::RLIMIT_STACK as usize,
    /// Threads of a user.
    Processes = general::RLIMIT_NPROC as usize,
    /// Descriptors: one more than the highest number.
    Files = general::RLIMIT_NOFILE as usize,
    /// What is locked in memory, in bytes.
    LockedMemory = general::RLIMIT_MEMLOCK as usize,
    /// All that is mapped, in bytes.
    AddressSpace = general::RLIMIT_AS as usize,
    /// Signals queued to a user's processes.
    PendingSignals = general::RLIMIT_SIGPENDING as usize,
    /// 20 less the lowest nice value.
    Nice = general::RLIMIT_NICE as usize,
    /// The highest real-time priority.
    RealtimePriority = general::RLIMIT_RTPRIO as usize,
}

/// What a process may use now, and what it may raise that to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit in force.
    pub soft: u64,
    /// The ceiling for it.
    pub hard: u64,
}

/// The limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct Limits([Limit; COUNT]);

impl Limits {
    /// What process 1 starts with: Linux's figures, the number of processes by the memory.
    pub fn initial() -> Self {
        let unlimited = Limit {
            soft: INFINITY,
            hard: INFINITY,
        };
        let mut limits = [unlimited; COUNT];
        let mut set = |resource: u32, soft, hard| {
            limits[resource as usize] = Limit { soft, hard };
        };
        // A process costs a kernel stack of 8 pages and about as much again in tables; as on
        // Linux, threads may take an eighth of memory.
        let processes = (metal::memory::total_frames() / 8 / 8).max(32) as u64;
        set(general::RLIMIT_STACK, 8 << 20, INFINITY);
        set(general::RLIMIT_CORE, 0, INFINITY);
        set(general::RLIMIT_NPROC, processes, processes);
        set(general::RLIMIT_NOFILE, 1024, 4096);
        set(general::RLIMIT_MEMLOCK, 8 << 20, 8 << 20);
        set(general::RLIMIT_SIGPENDING, processes, processes);
        set(general::RLIMIT_MSGQUEUE, 819_200, 819_200);
        set(general::RLIMIT_NICE, 0, 0);
        set(general::RLIMIT_RTPRIO, 0, 0);
        Self(limits)
    }

    /// The limit in force for a resource.
    pub fn soft(&self, resource: Resource) -> u64 {
        self.0[resource as usize].soft
    }

    /// Limit number `resource` (RLIMIT_…), if there is such a one.
    pub fn get(&self, resource: usize) -> Option<Limit> {
        self.0.get(resource).copied()
    }

    /// Sets limit number `resource`, which must exist.
    pub fn set(&mut self, resource: usize, limit: Limit) {
        if let Some(slot) = self.0.get_mut(resource) {
            *slot = limit;
        }
    }
}
