//! In-kernel tests of the file room. Each works in a tmpfs of its own, so that nothing is left.

mod content;
mod locking;
mod mounting;
mod pipes;
mod tree;
mod unpacking;
mod walking;

use super::{
    File, FsContext, Inode, IoFlags, Location, MountTable, NewContent, NewNode, OpenFlags,
    Ownership, SuperBlock, Walk, names, tmpfs::Tmpfs, walk::Follow,
};
use crate::process::capabilities::CapabilitySet;
use crate::{
    error::Result,
    memory::io::{Sink, Source},
    process::credentials::Credentials,
};
use alloc::{sync::Arc, vec, vec::Vec};

/// A table of mounts with an empty tmpfs at its root.
struct Playground {
    table: Arc<MountTable>,
    context: FsContext,
    credentials: Arc<Credentials>,
}

const ORDINARY: Ownership = Ownership {
    permissions: 0o755,
    uid: 0,
    gid: 0,
};

impl Playground {
    fn new() -> Playground {
        Playground::with_options(b"")
    }

    fn with_options(options: &[u8]) -> Playground {
        let tmpfs = Tmpfs::new("tmpfs", options).expect("a tmpfs can be made");
        let table = MountTable::new(SuperBlock::new(tmpfs), b"test");
        Playground {
            context: FsContext::new(table.clone()),
            table,
            credentials: Arc::new(Credentials::root()),
        }
    }

    /// The same playground for somebody who is not root.
    fn acting_as(mut self, uid: u32) -> Playground {
        let mut credentials = Credentials::root();
        (credentials.fsuid, credentials.fsgid) = (uid, uid);
        credentials.capabilities.effective = CapabilitySet::NONE;
        self.credentials = Arc::new(credentials);
        self
    }

    fn root(&self) -> Location {
        self.context.root()
    }

    fn find(&self, path: &str, follow: Follow) -> Result<Location> {
        let mut walk = Walk::as_user(&self.context, self.credentials.clone());
        walk.find(self.context.cwd(), path.as_bytes(), follow)
    }

    fn at(&self, path: &str) -> Location {
        self.find(path, Follow::Yes).expect("the path exists")
    }

    fn make(&self, path: &str, content: NewContent<'_>) -> Result<()> {
        let mut walk = Walk::as_user(&self.context, self.credentials.clone());
        let parent = walk.find_parent(self.context.cwd(), path.as_bytes())?;
        let name = parent.last.name(abi::Errno::EEXIST)?;
        let node = NewNode {
            content,
            ownership: ORDINARY,
        };
        names::create(&parent.directory, name, &node).map(|_| ())
    }

    fn directory(&self, path: &str) {
        self.make(path, NewContent::Directory)
            .expect("the directory can be made");
    }

    fn file(&self, path: &str) -> Arc<dyn File> {
        self.make(path, NewContent::Regular)
            .expect("the file can be made");
        self.open(path)
    }

    fn open(&self, path: &str) -> Arc<dyn File> {
        let inode: Arc<dyn Inode> = self.at(path).inode().clone();
        inode.open(OpenFlags::from_raw(2)).expect("it opens")
    }
}

fn write(file: &Arc<dyn File>, mut position: u64, bytes: &[u8]) -> Result<usize> {
    let mut source = Source::from_slice(bytes);
    file.write(&mut position, &mut source, IoFlags::default())
}

fn read(file: &Arc<dyn File>, mut position: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0xee; length];
    let mut sink = Sink::from_slice(&mut bytes);
    let count = file.read(&mut position, &mut sink, IoFlags::default())?;
    bytes.truncate(count);
    Ok(bytes)
}
