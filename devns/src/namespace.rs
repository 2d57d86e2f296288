//! The device namespace: what the processes of one persona share.
//!
//! Drivers ask `is_active` on every event, so whatever is asked often is an atomic and costs a
//! load. Each value is whole by itself; to see several that belong together, read them where
//! no switch can come between ([`crate::Foreground::settled`]).
//!
//! # Life
//! A namespace begins without a process. The first that joins makes it live; when the last has
//! left it has *ended* for good: nobody joins it again, and it is never put in front. The object
//! stays while somebody holds it: a process, the user of a state, the foreground, an open
//! `/proc/PID/ns/dev`. With the last holder it gives up the states that live as long as it does.
//!
//! The root namespace does not end, with processes or without.

use alloc::sync::{Arc, Weak};

use crate::core_state::Core;
use crate::error::Ended;
use crate::slot::Slots;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::tag::Tag;

/// A moment, in jiffies since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Jiffies(pub u64);

/// In place of the number of processes: the last has left.
const ENDED: u32 = u32::MAX;

/// One device namespace. [`crate::Foreground::create`] makes them.
pub struct Namespace {
    pub(crate) core: Weak<Core>,
    pub(crate) slots: Slots,
    myself: Weak<Namespace>,
    /// Counts the namespaces of this foreground in the order of their creation; root's is 0.
    pub(crate) serial: u64,
    number: u64,
    init_pid: AtomicU32,
    active: AtomicBool,
    tag: AtomicU32,
    timestamp: AtomicU64,
    processes: AtomicU32,
}

/// What is left of a namespace when a process has left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// Other processes, or it is the root.
    Living,
    /// The leaver is the last; nothing has been done yet.
    LastIsLeaving,
}

impl Namespace {
    pub(crate) fn new(core: Weak<Core>, serial: u64, number: u64) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            core,
            slots: Slots::new(),
            myself: Weak::clone(myself),
            serial,
            number,
            init_pid: AtomicU32::new(0),
            active: AtomicBool::new(false),
            tag: AtomicU32::new(0),
            timestamp: AtomicU64::new(0),
            processes: AtomicU32::new(0),
        })
    }

    /// The number its creator gave it: the inode in `/proc/PID/ns/dev`.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether this is the root namespace.
    pub fn is_root(&self) -> bool {
        self.serial == 0
    }

    /// Whether it is the foreground persona.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// When it last became active or ceased to be; 0 when it never did.
    pub fn timestamp(&self) -> Jiffies {
        Jiffies(self.timestamp.load(Ordering::Acquire))
    }

    pub(crate) fn set_active(&self, active: bool, now: Jiffies) {
        self.timestamp.store(now.0, Ordering::Release);
        self.active.store(active, Ordering::Release);
    }

    /// The first is active from the beginning, and its timestamp is 0.
    pub(crate) fn begin_active(&self) {
        self.set_active(true, Jiffies(0));
    }

    /// The process id, in the root pid namespace, of the first process of the pid namespace that
    /// goes with this one; 0 until it is set.
    pub fn init_pid(&self) -> u32 {
        self.init_pid.load(Ordering::Acquire)
    }

    /// Sets what [`Namespace::init_pid`] answers.
    pub fn set_init_pid(&self, pid: u32) {
        self.init_pid.store(pid, Ordering::Release);
    }

    /// The tag; empty until it is set.
    pub fn tag(&self) -> Tag {
        Tag::from_padded(self.tag.load(Ordering::Acquire).to_ne_bytes())
    }

    /// Changes the tag.
    pub fn set_tag(&self, tag: Tag) {
        self.tag
            .store(u32::from_ne_bytes(tag.padded()), Ordering::Release);
    }

    /// How many processes are in it.
    pub fn processes(&self) -> u32 {
        match self.processes.load(Ordering::Acquire) {
            ENDED => 0,
            count => count,
        }
    }

    /// Whether its last process has left.
    pub fn has_ended(&self) -> bool {
        self.processes.load(Ordering::Acquire) == ENDED
    }

    /// A process is there: one that was created in it, or moved into it. Its leave is
    /// [`crate::Foreground::leave`].
    ///
    /// # Errors
    /// [`Ended`]: the last process has left.
    pub fn join(&self) -> Result<(), Ended> {
        let mut count = self.processes.load(Ordering::Acquire);
        loop {
            if count == ENDED {
                return Err(Ended);
            }
            match self.exchange_processes(count, count + 1) {
                Ok(_) => return Ok(()),
                Err(now) => count = now,
            }
        }
    }

    fn exchange_processes(&self, from: u32, to: u32) -> Result<u32, u32> {
        self.processes
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }

    /// A process leaves. The last one's leave ends the namespace only under the gate, which
    /// the caller says it holds.
    pub(crate) fn leave(&self, under_gate: bool) -> Remains {
        let mut count = self.processes.load(Ordering::Acquire);
        loop {
            let last = count == 1 && !self.is_root();
            if last && !under_gate {
                return Remains::LastIsLeaving;
            }
            let left = match count {
                0 | ENDED => {
                    debug_assert!(false, "a process leaves that has not joined");
                    return Remains::Living;
                }
                _ if last => ENDED,
                _ => count - 1,
            };
            match self.exchange_processes(count, left) {
                Ok(_) if last => return Remains::LastIsLeaving,
                Ok(_) => return Remains::Living,
                Err(now) => count = now,
            }
        }
    }

    /// Whether it may be in front.
    pub(crate) fn may_be_active(&self) -> bool {
        self.is_root() || self.processes() > 0
    }

    /// A hold that does not keep it alive, for a state that wants to ask its own namespace
    /// something later: a state must not keep alive what keeps it alive.
    pub fn weak(&self) -> Weak<Self> {
        Weak::clone(&self.myself)
    }

    /// The names of the classes that keep a state for it now, in the order of registration.
    pub fn classes(&self) -> alloc::vec::Vec<Arc<str>> {
        self.slots.names()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            core.list.remove(self);
        }
        for state in self.slots.take_all().into_iter().rev().flatten() {
            state.release(self);
        }
    }
}

impl core::fmt::Debug for Namespace {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.debug_struct("Namespace")
            .field("number", &self.number)
            .field("init_pid", &self.init_pid())
            .field("tag", &self.tag())
            .field("active", &self.is_active())
            .finish_non_exhaustive()
    }
}
