//! `cwd`, `root`, `exe` and those in `ns`: links that lead straight to the file, whatever its name
//! is by now.
use super::subject::{Subject, readers_root};
use crate::error::{Errno, Result};
use crate::file::{
    File, FileKind, Inode, LinkTarget, Location, Metadata, OpenFlags, Ownership, anonymous_place,
    clock,
};
use crate::namespace::Kind;
use crate::namespace::file::NamespaceInode;
use alloc::sync::Arc;

/// Where a link leads.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// The working directory.
    WorkingDirectory,
    /// The root directory.
    Root,
    /// The program it runs.
    Executable,
    /// One of its namespaces.
    Namespace(&'static Kind),
}

/// One of the links.
pub(super) struct ProcessLink {
    subject: Subject,
    number: u64,
    target: Target,
}

impl ProcessLink {
    /// The link of `subject` to `target`.
    pub(super) fn new(subject: Subject, number: u64, target: Target) -> Self {
        Self {
            subject,
            number,
            target,
        }
    }

    /// The program that the process runs; a zombie runs none.
    fn executable(&self) -> Result<Location> {
        let process = self.subject.process().map_err(|_| Errno::ENOENT)?;
        let executable = process.executable.lock().clone();
        executable.map(|file| file.location()).ok_or(Errno::ENOENT)
    }

    /// The namespace of this kind that the process is in; a zombie is in none.
    fn namespace(&self, kind: &Kind) -> Result<LinkTarget> {
        let thread = self.subject.thread().map_err(|_| Errno::ENOENT)?;
        let namespace = (kind.of)(&thread).map_err(|_| Errno::ENOENT)?;
        let inode: Arc<dyn Inode> = Arc::new(NamespaceInode(namespace));
        let text = inode.anonymous_name();
        Ok(LinkTarget::Jump {
            location: anonymous_place(&inode),
            text,
        })
    }
}

impl Inode for ProcessLink {
    fn kind(&self) -> FileKind {
        FileKind::SymbolicLink
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        link_metadata(&self.subject, self.number, 0o777)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ELOOP)
    }

    fn read_link(&self) -> Result<LinkTarget> {
        self.subject.check_access()?;
        match self.target {
            Target::WorkingDirectory => jump(self.subject.fs()?.cwd()),
            Target::Root => jump(self.subject.fs()?.root()),
            Target::Executable => jump(self.executable()?),
            Target::Namespace(kind) => self.namespace(kind),
        }
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone()
    }
}

/// The metadata of a link of `subject`.
pub(super) fn link_metadata(subject: &Subject, number: u64, permissions: u32) -> Metadata {
    let (uid, gid) = subject.owner();
    let metadata = Metadata::synthetic(number, FileKind::SymbolicLink, permissions, clock::now());
    Metadata {
        ownership: Ownership {
            permissions,
            uid,
            gid,
        },
        ..metadata
    }
}

/// A target straight at `location`.
fn jump(location: Location) -> Result<LinkTarget> {
    let text = location.path_for_display(&readers_root()?);
    Ok(LinkTarget::Jump { location, text })
}
