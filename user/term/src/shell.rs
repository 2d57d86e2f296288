//! The program in the terminal: a pty, and a process that leads a session on it.
//!
//! Between fork and exec nothing can be done in safe Rust, so this program starts itself again
//! under another word (`__session`); that process leads a session, takes the pty, which it has as
//! its standard input, for its controlling terminal, and becomes the command.
//!
//! Source: pty(7), setsid(2), tty_ioctl(4) TIOCSCTTY, pidfd_open(2).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::OFlags;
use rustix::process::{Pid, PidfdFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use crate::emulator::Size;

/// The name this program is called by: it may be one of several in one file.
const PROGRAM: &str = "term";

/// The word that makes the process described above of this program.
const SESSION: &str = "__session";

/// Where someone lives who has no other home.
const HOME: &str = "/root";

/// A program on a pty.
pub struct Shell {
    master: File,
    process: Child,
    ended: OwnedFd,
}

impl Shell {
    /// Starts `command` on a new pty of this size. `own` is this program.
    ///
    /// # Errors
    /// There is no pty, or no process can be started. A command that cannot be executed is no
    /// error here; its process says so on the pty and ends.
    pub fn start(own: &Path, command: &[OsString], size: Size) -> Result<Self, String> {
        let fail = |what: &str, error: io::Error| format!("{what}: {error}");
        let (master, slave) =
            open_pty().map_err(|error| fail("cannot get a pty from /dev/ptmx", error))?;
        let shell_side = |slave: &OwnedFd| slave.try_clone().map(Stdio::from);
        rustix::termios::tcsetwinsize(&slave, window(size))
            .map_err(|error| fail("cannot set the size of the pty", error.into()))?;
        let process = (|| {
            let mut helper = Command::new(own);
            helper.arg0(PROGRAM).arg(SESSION).args(command);
            helper
                .env("TERM", "xterm-256color")
                .env("COLORTERM", "truecolor")
                .env_remove("LINES")
                .env_remove("COLUMNS")
                .env_remove("MOTD_SHOWN")
                .stdin(shell_side(&slave)?)
                .stdout(shell_side(&slave)?)
                .stderr(shell_side(&slave)?);
            helper.spawn()
        })()
        .map_err(|error| fail("cannot start a process", error))?;
        let ended = Pid::from_raw(process.id().cast_signed())
            .ok_or_else(|| format!("{} is no process id", process.id()))
            .and_then(|pid| {
                rustix::process::pidfd_open(pid, PidfdFlags::empty())
                    .map_err(|error| fail("cannot watch the process", error.into()))
            })?;
        Ok(Self {
            master,
            process,
            ended,
        })
    }

    /// What to poll for output, and for room to write.
    pub fn terminal(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }

    /// What becomes readable when the program has ended.
    pub fn ended(&self) -> BorrowedFd<'_> {
        self.ended.as_fd()
    }

    /// Reads what has been written. None: nothing now; an empty answer: the terminal was closed
    /// by everyone who had it.
    ///
    /// # Errors
    /// The pty cannot be read.
    pub fn read<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match self.master.read(buffer) {
            Ok(length) => Ok(Some(&buffer[..length])),
            Err(error) if is_transient(&error) => Ok(None),
            // Linux says so when the last one closes the other side.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Ok(Some(&[]))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes as much as there is room for and takes it out of `bytes`.
    ///
    /// # Errors
    /// The pty cannot be written.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.master.write(bytes) {
                Ok(length) => drop(bytes.drain(..length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells the programs on the pty that it has another size.
    ///
    /// # Errors
    /// The pty does not take it.
    pub fn resize(&self, size: Size) -> io::Result<()> {
        rustix::termios::tcsetwinsize(&self.master, window(size)).map_err(io::Error::from)
    }

    /// Buries the program, which has ended.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn bury(&mut self) -> io::Result<()> {
        self.process.wait().map(drop)
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Both ends: ours answers at once.
fn open_pty() -> io::Result<(File, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let name = rustix::pty::ptsname(&master, Vec::new())?;
    let slave_flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(name, slave_flags, rustix::fs::Mode::empty())?;
    let status = rustix::fs::fcntl_getfl(&master)?;
    rustix::fs::fcntl_setfl(&master, status | OFlags::NONBLOCK)?;
    Ok((File::from(master), slave))
}

fn window(size: Size) -> Winsize {
    let short = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    Winsize {
        ws_row: short(size.lines),
        ws_col: short(size.columns),
        ws_xpixel: short(size.columns * size.cell.0),
        ws_ypixel: short(size.lines * size.cell.1),
    }
}

/// Becomes the command, if these arguments (the program's name first) call for that. Gives the
/// reason why it could not.
pub fn become_command(arguments: impl IntoIterator<Item = OsString>) -> Option<String> {
    let mut words = arguments.into_iter().skip(1);
    if words.next()? != SESSION {
        return None;
    }
    let program = words.next()?;
    if let Err(error) = rustix::process::setsid() {
        return Some(format!("cannot start a session: {error}"));
    }
    if let Err(error) = rustix::process::ioctl_tiocsctty(rustix::stdio::stdin()) {
        return Some(format!("cannot take the pty: {error}"));
    }
    let mut command = Command::new(&program);
    command.args(words);
    let home = std::env::var_os("HOME").filter(|home| home != "/");
    let home = home.map_or_else(|| PathBuf::from(HOME), PathBuf::from);
    if home.is_dir() {
        command.current_dir(&home).env("HOME", home);
    }
    let error = command.exec();
    Some(format!("{}: {error}", program.display()))
}
