//! How the terminal learns that a program which had the screen to itself has gone, however it went.
//!
//! A named pipe: the program has it open for writing as long as it has the screen, and the
//! terminal for reading. Nothing is ever written; when the last writer is gone, killed or not, the
//! reader's end hangs up, which wakes a terminal that sleeps in poll(2).
//!
//! Where the pipe cannot be made, the terminal sees the change when it wakes for something else.
//!
//! Source: fifo(7), poll(2) POLLHUP.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::io::Errno;

/// The terminal's end.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    pipe: Option<File>,
}

impl Door {
    /// Opens the pipe at `path`, made if need be.
    pub(crate) fn open_at(path: PathBuf) -> Self {
        let mode = Mode::from_raw_mode(0o666);
        let pipe = match mknodat(CWD, &path, FileType::Fifo, mode, 0) {
            Ok(()) | Err(Errno::EXIST) => end(&path, OFlags::RDONLY),
            Err(_) => None,
        };
        Self { path, pipe }
    }

    /// What to poll; it hangs up when a program has left.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Waits for the next program to leave. To be called after a hang-up, which otherwise stays,
    /// and before looking whether the screen is free.
    pub fn await_next(&mut self) {
        // An end opened anew hangs up only after a writer has come and gone.
        self.pipe = end(&self.path, OFlags::RDONLY);
    }
}

/// The program's end. None: no terminal has the other, so nobody has to be told.
pub(crate) fn enter(path: &Path) -> Option<File> {
    end(path, OFlags::WRONLY)
}

fn end(path: &Path, access: OFlags) -> Option<File> {
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).ok().map(File::from)
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn hangs_up(door: &Door) -> bool {
        let pipe = door.descriptor().expect("there are pipes");
        let mut polled = [PollFd::from_borrowed_fd(pipe, PollFlags::empty())];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut polled, Some(&now)).expect("it can be polled");
        polled[0].revents().contains(PollFlags::HUP)
    }

    #[test]
    fn each_program_that_goes_is_noticed_once() {
        let path = std::env::temp_dir().join(format!("door-{}", std::process::id()));
        assert!(enter(&path).is_none(), "no terminal, no pipe");
        let mut door = Door::open_at(path.clone());
        assert!(!hangs_up(&door), "nobody has been there");
        for _ in 0..2 {
            let program = enter(&path);
            assert!(program.is_some() && !hangs_up(&door));
            drop(program);
            assert!(hangs_up(&door));
            door.await_next();
            assert!(!hangs_up(&door));
        }
        drop(door);
        assert!(enter(&path).is_none(), "the terminal is gone");
        std::fs::remove_file(path).expect("it was made");
    }

    #[test]
    fn without_a_pipe_nothing_is_polled() {
        let door = Door::open_at(PathBuf::from("/nowhere/at/all"));
        assert!(door.descriptor().is_none());
    }
}
