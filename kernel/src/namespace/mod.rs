//! Namespaces: views of the system that groups of processes share.
//!
//! One file for each kind, one trait that all of them implement ([`Namespace`]), one list of
//! kinds ([`KINDS`]) and one set per thread ([`NamespaceSet`]). Whoever adds a kind writes its
//! file, a row of the list, and a field of the set; `clone(2)`, `unshare(2)`, `setns(2)` and
//! `/proc/PID/ns` follow by themselves.
//!
//! Two kinds live elsewhere because they belong to something else than a thread: the mount
//! namespace is part of a thread's directories ([`crate::file::FsContext`]), since a root
//! directory means nothing without its mounts; the pid namespace that a process *is in* never
//! changes and is a field of the process. The set holds the one its children will be in.
//!
//! Source: `namespaces(7)`, `clone(2)`, `unshare(2)`, `setns(2)`.

#[cfg(feature = "devns")]
pub mod device;
#[cfg(not(feature = "devns"))]
#[path = "without_devices.rs"]
pub mod device;
pub mod file;
pub mod mount;
pub mod pid;
mod set;
#[cfg(feature = "ktest")]
mod tests;
pub mod uts;

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};

use abi::raw::general as linux;

use crate::error::{Errno, Result};
use crate::process::Thread;

pub use pid::PidNamespace;
pub use set::{NamespaceSet, Plan};
pub use uts::UtsNamespace;

/// A namespace, as the calls that work on any kind see it.
pub trait Namespace: Any + Send + Sync {
    /// Its kind.
    fn kind(&self) -> &'static Kind;

    /// Its number, which no other namespace has: the inode number of its file.
    fn number(&self) -> u64;

    /// The namespace above it, for kinds that are nested.
    fn parent(&self) -> Option<Arc<dyn Namespace>> {
        None
    }

    /// Writes into `plan` that `thread` is to be in this namespace (setns(2)). The caller has
    /// checked that it is privileged.
    ///
    /// # Errors
    /// As setns(2) has it.
    fn enter(self: Arc<Self>, thread: &Thread, plan: &mut Plan) -> Result<()>;
}

/// Gives the namespace of one kind that a thread is in. `ESRCH`: the thread has ended; `ENOENT`:
/// there is none yet.
type Of = fn(&Thread) -> Result<Arc<dyn Namespace>>;
/// Puts a new namespace of one kind into a plan.
type Create = fn(&mut Plan) -> Result<()>;

/// A kind of namespace.
#[derive(Debug)]
pub struct Kind {
    /// Its name in `/proc/PID/ns`.
    pub name: &'static str,
    /// What its namespaces are called: `pid_for_children` leads to one of the kind `pid`.
    pub label: &'static str,
    /// The flag of clone(2) that asks for a new one; 0 for none.
    pub flag: u32,
    /// Inode number of the first one, as Linux has it.
    pub first_number: u64,
    /// Gives the one a thread is in.
    pub of: Of,
    /// Makes a new one; none where there can be only one.
    create: Option<Create>,
}

/// All kinds, in the order `/proc/PID/ns` lists them. The order is also that of creation.
#[rustfmt::skip]
pub static KINDS: &[Kind] = &[
    fixed("cgroup", linux::CLONE_NEWCGROUP, 0xeffffffb, |_| Ok(only("cgroup"))),
    #[cfg(feature = "devns")]
    device::KIND,
    fixed("ipc",    linux::CLONE_NEWIPC,    0xefffffff, |_| Ok(only("ipc"))),
    mount::KIND,
    fixed("net",    linux::CLONE_NEWNET,    0xf0000000, |_| Ok(only("net"))),
    pid::KIND,
    pid::KIND_FOR_CHILDREN,
    fixed("time",   linux::CLONE_NEWTIME,   0xeffffffa, |_| Ok(only("time"))),
    fixed("user",   linux::CLONE_NEWUSER,   0xeffffffd, |_| Ok(only("user"))),
    uts::KIND,
];

/// A kind of which there is only one namespace.
const fn fixed(name: &'static str, flag: u32, first_number: u64, of: Of) -> Kind {
    Kind {
        name,
        label: name,
        flag,
        first_number,
        of,
        create: None,
    }
}

/// The only namespace of its kind.
struct Only(&'static Kind);

fn only(name: &str) -> Arc<dyn Namespace> {
    Arc::new(Only(kind(name)))
}

impl Namespace for Only {
    fn kind(&self) -> &'static Kind {
        self.0
    }

    fn number(&self) -> u64 {
        self.0.first_number
    }

    /// Everybody is in it already. The user namespace alone is not entered twice (EINVAL): that
    /// would give back rights that were given up.
    fn enter(self: Arc<Self>, _thread: &Thread, _plan: &mut Plan) -> Result<()> {
        if self.0.flag == linux::CLONE_NEWUSER {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }
}

/// The kind with this name in `/proc/PID/ns`.
fn kind(name: &str) -> &'static Kind {
    let found = KINDS.iter().find(|kind| kind.name == name);
    found.unwrap_or(&KINDS[0])
}

/// All flags of clone(2) that ask for a new namespace.
pub fn flags() -> u32 {
    KINDS.iter().fold(0, |flags, kind| flags | kind.flag)
}

/// A number for a new namespace. Linux's, too, begin behind those of the first ones.
fn new_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0xf000_0002);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
