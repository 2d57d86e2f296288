//! The pid namespace: which processes can be seen, and by which numbers.
//!
//! Inside the kernel every thread, group and session has one number, that of the root
//! namespace ([`ProcessId`]). A namespace below it gives each of its members a number of its
//! own, and so does every namespace between the two. Numbers are translated where a program
//! says or sees one, never inside (see `process::border`); in the root namespace that costs one
//! comparison.
//!
//! The first process of a namespace is its init. Orphans become its children; signals from
//! inside that it has no handler for do nothing to it; when it ends the namespace is closed:
//! all others are killed, and nothing can be born there any more.
//!
//! Numbers are given and taken back under the lock of the table of processes, or while a
//! thread is being made; the own lock comes behind that one.
//!
//! Source: `pid_namespaces(7)`.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use abi::raw::general::CLONE_NEWPID;
use spin::LazyLock;

use super::device::Companion;
use super::{Kind, Namespace, Plan, kind, new_number};
use crate::error::{Errno, Result};
use crate::process::table::{FIRST_REUSED, PROCESS_ID_MAX};
use crate::process::{ProcessId, Thread, table};
use crate::sync::{SpinLock, WaitQueue};

/// How deep namespaces may be nested, as on Linux.
const LEVELS_MAX: usize = 32;

/// The row of the list of kinds: the namespace a process is in.
pub(super) const KIND: Kind = Kind {
    name: "pid",
    label: "pid",
    flag: CLONE_NEWPID,
    first_number: 0xeffffffc,
    of: |thread| Ok(Arc::clone(&thread.process.pid_namespace) as Arc<dyn Namespace>),
    create: Some(create),
};

/// The row of the namespace that a thread's children will be in.
pub(super) const KIND_FOR_CHILDREN: Kind = Kind {
    name: "pid_for_children",
    flag: 0,
    of: |thread| {
        let namespace = Arc::clone(&thread.namespaces().pid_for_children);
        if !namespace.is_root() && namespace.init() == 0 {
            // It is not there to be entered before its first process is.
            return Err(Errno::ENOENT);
        }
        Ok(namespace as Arc<dyn Namespace>)
    },
    create: None,
    ..KIND
};

fn create(plan: &mut Plan) -> Result<()> {
    let namespace = PidNamespace::below(&plan.set.pid_for_children)?;
    plan.set_mut().pid_for_children = namespace;
    Ok(())
}

/// Numbers in a namespace that is not the root.
#[derive(Default)]
struct Numbers {
    /// The root's number for each number given here.
    roots: BTreeMap<ProcessId, ProcessId>,
    /// The number given here for each number of the root.
    given: BTreeMap<ProcessId, ProcessId>,
    last: ProcessId,
}

impl Numbers {
    fn give(&mut self, root: ProcessId) -> Option<ProcessId> {
        for _ in 0..PROCESS_ID_MAX {
            self.last += 1;
            if self.last >= PROCESS_ID_MAX {
                self.last = FIRST_REUSED;
            }
            if !self.roots.contains_key(&self.last) {
                self.roots.insert(self.last, root);
                self.given.insert(root, self.last);
                return Some(self.last);
            }
        }
        None
    }

    fn take_back(&mut self, root: ProcessId) {
        if let Some(number) = self.given.remove(&root) {
            self.roots.remove(&number);
        }
    }
}

/// A pid namespace.
pub struct PidNamespace {
    number: u64,
    parent: Option<Arc<PidNamespace>>,
    level: usize,
    numbers: SpinLock<Numbers>,
    companion: Companion,
    /// The root's number of its first process; 0 before there is one.
    init: AtomicU32,
    /// Its init has ended: nothing is born here any more.
    is_closed: AtomicBool,
    /// Processes in it or below it that have not ended.
    living: AtomicUsize,
    /// Woken when a process in it or below it ends.
    pub member_ended: WaitQueue,
}

impl PidNamespace {
    fn new(number: u64, parent: Option<Arc<PidNamespace>>, companion: Companion) -> Arc<Self> {
        Arc::new(Self {
            number,
            level: parent.as_ref().map_or(0, |parent| parent.level + 1),
            parent,
            numbers: SpinLock::new(Numbers::default()),
            companion,
            init: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
            living: AtomicUsize::new(0),
            member_ended: WaitQueue::new(),
        })
    }

    /// The one that exists from boot.
    pub fn root() -> &'static Arc<Self> {
        static ROOT: LazyLock<Arc<PidNamespace>> =
            LazyLock::new(|| PidNamespace::new(KIND.first_number, None, Companion::root()));
        &ROOT
    }

    /// A new one inside `parent`.
    ///
    /// # Errors
    /// ENOSPC: 32 are nested already; EINVAL in a kernel without device namespaces.
    pub fn below(parent: &Arc<Self>) -> Result<Arc<Self>> {
        if parent.level >= LEVELS_MAX {
            return Err(Errno::ENOSPC);
        }
        let companion = Companion::new()?;
        let parent = Some(Arc::clone(parent));
        Ok(Self::new(new_number(), parent, companion))
    }

    /// The device namespace that goes with it.
    pub fn companion(&self) -> &Companion {
        &self.companion
    }

    /// Whether it is the one that exists from boot.
    #[inline]
    pub fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// It and all that it lies in, the innermost first.
    fn chain(&self) -> impl Iterator<Item = &PidNamespace> {
        iter::successors(Some(self), |namespace| namespace.parent.as_deref())
    }

    /// Whether `other` is this one or lies inside it.
    pub fn contains(&self, other: &PidNamespace) -> bool {
        other
            .chain()
            .any(|namespace| core::ptr::eq(namespace, self))
    }

    /// The number by which a process, thread, group or session is seen here; 0: it is not.
    #[inline]
    pub fn shown(&self, number: ProcessId) -> ProcessId {
        if self.is_root() {
            return number;
        }
        let numbers = self.numbers.lock();
        numbers.given.get(&number).copied().unwrap_or(0)
    }

    /// What is seen here by `number`, by its number in the root namespace.
    #[inline]
    pub fn resolve(&self, number: ProcessId) -> Option<ProcessId> {
        if self.is_root() {
            return Some(number);
        }
        self.numbers.lock().roots.get(&number).copied()
    }

    /// The numbers of `root` in each namespace from this one down to `innermost`, for
    /// `/proc/PID/status`.
    pub fn shown_below(&self, innermost: &PidNamespace, root: ProcessId) -> Vec<ProcessId> {
        let levels = innermost
            .chain()
            .take_while(|namespace| namespace.level >= self.level);
        let mut numbers: Vec<_> = levels.map(|namespace| namespace.shown(root)).collect();
        numbers.reverse();
        numbers
    }

    /// The numbers given here from `first` on, in order, with the root's. No list of them is
    /// made: those that come and go meanwhile may be among them or not.
    pub fn numbers_from(&self, first: ProcessId) -> impl Iterator<Item = (ProcessId, ProcessId)> {
        let mut next = first;
        iter::from_fn(move || {
            let numbers = self.numbers.lock();
            let (number, root) = numbers.roots.range(next..).next()?;
            next = number + 1;
            Some((*number, *root))
        })
    }

    /// The number given here last.
    pub fn last_seen(&self) -> ProcessId {
        if self.is_root() {
            return table::last_number();
        }
        self.numbers.lock().last
    }

    /// Gives `root` a number here and in all namespaces above but the root.
    ///
    /// # Errors
    /// ENOMEM when its init has ended, EAGAIN when all numbers are taken.
    pub(crate) fn enroll(&self, root: ProcessId) -> Result<()> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Errno::ENOMEM);
        }
        for namespace in self.chain().filter(|namespace| !namespace.is_root()) {
            if namespace.numbers.lock().give(root).is_none() {
                self.dismiss(root);
                return Err(Errno::EAGAIN);
            }
        }
        Ok(())
    }

    /// Takes the numbers of `root` back.
    pub(crate) fn dismiss(&self, root: ProcessId) {
        for namespace in self.chain().filter(|namespace| !namespace.is_root()) {
            namespace.numbers.lock().take_back(root);
        }
    }

    /// A process was born here. The first is the init.
    pub(crate) fn process_added(&self, root: ProcessId) {
        for namespace in self.chain() {
            namespace.living.fetch_add(1, Ordering::SeqCst);
        }
        let _ = self
            .init
            .compare_exchange(0, root, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// A process in it has ended, and may be a zombie still.
    pub(crate) fn process_ended(&self) {
        for namespace in self.chain() {
            namespace.living.fetch_sub(1, Ordering::SeqCst);
            namespace.member_ended.wake_all();
        }
    }

    /// How many processes in it or below it have not ended.
    pub fn living(&self) -> usize {
        self.living.load(Ordering::SeqCst)
    }

    /// The root's number of its first process; 0 before there is one.
    pub fn init(&self) -> ProcessId {
        self.init.load(Ordering::SeqCst)
    }

    /// Whether its init has ended.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Lets nothing be born here any more.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }
}

impl Namespace for PidNamespace {
    fn kind(&self) -> &'static Kind {
        kind(KIND.name)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn parent(&self) -> Option<Arc<dyn Namespace>> {
        let parent = self.parent.as_ref()?;
        Some(Arc::clone(parent) as Arc<dyn Namespace>)
    }

    /// Only into the caller's own namespace and those inside it (EINVAL otherwise): nobody
    /// leaves a namespace. It is the caller's children that will be in it.
    fn enter(self: Arc<Self>, thread: &Thread, plan: &mut Plan) -> Result<()> {
        if !thread.process.pid_namespace.contains(&self) {
            return Err(Errno::EINVAL);
        }
        plan.set_mut().pid_for_children = self;
        Ok(())
    }
}
