//! Files whose contents are made when somebody reads them: what procfs and sysfs consist of.
//!
//! [`Contents`] shows a value as text and may take a new one. A read from the start makes the
//! text anew; reads that go on from there see the same text, so a reader never gets half of one
//! state and half of another. A write is one new value, whatever the position.
//!
//! [`Tree`] is a directory whose entries are known beforehand, written as a table.
//! Of a value that says when it becomes another ([`Changes`]) poll(2) tells.
mod changes;
mod tree;

pub use changes::Changes;
pub use tree::{Entry, Node, Tree};

use super::{File, FileKind, Inode, IoFlags, Metadata, OpenFlags, Ownership, Seek, clock};
use crate::error::{Errno, Result};
use crate::memory::PAGE_SIZE;
use crate::memory::io::{Sink, Source};
use crate::sync::Mutex;
use crate::sync::poll::{PollEvents, PollRegistrar};
use abi::procfs::Text;
use alloc::sync::Arc;
use alloc::vec::Vec;
use changes::Seen;

/// A value that can be shown as text.
pub trait Contents: Send + Sync + 'static {
    /// Writes the value. `ENOMEM`: no memory for the text; others: the value cannot be had.
    fn show(&self, text: &mut Text) -> Result<()>;

    /// Takes a new value. `EIO`: it cannot be changed.
    fn store(&self, _bytes: &[u8]) -> Result<()> {
        Err(Errno::EIO)
    }

    /// User and group that own the file.
    fn owner(&self) -> (u32, u32) {
        (0, 0)
    }

    /// Answers whether the caller may open the file, beyond what its permission bits say.
    fn check_open(&self) -> Result<()> {
        Ok(())
    }

    /// Whether what the file speaks of is gone: a name that led here is then looked up anew.
    fn is_gone(&self) -> bool {
        false
    }

    /// The changes of the value, which poll(2) tells of; asked at each opening. None: the file
    /// never makes anyone wait, and nothing of it can be waited for.
    fn changes(&self) -> Option<Arc<Changes>> {
        None
    }

    /// Size as stat(2) tells it: procfs says 0, sysfs a page.
    fn size(&self) -> u64 {
        0
    }
}

/// A failure to write text is a lack of memory.
pub fn no_memory(_: core::fmt::Error) -> Errno {
    Errno::ENOMEM
}

/// The inode of a generated file.
pub struct GeneratedInode<C> {
    number: u64,
    permissions: u32,
    contents: Arc<C>,
}

impl<C: Contents> GeneratedInode<C> {
    /// A file with this inode number and these permission bits.
    pub fn new(number: u64, permissions: u32, contents: C) -> Arc<Self> {
        Arc::new(Self {
            number,
            permissions,
            contents: Arc::new(contents),
        })
    }
}

impl<C: Contents> Inode for GeneratedInode<C> {
    fn kind(&self) -> FileKind {
        FileKind::Regular
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn ownership(&self) -> Ownership {
        let (uid, gid) = self.contents.owner();
        Ownership {
            permissions: self.permissions,
            uid,
            gid,
        }
    }

    fn metadata(&self) -> Metadata {
        let metadata = Metadata::synthetic(
            self.number,
            FileKind::Regular,
            self.permissions,
            clock::now(),
        );
        Metadata {
            ownership: self.ownership(),
            size: self.contents.size(),
            ..metadata
        }
    }

    fn set_size(&self, _size: u64) -> Result<()> {
        // Shells open with O_TRUNC to write; there is nothing to cut.
        Ok(())
    }

    fn is_stale(&self) -> bool {
        self.contents.is_gone()
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        self.contents.check_open()?;
        Ok(Arc::new(GeneratedFile {
            contents: Arc::clone(&self.contents),
            seen: self.contents.changes().map(Seen::nothing),
            text: Mutex::new(None),
        }))
    }
}

/// One opening of a generated file.
struct GeneratedFile<C> {
    contents: Arc<C>,
    seen: Option<Seen>,
    /// What the reads since the last one from the start go on with.
    text: Mutex<Option<Vec<u8>>>,
}

impl<C: Contents> File for GeneratedFile<C> {
    fn read(&self, position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        let mut text = self.text.lock();
        if *position == 0 || text.is_none() {
            // Before the value is taken: one that changes meanwhile is told of twice, never lost.
            if let Some(seen) = &self.seen {
                seen.all();
            }
            let mut made = Text::new();
            self.contents.show(&mut made)?;
            *text = Some(made.into_bytes());
        }
        let start = usize::try_from(*position).unwrap_or(usize::MAX);
        let rest = text
            .as_ref()
            .and_then(|text| text.get(start..))
            .unwrap_or(&[]);
        let count = sink.write(rest)?;
        *position += count as u64;
        Ok(count)
    }

    fn write(&self, position: &mut u64, source: &mut Source<'_>, _flags: IoFlags) -> Result<usize> {
        let length = source.remaining().min(PAGE_SIZE);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| Errno::ENOMEM)?;
        bytes.resize(length, 0);
        let count = source.read(&mut bytes)?;
        self.contents.store(&bytes[..count])?;
        *position += count as u64;
        Ok(count)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        let ready = PollEvents::IN | PollEvents::OUT | PollEvents::RDNORM | PollEvents::WRNORM;
        let news = self.seen.as_ref().map(|seen| seen.poll(registrar));
        ready | news.unwrap_or(PollEvents::empty())
    }

    fn seek(&self) -> Seek {
        Seek::Positioned { size: 0 }
    }
}
