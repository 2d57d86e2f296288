//! The table of processes: numbers, parents and children, groups and sessions.
//!
//! One lock guards all of the relations, because nearly every question about them involves
//! two (is that a child of mine, and in which group?). It is held for a few map look-ups, and
//! never while a process is signalled or woken.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;
use core::sync::atomic::Ordering;

use super::signal::SignalInfo;
use super::{ExitStatus, Process, ProcessId, Thread};
use crate::error::{Errno, Result};
use crate::file::FsContext;
use crate::namespace::PidNamespace;
use crate::sync::SpinLock;

/// Numbers run from 1 to this and start again (/proc/sys/kernel/pid_max).
pub const PROCESS_ID_MAX: ProcessId = 32768;
/// More threads than this are refused: as many as there can be kernel stacks, less a few.
pub const THREADS_MAX: usize = metal::context::STACKS_MAX - 64;
/// After running over, low numbers are left to what started at boot.
pub const FIRST_REUSED: ProcessId = 300;

/// A process and its relations.
pub struct Node {
    /// The process.
    pub process: Arc<Process>,
    /// Number of its parent; 0 for process 1 and for nobody.
    pub parent: ProcessId,
    /// Numbers of its children, the oldest first.
    pub children: BTreeSet<ProcessId>,
    /// Number of its process group.
    pub group: ProcessId,
    /// Number of its session.
    pub session: ProcessId,
    /// How it ended, once it has and until it is waited for.
    pub zombie: Option<ExitStatus>,
}

/// All processes and threads.
pub struct Table {
    nodes: BTreeMap<ProcessId, Node>,
    threads: BTreeMap<ProcessId, Arc<Thread>>,
    groups: BTreeMap<ProcessId, BTreeSet<ProcessId>>,
    /// How many processes each session has.
    sessions: BTreeMap<ProcessId, usize>,
    /// For each number outside the root pid namespace, the innermost one it is in.
    nested: BTreeMap<ProcessId, Arc<PidNamespace>>,
    /// Namespaces that lost a number, to be dropped once the lock is released.
    left_behind: Vec<Arc<PidNamespace>>,
    last_number: ProcessId,
    made: u64,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table {
    nodes: BTreeMap::new(),
    threads: BTreeMap::new(),
    groups: BTreeMap::new(),
    sessions: BTreeMap::new(),
    nested: BTreeMap::new(),
    left_behind: Vec::new(),
    last_number: 0,
    made: 0,
});

/// Looks at the table, or changes it, with its lock held.
pub fn with<R>(action: impl FnOnce(&mut Table) -> R) -> R {
    let mut table = TABLE.lock();
    let outcome = action(&mut table);
    if table.left_behind.is_empty() {
        return outcome;
    }
    let left_behind = core::mem::take(&mut table.left_behind);
    drop(table);
    drop(left_behind);
    outcome
}

/// Numbers for a thread to be: one in its pid namespace and one in each above. They are given
/// back when this is dropped, unless the thread became known by them in the meantime.
pub struct Reserved {
    /// The number in the root namespace.
    pub number: ProcessId,
    /// The innermost namespace.
    pub namespace: Arc<PidNamespace>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.namespace.is_root() {
            with(|table| table.forget_if_unused(self.number));
        }
    }
}

impl Table {
    /// The process with this number, a zombie too.
    pub fn node(&self, pid: ProcessId) -> Option<&Node> {
        self.nodes.get(&pid)
    }

    /// The same, to change.
    pub fn node_mut(&mut self, pid: ProcessId) -> Option<&mut Node> {
        self.nodes.get_mut(&pid)
    }

    /// The members of a group, in the order of their numbers.
    pub fn group_members(&self, group: ProcessId) -> impl Iterator<Item = &Node> {
        let members = self.groups.get(&group).into_iter().flatten();
        members.filter_map(|pid| self.nodes.get(pid))
    }

    /// Whether the group exists.
    pub fn has_group(&self, group: ProcessId) -> bool {
        self.groups.contains_key(&group)
    }

    fn is_taken(&self, number: ProcessId) -> bool {
        self.nodes.contains_key(&number)
            || self.threads.contains_key(&number)
            || self.groups.contains_key(&number)
            || self.sessions.contains_key(&number)
    }

    /// Takes back what other namespaces call a number that nothing has any more.
    fn forget_if_unused(&mut self, number: ProcessId) {
        if self.nested.is_empty() || self.is_taken(number) {
            return;
        }
        if let Some(namespace) = self.nested.remove(&number) {
            namespace.dismiss(number);
            self.left_behind.push(namespace);
        }
    }

    fn new_number(&mut self) -> Option<ProcessId> {
        for _ in 0..PROCESS_ID_MAX {
            self.last_number += 1;
            if self.last_number >= PROCESS_ID_MAX {
                self.last_number = FIRST_REUSED;
            }
            if !self.is_taken(self.last_number) && !self.nested.contains_key(&self.last_number) {
                return Some(self.last_number);
            }
        }
        None
    }

    fn leave_group(&mut self, pid: ProcessId, group: ProcessId) {
        if let Some(members) = self.groups.get_mut(&group) {
            members.remove(&pid);
            if members.is_empty() {
                self.groups.remove(&group);
                self.forget_if_unused(group);
            }
        }
    }

    fn enter_session(&mut self, session: ProcessId) {
        *self.sessions.entry(session).or_default() += 1;
    }

    fn leave_session(&mut self, session: ProcessId) {
        if let Some(members) = self.sessions.get_mut(&session) {
            *members -= 1;
            if *members == 0 {
                self.sessions.remove(&session);
                self.forget_if_unused(session);
            }
        }
    }

    /// Moves a process into another group and session.
    pub fn move_to(&mut self, pid: ProcessId, group: ProcessId, session: ProcessId) {
        let Some(node) = self.nodes.get_mut(&pid) else {
            return;
        };
        let old_group = core::mem::replace(&mut node.group, group);
        let old_session = core::mem::replace(&mut node.session, session);
        self.enter_session(session);
        self.leave_session(old_session);
        self.leave_group(pid, old_group);
        self.groups.entry(group).or_default().insert(pid);
    }

    /// Makes `new_parent` the parent of the oldest child of `old_parent`, which is another.
    /// Returns the child, until there is none left.
    pub fn reparent_child(
        &mut self,
        old_parent: ProcessId,
        new_parent: ProcessId,
    ) -> Option<&Node> {
        let child = self.nodes.get_mut(&old_parent)?.children.pop_first()?;
        if let Some(node) = self.nodes.get_mut(&new_parent) {
            node.children.insert(child);
        }
        let node = self.nodes.get_mut(&child)?;
        node.parent = new_parent;
        node.process.parent.store(new_parent, Ordering::Relaxed);
        Some(node)
    }

    /// Takes a zombie out of the table.
    pub fn remove(&mut self, pid: ProcessId) -> Option<Node> {
        let node = self.nodes.remove(&pid)?;
        self.leave_group(pid, node.group);
        self.leave_session(node.session);
        self.forget_if_unused(pid);
        if let Some(parent) = self.nodes.get_mut(&node.parent) {
            parent.children.remove(&pid);
        }
        Some(node)
    }

    /// Takes the oldest child of a process that is a zombie out of the table.
    pub fn remove_zombie_child(&mut self, parent: ProcessId) -> Option<Node> {
        let is_zombie = |pid: &&ProcessId| {
            let node = self.nodes.get(pid);
            node.is_some_and(|node| node.zombie.is_some())
        };
        let mut children = self.nodes.get(&parent)?.children.iter();
        let zombie = *children.find(is_zombie)?;
        self.remove(zombie)
    }

    /// Whether a group is orphaned: no member has a parent in another group of the same
    /// session (setpgid(2)). `without` is a process that counts as gone already.
    pub fn is_orphaned(&self, group: ProcessId, without: Option<ProcessId>) -> bool {
        !self.group_members(group).any(|node| {
            let parent = self.nodes.get(&node.parent);
            Some(node.process.pid) != without
                && node.zombie.is_none()
                && parent.is_some_and(|parent| {
                    parent.group != group
                        && parent.session == node.session
                        && Some(parent.process.pid) != without
                })
        })
    }
}

/// A number that nothing has, and one in `namespace` and all between it and the root.
///
/// # Errors
/// EAGAIN when all are taken, ENOMEM when the namespace's init has ended.
pub fn new_number(namespace: &Arc<PidNamespace>) -> Result<Reserved> {
    with(|table| {
        let number = table.new_number().ok_or(Errno::EAGAIN)?;
        if !namespace.is_root() {
            namespace.enroll(number)?;
            table.nested.insert(number, Arc::clone(namespace));
        }
        Ok(Reserved {
            number,
            namespace: Arc::clone(namespace),
        })
    })
}

/// What stands in place of a number for a process of the kernel that nobody sees.
#[cfg(feature = "devns")]
pub fn no_number() -> Reserved {
    Reserved {
        number: 0,
        namespace: Arc::clone(PidNamespace::root()),
    }
}

/// Makes a process visible, as a child of `parent` in the same group and session.
pub fn add_process(process: &Arc<Process>, parent: ProcessId) {
    with(|table| {
        let pid = process.pid;
        process.parent.store(parent, Ordering::Relaxed);
        let relations = table.nodes.get_mut(&parent).map(|node| {
            node.children.insert(pid);
            (node.group, node.session)
        });
        let (group, session) = relations.unwrap_or((pid, pid));
        table.enter_session(session);
        table.groups.entry(group).or_default().insert(pid);
        let node = Node {
            process: Arc::clone(process),
            parent,
            children: BTreeSet::new(),
            group,
            session,
            zombie: None,
        };
        table.nodes.insert(pid, node);
        process.pid_namespace.process_added(pid);
    });
}

/// Makes a thread visible.
pub fn add_thread(thread: &Arc<Thread>) {
    with(|table| {
        table.made += 1;
        table.threads.insert(thread.tid(), Arc::clone(thread));
    });
}

/// Makes a thread known by its new number instead of `old`.
pub fn renumber_thread(old: ProcessId, thread: &Arc<Thread>) {
    let replaced = with(|table| {
        table.threads.remove(&old);
        table.forget_if_unused(old);
        table.threads.insert(thread.tid(), Arc::clone(thread))
    });
    drop(replaced);
}

/// Takes a thread out.
pub fn remove_thread(tid: ProcessId) {
    let removed = with(|table| {
        let removed = table.threads.remove(&tid);
        table.forget_if_unused(tid);
        removed
    });
    drop(removed);
}

/// The process with this number, alive or a zombie.
pub fn find(pid: ProcessId) -> Option<Arc<Process>> {
    with(|table| table.node(pid).map(|node| Arc::clone(&node.process)))
}

/// The thread with this number.
pub fn find_thread(tid: ProcessId) -> Option<Arc<Thread>> {
    with(|table| table.threads.get(&tid).cloned())
}

/// Whether a thread that `is_meant` has its directories in `fs`, which the caller has from a
/// thread.
pub fn shares_directories(fs: &Arc<FsContext>, is_meant: impl Fn(&Thread) -> bool) -> bool {
    // Two references are that thread's and the caller's. Who looks into /proc may have another
    // for a moment, so more of them prove nothing.
    Arc::strong_count(fs) > 2
        && with(|table| {
            let mut threads = table.threads.values();
            threads.any(|other| is_meant(other) && other.has_directories(fs))
        })
}

/// All processes, zombies too, in the order of their numbers. No list of them is made: each step
/// looks for the next one, so those that come and go meanwhile may be among them or not.
pub fn all() -> impl Iterator<Item = Arc<Process>> {
    all_from(0)
}

/// As [`all`], those with this number or a higher one.
pub fn all_from(first: ProcessId) -> impl Iterator<Item = Arc<Process>> {
    let mut next = first;
    iter::from_fn(move || {
        let process = with(|table| {
            let (_, node) = table.nodes.range(next..).next()?;
            Some(Arc::clone(&node.process))
        })?;
        next = process.pid + 1;
        Some(process)
    })
}

/// How many processes and threads were made since boot.
pub fn made_count() -> u64 {
    with(|table| table.made)
}

/// The newest number given.
pub fn last_number() -> ProcessId {
    with(|table| table.last_number)
}

/// How many threads there are.
pub fn thread_count() -> usize {
    with(|table| table.threads.len())
}

/// How many threads have this real user: RLIMIT_NPROC counts them.
pub fn thread_count_of(uid: u32) -> usize {
    with(|table| {
        let threads = table.threads.values();
        threads
            .filter(|thread| thread.credentials().uid == uid)
            .count()
    })
}

/// The members of a group, one after the other as [`all`] has them.
pub fn group_members(group: ProcessId) -> impl Iterator<Item = Arc<Process>> {
    let mut next = 0;
    iter::from_fn(move || {
        let process = with(|table| {
            let mut members = table.groups.get(&group)?.range(next..);
            let node = members.find_map(|pid| table.nodes.get(pid))?;
            Some(Arc::clone(&node.process))
        })?;
        next = process.pid + 1;
        Some(process)
    })
}

/// The number of a process's parent; 0 when it has none.
pub fn parent_of(pid: ProcessId) -> ProcessId {
    with(|table| table.node(pid).map_or(0, |node| node.parent))
}

/// The numbers of a process's group and session.
pub fn group_and_session_of(pid: ProcessId) -> Option<(ProcessId, ProcessId)> {
    with(|table| table.node(pid).map(|node| (node.group, node.session)))
}

/// Sends a signal to each member of a group, without asking who may.
pub fn signal_group(group: ProcessId, info: &SignalInfo) {
    for process in group_members(group) {
        super::signal::send_to_process(&process, *info);
    }
}
