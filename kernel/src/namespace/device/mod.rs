//! The device namespace of a process: which persona it belongs to.
//!
//! The object and its rules are the crate `devns`; here it meets processes. A [`Membership`] is
//! a process's place in one: it counts the process, and with the last one gone the namespace
//! ends. Making a pid namespace makes a device namespace along with it (its [`Companion`]); a
//! process that is born into another pid namespace than its parent's belongs to the companion
//! of that one, any other to its parent's.
//!
//! Source: the device namespaces of the Cells project, as `devns` describes them.

mod gate;
#[cfg(feature = "ktest")]
mod tests;

use alloc::sync::Arc;

use devns::{Departure, Foreground, Jiffies, Namespace as DeviceNamespace};
use spin::LazyLock;

use self::gate::KernelGate;
use super::{Kind, Namespace, PidNamespace, Plan, kind};
use crate::error::{Errno, Result};
use crate::process::{Process, ProcessId, Thread, table};
use crate::sync::SpinLock;
use crate::time::monotonic_now;

/// Jiffies in a second, as `/proc/dev_ns/ns_tag` counts them.
const JIFFIES_PER_SECOND: u64 = 100;
/// Number of the first one. Linux has no such kind; this follows those it has.
const FIRST_NUMBER: u64 = 0xeffffff9;

/// The row of the list of kinds.
pub(super) const KIND: Kind = Kind {
    name: "dev",
    label: "dev",
    flag: 0,
    first_number: FIRST_NUMBER,
    of: |thread| Ok(thread.process.membership.namespace() as Arc<dyn Namespace>),
    create: None,
};

/// Who is in front, and the device classes.
pub fn foreground() -> &'static Foreground {
    static FOREGROUND: LazyLock<Foreground> =
        LazyLock::new(|| Foreground::new(alloc::boxed::Box::new(KernelGate::new()), FIRST_NUMBER));
    &FOREGROUND
}

/// Now, as timestamps of switches have it.
pub fn now() -> Jiffies {
    Jiffies(monotonic_now().0 / (1_000_000_000 / JIFFIES_PER_SECOND))
}

/// The device namespace of the living process or thread with this number in the root pid
/// namespace; a zombie has none.
pub fn of_process(pid: ProcessId) -> Option<Arc<DeviceNamespace>> {
    let process = match table::find_thread(pid) {
        Some(thread) => Arc::clone(&thread.process),
        None => table::find(pid)?,
    };
    (!process.has_ended()).then(|| process.membership.namespace())
}

/// The device namespace that goes with a pid namespace.
pub struct Companion(Arc<DeviceNamespace>);

impl Companion {
    /// That of the root pid namespace.
    pub fn root() -> Self {
        Self(Arc::clone(foreground().root()))
    }

    /// A new one, for a new pid namespace.
    ///
    /// # Errors
    /// None; a kernel without device namespaces refuses here.
    pub fn new() -> Result<Self> {
        Ok(Self(foreground().create(super::new_number())))
    }
}

/// A process's place in a device namespace.
pub struct Membership {
    /// None once the process has ended.
    counted: SpinLock<Option<Arc<DeviceNamespace>>>,
    /// What it is in, for whoever asks; the root's once it has ended, so that a zombie keeps
    /// no namespace in existence.
    namespace: SpinLock<Arc<DeviceNamespace>>,
}

impl Membership {
    /// For a process of the pid namespace `of` that is born to `parent`, if it has one.
    ///
    /// # Errors
    /// ENOMEM when the last process of the device namespace has ended.
    pub fn new(of: &PidNamespace, parent: Option<&Process>) -> Result<Self> {
        let namespace = match parent {
            Some(parent) if core::ptr::eq(&*parent.pid_namespace, of) => {
                parent.membership.namespace()
            }
            _ => Arc::clone(&of.companion().0),
        };
        namespace.join().map_err(|_| Errno::ENOMEM)?;
        Ok(Self {
            counted: SpinLock::new(Some(Arc::clone(&namespace))),
            namespace: SpinLock::new(namespace),
        })
    }

    /// The device namespace.
    pub fn namespace(&self) -> Arc<DeviceNamespace> {
        Arc::clone(&self.namespace.lock())
    }

    /// The process, whose number is `pid`, is the first of its pid namespace.
    pub fn note_init(&self, pid: ProcessId) {
        self.namespace.lock().set_init_pid(pid);
    }

    /// The process has ended. With the last one of the namespace in front, the root comes to
    /// the front. May sleep.
    pub fn end(&self) {
        let counted = self.counted.lock().take();
        if let Some(namespace) = counted {
            let root = Arc::clone(foreground().root());
            let shown = core::mem::replace(&mut *self.namespace.lock(), root);
            leave(&namespace);
            drop(shown);
        }
    }

    /// Moves the process into another device namespace.
    ///
    /// # Errors
    /// EINVAL when the last process of that one has ended.
    fn move_to(&self, namespace: &Arc<DeviceNamespace>) -> Result<()> {
        namespace.join().map_err(|_| Errno::EINVAL)?;
        let old = self.counted.lock().replace(Arc::clone(namespace));
        let shown = core::mem::replace(&mut *self.namespace.lock(), Arc::clone(namespace));
        drop(shown);
        if let Some(old) = old {
            leave(&old);
        }
        Ok(())
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end();
    }
}

fn leave(namespace: &Arc<DeviceNamespace>) {
    match foreground().leave(namespace, now()) {
        // Not limited: nobody but the root and the switch keys bring a persona to the front.
        Ok(Departure::EndedInFront) => log::info!(
            "device namespace {} \"{}\" was in front and its last process has ended: the root is in front now",
            namespace.init_pid(),
            namespace.tag().as_bytes().escape_ascii()
        ),
        Ok(Departure::OthersRemain | Departure::Ended) => {}
        Err(refused) => log::error!("a process could not leave its device namespace: {refused}"),
    }
}

impl Namespace for DeviceNamespace {
    fn kind(&self) -> &'static Kind {
        kind(KIND.name)
    }

    fn number(&self) -> u64 {
        self.number()
    }

    /// A process of the root device namespace may enter any; the others none but their own
    /// (EPERM): however a descriptor came to them, personas stay apart. It is the whole process
    /// that moves, so it must have one thread only (EINVAL).
    fn enter(self: Arc<Self>, thread: &Thread, plan: &mut Plan) -> Result<()> {
        let own = thread.process.membership.namespace();
        if !own.is_root() && !Arc::ptr_eq(&own, &self) {
            return Err(Errno::EPERM);
        }
        if thread.process.thread_count() != 1 {
            return Err(Errno::EINVAL);
        }
        plan.device = Some(Move(self));
        Ok(())
    }
}

/// A move into another device namespace that is planned.
pub struct Move(Arc<DeviceNamespace>);

impl Move {
    /// Moves the thread's process.
    ///
    /// # Errors
    /// EINVAL when the last process of the namespace has ended.
    pub fn carry_out(self, thread: &Thread) -> Result<()> {
        thread.process.membership.move_to(&self.0)
    }
}
