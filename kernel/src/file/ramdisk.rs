//! Unpacks the ramdisk into the root file system.
//!
//! The archive is taken apart by the crate `formats`; this is what makes the files. Names are
//! relative to the root whatever they start with, and one with `..` in it is refused. An entry
//! replaces what has its name, as on Linux, so a later archive can correct an earlier one.

use super::{
    AttributeChange, Dentry, DeviceNumber, File, FileKind, IoFlags, NewContent, NewNode, OpenFlags,
    Ownership,
};
use crate::memory::io::Source;
use abi::{Errno, Timespec, raw::general};
use alloc::{collections::BTreeMap, string::String, sync::Arc, vec::Vec};
use core::fmt;
use formats::{
    Failure,
    cpio::{Header, Visitor},
    ramdisk,
};

/// The longest target of a symbolic link.
const TARGET_BYTES_MAX: usize = general::PATH_MAX as usize;

/// An entry that could not be made.
#[derive(Debug)]
pub struct Refused {
    name: String,
    errno: Errno,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "cannot make {:?} from the ramdisk: {}",
            self.name, self.errno
        )
    }
}

/// Why unpacking stopped. What came before it was unpacked.
#[derive(Debug)]
pub enum UnpackError {
    /// The ramdisk is damaged.
    Damaged(ramdisk::Error),
    /// An entry could not be made.
    Refused(Refused),
}

impl fmt::Display for UnpackError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnpackError::Damaged(error) => write!(out, "the ramdisk is damaged: {error}"),
            UnpackError::Refused(refused) => refused.fmt(out),
        }
    }
}

/// Unpacks `image` below `root`.
pub fn unpack(image: &[u8], root: &Arc<Dentry>) -> Result<(), UnpackError> {
    let mut unpacker = Unpacker {
        root: root.clone(),
        links: BTreeMap::new(),
        entry: None,
    };
    ramdisk::unpack(image, &mut unpacker).map_err(|failure| match failure {
        Failure::Format(error) => UnpackError::Damaged(error),
        Failure::Receiver(refused) => UnpackError::Refused(refused),
    })
}

struct Unpacker {
    root: Arc<Dentry>,
    /// Files with several names, by inode and device number in the archive.
    links: BTreeMap<(u32, (u32, u32)), Arc<Dentry>>,
    entry: Option<Entry>,
}

/// A directory and a name in it.
type Place<'p> = (Arc<Dentry>, &'p [u8]);

/// The entry being unpacked.
struct Entry {
    name: Vec<u8>,
    directory: Arc<Dentry>,
    header: Header,
    content: Content,
}

/// What to do with the entry's data.
enum Content {
    /// Into this file, at this position.
    File {
        dentry: Arc<Dentry>,
        file: Arc<dyn File>,
        position: u64,
    },
    /// It is a link's target.
    Target(Vec<u8>),
    Ignored,
}

fn ownership(header: &Header) -> Ownership {
    Ownership {
        permissions: header.mode & 0o7777,
        uid: header.user,
        gid: header.group,
    }
}

fn root_directory() -> Ownership {
    Ownership {
        permissions: 0o755,
        uid: 0,
        gid: 0,
    }
}

/// Makes `name` in `directory`; what had the name gives way, except that a directory stays.
fn make(directory: &Arc<Dentry>, name: &[u8], node: &NewNode<'_>) -> Result<Arc<Dentry>, Errno> {
    let names = directory.change();
    match names.child(name) {
        Err(Errno::ENOENT) => {}
        Err(error) => return Err(error),
        Ok(old) if old.is_directory() && node.content.kind() == FileKind::Directory => {
            let Ownership {
                permissions,
                uid,
                gid,
            } = node.ownership;
            let (permissions, uid, gid) = (Some(permissions), Some(uid), Some(gid));
            let change = AttributeChange {
                permissions,
                uid,
                gid,
                ..Default::default()
            };
            old.inode().change(&change)?;
            return Ok(old);
        }
        Ok(old) => {
            match old.is_directory() {
                true => directory.inode().remove_directory(name)?,
                false => directory.inode().unlink(name)?,
            }
            names.forget(name);
        }
    }
    let inode = directory.inode().create(name, node)?;
    Ok(names.add(name, inode))
}

impl Unpacker {
    /// The directory that `path` is in, made if need be, and the last name; none for the root.
    fn place<'p>(&self, path: &'p [u8]) -> Result<Option<Place<'p>>, Errno> {
        let mut at = self.root.clone();
        let mut parts = path
            .split(|&byte| byte == b'/')
            .filter(|part| !part.is_empty() && *part != b".");
        let Some(mut name) = parts.next() else {
            return Ok(None);
        };
        loop {
            if name == b".." || name.len() > super::walk::NAME_MAX {
                return Err(Errno::EINVAL);
            }
            let Some(next) = parts.next() else {
                return Ok(Some((at, name)));
            };
            at = match at.child(name) {
                Err(Errno::ENOENT) => {
                    let content = NewContent::Directory;
                    make(
                        &at,
                        name,
                        &NewNode {
                            content,
                            ownership: root_directory(),
                        },
                    )?
                }
                found => found?,
            };
            name = next;
        }
    }

    fn start(&mut self, header: &Header, path: &[u8]) -> Result<Option<Entry>, Errno> {
        let kind = FileKind::from_mode(header.mode).ok_or(Errno::EINVAL)?;
        let Some((directory, name)) = self.place(path)? else {
            return Ok(None);
        };
        let number = DeviceNumber::new(header.special.0, header.special.1);
        let content = match kind {
            FileKind::SymbolicLink => None,
            FileKind::Regular => Some(NewContent::Regular),
            FileKind::Directory => Some(NewContent::Directory),
            FileKind::Fifo => Some(NewContent::Fifo),
            FileKind::Socket => Some(NewContent::Socket),
            FileKind::CharacterDevice => Some(NewContent::CharacterDevice(number)),
            FileKind::BlockDevice => Some(NewContent::BlockDevice(number)),
            FileKind::Untyped => return Err(Errno::EINVAL),
        };
        let content = match content {
            None => Content::Target(Vec::new()),
            Some(content) => {
                let dentry = self.make_or_link(header, &directory, name, content)?;
                match kind {
                    FileKind::Regular => {
                        let flags = OpenFlags::from_raw(general::O_WRONLY);
                        let file = dentry.inode().clone().open(flags)?;
                        Content::File {
                            dentry,
                            file,
                            position: 0,
                        }
                    }
                    _ => Content::Ignored,
                }
            }
        };
        Ok(Some(Entry {
            name: name.to_vec(),
            directory,
            header: *header,
            content,
        }))
    }

    /// Makes the node, or gives a file of several names that came before another name.
    fn make_or_link(
        &mut self,
        header: &Header,
        directory: &Arc<Dentry>,
        name: &[u8],
        content: NewContent<'_>,
    ) -> Result<Arc<Dentry>, Errno> {
        let key = (header.inode, header.device);
        let linked = header.links > 1 && content.kind() != FileKind::Directory;
        if linked && let Some(first) = self.links.get(&key) {
            let names = directory.change();
            if let Ok(same) = names.child(name)
                && Arc::ptr_eq(same.inode(), first.inode())
            {
                return Ok(same);
            }
            directory.inode().link(name, first.inode())?;
            return Ok(names.add(name, first.inode().clone()));
        }
        let dentry = make(
            directory,
            name,
            &NewNode {
                content,
                ownership: ownership(header),
            },
        )?;
        if linked {
            self.links.insert(key, dentry.clone());
        }
        Ok(dentry)
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Errno> {
        match self.entry.as_mut().map(|entry| &mut entry.content) {
            Some(Content::File { file, position, .. }) => {
                while !bytes.is_empty() {
                    let mut source = Source::from_slice(bytes);
                    let count = file.write(position, &mut source, IoFlags::default())?;
                    if count == 0 {
                        return Err(Errno::EIO);
                    }
                    bytes = &bytes[count..];
                }
            }
            Some(Content::Target(target)) => {
                if target.len() + bytes.len() >= TARGET_BYTES_MAX {
                    return Err(Errno::ENAMETOOLONG);
                }
                target.extend_from_slice(bytes);
            }
            Some(Content::Ignored) | None => {}
        }
        Ok(())
    }

    fn finish(entry: &Entry) -> Result<(), Errno> {
        match &entry.content {
            Content::Target(target) if target.is_empty() => Err(Errno::EINVAL),
            Content::Target(target) => {
                let content = NewContent::SymbolicLink(target);
                let node = NewNode {
                    content,
                    ownership: ownership(&entry.header),
                };
                make(&entry.directory, &entry.name, &node).map(|_| ())
            }
            Content::File { dentry, .. } => {
                let seconds = i64::from(entry.header.modified_seconds);
                let modified = Some(Timespec {
                    tv_sec: seconds,
                    tv_nsec: 0,
                });
                dentry.inode().change(&AttributeChange {
                    modified,
                    ..Default::default()
                })
            }
            Content::Ignored => Ok(()),
        }
    }

    fn refuse(name: &[u8], errno: Errno) -> Refused {
        Refused {
            name: String::from_utf8_lossy(name).into_owned(),
            errno,
        }
    }

    fn name(&self) -> &[u8] {
        self.entry.as_ref().map_or(b"", |entry| &entry.name)
    }
}

impl Visitor for Unpacker {
    type Error = Refused;

    fn begin(&mut self, header: &Header, name: &[u8]) -> Result<(), Refused> {
        self.entry = self
            .start(header, name)
            .map_err(|errno| Self::refuse(name, errno))?;
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.take(bytes)
            .map_err(|errno| Self::refuse(self.name(), errno))
    }

    fn end(&mut self) -> Result<(), Refused> {
        let Some(entry) = self.entry.take() else {
            return Ok(());
        };
        Self::finish(&entry).map_err(|errno| Self::refuse(&entry.name, errno))
    }
}
