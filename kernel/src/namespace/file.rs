//! A namespace as a file: it says which one it is, keeps it in existence while it is open, and
//! can be given to setns(2).
//!
//! Source: `namespaces(7)`, `ioctl_ns(2)`.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

use abi::raw::general::{O_CLOEXEC, O_RDONLY};

use super::Namespace;
use crate::error::{Errno, Result};
use crate::file::{File, FileKind, Inode, Metadata, OpenFile, OpenFlags, clock};
use crate::process;

/// NS_GET_PARENT: a descriptor of the namespace above.
const GET_PARENT: u32 = 0xb702;
/// NS_GET_NSTYPE: the flag of clone(2) that makes such a namespace.
const GET_TYPE: u32 = 0xb703;

/// The inode of a namespace.
pub struct NamespaceInode(pub Arc<dyn Namespace>);

/// The namespace that an open file stands for. `None`: it is some other file.
pub fn namespace_of(file: &OpenFile) -> Option<Arc<dyn Namespace>> {
    let inode: &dyn Any = &**file.inode();
    let inode = inode.downcast_ref::<NamespaceInode>()?;
    Some(Arc::clone(&inode.0))
}

impl Inode for NamespaceInode {
    fn kind(&self) -> FileKind {
        FileKind::Regular
    }

    fn number(&self) -> u64 {
        self.0.number()
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(self.number(), FileKind::Regular, 0o444, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(NamespaceFile(Arc::clone(&self.0))))
    }

    fn anonymous_name(&self) -> Vec<u8> {
        format!("{}:[{}]", self.0.kind().label, self.0.number()).into_bytes()
    }
}

struct NamespaceFile(Arc<dyn Namespace>);

impl File for NamespaceFile {
    fn ioctl(&self, command: u32, _argument: usize) -> Result<usize> {
        match command {
            GET_TYPE => Ok(self.0.kind().flag as usize),
            GET_PARENT => open_parent(&*self.0),
            _ => Err(Errno::ENOTTY),
        }
    }
}

/// Opens the namespace above, if the caller is in that one or further out.
fn open_parent(namespace: &dyn Namespace) -> Result<usize> {
    let thread = process::current();
    let nested: &dyn Any = namespace;
    if !nested.is::<super::PidNamespace>() {
        return Err(Errno::EINVAL);
    }
    let parent = namespace.parent().ok_or(Errno::EPERM)?;
    let visible = {
        let parent: &dyn Any = &*parent;
        let parent = parent.downcast_ref::<super::PidNamespace>();
        parent.is_some_and(|parent| thread.process.pid_namespace.contains(parent))
    };
    if !visible {
        return Err(Errno::EPERM);
    }
    let inode = Arc::new(NamespaceInode(parent));
    let flags = OpenFlags::from_raw(O_RDONLY | O_CLOEXEC);
    let opened = Arc::clone(&inode).open(flags)?;
    let file = OpenFile::anonymous(inode, opened, flags);
    Ok(thread.files()?.install(file, true)? as usize)
}
