//! Directories whose entries are known beforehand.
use super::{Contents, GeneratedInode};
use crate::error::{Errno, Result};
use crate::file::{
    DirectoryFile, File, FileKind, Inode, LinkTarget, ListEntry, Metadata, NewNode, OpenFlags,
    clock,
};
use abi::procfs::Text;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Writes a value.
pub type Show = fn(&mut Text) -> Result<()>;
/// Takes a new value.
pub type Store = fn(&[u8]) -> Result<()>;

/// What an entry of a [`Tree`] is.
#[derive(Clone, Copy)]
pub enum Node {
    /// A file that can be read.
    Read(Show),
    /// The same, on a machine that has what it tells of: elsewhere there is no such file.
    ReadIf(fn() -> bool, Show),
    /// A file that can be read and written.
    ReadWrite(Show, Store),
    /// A file that makes something of its own of each opening; it can be written too.
    Opened(fn() -> Result<Arc<dyn File>>),
    /// A directory.
    Directory(&'static [Entry]),
    /// A symbolic link.
    Link(fn() -> Vec<u8>),
}

/// One entry of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Its permission bits.
    pub permissions: u32,
    /// What it is.
    pub node: Node,
}

/// More entries than any directory has; inode numbers are made with it.
const ENTRIES_MAX: u64 = 64;

/// A directory whose entries are known beforehand.
pub struct Tree {
    number: u64,
    permissions: u32,
    entries: &'static [Entry],
}

impl Tree {
    /// A directory with this inode number (those of its entries follow from it).
    pub const fn new(number: u64, permissions: u32, entries: &'static [Entry]) -> Self {
        Self {
            number,
            permissions,
            entries,
        }
    }

    fn number_of(&self, index: usize) -> u64 {
        self.number * ENTRIES_MAX + index as u64 + 1
    }
}

impl Node {
    fn kind(&self) -> FileKind {
        match self {
            Self::Read(_) | Self::ReadIf(..) | Self::ReadWrite(..) | Self::Opened(_) => {
                FileKind::Regular
            }
            Self::Directory(_) => FileKind::Directory,
            Self::Link(_) => FileKind::SymbolicLink,
        }
    }

    /// Whether this machine has it.
    fn is_there(&self) -> bool {
        !matches!(self, Self::ReadIf(is_there, _) if !is_there())
    }
}

impl Inode for Tree {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        let metadata = Metadata::synthetic(
            self.number,
            FileKind::Directory,
            self.permissions,
            clock::now(),
        );
        let directories = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.node, Node::Directory(_)));
        Metadata {
            links: 2 + directories.count() as u32,
            ..metadata
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let position = self
            .entries
            .iter()
            .position(|entry| entry.name.as_bytes() == name && entry.node.is_there());
        let index = position.ok_or(Errno::ENOENT)?;
        let Entry {
            permissions, node, ..
        } = self.entries[index];
        let number = self.number_of(index);
        Ok(match node {
            Node::Read(show) | Node::ReadIf(_, show) => {
                GeneratedInode::new(number, permissions, Value(show, None))
            }
            Node::ReadWrite(show, store) => {
                GeneratedInode::new(number, permissions, Value(show, Some(store)))
            }
            Node::Opened(open) => Arc::new(Openable {
                number,
                permissions,
                open,
            }),
            Node::Directory(entries) => Arc::new(Self::new(number, permissions, entries)),
            Node::Link(target) => Arc::new(Link { number, target }),
        })
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let first = usize::try_from(cursor).unwrap_or(usize::MAX);
        for (index, entry) in self.entries.iter().enumerate().skip(first) {
            if !entry.node.is_there() {
                continue;
            }
            let listed = ListEntry {
                name: entry.name.as_bytes(),
                number: self.number_of(index),
                kind: entry.node.kind(),
                next: index as u64 + 1,
            };
            if !emit(listed) {
                break;
            }
        }
        Ok(())
    }
}

/// A value shown and taken by functions.
struct Value(Show, Option<Store>);

impl Contents for Value {
    fn show(&self, text: &mut Text) -> Result<()> {
        (self.0)(text)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        self.1.map_or(Err(Errno::EIO), |store| store(bytes))
    }
}

/// A file whose openings are made by a function.
struct Openable {
    number: u64,
    permissions: u32,
    open: fn() -> Result<Arc<dyn File>>,
}

impl Inode for Openable {
    fn kind(&self) -> FileKind {
        FileKind::Regular
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(
            self.number,
            FileKind::Regular,
            self.permissions,
            clock::now(),
        )
    }

    fn set_size(&self, _size: u64) -> Result<()> {
        // Shells open with O_TRUNC to write; there is nothing to cut.
        Ok(())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        (self.open)()
    }
}

struct Link {
    number: u64,
    target: fn() -> Vec<u8>,
}

impl Inode for Link {
    fn kind(&self) -> FileKind {
        FileKind::SymbolicLink
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(self.number, FileKind::SymbolicLink, 0o777, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ELOOP)
    }

    fn read_link(&self) -> Result<LinkTarget> {
        Ok(LinkTarget::Path((self.target)().into()))
    }
}
