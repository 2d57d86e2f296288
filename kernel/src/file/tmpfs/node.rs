//! The inode of tmpfs: its attributes and, by its kind, its contents.
//!
//! A node lives as long as a name, an open file or a mapping holds it, and is counted in its
//! instance's account until then. Stamps and link counts change as inode(7) says; nothing is
//! ever written anywhere else. Source: inode(7), tmpfs(5).

use super::{
    Account,
    directory::Directory,
    pages::PAGE_BYTES,
    regular::{self, Regular},
};
use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{
        AttributeChange, DeviceNumber, Fifo, File, FileKind, Inode, LinkTarget, ListEntry,
        Metadata, NewContent, NewNode, OpenFlags, Ownership, RenameKind, WriteAccess, clock,
        device, permission,
    },
    process,
    sync::SpinLock,
};
use abi::{Errno, Timespec, raw::general};
use alloc::{collections::LinkedList, sync::Arc, vec::Vec};
use core::any::Any;

/// Bytes a name is counted with in a directory's size, as on Linux.
const DIRECTORY_ENTRY_BYTES: u64 = 20;
/// A longer target of a symbolic link is counted as a page of contents, as on Linux.
const SHORT_TARGET_BYTES: usize = 128;
/// After this long, reading stamps a file even if it was read since its last change.
const RELATIVE_ACCESS_SECONDS: i64 = 24 * 60 * 60;

/// A file of any kind in memory.
pub struct Node {
    pub(super) account: Arc<Account>,
    number: u64,
    attributes: SpinLock<Attributes>,
    pub(super) content: Content,
}

struct Attributes {
    ownership: Ownership,
    links: u32,
    /// Made without a name to be given one later (O_TMPFILE): the only kind of file that link(2)
    /// can bring back from having no links.
    linkable: bool,
    accessed: Timespec,
    modified: Timespec,
    changed: Timespec,
    created: Timespec,
}

/// What a node has by its kind.
pub(super) enum Content {
    Regular(Regular),
    Directory(SpinLock<Directory>),
    SymbolicLink(Arc<[u8]>),
    Fifo(Fifo),
    Socket,
    CharacterDevice(DeviceNumber),
    BlockDevice(DeviceNumber),
}

impl Content {
    fn new(new: NewContent<'_>, account: &Arc<Account>) -> Content {
        match new {
            NewContent::Regular => Content::Regular(Regular::new(account.clone())),
            NewContent::Directory => Content::Directory(SpinLock::new(Directory::default())),
            NewContent::SymbolicLink(target) => Content::SymbolicLink(target.into()),
            NewContent::Fifo => Content::Fifo(Fifo::new()),
            NewContent::Socket => Content::Socket,
            NewContent::CharacterDevice(number) => Content::CharacterDevice(number),
            NewContent::BlockDevice(number) => Content::BlockDevice(number),
        }
    }
}

impl Node {
    /// A node without a name yet. `ENOSPC`: the instance has as many inodes as it may.
    pub fn new(
        account: &Arc<Account>,
        content: NewContent<'_>,
        ownership: Ownership,
    ) -> Result<Arc<Node>> {
        let number = account.reserve_inode()?;
        let long_target = matches!(content, NewContent::SymbolicLink(target) if target.len() > SHORT_TARGET_BYTES);
        if long_target && let Err(error) = account.reserve_page() {
            account.release_inode();
            return Err(error);
        }
        let now = clock::now();
        let links = if content.kind() == FileKind::Directory {
            2
        } else {
            1
        };
        Ok(Arc::new(Node {
            account: account.clone(),
            number,
            attributes: SpinLock::new(Attributes {
                ownership,
                links,
                linkable: false,
                accessed: now,
                modified: now,
                changed: now,
                created: now,
            }),
            content: Content::new(content, account),
        }))
    }

    /// Notes that the contents (and with them the metadata) changed now.
    pub(super) fn note_modified(&self) {
        let now = clock::now();
        let mut attributes = self.attributes.lock();
        attributes.modified = now;
        attributes.changed = now;
    }

    /// As [`Node::note_modified`], for a write: one by an ordinary user also takes the set-user-ID
    /// and set-group-ID bits away, so that nobody can put words into a privileged program's mouth.
    pub(super) fn note_written(&self) {
        self.note_modified();
        let permissions = self.attributes.lock().ownership.permissions;
        if permissions & (general::S_ISUID | general::S_ISGID) == 0
            || process::current().credentials().has(Capability::Fsetid)
        {
            return;
        }
        let bits = permission::set_id_bits_to_drop(permissions);
        self.attributes.lock().ownership.permissions &= !bits;
    }

    /// Changes the number of links and the change time with it.
    pub(super) fn add_links(&self, change: i32) {
        let now = clock::now();
        let mut attributes = self.attributes.lock();
        attributes.links = attributes.links.saturating_add_signed(change);
        attributes.changed = now;
    }

    fn has_long_target(&self) -> bool {
        matches!(&self.content, Content::SymbolicLink(target) if target.len() > SHORT_TARGET_BYTES)
    }

    fn directory(&self) -> Result<&SpinLock<Directory>> {
        match &self.content {
            Content::Directory(directory) => Ok(directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn size(&self) -> u64 {
        match &self.content {
            Content::Regular(regular) => regular.size(),
            Content::Directory(names) => (names.lock().len() as u64 + 2) * DIRECTORY_ENTRY_BYTES,
            Content::SymbolicLink(target) => target.len() as u64,
            _ => 0,
        }
    }

    /// Takes what a name of a directory led to out of the world: one link less, or for a directory
    /// none and one less for its parent.
    fn release_link(&self, node: &Node) {
        if node.kind() == FileKind::Directory {
            node.add_links(-2);
            self.add_links(-1);
        } else {
            node.add_links(-1);
        }
    }

    fn of(inode: &Arc<dyn Inode>) -> Result<Arc<Node>> {
        let any: Arc<dyn Any + Send + Sync> = inode.clone();
        any.downcast::<Node>().map_err(|_| Errno::EXDEV)
    }

    fn replace_name(&self, old_name: &[u8], new_parent: &Node, new_name: &[u8]) -> Result<()> {
        let moving = self.directory()?.lock().get(old_name)?;
        let target = new_parent.directory()?.lock().get(new_name).ok();
        match target {
            Some(target) => {
                if let Content::Directory(names) = &target.content {
                    names.lock().mark_removed()?;
                }
                new_parent
                    .directory()?
                    .lock()
                    .replace(new_name, moving.clone())?;
                new_parent.release_link(&target);
            }
            None => new_parent
                .directory()?
                .lock()
                .insert(new_name, moving.clone())?,
        }
        self.directory()?.lock().remove(old_name)?;
        if moving.kind() == FileKind::Directory {
            self.add_links(-1);
            new_parent.add_links(1);
        }
        moving.add_links(0);
        Ok(())
    }

    fn exchange_names(&self, name: &[u8], other: &Node, other_name: &[u8]) -> Result<()> {
        let mine = self.directory()?.lock().get(name)?;
        let theirs = other.directory()?.lock().get(other_name)?;
        self.directory()?.lock().replace(name, theirs.clone())?;
        other
            .directory()?
            .lock()
            .replace(other_name, mine.clone())?;
        let directories = |node: &Node| i32::from(node.kind() == FileKind::Directory);
        let change = directories(&theirs) - directories(&mine);
        self.add_links(change);
        other.add_links(-change);
        mine.add_links(0);
        theirs.add_links(0);
        Ok(())
    }
}

impl Inode for Node {
    fn kind(&self) -> FileKind {
        match &self.content {
            Content::Regular(_) => FileKind::Regular,
            Content::Directory(_) => FileKind::Directory,
            Content::SymbolicLink(_) => FileKind::SymbolicLink,
            Content::Fifo(_) => FileKind::Fifo,
            Content::Socket => FileKind::Socket,
            Content::CharacterDevice(_) => FileKind::CharacterDevice,
            Content::BlockDevice(_) => FileKind::BlockDevice,
        }
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn ownership(&self) -> Ownership {
        self.attributes.lock().ownership
    }

    fn metadata(&self) -> Metadata {
        let size = self.size();
        let (blocks_512, device) = match &self.content {
            Content::Regular(regular) => (regular.blocks_512(), DeviceNumber::default()),
            Content::CharacterDevice(number) | Content::BlockDevice(number) => (0, *number),
            _ if self.has_long_target() => (PAGE_BYTES / 512, DeviceNumber::default()),
            _ => (0, DeviceNumber::default()),
        };
        let attributes = self.attributes.lock();
        Metadata {
            number: self.number,
            kind: self.kind(),
            ownership: attributes.ownership,
            links: attributes.links,
            size,
            blocks_512,
            device,
            accessed: attributes.accessed,
            modified: attributes.modified,
            changed: attributes.changed,
            created: attributes.created,
        }
    }

    fn change(&self, change: &AttributeChange) -> Result<()> {
        let now = clock::now();
        let mut attributes = self.attributes.lock();
        let ownership = &mut attributes.ownership;
        ownership.permissions = change.permissions.unwrap_or(ownership.permissions);
        ownership.uid = change.uid.unwrap_or(ownership.uid);
        ownership.gid = change.gid.unwrap_or(ownership.gid);
        attributes.accessed = change.accessed.unwrap_or(attributes.accessed);
        attributes.modified = change.modified.unwrap_or(attributes.modified);
        attributes.changed = now;
        Ok(())
    }

    fn note_access(&self) {
        let now = clock::now();
        let mut attributes = self.attributes.lock();
        let stale = !clock::before(&attributes.modified, &attributes.accessed)
            || !clock::before(&attributes.changed, &attributes.accessed)
            || now.tv_sec - attributes.accessed.tv_sec >= RELATIVE_ACCESS_SECONDS;
        if stale {
            attributes.accessed = now;
        }
    }

    fn set_size(&self, size: u64) -> Result<()> {
        match &self.content {
            Content::Regular(_) => self.set_regular_size(size),
            Content::Directory(_) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>> {
        match &self.content {
            Content::Regular(_) | Content::Directory(_) => Ok(self),
            Content::SymbolicLink(_) => Err(Errno::ELOOP),
            Content::Fifo(fifo) => fifo.open(flags),
            Content::Socket => Err(Errno::ENXIO),
            Content::CharacterDevice(number) | Content::BlockDevice(number) => {
                let group = self.attributes.lock().ownership.gid;
                device::open(self.kind(), *number, flags, group)
            }
        }
    }

    fn write_access(&self) -> Option<&WriteAccess> {
        self.regular().ok().map(|regular| &regular.access)
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        Ok(self.directory()?.lock().get(name)?)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        self.directory()?.lock().list(cursor, emit);
        Ok(())
    }

    fn create(&self, name: &[u8], new: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        let node = Node::new(&self.account, new.content, new.ownership)?;
        self.directory()?.lock().insert(name, node.clone())?;
        if node.kind() == FileKind::Directory {
            self.add_links(1);
        }
        self.note_modified();
        Ok(node)
    }

    fn create_unnamed(&self, ownership: Ownership) -> Result<Arc<dyn Inode>> {
        self.directory()?;
        let node = Node::new(&self.account, NewContent::Regular, ownership)?;
        node.add_links(-1);
        node.attributes.lock().linkable = true;
        Ok(node)
    }

    fn link(&self, name: &[u8], target: &Arc<dyn Inode>) -> Result<()> {
        let node = Node::of(target)?;
        if !Arc::ptr_eq(&node.account, &self.account) {
            return Err(Errno::EXDEV);
        }
        {
            let attributes = node.attributes.lock();
            if attributes.links == 0 && !attributes.linkable {
                return Err(Errno::ENOENT);
            }
        }
        self.directory()?.lock().insert(name, node.clone())?;
        node.add_links(1);
        self.note_modified();
        Ok(())
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        let node = self.directory()?.lock().remove(name)?;
        node.add_links(-1);
        self.note_modified();
        Ok(())
    }

    fn remove_directory(&self, name: &[u8]) -> Result<()> {
        let node = self.directory()?.lock().get(name)?;
        node.directory()?.lock().mark_removed()?;
        self.directory()?.lock().remove(name)?;
        self.release_link(&node);
        self.note_modified();
        Ok(())
    }

    fn rename(
        &self,
        old_name: &[u8],
        new_parent: &Arc<dyn Inode>,
        new_name: &[u8],
        kind: RenameKind,
    ) -> Result<()> {
        let new_parent = Node::of(new_parent)?;
        match kind {
            RenameKind::Replace => self.replace_name(old_name, &new_parent, new_name)?,
            RenameKind::Exchange => self.exchange_names(old_name, &new_parent, new_name)?,
        }
        self.note_modified();
        new_parent.note_modified();
        Ok(())
    }

    fn read_link(&self) -> Result<LinkTarget> {
        match &self.content {
            Content::SymbolicLink(target) => Ok(LinkTarget::Path(target.clone())),
            _ => Err(Errno::EINVAL),
        }
    }

    fn anonymous_name(&self) -> Vec<u8> {
        regular::anonymous_name(self)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.account.release_inode();
        if self.has_long_target() {
            self.account.release_pages(1);
        }
        let Content::Directory(names) = &mut self.content else {
            return;
        };
        // A loop, not a recursion: directories nest deeper than the kernel stack is.
        // And a list of small pieces, which takes no more than what goes gives back: a large one
        // may not be had, and this cannot fail.
        let mut pending: LinkedList<_> = names.get_mut().take_nodes().collect();
        while let Some(node) = pending.pop_back() {
            if let Some(mut node) = Arc::into_inner(node)
                && let Content::Directory(names) = &mut node.content
            {
                pending.extend(names.get_mut().take_nodes());
            }
        }
    }
}
