//! The namespaces of a thread, and how they change.
//!
//! A change is first planned, whole, and then carried out in steps that cannot fail: so a call
//! that asks for three namespaces and gets no memory for the third changes nothing.

use alloc::sync::Arc;

use abi::raw::general as linux;

use super::device::Move;
use super::{KINDS, Namespace, PidNamespace, UtsNamespace};
use crate::error::{Errno, Result};
use crate::file::FsContext;
use crate::process::Thread;
use crate::process::capabilities::Capability;

/// The namespaces of a thread that are its own to change.
#[derive(Clone)]
pub struct NamespaceSet {
    /// The names of the system it sees.
    pub uts: Arc<UtsNamespace>,
    /// The pid namespace that its children will be in.
    pub pid_for_children: Arc<PidNamespace>,
}

impl NamespaceSet {
    /// The namespaces that process 1 is born in.
    pub fn root() -> Arc<Self> {
        Arc::new(Self {
            uts: Arc::clone(UtsNamespace::root()),
            pid_for_children: Arc::clone(PidNamespace::root()),
        })
    }
}

/// Namespaces that a thread is to have.
pub struct Plan {
    /// The set it is to have.
    pub set: Arc<NamespaceSet>,
    /// The directories it is to have, where its mounts change.
    pub fs: Option<Arc<FsContext>>,
    /// The device namespace its process is to move to, where that changes.
    pub device: Option<Move>,
    /// The directories it has now.
    pub old_fs: Arc<FsContext>,
}

impl Plan {
    /// A plan that changes nothing.
    ///
    /// # Errors
    /// ESRCH when the thread has ended.
    pub fn unchanged(thread: &Thread) -> Result<Self> {
        Ok(Self {
            set: thread.namespaces(),
            fs: None,
            device: None,
            old_fs: thread.fs()?,
        })
    }

    /// A plan with a new namespace of each kind that `flags` ask for.
    ///
    /// # Errors
    /// EPERM for whoever is not privileged, EINVAL for kinds of which there is only one,
    /// ENOSPC and ENOMEM as clone(2) has them.
    pub fn with_new(thread: &Thread, flags: u32) -> Result<Self> {
        thread.credentials().require(Capability::SysAdmin)?;
        let mut plan = Self::unchanged(thread)?;
        if flags & linux::CLONE_NEWPID != 0
            && !Arc::ptr_eq(&plan.set.pid_for_children, &thread.process.pid_namespace)
        {
            // Only once: a second one would not be below the namespace the caller is in.
            return Err(Errno::EINVAL);
        }
        for kind in KINDS.iter().filter(|kind| kind.flag & flags != 0) {
            (kind.create.ok_or(Errno::EINVAL)?)(&mut plan)?;
        }
        Ok(plan)
    }

    /// The set to be, for a change.
    pub fn set_mut(&mut self) -> &mut NamespaceSet {
        Arc::make_mut(&mut self.set)
    }

    /// A plan to enter `namespace`.
    ///
    /// # Errors
    /// EPERM for whoever is not privileged, and as setns(2) has it.
    pub fn enter(&mut self, thread: &Thread, namespace: Arc<dyn Namespace>) -> Result<()> {
        thread.credentials().require(Capability::SysAdmin)?;
        namespace.enter(thread, self)
    }

    /// Carries the plan out for a thread that exists.
    ///
    /// # Errors
    /// EINVAL when the device namespace to move to has ended; then nothing has changed.
    pub fn carry_out(self, thread: &Thread) -> Result<()> {
        if let Some(device) = self.device {
            device.carry_out(thread)?;
        }
        thread.set_namespaces(self.set);
        if let Some(fs) = self.fs {
            thread.set_fs(Some(fs));
        }
        Ok(())
    }
}
