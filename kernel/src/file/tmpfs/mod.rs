//! tmpfs: files in memory, of every kind.
//!
//! The root of the system, /tmp, devtmpfs and memfd_create all are instances of this one file
//! system. What it holds is bounded: by `size=` (bytes, or a percentage of memory) and
//! `nr_inodes=`; at the bound it answers `ENOSPC`. Source: tmpfs(5).
//!
//! - `node.rs`: the inode; `directory.rs`: names; `pages.rs`: the sparse contents of a regular
//!   file; `regular.rs`: reading and writing them; `options.rs`: the mount options.

mod directory;
mod memfd;
mod node;
mod options;
mod pages;
mod regular;

use super::{
    FileSystem, FileSystemType, Inode, MountRequest, Names, NewContent, Ownership, Statistics,
    SuperBlock, register_type,
};
use crate::{error::Result, sync::SpinLock};
use abi::Errno;
use alloc::{string::String, sync::Arc};
use core::sync::atomic::{AtomicU64, Ordering};

pub use memfd::{add_seals, create_memory_file, seals};
use node::Node;
use options::Options;

/// `TMPFS_MAGIC` of statfs(2).
const MAGIC: u32 = abi::raw::general::TMPFS_MAGIC;

/// One instance of the file system.
pub struct Tmpfs {
    type_name: &'static str,
    root: Arc<Node>,
    account: Arc<Account>,
    shown_options: SpinLock<String>,
}

/// What an instance has used of what it may. Nodes hold it, so that the last of them to go settles
/// its share even after the instance was unmounted.
pub(super) struct Account {
    pages_limit: AtomicU64,
    pages_used: AtomicU64,
    inodes_limit: AtomicU64,
    inodes_used: AtomicU64,
    next_number: AtomicU64,
}

/// Adds `count` to `used` unless that would pass `limit`.
fn reserve(used: &AtomicU64, limit: &AtomicU64, count: u64) -> Result<()> {
    let limit = limit.load(Ordering::Relaxed);
    let add = |now: u64| now.checked_add(count).filter(|&sum| sum <= limit);
    used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        .map(|_| ())
        .map_err(|_| Errno::ENOSPC)
}

/// Pages that hold contents of files, of all instances together.
static PAGES_OF_FILES: AtomicU64 = AtomicU64::new(0);

/// How many pages hold contents of files (`Cached` in /proc/meminfo).
pub fn pages_of_files() -> u64 {
    PAGES_OF_FILES.load(Ordering::Relaxed)
}

impl Account {
    fn new(options: &Options) -> Arc<Account> {
        Arc::new(Account {
            pages_limit: AtomicU64::new(options.pages),
            pages_used: AtomicU64::new(0),
            inodes_limit: AtomicU64::new(options.inodes),
            inodes_used: AtomicU64::new(0),
            next_number: AtomicU64::new(1),
        })
    }

    fn reserve_page(&self) -> Result<()> {
        reserve(&self.pages_used, &self.pages_limit, 1)?;
        PAGES_OF_FILES.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn release_pages(&self, count: u64) {
        PAGES_OF_FILES.fetch_sub(count, Ordering::Relaxed);
        self.pages_used.fetch_sub(count, Ordering::Relaxed);
    }

    fn reserve_inode(&self) -> Result<u64> {
        reserve(&self.inodes_used, &self.inodes_limit, 1)?;
        Ok(self.next_number.fetch_add(1, Ordering::Relaxed))
    }

    fn release_inode(&self) {
        self.inodes_used.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tmpfs {
    /// A new, empty instance with the given mount options. `type_name` is what /proc/mounts shows.
    pub fn new(type_name: &'static str, options: &[u8]) -> Result<Arc<Tmpfs>> {
        let options = Options::parse(options, &Options::default())?;
        let account = Account::new(&options);
        let ownership = Ownership {
            permissions: options.permissions,
            uid: options.uid,
            gid: options.gid,
        };
        let root = Node::new(&account, NewContent::Directory, ownership)?;
        Ok(Arc::new(Tmpfs {
            type_name,
            root,
            account,
            shown_options: SpinLock::new(options.shown()),
        }))
    }
}

impl FileSystem for Tmpfs {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn root(&self) -> Arc<dyn Inode> {
        self.root.clone()
    }

    fn names(&self) -> Names {
        Names::Stable
    }

    fn statistics(&self) -> Statistics {
        let account = &self.account;
        let blocks = account.pages_limit.load(Ordering::Relaxed);
        let inodes = account.inodes_limit.load(Ordering::Relaxed);
        Statistics {
            magic: MAGIC,
            blocks,
            blocks_free: blocks.saturating_sub(account.pages_used.load(Ordering::Relaxed)),
            inodes,
            inodes_free: inodes.saturating_sub(account.inodes_used.load(Ordering::Relaxed)),
        }
    }

    fn options(&self) -> String {
        self.shown_options.lock().clone()
    }

    fn reconfigure(&self, options: &[u8]) -> Result<()> {
        let account = &self.account;
        let now = Options {
            pages: account.pages_limit.load(Ordering::Relaxed),
            inodes: account.inodes_limit.load(Ordering::Relaxed),
            ..Options::default()
        };
        let options = Options::parse(options, &now)?;
        let pages_used = account.pages_used.load(Ordering::Relaxed);
        if options.pages < pages_used
            || options.inodes < account.inodes_used.load(Ordering::Relaxed)
        {
            return Err(Errno::EINVAL);
        }
        account.pages_limit.store(options.pages, Ordering::Relaxed);
        account
            .inodes_limit
            .store(options.inodes, Ordering::Relaxed);
        *self.shown_options.lock() = options.shown();
        Ok(())
    }
}

fn mount(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    Ok(SuperBlock::new(Tmpfs::new("tmpfs", request.options)?))
}

fn mount_ramfs(_request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    Ok(SuperBlock::new(Tmpfs::new("ramfs", b"")?))
}

/// Makes mount(2) know `tmpfs` and `ramfs`.
pub fn register() {
    register_type(FileSystemType {
        name: "tmpfs",
        mount,
    });
    register_type(FileSystemType {
        name: "ramfs",
        mount: mount_ramfs,
    });
}
