//! Changing names: creating, linking, removing and renaming, with all that may forbid it.
//!
//! The functions here take a directory's [`Location`] and a plain name; they look after the dentry
//! tree and the file system together. Moving a directory into another one is done under one lock
//! for the whole system, so that two moves cannot put a directory below itself; that lock is also
//! what allows to hold two directories still at once.
//!
//! Source: mkdir(2), mknod(2), link(2), unlink(2), rmdir(2), rename(2), symlink(2).

use super::{Changing, Dentry, FileKind, Location, NewNode, Ownership, RenameKind, permission};
use crate::process::capabilities::Capability;
use crate::{error::Result, process::credentials::Credentials, sync::Mutex};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

/// The longest name.
const NAME_MAX: usize = super::walk::NAME_MAX;
/// Held while something moves from one directory to another.
static MOVING: Mutex<()> = Mutex::new(());

fn check_name(name: &[u8]) -> Result<()> {
    if name.len() > NAME_MAX {
        Err(Errno::ENAMETOOLONG)
    } else {
        Ok(())
    }
}

/// Looks a plain name up.
pub fn child(directory: &Location, name: &[u8]) -> Result<Arc<Dentry>> {
    check_name(name)?;
    directory.dentry.child(name)
}

/// Who owns a new node: its maker; in a directory with the set-group-ID bit, the directory's group
/// (and a new directory inherits the bit).
pub fn new_ownership(
    credentials: &Credentials,
    directory: &Location,
    mut permissions: u32,
    kind: FileKind,
) -> Ownership {
    let above = directory.inode().ownership();
    let mut gid = credentials.fsgid;
    if above.permissions & general::S_ISGID != 0 {
        gid = above.gid;
        if kind == FileKind::Directory {
            permissions |= general::S_ISGID;
        } else if !credentials.is_in_group(gid) && !credentials.has(Capability::Fsetid) {
            permissions &= !permission::set_id_bits_to_drop(permissions) | general::S_ISUID;
        }
    }
    Ownership {
        permissions,
        uid: credentials.fsuid,
        gid,
    }
}

/// Makes a node. `EEXIST`: the name is taken.
pub fn create(directory: &Location, name: &[u8], node: &NewNode<'_>) -> Result<Arc<Dentry>> {
    check_name(name)?;
    let names = directory.dentry.change();
    check_free(&names, name)?;
    let inode = directory.inode().create(name, node)?;
    Ok(names.add(name, inode))
}

/// `EEXIST` if the name is taken.
fn check_free(names: &Changing<'_>, name: &[u8]) -> Result<()> {
    match names.child(name) {
        Ok(_) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives the file at `target` another name. `EPERM`: a directory; `EXDEV`: elsewhere.
pub fn link(target: &Location, directory: &Location, name: &[u8]) -> Result<()> {
    check_name(name)?;
    if !Arc::ptr_eq(&target.mount, &directory.mount) {
        return Err(Errno::EXDEV);
    }
    if target.dentry.is_directory() {
        return Err(Errno::EPERM);
    }
    let names = directory.dentry.change();
    check_free(&names, name)?;
    directory.inode().link(name, target.inode())?;
    names.add(name, target.inode().clone());
    Ok(())
}

/// Which kind of name to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// unlink(2): anything but a directory.
    File,
    /// rmdir(2): an empty directory.
    Directory,
}

/// Removes a name. `EISDIR`, `ENOTDIR`: of the wrong kind; `EBUSY`: a mount is on it;
/// `ENOTEMPTY`: a directory with names in it.
pub fn remove(
    credentials: &Credentials,
    directory: &Location,
    name: &[u8],
    removal: Removal,
) -> Result<()> {
    check_name(name)?;
    let names = directory.dentry.change();
    let victim = names.child(name)?;
    permission::check_remove(credentials, directory, &**victim.inode())?;
    match (removal, victim.is_directory()) {
        (Removal::File, true) => return Err(Errno::EISDIR),
        (Removal::Directory, false) => return Err(Errno::ENOTDIR),
        _ => {}
    }
    if victim.mounts() != 0 {
        return Err(Errno::EBUSY);
    }
    match removal {
        Removal::File => directory.inode().unlink(name)?,
        Removal::Directory => directory.inode().remove_directory(name)?,
    }
    names.forget(name);
    Ok(())
}

/// One side of a rename.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The directory.
    pub directory: &'a Location,
    /// The name in it.
    pub name: &'a [u8],
    /// Whether a slash followed it, so that it must be a directory.
    pub trailing_slash: bool,
}

/// renameat2(2) with its flags RENAME_NOREPLACE and RENAME_EXCHANGE.
pub fn rename(credentials: &Credentials, old: &Side<'_>, new: &Side<'_>, flags: u32) -> Result<()> {
    check_name(old.name)?;
    check_name(new.name)?;
    if !Arc::ptr_eq(&old.directory.mount, &new.directory.mount) {
        return Err(Errno::EXDEV);
    }
    let (from, to) = (&old.directory.dentry, &new.directory.dentry);
    if Arc::ptr_eq(from, to) {
        let names = from.change();
        return rename_held(credentials, old, new, flags, &names, None);
    }
    let _moving = MOVING.lock();
    // Nobody else holds two directories still, so the order does not matter.
    let (old_names, new_names) = (from.change(), to.change());
    rename_held(credentials, old, new, flags, &old_names, Some(&new_names))
}

fn rename_held(
    credentials: &Credentials,
    old: &Side<'_>,
    new: &Side<'_>,
    flags: u32,
    old_names: &Changing<'_>,
    new_names: Option<&Changing<'_>>,
) -> Result<()> {
    let moving = old_names.child(old.name)?;
    let replaced = match new_names.unwrap_or(old_names).child(new.name) {
        Ok(dentry) => Some(dentry),
        Err(Errno::ENOENT) => None,
        Err(error) => return Err(error),
    };
    let exchange = flags & general::RENAME_EXCHANGE != 0;
    match &replaced {
        Some(_) if flags & general::RENAME_NOREPLACE != 0 => return Err(Errno::EEXIST),
        None if exchange => return Err(Errno::ENOENT),
        _ => {}
    }
    let wanted = Move {
        old,
        new,
        moving: &moving,
        replaced: replaced.as_ref(),
        exchange,
    };
    wanted.check_loops()?;
    wanted.check_slashes()?;
    wanted.check_rights(credentials)?;
    if let Some(replaced) = &replaced {
        if Arc::ptr_eq(replaced.inode(), moving.inode()) {
            // Two names of one file: by POSIX nothing happens at all.
            return Ok(());
        }
        if !exchange {
            check_kinds(&moving, replaced)?;
        }
    }
    if moving.mounts() != 0 || replaced.as_ref().is_some_and(|dentry| dentry.mounts() != 0) {
        return Err(Errno::EBUSY);
    }
    let kind = if exchange {
        RenameKind::Exchange
    } else {
        RenameKind::Replace
    };
    old.directory
        .inode()
        .rename(old.name, new.directory.inode(), new.name, kind)?;
    match kind {
        RenameKind::Replace => old_names.moved(old.name, &new.directory.dentry, new.name),
        RenameKind::Exchange => old_names.exchanged(old.name, &new.directory.dentry, new.name),
    }
    Ok(())
}

/// A rename whose directories are held: what moves, and what is there already.
struct Move<'a> {
    old: &'a Side<'a>,
    new: &'a Side<'a>,
    moving: &'a Arc<Dentry>,
    replaced: Option<&'a Arc<Dentry>>,
    exchange: bool,
}

impl Move<'_> {
    /// No directory may end up below itself.
    fn check_loops(&self) -> Result<()> {
        if self.moving.is_ancestor_of(&self.new.directory.dentry) {
            return Err(Errno::EINVAL);
        }
        let replaced_is_above =
            |dentry: &Arc<Dentry>| dentry.is_ancestor_of(&self.old.directory.dentry);
        match self.replaced.is_some_and(replaced_is_above) {
            true if self.exchange => Err(Errno::EINVAL),
            true => Err(Errno::ENOTEMPTY),
            false => Ok(()),
        }
    }

    /// A slash behind a name is right only where a directory is, or will be.
    fn check_slashes(&self) -> Result<()> {
        let new_is_directory = match self.replaced {
            Some(dentry) if self.exchange => dentry.is_directory(),
            _ => self.moving.is_directory(),
        };
        if (self.old.trailing_slash && !self.moving.is_directory())
            || (self.new.trailing_slash && !new_is_directory)
        {
            return Err(Errno::ENOTDIR);
        }
        Ok(())
    }

    fn check_rights(&self, credentials: &Credentials) -> Result<()> {
        permission::check_remove(credentials, self.old.directory, &**self.moving.inode())?;
        match self.replaced {
            Some(dentry) => {
                permission::check_remove(credentials, self.new.directory, &**dentry.inode())?;
            }
            None => permission::check_add(credentials, self.new.directory)?,
        }
        if Arc::ptr_eq(&self.old.directory.dentry, &self.new.directory.dentry) {
            return Ok(());
        }
        // A directory that gets another parent is itself written to: its `..` changes.
        let changes_parent = |dentry: &Arc<Dentry>| match dentry.is_directory() {
            true => permission::check(credentials, &**dentry.inode(), permission::WRITE),
            false => Ok(()),
        };
        changes_parent(self.moving)?;
        match self.replaced {
            Some(dentry) if self.exchange => changes_parent(dentry),
            _ => Ok(()),
        }
    }
}

fn check_kinds(moving: &Arc<Dentry>, replaced: &Arc<Dentry>) -> Result<()> {
    match (moving.is_directory(), replaced.is_directory()) {
        (true, false) => Err(Errno::ENOTDIR),
        (false, true) => Err(Errno::EISDIR),
        _ => Ok(()),
    }
}
