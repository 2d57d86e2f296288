//! The directory `/proc` itself: fixed entries, then the processes.
use super::process::ProcessDirectory;
use super::subject::Subject;
use super::system::ENTRIES;
use super::view::View;
use crate::error::{Errno, Result};
use crate::file::generated::Tree;
use crate::file::{
    DirectoryFile, File, FileKind, Inode, LinkTarget, ListEntry, Metadata, NewNode, OpenFlags,
    clock,
};
use crate::process;
use alloc::format;
use alloc::sync::Arc;
use core::str;

const ROOT_INODE: u64 = 1;
/// Inode numbers that no entry of the tree below the root gets.
const SELF_INODE: u64 = 1 << 58;
const THREAD_SELF_INODE: u64 = SELF_INODE + 1;
/// The cursor of the first process.
const FIRST_PROCESS: u64 = 1 << 16;

/// The directory `/proc`.
pub(super) struct Root {
    view: View,
    fixed: Tree,
}

impl Root {
    /// The directory with the processes of `view`.
    pub(super) fn new(view: View) -> Self {
        Self {
            view,
            fixed: Tree::new(ROOT_INODE, 0o555, ENTRIES),
        }
    }

    fn process(&self, name: &[u8]) -> Option<Arc<dyn Inode>> {
        let number = parse_number(name)?;
        let view = self.view.clone();
        // A thread's number leads to its process too, though the list leaves it out.
        let subject = match self.view.process(number) {
            Some(process) => Subject::process_of(view, &process),
            None => Subject::process_by_thread(view, &*self.view.thread(number)?),
        };
        Some(Arc::new(ProcessDirectory::new(subject)))
    }
}

/// The number that `name` writes the way procfs does.
pub(super) fn parse_number(name: &[u8]) -> Option<u32> {
    let digits = !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    if !digits || (name.len() > 1 && name[0] == b'0') {
        return None;
    }
    str::from_utf8(name).ok()?.parse().ok()
}

impl Inode for Root {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        ROOT_INODE
    }

    fn metadata(&self) -> Metadata {
        let fixed = self.fixed.metadata();
        Metadata {
            links: fixed.links + self.view.processes_from(0).count() as u32,
            ..fixed
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        match name {
            b"self" => Ok(Arc::new(Own {
                view: self.view.clone(),
                thread: false,
            })),
            b"thread-self" => Ok(Arc::new(Own {
                view: self.view.clone(),
                thread: true,
            })),
            _ => self
                .process(name)
                .map_or_else(|| self.fixed.lookup(name), Ok),
        }
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let kind = FileKind::SymbolicLink;
        let own = [
            ListEntry {
                name: b"self",
                number: SELF_INODE,
                kind,
                next: 1,
            },
            ListEntry {
                name: b"thread-self",
                number: THREAD_SELF_INODE,
                kind,
                next: 2,
            },
        ];
        for entry in own
            .into_iter()
            .skip(usize::try_from(cursor).unwrap_or(usize::MAX))
        {
            if !emit(entry) {
                return Ok(());
            }
        }
        if cursor < FIRST_PROCESS {
            let mut more = true;
            self.fixed.list(cursor.saturating_sub(2), &mut |entry| {
                more = emit(ListEntry {
                    next: entry.next + 2,
                    ..entry
                });
                more
            })?;
            if !more {
                return Ok(());
            }
        }
        self.list_processes(cursor.saturating_sub(FIRST_PROCESS), emit)
    }
}

impl Root {
    fn list_processes(
        &self,
        first: u64,
        emit: &mut dyn FnMut(ListEntry<'_>) -> bool,
    ) -> Result<()> {
        let first = u32::try_from(first).map_err(|_| Errno::EINVAL)?;
        for number in self.view.processes_from(first) {
            let Some(process) = self.view.process(number) else {
                continue;
            };
            let name = format!("{number}");
            let entry = ListEntry {
                name: name.as_bytes(),
                number: Subject::process_of(self.view.clone(), &process).inode_number(0),
                kind: FileKind::Directory,
                next: FIRST_PROCESS + u64::from(number) + 1,
            };
            if !emit(entry) {
                break;
            }
        }
        Ok(())
    }
}

/// `self` and `thread-self`: links to whoever looks.
struct Own {
    view: View,
    thread: bool,
}

impl Inode for Own {
    fn kind(&self) -> FileKind {
        FileKind::SymbolicLink
    }

    fn number(&self) -> u64 {
        if self.thread {
            THREAD_SELF_INODE
        } else {
            SELF_INODE
        }
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(self.number(), FileKind::SymbolicLink, 0o777, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ELOOP)
    }

    fn read_link(&self) -> Result<LinkTarget> {
        let thread = process::current();
        let pid = self.view.shown(thread.process.pid);
        if pid == 0 {
            return Err(Errno::ENOENT);
        }
        let target = if self.thread {
            format!("{pid}/task/{}", self.view.shown(thread.tid()))
        } else {
            format!("{pid}")
        };
        Ok(LinkTarget::Path(target.into_bytes().into()))
    }
}
