//! `/proc/PID/task`: the threads of a process.
use super::process::{ProcessDirectory, directory_metadata};
use super::root::parse_number;
use super::subject::Subject;
use crate::error::{Errno, Result};
use crate::file::{DirectoryFile, File, FileKind, Inode, ListEntry, Metadata, NewNode, OpenFlags};
use crate::process::ProcessId;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The directory `task`.
pub(super) struct TaskDirectory {
    subject: Subject,
    number: u64,
}

impl TaskDirectory {
    /// The directory of the threads of `subject`.
    pub(super) fn new(subject: Subject, number: u64) -> Self {
        Self { subject, number }
    }

    /// The threads' numbers as they are shown, in order, each with the true one; the process's
    /// own stays until it is waited for.
    fn threads(&self) -> Result<Vec<(u32, ProcessId)>> {
        let process = self.subject.process().map_err(|_| Errno::ENOENT)?;
        let numbered = |tid| (self.subject.view.shown(tid), tid);
        let mut numbers = Vec::new();
        for thread in process.threads() {
            numbers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            numbers.push(numbered(thread.tid()));
        }
        if numbers.is_empty() {
            numbers.push(numbered(process.pid));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

impl Inode for TaskDirectory {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        let process = self.subject.process();
        let threads = process.map_or(0, |process| process.thread_count().max(1) as u32);
        Metadata {
            links: 2 + threads,
            ..directory_metadata(&self.subject, self.number, 0o555)
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let number = parse_number(name).ok_or(Errno::ENOENT)?;
        let threads = self.threads()?;
        let place = threads.binary_search_by_key(&number, |(shown, _)| *shown);
        let (_, tid) = threads[place.map_err(|_| Errno::ENOENT)?];
        Ok(Arc::new(ProcessDirectory::new(
            self.subject.thread_of(tid)?,
        )))
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        for (shown, tid) in self.threads()? {
            let Ok(thread) = self.subject.thread_of(tid) else {
                continue;
            };
            let name = format!("{shown}");
            let entry = ListEntry {
                name: name.as_bytes(),
                number: thread.inode_number(0),
                kind: FileKind::Directory,
                next: u64::from(shown) + 1,
            };
            if u64::from(shown) >= cursor && !emit(entry) {
                break;
            }
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone()
    }
}
