//! `/proc/PID/ns`: the namespaces a process is in, as links of the form `kind:[number]`.
use super::links::{ProcessLink, Target};
use super::process::directory_metadata;
use super::subject::Subject;
use crate::error::{Errno, Result};
use crate::file::{DirectoryFile, File, FileKind, Inode, ListEntry, Metadata, NewNode, OpenFlags};
use crate::namespace::KINDS;
use alloc::sync::Arc;

/// Codes of namespaces in inode numbers begin here.
const CODES: u64 = 1 << 20;

/// The directory `ns`.
pub(super) struct NamespaceDirectory {
    subject: Subject,
    number: u64,
}

impl NamespaceDirectory {
    /// The directory of the namespaces of `subject`.
    pub(super) fn new(subject: Subject, number: u64) -> Self {
        Self { subject, number }
    }
}

impl Inode for NamespaceDirectory {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        directory_metadata(&self.subject, self.number, 0o511)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let found = KINDS.iter().position(|kind| kind.name.as_bytes() == name);
        let index = found.ok_or(Errno::ENOENT)?;
        let number = self.subject.inode_number(CODES + index as u64);
        let subject = self.subject.clone();
        let target = Target::Namespace(&KINDS[index]);
        Ok(Arc::new(ProcessLink::new(subject, number, target)))
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        self.subject.check_access()?;
        let first = usize::try_from(cursor).unwrap_or(usize::MAX);
        for (index, kind) in KINDS.iter().enumerate().skip(first) {
            let listed = ListEntry {
                name: kind.name.as_bytes(),
                number: self.subject.inode_number(CODES + index as u64),
                kind: FileKind::SymbolicLink,
                next: index as u64 + 1,
            };
            if !emit(listed) {
                break;
            }
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone()
    }
}
