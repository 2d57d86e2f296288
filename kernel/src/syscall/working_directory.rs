//! Where a process is and what is there: getcwd, chdir, fchdir, chroot, getdents, getdents64.
//! Source: the manual page of each.

use crate::process::capabilities::Capability;
use crate::{
    error::Result,
    file::{FileKind, ListEntry, Location, OpenFile, Reach, UserPath, permission, walk},
    memory::user,
    process::Thread,
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};

/// The most bytes of entries one call gives, whatever room the program has.
const LISTING_BYTES_MAX: usize = 64 * 1024;
/// Where the name is in `struct linux_dirent64`.
const NAME_OFFSET_64: usize = 19;
/// Where the name is in the old `struct linux_dirent`.
const NAME_OFFSET_OLD: usize = 18;

/// getcwd(2): the length with the NUL. `ENOENT`: the directory was removed.
pub fn sys_getcwd(thread: &Arc<Thread>, buffer: usize, size: usize) -> Result<usize> {
    let fs = thread.fs()?;
    let cwd = fs.cwd();
    if cwd.dentry.is_removed() {
        return Err(Errno::ENOENT);
    }
    let (mut path, reach) = cwd.path_from(&fs.root());
    if reach == Reach::Unreachable {
        path.splice(0..0, b"(unreachable)".iter().copied());
    }
    path.push(0);
    if path.len() > general::PATH_MAX as usize {
        return Err(Errno::ENAMETOOLONG);
    }
    if path.len() > size {
        return Err(Errno::ERANGE);
    }
    user::write_bytes(buffer, &path)?;
    Ok(path.len())
}

fn find_directory(thread: &Thread, path: usize) -> Result<Location> {
    let path = UserPath::read(path)?;
    let place = walk::find_at(thread, general::AT_FDCWD, path.bytes(), 0)?;
    check_directory(thread, &place)?;
    Ok(place)
}

fn check_directory(thread: &Thread, place: &Location) -> Result<()> {
    if !place.dentry.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    permission::check(&thread.credentials(), &**place.inode(), permission::EXECUTE)
}

/// chdir(2).
pub fn sys_chdir(thread: &Arc<Thread>, path: usize) -> Result<usize> {
    let place = find_directory(thread, path)?;
    thread.fs()?.set_cwd(place);
    Ok(0)
}

/// fchdir(2). A descriptor that only points at the directory (O_PATH) will do.
pub fn sys_fchdir(thread: &Arc<Thread>, descriptor: usize) -> Result<usize> {
    let place = thread.files()?.get(descriptor as i32)?.location();
    check_directory(thread, &place)?;
    thread.fs()?.set_cwd(place);
    Ok(0)
}

/// chroot(2), for root. The working directory stays.
pub fn sys_chroot(thread: &Arc<Thread>, path: usize) -> Result<usize> {
    let place = find_directory(thread, path)?;
    thread.credentials().require(Capability::SysChroot)?;
    thread.fs()?.set_root(place);
    Ok(0)
}

/// How getdents(2) lays an entry out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `struct linux_dirent64`: the kind before the name.
    New,
    /// `struct linux_dirent`: the kind in the last byte of the entry.
    Old,
}

/// Entries as the program will see them, gathered before any are copied out, because the directory
/// is locked while it is read.
struct Listing {
    layout: Layout,
    bytes: Vec<u8>,
    limit: usize,
    /// Where to go on.
    cursor: u64,
    /// Whether an entry did not fit.
    full: bool,
}

impl Listing {
    /// Adds an entry; false when it does not fit.
    fn add(&mut self, name: &[u8], number: u64, kind: FileKind, next: u64) -> bool {
        let fixed = match self.layout {
            Layout::New => NAME_OFFSET_64 + 1,
            Layout::Old => NAME_OFFSET_OLD + 2,
        };
        let length = (fixed + name.len()).next_multiple_of(8);
        if self.bytes.len() + length > self.limit {
            self.full = true;
            return false;
        }
        let end = self.bytes.len() + length;
        self.bytes.extend_from_slice(&number.to_ne_bytes());
        self.bytes.extend_from_slice(&next.to_ne_bytes());
        self.bytes.extend_from_slice(&(length as u16).to_ne_bytes());
        if self.layout == Layout::New {
            self.bytes.push(kind.directory_type());
        }
        self.bytes.extend_from_slice(name);
        self.bytes.resize(end, 0);
        if self.layout == Layout::Old {
            self.bytes[end - 1] = kind.directory_type();
        }
        self.cursor = next;
        true
    }

    /// The two names that every directory has and no file system reports.
    fn add_dots(&mut self, place: &Location) -> bool {
        if self.cursor == 0 && !self.add(b".", place.inode().number(), FileKind::Directory, 1) {
            return false;
        }
        if self.cursor > 1 {
            return true;
        }
        let parent = place
            .dentry
            .parent()
            .unwrap_or_else(|| place.dentry.clone());
        self.add(b"..", parent.inode().number(), FileKind::Directory, 2)
    }
}

/// The file system's cursors start after those of the two dots.
const DOTS: u64 = 2;

fn list(
    thread: &Thread,
    descriptor: usize,
    buffer: usize,
    size: usize,
    layout: Layout,
) -> Result<usize> {
    let file: Arc<OpenFile> = thread.files()?.get_usable(descriptor as i32)?;
    if file.inode().kind() != FileKind::Directory {
        return Err(Errno::ENOTDIR);
    }
    let place = file.location();
    if place.dentry.is_removed() {
        return Err(Errno::ENOENT);
    }
    // The size is a C `int` in the end: in one that is negative nothing has room.
    let limit = usize::try_from(size as i32).unwrap_or(0);
    let limit = limit.min(LISTING_BYTES_MAX);
    let mut position = file.position();
    let mut listing = Listing {
        layout,
        bytes: Vec::new(),
        limit,
        cursor: *position,
        full: false,
    };
    if listing.add_dots(&place) {
        let cursor = listing.cursor - DOTS;
        file.inode().list(cursor, &mut |entry: ListEntry<'_>| {
            listing.add(entry.name, entry.number, entry.kind, entry.next + DOTS)
        })?;
    }
    if listing.bytes.is_empty() {
        // Nothing left is the end; something left that did not fit is the program's mistake.
        return if listing.full {
            Err(Errno::EINVAL)
        } else {
            Ok(0)
        };
    }
    user::write_bytes(buffer, &listing.bytes)?;
    *position = listing.cursor;
    place.inode().note_access();
    Ok(listing.bytes.len())
}

/// getdents64(2).
pub fn sys_getdents64(
    thread: &Arc<Thread>,
    descriptor: usize,
    buffer: usize,
    size: usize,
) -> Result<usize> {
    list(thread, descriptor, buffer, size, Layout::New)
}

/// getdents(2).
pub fn sys_getdents(
    thread: &Arc<Thread>,
    descriptor: usize,
    buffer: usize,
    size: usize,
) -> Result<usize> {
    list(thread, descriptor, buffer, size, Layout::Old)
}
