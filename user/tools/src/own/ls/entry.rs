//! One file as ls sees it: looked at once, so that every column tells of the same moment. Source:
//! ls(1), stat(2).

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::options::Stamp;

/// A file, its name as it is to be shown, and what stat(2) says of it.
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// What it is shown as.
    pub name: OsString,
    /// What is known of it, or of what it points to.
    pub data: Metadata,
    /// What it points to, if it is a symbolic link.
    pub target: Option<PathBuf>,
    directory: bool,
    dangling: bool,
}

impl Entry {
    /// Looks at `path`; with `follow` at what a link points to, unless that is not there.
    pub fn of(path: &Path, name: &OsStr, follow: bool) -> io::Result<Entry> {
        let mut data = std::fs::symlink_metadata(path)?;
        let mut target = None;
        let mut dangling = false;
        let mut directory = data.is_dir();
        if data.is_symlink() {
            match std::fs::metadata(path) {
                Ok(behind) if follow => {
                    directory = behind.is_dir();
                    data = behind;
                }
                Ok(_) => {}
                Err(_) => dangling = true,
            }
            if data.is_symlink() {
                // Unreadable targets exist: /proc/PID/exe of a kernel thread.
                target = std::fs::read_link(path).ok();
            }
        }
        Ok(Entry {
            path: path.into(),
            name: name.into(),
            data,
            target,
            directory,
            dangling,
        })
    }

    /// Whether it is listed as a directory.
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// Whether it is a directory and no link to one.
    pub fn is_real_directory(&self) -> bool {
        self.data.is_dir()
    }

    /// Whether it is `.` or `..`.
    pub fn is_dot(&self) -> bool {
        self.name == "." || self.name == ".."
    }

    /// Whether it is a link to nothing.
    pub fn is_dangling(&self) -> bool {
        self.dangling
    }

    /// Whether anyone may execute it.
    pub fn is_program(&self) -> bool {
        self.data.is_file() && self.data.mode() & 0o111 != 0
    }

    /// The time asked for: seconds and nanoseconds since 1970.
    pub fn time(&self, stamp: Stamp) -> (i64, i64) {
        match stamp {
            Stamp::Modified => (self.data.mtime(), self.data.mtime_nsec()),
            Stamp::Accessed => (self.data.atime(), self.data.atime_nsec()),
            Stamp::Changed => (self.data.ctime(), self.data.ctime_nsec()),
        }
    }

    /// The mark of -F.
    pub fn mark(&self) -> &'static str {
        let kind = self.data.file_type();
        if kind.is_dir() {
            "/"
        } else if kind.is_symlink() {
            "@"
        } else if kind.is_fifo() {
            "|"
        } else if kind.is_socket() {
            "="
        } else if self.is_program() {
            "*"
        } else {
            ""
        }
    }
}

/// Kind and permissions as ten characters, `drwxr-xr-x`.
pub fn mode_text(mode: u32) -> String {
    let kind = match mode & 0o170_000 {
        0o140_000 => 's',
        0o120_000 => 'l',
        0o100_000 => '-',
        0o060_000 => 'b',
        0o040_000 => 'd',
        0o020_000 => 'c',
        0o010_000 => 'p',
        _ => '?',
    };
    let mut text = String::from(kind);
    for (shift, special, set, only) in [
        (6, 0o4000, 's', 'S'),
        (3, 0o2000, 's', 'S'),
        (0, 0o1000, 't', 'T'),
    ] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => only,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_as_ten_characters() {
        assert_eq!(mode_text(0o100_644), "-rw-r--r--");
        assert_eq!(mode_text(0o041_777), "drwxrwxrwt");
        assert_eq!(mode_text(0o104_755), "-rwsr-xr-x");
        assert_eq!(mode_text(0o102_644), "-rw-r-Sr--");
        assert_eq!(mode_text(0o020_600), "crw-------");
    }
}
