//! Opening files by path: what open(2), openat2(2) and execve(2) do.
//!
//! Source: open(2), path_resolution(7).

use super::{
    File, FileKind, Follow, Inode, Location, NewContent, NewNode, OpenFile, OpenFlags, Ownership,
    Walk, WriteAccess, names, permission, walk,
};
use crate::{
    error::Result,
    process::{Thread, credentials::Credentials},
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

/// A request to open a file.
#[derive(Debug, Clone, Copy)]
pub struct OpenRequest {
    /// `O_*`.
    pub flags: OpenFlags,
    /// Permissions of a file that is created, before the umask.
    pub mode: u32,
    /// `RESOLVE_*` of openat2(2).
    pub resolve: u32,
}

impl OpenRequest {
    /// A request as open(2) makes it.
    pub fn new(flags: OpenFlags, mode: u32) -> OpenRequest {
        OpenRequest {
            flags,
            mode,
            resolve: 0,
        }
    }
}

/// The object behind a file opened with O_PATH: it can only be pointed at.
struct PathOnly;

impl File for PathOnly {}

/// Opens the file at `path`, which starts at `directory` (a descriptor or AT_FDCWD).
pub fn open(
    thread: &Thread,
    directory: i32,
    path: &[u8],
    request: &OpenRequest,
) -> Result<Arc<OpenFile>> {
    let scoped = request.resolve & (general::RESOLVE_BENEATH | general::RESOLVE_IN_ROOT) != 0;
    // An absolute path needs its starting directory only where it may not leave it.
    let start = walk::start(thread, directory, if scoped { b"." } else { path })?;
    let mut walk = Walk::new(thread)?;
    walk.restrict(request.resolve, &start);
    let flags = request.flags;
    if flags.has(general::O_TMPFILE) && !flags.path_only() {
        return open_unnamed(thread, &mut walk, start, path, request);
    }
    if flags.has(general::O_CREAT) {
        return open_or_create(thread, &mut walk, start, path, request);
    }
    let follow = if flags.has(general::O_NOFOLLOW) {
        Follow::No
    } else {
        Follow::Yes
    };
    let place = walk.find(start, path, follow)?;
    open_place(walk.credentials(), place, flags, Existence::Before)
}

/// Whether a file was there before it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existence {
    Before,
    Created,
}

/// Opens what is at a place.
fn open_place(
    credentials: &Credentials,
    place: Location,
    flags: OpenFlags,
    existence: Existence,
) -> Result<Arc<OpenFile>> {
    let kind = place.inode().kind();
    if flags.has(general::O_DIRECTORY) && kind != FileKind::Directory {
        return Err(Errno::ENOTDIR);
    }
    if flags.path_only() {
        return OpenFile::at(place, Arc::new(PathOnly), flags);
    }
    check_kind(&place, kind, flags)?;
    if existence == Existence::Before {
        check_access(credentials, &place, flags)?;
    }
    let file = place.inode().clone().open(flags)?;
    let open = OpenFile::at(place, file, flags)?;
    if flags.has(general::O_TRUNC) && kind == FileKind::Regular && existence == Existence::Before {
        check_not_run(&**open.inode())?;
        open.inode().set_size(0)?;
    }
    Ok(open)
}

/// `ETXTBSY` if the file is a program that is being executed.
pub fn check_not_run(inode: &dyn Inode) -> Result<()> {
    inode
        .write_access()
        .map_or(Ok(()), WriteAccess::check_not_run)
}

/// What can never be opened this way, whoever asks.
fn check_kind(place: &Location, kind: FileKind, flags: OpenFlags) -> Result<()> {
    match kind {
        FileKind::SymbolicLink => Err(Errno::ELOOP),
        FileKind::Directory if flags.asks_write() || flags.has(general::O_CREAT) => {
            Err(Errno::EISDIR)
        }
        FileKind::CharacterDevice | FileKind::BlockDevice if place.mount.has(general::MS_NODEV) => {
            Err(Errno::EACCES)
        }
        FileKind::Socket => Err(Errno::ENXIO),
        _ => Ok(()),
    }
}

fn check_access(credentials: &Credentials, place: &Location, flags: OpenFlags) -> Result<()> {
    let read = if flags.asks_read() {
        permission::READ
    } else {
        0
    };
    let write = if flags.asks_write() {
        permission::WRITE
    } else {
        0
    };
    permission::check_at(credentials, place, read | write)?;
    if flags.has(general::O_NOATIME) && !permission::owns(credentials, &place.inode().ownership()) {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// O_CREAT: opens what is there or makes a regular file. A link at the end of the path is followed
/// even if what it names does not exist yet.
fn open_or_create(
    thread: &Thread,
    walk: &mut Walk,
    mut start: Location,
    path: &[u8],
    request: &OpenRequest,
) -> Result<Arc<OpenFile>> {
    let flags = request.flags;
    let mut link_text: Arc<[u8]> = path.into();
    loop {
        let parent = walk.find_parent(start, &link_text)?;
        let name = parent.last.name(Errno::EISDIR)?;
        if parent.trailing_slash {
            return Err(Errno::EISDIR);
        }
        let directory = parent.directory;
        let dentry = match names::child(&directory, name) {
            Err(Errno::ENOENT) => {
                match create_regular(thread, walk.credentials(), &directory, name, request.mode) {
                    // Somebody was quicker: open that, unless it had to be new.
                    Err(Errno::EEXIST) if !flags.has(general::O_EXCL) => {
                        start = directory;
                        link_text = name.into();
                        continue;
                    }
                    Err(error) => return Err(error),
                    Ok(place) => {
                        return open_place(walk.credentials(), place, flags, Existence::Created);
                    }
                }
            }
            found => found?,
        };
        if flags.has(general::O_EXCL) {
            return Err(Errno::EEXIST);
        }
        let is_link = dentry.inode().kind() == FileKind::SymbolicLink;
        if !is_link || flags.has(general::O_NOFOLLOW) {
            let place = walk.arrive(&directory, dentry)?;
            return open_place(walk.credentials(), place, flags, Existence::Before);
        }
        match walk.read_link_at(&directory, &dentry)? {
            Ok(text) => (start, link_text) = (walk.start_of(directory, &text)?, text),
            Err(place) => {
                return open_place(walk.credentials(), place, flags, Existence::Before);
            }
        }
    }
}

fn create_regular(
    thread: &Thread,
    credentials: &Credentials,
    directory: &Location,
    name: &[u8],
    mode: u32,
) -> Result<Location> {
    permission::check_add(credentials, directory)?;
    let permissions = mode & 0o7777 & !thread.fs()?.umask();
    let ownership = names::new_ownership(credentials, directory, permissions, FileKind::Regular);
    let dentry = names::create(
        directory,
        name,
        &NewNode {
            content: NewContent::Regular,
            ownership,
        },
    )?;
    Ok(Location {
        mount: directory.mount.clone(),
        dentry,
    })
}

/// O_TMPFILE: a regular file without a name in the file system of the directory at `path`.
fn open_unnamed(
    thread: &Thread,
    walk: &mut Walk,
    start: Location,
    path: &[u8],
    request: &OpenRequest,
) -> Result<Arc<OpenFile>> {
    let flags = request.flags;
    if !flags.writable() {
        return Err(Errno::EINVAL);
    }
    let directory = walk.find(start, path, Follow::Yes)?;
    if !directory.dentry.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    let credentials = walk.credentials();
    permission::check_add(credentials, &directory)?;
    let permissions = request.mode & 0o7777 & !thread.fs()?.umask();
    let ownership: Ownership =
        names::new_ownership(credentials, &directory, permissions, FileKind::Regular);
    let inode = directory.inode().create_unnamed(ownership)?;
    let name = alloc::format!("#{}", inode.number());
    let dentry = directory
        .dentry
        .new_unnamed_child(inode.clone(), name.as_bytes());
    let file = inode.open(flags)?;
    OpenFile::at(
        Location {
            mount: directory.mount,
            dentry,
        },
        file,
        flags,
    )
}

/// Opens the program at `path` for execve(2): a regular file that may be executed, on a mount
/// where that is allowed. `flags` are execveat(2)'s AT_*. `EACCES`: it may not be.
pub fn open_executable(
    thread: &Thread,
    directory: i32,
    path: &[u8],
    flags: u32,
) -> Result<Arc<OpenFile>> {
    let place = walk::find_at(thread, directory, path, flags)?;
    let kind = place.inode().kind();
    if kind == FileKind::SymbolicLink {
        return Err(Errno::ELOOP);
    }
    if kind != FileKind::Regular || place.mount.has(general::MS_NOEXEC) {
        return Err(Errno::EACCES);
    }
    permission::check_at(&thread.credentials(), &place, permission::EXECUTE)?;
    let flags = OpenFlags::from_raw(general::O_RDONLY | general::O_LARGEFILE);
    let file = place.inode().clone().open(flags)?;
    OpenFile::to_run(place, file, flags)
}
