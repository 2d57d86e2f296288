//! The directory of a process or a thread: which entries it has and who may see them.
use super::descriptors::{DescriptorDirectory, Shown};
use super::links::{ProcessLink, Target};
use super::namespaces::NamespaceDirectory;
use super::subject::Subject;
use super::tasks::TaskDirectory;
use super::{maps, memory, status};
use crate::error::{Errno, Result};
use crate::file::generated::{Contents, GeneratedInode};
use crate::file::{
    DirectoryFile, File, FileKind, Inode, ListEntry, Metadata, NewNode, OpenFlags, Ownership, clock,
};
use abi::procfs::Text;
use alloc::sync::Arc;

/// Writes a file of a subject.
type Show = fn(&Subject, &mut Text) -> Result<()>;
/// Takes a new value for a file of a subject.
type Store = fn(&Subject, &[u8]) -> Result<()>;

/// What an entry is.
#[derive(Clone, Copy)]
enum Node {
    /// A file for all to read.
    Read(Show),
    /// A file for those who may look into the process.
    Guarded(Show),
    /// A file that can be written too.
    ReadWrite(Show, Store),
    /// A link to a file of the process.
    Link(Target),
    /// `fd`.
    Descriptors,
    /// `fdinfo`.
    DescriptorInformation,
    /// `ns`.
    Namespaces,
    /// `task`; threads have none.
    Tasks,
}

struct Entry {
    name: &'static str,
    permissions: u32,
    node: Node,
}

const fn entry(name: &'static str, permissions: u32, node: Node) -> Entry {
    Entry {
        name,
        permissions,
        node,
    }
}

#[rustfmt::skip]
const ENTRIES: [Entry; 26] = [
    entry("task",          0o555, Node::Tasks),
    entry("fd",            0o500, Node::Descriptors),
    entry("fdinfo",        0o555, Node::DescriptorInformation),
    entry("ns",            0o511, Node::Namespaces),
    entry("cwd",           0o777, Node::Link(Target::WorkingDirectory)),
    entry("root",          0o777, Node::Link(Target::Root)),
    entry("exe",           0o777, Node::Link(Target::Executable)),
    entry("environ",       0o400, Node::Guarded(memory::show_environment)),
    entry("cmdline",       0o444, Node::Read(memory::show_command_line)),
    entry("statm",         0o444, Node::Read(memory::show_statm)),
    entry("maps",          0o444, Node::Guarded(maps::show_maps)),
    entry("stat",          0o444, Node::Read(status::show_stat)),
    entry("status",        0o444, Node::Read(status::show_status)),
    entry("comm",          0o644, Node::ReadWrite(status::show_name, status::store_name)),
    entry("auxv",          0o400, Node::Guarded(memory::show_auxiliary)),
    entry("io",            0o400, Node::Guarded(status::show_transfers)),
    entry("limits",        0o444, Node::Read(status::show_limits)),
    entry("oom_score",     0o444, Node::Read(status::show_score)),
    entry("oom_score_adj", 0o644, Node::ReadWrite(status::show_adjustment, status::store_adjustment)),
    entry("personality",   0o400, Node::Guarded(status::show_personality)),
    entry("wchan",         0o444, Node::Read(status::show_wait_channel)),
    entry("loginuid",      0o444, Node::Read(status::show_login_user)),
    entry("sessionid",     0o444, Node::Read(status::show_login_user)),
    entry("cgroup",        0o444, Node::Read(status::show_control_groups)),
    entry("mounts",        0o444, Node::Read(maps::show_mounts)),
    entry("mountinfo",     0o444, Node::Read(maps::show_mount_information)),
];

impl Node {
    fn kind(self) -> FileKind {
        match self {
            Self::Read(_) | Self::Guarded(_) | Self::ReadWrite(..) => FileKind::Regular,
            Self::Link(_) => FileKind::SymbolicLink,
            _ => FileKind::Directory,
        }
    }
}

/// `/proc/PID` or `/proc/PID/task/TID`.
pub(super) struct ProcessDirectory {
    subject: Subject,
}

impl ProcessDirectory {
    /// The directory of `subject`.
    pub(super) fn new(subject: Subject) -> Self {
        Self { subject }
    }

    fn has(&self, entry: &Entry) -> bool {
        !(self.subject.is_thread() && matches!(entry.node, Node::Tasks))
    }

    /// The entry's code in inode numbers; 0 is the directory itself.
    fn number_of(&self, index: usize) -> u64 {
        self.subject.inode_number(index as u64 + 1)
    }
}

impl Inode for ProcessDirectory {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.subject.inode_number(0)
    }

    fn metadata(&self) -> Metadata {
        directory_metadata(&self.subject, self.number(), 0o555)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let found = ENTRIES
            .iter()
            .position(|entry| entry.name.as_bytes() == name);
        let index = found
            .filter(|&index| self.has(&ENTRIES[index]))
            .ok_or(Errno::ENOENT)?;
        if self.subject.is_gone() {
            return Err(Errno::ESRCH);
        }
        let Entry {
            permissions, node, ..
        } = ENTRIES[index];
        let number = self.number_of(index);
        let subject = self.subject.clone();
        let file = |show, store, guarded| -> Arc<dyn Inode> {
            let contents = ProcessFile {
                subject: self.subject.clone(),
                show,
                store,
                guarded,
            };
            GeneratedInode::new(number, permissions, contents)
        };
        Ok(match node {
            Node::Read(show) => file(show, None, false),
            Node::Guarded(show) => file(show, None, true),
            Node::ReadWrite(show, store) => file(show, Some(store), false),
            Node::Link(target) => Arc::new(ProcessLink::new(subject, number, target)),
            Node::Descriptors => Arc::new(DescriptorDirectory::new(subject, number, Shown::Links)),
            Node::DescriptorInformation => Arc::new(DescriptorDirectory::new(
                subject,
                number,
                Shown::Information,
            )),
            Node::Namespaces => Arc::new(NamespaceDirectory::new(subject, number)),
            Node::Tasks => Arc::new(TaskDirectory::new(subject, number)),
        })
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        if self.subject.is_gone() {
            return Err(Errno::ENOENT);
        }
        let first = usize::try_from(cursor).unwrap_or(usize::MAX);
        for (index, entry) in ENTRIES.iter().enumerate().skip(first) {
            let listed = ListEntry {
                name: entry.name.as_bytes(),
                number: self.number_of(index),
                kind: entry.node.kind(),
                next: index as u64 + 1,
            };
            if self.has(entry) && !emit(listed) {
                break;
            }
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone()
    }
}

/// The metadata of a directory of `subject`.
pub(super) fn directory_metadata(subject: &Subject, number: u64, permissions: u32) -> Metadata {
    // What anybody may list and enter gives nothing away: it is the process's own in any case.
    let (uid, gid) = if permissions == 0o555 {
        subject.user()
    } else {
        subject.owner()
    };
    let metadata = Metadata::synthetic(number, FileKind::Directory, permissions, clock::now());
    Metadata {
        ownership: Ownership {
            permissions,
            uid,
            gid,
        },
        ..metadata
    }
}

/// A file of a process or thread.
struct ProcessFile {
    subject: Subject,
    show: Show,
    store: Option<Store>,
    guarded: bool,
}

impl Contents for ProcessFile {
    fn show(&self, text: &mut Text) -> Result<()> {
        if self.subject.is_gone() {
            return Err(Errno::ESRCH);
        }
        (self.show)(&self.subject, text)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        self.store
            .map_or(Err(Errno::EIO), |store| store(&self.subject, bytes))
    }

    fn owner(&self) -> (u32, u32) {
        self.subject.owner()
    }

    fn is_gone(&self) -> bool {
        self.subject.is_gone()
    }

    fn check_open(&self) -> Result<()> {
        if self.guarded {
            self.subject.check_access()
        } else {
            Ok(())
        }
    }
}
