//! The path walk: from a path to a place.
//!
//! One loop does it all. It goes from name to name; a symbolic link on the way suspends the rest
//! of the path on a list and walks the link's text first (a list instead of recursion: forty links
//! must not cost forty stack frames). Mounts are crossed downwards at every name and upwards at
//! `..`, which never leads above the process's root.
//!
//! Source: path_resolution(7), symlink(7), openat2(2) for the RESOLVE_* restrictions.

use super::{Dentry, FileKind, FsContext, LinkTarget, Location, permission};
use crate::{
    error::Result,
    process::{Thread, credentials::Credentials},
};
use abi::{Errno, raw::general};
use alloc::{sync::Arc, vec::Vec};

/// How many symbolic links one walk follows before `ELOOP`.
const LINKS_MAX: u32 = 40;
/// The longest name.
pub const NAME_MAX: usize = 255;

/// What to do with a symbolic link at the very end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Go where it leads.
    Yes,
    /// Stop at the link itself (a slash behind it makes it be followed all the same).
    No,
}

/// The last part of a path, left to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last<'p> {
    /// An ordinary name.
    Name(&'p [u8]),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// None: the path is `/`.
    Root,
}

impl<'p> Last<'p> {
    /// The name, or `error` where an ordinary one is needed.
    pub fn name(self, error: Errno) -> Result<&'p [u8]> {
        match self {
            Last::Name(name) => Ok(name),
            _ => Err(error),
        }
    }
}

/// A path walked up to its last part.
pub struct Parent<'p> {
    /// The directory that the last part is to be looked up in.
    pub directory: Location,
    /// The last part.
    pub last: Last<'p>,
    /// Whether a slash follows it, so that it must be a directory.
    pub trailing_slash: bool,
}

/// The text being walked: the program's path or a link's.
enum Text<'p> {
    Given(&'p [u8]),
    Link(Arc<[u8]>),
}

impl Text<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Text::Given(bytes) => bytes,
            Text::Link(bytes) => bytes,
        }
    }
}

enum Step {
    At(Location),
    Link {
        directory: Location,
        text: Arc<[u8]>,
    },
}

/// Where a walk ended: at a place, or before the part of the path at these positions.
enum End {
    At(Location),
    Before {
        directory: Location,
        start: usize,
        end: usize,
    },
}

/// Walks paths for one thread.
pub struct Walk {
    root: Location,
    credentials: Arc<Credentials>,
    links: u32,
    /// `RESOLVE_*` of openat2(2).
    resolve: u32,
    /// With RESOLVE_BENEATH: the directory that must not be left.
    boundary: Option<Location>,
}

fn skip_slashes(bytes: &[u8], mut position: usize) -> usize {
    while bytes.get(position) == Some(&b'/') {
        position += 1;
    }
    position
}

fn name_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|&byte| byte == b'/')
        .map_or(bytes.len(), |at| start + at)
}

impl Walk {
    /// A walk as `thread` would do it.
    pub fn new(thread: &Thread) -> Result<Walk> {
        Ok(Walk::as_user(&*thread.fs()?, thread.credentials()))
    }

    /// A walk with other credentials (access(2) checks with the real ids).
    pub fn as_user(fs: &FsContext, credentials: Arc<Credentials>) -> Walk {
        Walk {
            root: fs.root(),
            credentials,
            links: 0,
            resolve: 0,
            boundary: None,
        }
    }

    /// Restricts the walk by `RESOLVE_*` flags; `start` is the directory the path starts from.
    pub fn restrict(&mut self, resolve: u32, start: &Location) {
        self.resolve = resolve;
        if resolve & general::RESOLVE_IN_ROOT != 0 {
            self.root = start.clone();
        }
        if resolve & general::RESOLVE_BENEATH != 0 {
            self.boundary = Some(start.clone());
        }
    }

    /// The credentials the walk checks with.
    pub fn credentials(&self) -> &Arc<Credentials> {
        &self.credentials
    }

    /// The place that `path` leads to, from `start` if it is relative. `ENOENT`: an empty path.
    pub fn find(&mut self, start: Location, path: &[u8], follow: Follow) -> Result<Location> {
        let place = self.look_up(start, path, follow)?;
        place.mount.note_use();
        Ok(place)
    }

    /// The same without counting as a use of what is mounted there (umount2(2), MNT_EXPIRE).
    pub fn look_up(&mut self, start: Location, path: &[u8], follow: Follow) -> Result<Location> {
        let must_be_directory = path.last() == Some(&b'/');
        match self.run(start, path, Some(follow))? {
            End::At(place) if must_be_directory && !place.dentry.is_directory() => {
                Err(Errno::ENOTDIR)
            }
            End::At(place) => Ok(place),
            End::Before { .. } => Err(Errno::ENOENT),
        }
    }

    /// The directory that the last part of `path` is in.
    pub fn find_parent<'p>(&mut self, start: Location, path: &'p [u8]) -> Result<Parent<'p>> {
        match self.run(start, path, None)? {
            End::At(directory) => Ok(Parent {
                directory,
                last: Last::Root,
                trailing_slash: false,
            }),
            End::Before {
                directory,
                start,
                end,
            } => {
                directory.mount.note_use();
                let last = match &path[start..end] {
                    b"." => Last::Dot,
                    b".." => Last::DotDot,
                    name => Last::Name(name),
                };
                self.may_search(&directory)?;
                Ok(Parent {
                    directory,
                    last,
                    trailing_slash: end < path.len(),
                })
            }
        }
    }

    /// The walk itself. Without `follow` it stops before the last part of the given path.
    fn run(&mut self, start: Location, path: &[u8], follow: Option<Follow>) -> Result<End> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let mut at = self.begin(start, path)?;
        let mut text = Text::Given(path);
        let mut position = 0;
        let mut suspended: Vec<(Text<'_>, usize)> = Vec::new();
        loop {
            let bytes = text.bytes();
            let start = skip_slashes(bytes, position);
            if start == bytes.len() {
                match suspended.pop() {
                    Some(outer) => (text, position) = outer,
                    None => return Ok(End::At(at)),
                }
                continue;
            }
            let end = name_end(bytes, start);
            let outermost = matches!(text, Text::Given(_));
            let last = outermost && skip_slashes(bytes, end) == bytes.len();
            if last && follow.is_none() {
                return Ok(End::Before {
                    directory: at,
                    start,
                    end,
                });
            }
            let keep_link = last && follow == Some(Follow::No) && end == bytes.len();
            match self.step(at, &bytes[start..end], !keep_link)? {
                Step::At(place) => {
                    at = place;
                    position = end;
                }
                Step::Link {
                    directory,
                    text: link,
                } => {
                    at = self.begin(directory, &link)?;
                    suspended.push((core::mem::replace(&mut text, Text::Link(link)), end));
                    position = 0;
                }
            }
        }
    }

    /// Where a link's text that was read in `directory` starts.
    pub fn start_of(&self, directory: Location, text: &[u8]) -> Result<Location> {
        self.begin(directory, text)
    }

    /// Where a text starts: at the root if it says so.
    fn begin(&self, directory: Location, text: &[u8]) -> Result<Location> {
        match text.first() {
            None => Err(Errno::ENOENT),
            Some(b'/') if self.boundary.is_some() => Err(Errno::EXDEV),
            // Nearly always it was found already where it starts: no need to count it again.
            Some(b'/') if directory == self.root => Ok(directory),
            Some(b'/') => Ok(self.root.clone()),
            Some(_) => Ok(directory),
        }
    }

    /// Whether names may be looked up here. `ENOTDIR`: not a directory.
    pub fn may_search(&self, place: &Location) -> Result<()> {
        if !place.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        if permission::searches_all(&self.credentials) {
            return Ok(());
        }
        permission::check(&self.credentials, &**place.inode(), permission::EXECUTE)
    }

    fn step(&mut self, at: Location, name: &[u8], follow: bool) -> Result<Step> {
        self.may_search(&at)?;
        match name {
            b"." => Ok(Step::At(at)),
            b".." => self.up(at).map(Step::At),
            _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
            _ => {
                let dentry = at.dentry.child(name)?;
                self.enter(at, dentry, follow)
            }
        }
    }

    /// Arrives at `dentry`, found in `directory`: crosses mounts on it, reads it if it is a link.
    pub fn arrive(&self, directory: &Location, dentry: Arc<Dentry>) -> Result<Location> {
        let place = Location {
            mount: directory.mount.clone(),
            dentry,
        };
        let covered = place.covered();
        self.check_crossing(directory, &covered)?;
        Ok(covered)
    }

    fn enter(&mut self, directory: Location, dentry: Arc<Dentry>, follow: bool) -> Result<Step> {
        if dentry.inode().kind() == FileKind::SymbolicLink && follow {
            return self.follow(directory, &dentry);
        }
        if dentry.mounts() == 0 {
            return Ok(Step::At(Location {
                mount: directory.mount,
                dentry,
            }));
        }
        self.arrive(&directory, dentry).map(Step::At)
    }

    fn check_crossing(&self, from: &Location, to: &Location) -> Result<()> {
        let crossing = !Arc::ptr_eq(&from.mount, &to.mount);
        if crossing && self.resolve & general::RESOLVE_NO_XDEV != 0 {
            return Err(Errno::EXDEV);
        }
        Ok(())
    }

    /// Counts a link. `ELOOP`: too many, or none are to be followed here.
    fn count_link(&mut self, directory: &Location) -> Result<()> {
        self.links += 1;
        let forbidden = self.resolve & general::RESOLVE_NO_SYMLINKS != 0
            || directory.mount.has(general::MS_NOSYMFOLLOW);
        if forbidden || self.links > LINKS_MAX {
            Err(Errno::ELOOP)
        } else {
            Ok(())
        }
    }

    fn follow(&mut self, directory: Location, link: &Arc<Dentry>) -> Result<Step> {
        self.count_link(&directory)?;
        match link.inode().read_link()? {
            LinkTarget::Path(text) => Ok(Step::Link { directory, text }),
            LinkTarget::Jump { location, .. } => {
                if self.resolve & general::RESOLVE_NO_MAGICLINKS != 0 {
                    return Err(Errno::ELOOP);
                }
                if self.resolve & (general::RESOLVE_BENEATH | general::RESOLVE_IN_ROOT) != 0 {
                    return Err(Errno::EXDEV);
                }
                self.check_crossing(&directory, &location)?;
                Ok(Step::At(location))
            }
        }
    }

    /// Follows the link `dentry` in `directory` one step, for an opening that may create what the
    /// link names: a text to walk on with, or the file itself.
    pub fn read_link_at(
        &mut self,
        directory: &Location,
        dentry: &Arc<Dentry>,
    ) -> Result<core::result::Result<Arc<[u8]>, Location>> {
        match self.follow(directory.clone(), dentry)? {
            Step::Link { text, .. } => Ok(Ok(text)),
            Step::At(location) => Ok(Err(location)),
        }
    }

    fn up(&self, at: Location) -> Result<Location> {
        if at == self.root {
            return Ok(at);
        }
        if self.boundary.as_ref() == Some(&at) {
            return Err(Errno::EXDEV);
        }
        let Some(parent) = at.up() else { return Ok(at) };
        let parent = parent.covered();
        self.check_crossing(&at, &parent)?;
        Ok(parent)
    }
}

/// Where a path given with a directory descriptor starts: the root for an absolute path, the
/// working directory for AT_FDCWD, else the directory that `directory` is open on. `EBADF`: it is
/// not open.
pub fn start(thread: &Thread, directory: i32, path: &[u8]) -> Result<Location> {
    if path.first() == Some(&b'/') {
        return Ok(thread.fs()?.root());
    }
    if directory == general::AT_FDCWD {
        return Ok(thread.fs()?.cwd());
    }
    let file = thread.files()?.get(directory)?;
    Ok(file.location())
}

/// The place that `path` leads to, for the calls that take a directory descriptor and AT_* flags
/// (AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH count here).
pub fn find_at(thread: &Thread, directory: i32, path: &[u8], flags: u32) -> Result<Location> {
    if path.is_empty() && flags & general::AT_EMPTY_PATH != 0 {
        return start(thread, directory, path);
    }
    let follow = match flags & general::AT_SYMLINK_NOFOLLOW {
        0 => Follow::Yes,
        _ => Follow::No,
    };
    Walk::new(thread)?.find(start(thread, directory, path)?, path, follow)
}
