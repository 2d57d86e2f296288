//! The ramdisk: a tree of files, folders, links and device nodes put together from the host's
//! files, written as a newc cpio archive which the kernel unpacks into its root.
//!
//! The same tree gives the same bytes on every host: entries are sorted by path (so a folder comes
//! before what is in it), numbered in that order, owned by root and dated at the epoch.

mod archive;
mod host;
mod reader;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::{Error, Result};

pub use host::Addition;

/// What stands at a path of the ramdisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A folder.
    Folder,
    /// A file with these bytes.
    File(Vec<u8>),
    /// A symbolic link to this path.
    Symlink(String),
    /// A FIFO.
    Fifo,
    /// A character device: major and minor number.
    CharacterDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
}

/// One entry: what it is and its permission bits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    content: Content,
    permissions: u32,
}

/// A ramdisk under construction. Paths are absolute in the guest; the leading `/` may be left out.
#[derive(Clone, Debug, Default)]
pub struct Ramdisk {
    /// Keyed by the path without its leading `/`.
    nodes: BTreeMap<String, Node>,
}

impl Ramdisk {
    /// An empty ramdisk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ramdisk that `file` holds, to be changed and written elsewhere.
    ///
    /// # Errors
    /// When the file cannot be read or is not a newc archive.
    pub fn open(file: &Path) -> Result<Self> {
        if !file.exists() {
            return Err(Error::NotBuilt {
                what: "the ramdisk",
                path: file.into(),
            });
        }
        let bytes = std::fs::read(file).map_err(Error::io(format!("read {}", file.display())))?;
        reader::read(&bytes)
    }

    /// Puts `content` at `path` with `permissions` (the low 12 bits of a mode), making the folders
    /// above it. A file already there is replaced; a folder is replaced by none but a folder.
    ///
    /// # Errors
    /// When the path is empty or has `.` or `..` in it, or leads through something that is not a
    /// folder, or would replace a folder that has entries.
    pub fn add(&mut self, path: &str, content: Content, permissions: u32) -> Result<()> {
        let path = clean(path)?;
        let refuse = |reason: &str| {
            Err(Error::Ramdisk {
                path: format!("/{path}"),
                reason: reason.into(),
            })
        };
        for (slash, _) in path.match_indices('/') {
            let above = self.nodes.entry(path[..slash].to_owned()).or_insert(Node {
                content: Content::Folder,
                permissions: 0o755,
            });
            if above.content != Content::Folder {
                return refuse("a folder on the way to it is not a folder; choose another place");
            }
        }
        let is_folder = self
            .nodes
            .get(&path)
            .is_some_and(|node| node.content == Content::Folder);
        if is_folder && content != Content::Folder {
            return refuse("a folder is already there; name a place inside it");
        }
        self.nodes.insert(
            path,
            Node {
                content,
                permissions: permissions & 0o7777,
            },
        );
        Ok(())
    }

    /// Adds a folder with permissions 0755.
    ///
    /// # Errors
    /// As [`Ramdisk::add`].
    pub fn folder(&mut self, path: &str) -> Result<()> {
        self.add(path, Content::Folder, 0o755)
    }

    /// Adds a text or data file with permissions 0644.
    ///
    /// # Errors
    /// As [`Ramdisk::add`].
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.add(path, Content::File(bytes.into()), 0o644)
    }

    /// Adds a program with permissions 0755.
    ///
    /// # Errors
    /// As [`Ramdisk::add`].
    pub fn program(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.add(path, Content::File(bytes.into()), 0o755)
    }

    /// Adds a symbolic link at `path` to `target`.
    ///
    /// # Errors
    /// As [`Ramdisk::add`].
    pub fn symlink(&mut self, path: &str, target: &str) -> Result<()> {
        self.add(path, Content::Symlink(target.into()), 0o777)
    }

    /// Takes away what stands at `path`, with all below it; nothing there is no mistake.
    pub fn remove(&mut self, path: &str) {
        let path = path.trim_matches('/');
        let below = format!("{path}/");
        self.nodes
            .retain(|name, _| name != path && !name.starts_with(&below));
    }

    /// Whether anything stands at `path`.
    pub fn contains(&self, path: &str) -> bool {
        clean(path).is_ok_and(|path| self.nodes.contains_key(&path))
    }

    /// Whether a folder stands at `path`; the root always does.
    fn has_folder(&self, path: &str) -> bool {
        match clean(path) {
            Ok(path) => self
                .nodes
                .get(&path)
                .is_some_and(|node| node.content == Content::Folder),
            Err(_) => path.trim_matches('/').is_empty(),
        }
    }

    /// The archive: newc cpio, ending with its trailer, padded to 512 bytes.
    ///
    /// # Errors
    /// When a file is larger than the format can say (4 GiB).
    pub fn archive(&self) -> Result<Vec<u8>> {
        archive::write(self.nodes.iter())
    }

    /// The archive, compressed with gzip. The header names no file and no time, so that the same
    /// tree gives the same bytes.
    ///
    /// # Errors
    /// As [`Ramdisk::archive`].
    pub fn compressed(&self) -> Result<Vec<u8>> {
        let bytes = self.archive()?;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder
            .write_all(&bytes)
            .and_then(|()| encoder.finish())
            .map_err(Error::io("compress the ramdisk"))
    }

    /// Writes the archive to `file`, which appears whole or not at all. Returns its size in bytes.
    ///
    /// # Errors
    /// As [`Ramdisk::archive`], and when the host cannot write there.
    pub fn write(&self, file: &Path) -> Result<u64> {
        let bytes = self.archive()?;
        let doing = || format!("write the ramdisk to {}", file.display());
        // Of this process alone: two that write the same ramdisk must not share a draft.
        let draft = file.with_extension(format!("draft-{}", std::process::id()));
        std::fs::write(&draft, &bytes).map_err(Error::io(doing()))?;
        std::fs::rename(&draft, file).map_err(Error::io(doing()))?;
        Ok(bytes.len() as u64)
    }
}

/// `path` without slashes at its ends and without empty parts.
fn clean(path: &str) -> Result<String> {
    let refuse = |reason: &str| {
        Err(Error::Ramdisk {
            path: path.into(),
            reason: reason.into(),
        })
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return refuse("that is the root itself; name a place below it");
    }
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return refuse("a path in the ramdisk has no `.` or `..`; write it out");
    }
    if path.contains('\0') {
        return refuse("a path cannot contain a NUL byte");
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_are_made_and_sorted_first() {
        let mut disk = Ramdisk::new();
        disk.file("/etc/x/passwd", "root").expect("fits");
        disk.symlink("/bin/sh", "tools").expect("fits");
        let paths: Vec<_> = disk.nodes.keys().map(String::as_str).collect();
        assert_eq!(paths, ["bin", "bin/sh", "etc", "etc/x", "etc/x/passwd"]);
        assert!(disk.contains("//etc//x/") && disk.has_folder("/etc") && disk.has_folder("/"));
    }

    #[test]
    fn files_are_replaced_and_folders_are_not() {
        let mut disk = Ramdisk::new();
        disk.file("/a", "1").expect("fits");
        disk.file("/a", "2").expect("replaces");
        assert_eq!(disk.nodes["a"].content, Content::File(b"2".to_vec()));
        disk.folder("/d").expect("fits");
        disk.add("/d", Content::Folder, 0o1777)
            .expect("a folder may change its mode");
        assert!(disk.file("/d", "x").is_err());
        let error = disk.file("/a/b", "x").expect_err("a is a file").to_string();
        assert!(
            error.starts_with("cannot put /a/b into the ramdisk"),
            "{error}"
        );
    }

    #[test]
    fn odd_paths_are_refused() {
        let mut disk = Ramdisk::new();
        for path in ["", "/", "/a/../b", "./a", "/a\0b"] {
            assert!(disk.file(path, "x").is_err(), "{path:?}");
        }
    }

    #[test]
    fn compression_is_repeatable() {
        let mut disk = Ramdisk::new();
        disk.file("/a", vec![7; 10_000]).expect("fits");
        let once = disk.compressed().expect("in memory");
        assert_eq!(once, disk.compressed().expect("in memory"));
        assert!(once.starts_with(&[0x1f, 0x8b]) && once.len() < 1000);
    }
}
