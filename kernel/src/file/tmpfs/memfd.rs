//! Files that live in memory without a name: memfd_create(2), and the seals of fcntl(2) on them.

use super::{Account, node::Node, options::Options};
use crate::{
    error::Result,
    file::{File, Inode, NewContent, OpenFile, OpenFlags, Ownership},
    process::credentials::Credentials,
    sync::SpinLock,
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;
use core::any::Any;

/// The account of all files made here.
fn account() -> Arc<Account> {
    static ACCOUNT: SpinLock<Option<Arc<Account>>> = SpinLock::new(None);
    ACCOUNT
        .lock()
        .get_or_insert_with(|| Account::new(&Options::default()))
        .clone()
}

/// Makes an empty file named `name` for /proc only, open for reading and writing. It takes seals
/// if `sealable`.
pub fn create_memory_file(
    name: &[u8],
    sealable: bool,
    credentials: &Credentials,
) -> Result<Arc<OpenFile>> {
    let ownership = Ownership {
        permissions: 0o777,
        uid: credentials.fsuid,
        gid: credentials.fsgid,
    };
    let node = Node::new(&account(), NewContent::Regular, ownership)?;
    node.add_links(-1);
    node.regular()?
        .name_memory_file(name, if sealable { 0 } else { general::F_SEAL_SEAL });
    let flags = OpenFlags::from_raw(general::O_RDWR | general::O_LARGEFILE);
    let inode: Arc<dyn Inode> = node.clone();
    Ok(OpenFile::anonymous(inode, node, flags))
}

fn node_of(file: &dyn File) -> Result<&Node> {
    let any: &dyn Any = file;
    any.downcast_ref::<Node>().ok_or(Errno::EINVAL)
}

/// `F_GET_SEALS`. `EINVAL`: the file cannot have any.
pub fn seals(file: &dyn File) -> Result<u32> {
    Ok(node_of(file)?.regular().map_err(|_| Errno::EINVAL)?.seals())
}

/// `F_ADD_SEALS`. `EPERM`: sealed against it or not open for writing.
pub fn add_seals(file: &OpenFile, seals: u32) -> Result<()> {
    let regular = node_of(&**file.file())?
        .regular()
        .map_err(|_| Errno::EINVAL)?;
    if !file.flags().writable() {
        return Err(Errno::EPERM);
    }
    regular.add_seals(seals)
}
