//! The window that the screen is seen in: which size it would like the picture to have, and what
//! says that this, or the screen's mode, is another now.
//!
//! Contract: a program goes on in the mode that it found until the window gets another size; then
//! it takes that. A mode that somebody has chosen meanwhile is so left alone until the window
//! changes.
//! Who comes first to a screen begins with the size that the window has ([`Window::fit`]).
//! [`Window::descriptors`] show POLLPRI from the moment that something has changed until
//! [`Window::look`] is called. Where sysfs is not there, or its kernel announces no modes (Linux
//! does not), nobody is ever woken, and programs work with the mode that they found.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-graphics` for the files, and
//! `Documentation/filesystems/sysfs.rst` for how they are polled.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Where the files of the screen are.
const DIRECTORY: &str = "/sys/class/graphics/fb0";
/// Bytes that are read of one: the first line is what counts.
const ENOUGH: usize = 4096;

/// The files that are waited for.
#[derive(Debug)]
pub struct Window {
    directory: PathBuf,
    /// The sizes that the display is good at, the one it prefers first.
    modes: Option<File>,
    /// The size of the screen.
    mode: Option<File>,
    /// The mode that was preferred when last looked at.
    preferred: Option<String>,
}

impl Window {
    /// Opens the files, as far as they are there. To be called when the screen is open: before, it
    /// may have no mode that could change.
    pub fn open() -> Self {
        Self::open_at(Path::new(DIRECTORY))
    }

    /// None, which never changes.
    pub fn none() -> Self {
        Self {
            directory: PathBuf::new(),
            modes: None,
            mode: None,
            preferred: None,
        }
    }

    fn open_at(directory: &Path) -> Self {
        let open = |name: &str| File::open(directory.join(name)).ok();
        let mut window = Self {
            directory: directory.into(),
            modes: open("modes"),
            mode: open("mode"),
            preferred: None,
        };
        window.look();
        window
    }

    /// What to poll for POLLPRI.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [&self.modes, &self.mode]
            .into_iter()
            .flatten()
            .map(File::as_fd)
    }

    /// Whether something has changed since [`Self::look`].
    pub fn has_changed(&self) -> bool {
        let files = self.descriptors();
        let mut files: Vec<PollFd> = files
            .map(|file| PollFd::from_borrowed_fd(file, PollFlags::PRI))
            .collect();
        let now = Timespec::default();
        poll(&mut files, Some(&now)).is_ok()
            && files
                .iter()
                .any(|file| file.revents().contains(PollFlags::PRI))
    }

    /// If the window would like another size than when last asked, gives the screen that mode. A
    /// mode that the screen does not take is none: the picture stays as large as it is.
    pub fn follow(&mut self) {
        let file = self.directory.join("mode");
        if let Some(mode) = self.look() {
            let _refused = std::fs::write(file, mode);
        }
    }

    /// Gives the screen the mode that the window would like, whatever it has.
    pub fn fit(&mut self) {
        self.look();
        let now = self.mode.as_ref().and_then(first_line);
        if let Some(mode) = self.preferred.as_ref().filter(|_| now != self.preferred) {
            let _refused = std::fs::write(self.directory.join("mode"), mode);
        }
    }

    /// The mode that is preferred now, if another was when last asked; what changes from now on is
    /// news.
    fn look(&mut self) -> Option<&str> {
        // What it says is asked of the screen itself.
        let _mode = self.mode.as_ref().and_then(first_line);
        let preferred = self.modes.as_ref().and_then(first_line);
        if preferred == self.preferred {
            return None;
        }
        self.preferred = preferred;
        self.preferred.as_deref()
    }
}

fn first_line(file: &File) -> Option<String> {
    let mut text = [0; ENOUGH];
    let length = file.read_at(&mut text, 0).ok()?;
    let text = str::from_utf8(&text[..length]).ok()?;
    text.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_taken_when_another_is_preferred_and_not_before() {
        let directory = std::env::temp_dir().join(format!("window-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("it can be made");
        let write = |name: &str, text: &str| {
            std::fs::write(directory.join(name), text).expect("it can be written");
        };
        let mode = || std::fs::read_to_string(directory.join("mode")).expect("it is there");
        write("modes", "U:1024x768p-60\nU:640x480p-60\n");
        write("mode", "U:640x480p-60\n");
        let mut window = Window::open_at(&directory);
        assert_eq!(window.descriptors().count(), 2);
        window.follow();
        assert_eq!(mode(), "U:640x480p-60\n", "somebody has chosen it");
        write("modes", "U:800x600p-60\nU:640x480p-60\n");
        window.follow();
        assert_eq!(mode(), "U:800x600p-60");
        write("mode", "U:640x480p-60\n");
        window.follow();
        assert_eq!(mode(), "U:640x480p-60\n");
        window.fit();
        assert_eq!(mode(), "U:800x600p-60");
        std::fs::remove_dir_all(&directory).expect("it was made");
    }

    #[test]
    fn without_the_files_nothing_is_known_and_nobody_woken() {
        let mut window = Window::open_at(Path::new("/nowhere/at/all"));
        assert_eq!(window.descriptors().count(), 0);
        assert!(!window.has_changed());
        window.follow();
        window.fit();
    }
}
