//! The mount namespace: a table of mounts of its own ([`MountTable`]).
//!
//! A thread's mounts are part of its directories, so a new namespace is a copy of these whose
//! root and working directory lie on the copied mounts.
//!
//! Source: `mount_namespaces(7)`.

use alloc::sync::Arc;

use abi::raw::general::CLONE_NEWNS;

use super::{Kind, Namespace, Plan, kind};
use crate::error::{Errno, Result};
use crate::file::{FsContext, MountTable};
use crate::process::capabilities::Capability;
use crate::process::{Thread, table};

/// The row of the list of kinds.
pub(super) const KIND: Kind = Kind {
    name: "mnt",
    label: "mnt",
    flag: CLONE_NEWNS,
    first_number: 0xf0000001,
    of: |thread| Ok(thread.fs()?.mounts() as Arc<dyn Namespace>),
    create: Some(|plan| {
        let old = plan.fs.as_ref().unwrap_or(&plan.old_fs);
        plan.fs = Some(Arc::new(old.with_own_mounts(super::new_number())?));
        Ok(())
    }),
};

/// Number of the first mount namespace.
pub const FIRST_NUMBER: u64 = KIND.first_number;

impl Namespace for MountTable {
    fn kind(&self) -> &'static Kind {
        kind(KIND.name)
    }

    fn number(&self) -> u64 {
        self.number()
    }

    /// EPERM for whoever may not change its root. EINVAL when the thread shares its directories
    /// with another, who would be moved too.
    fn enter(self: Arc<Self>, thread: &Thread, plan: &mut Plan) -> Result<()> {
        thread.credentials().require(Capability::SysChroot)?;
        if table::shares_directories(&plan.old_fs, |other| other.tid() != thread.tid()) {
            return Err(Errno::EINVAL);
        }
        let fs = FsContext::new(self);
        fs.set_umask(plan.old_fs.umask());
        plan.fs = Some(Arc::new(fs));
        Ok(())
    }
}
