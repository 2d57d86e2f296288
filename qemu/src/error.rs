//! What can go wrong while driving QEMU, each as a sentence that names the thing, says what was
//! wrong with it and what to do next.

use std::path::PathBuf;
use std::time::Duration;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error a person will read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program of the host is not installed.
    #[error(
        "{program} is not installed: install it (on Debian or Ubuntu: apt-get install {package}) and try again"
    )]
    Missing {
        /// The program looked for.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The host refused an operation on a file, a pipe or a process.
    #[error("could not {doing}: {reason}")]
    Io {
        /// What was tried, as the end of "could not …".
        doing: String,
        /// The host's answer. Not the error's `source`: who prints the chain of those would say it
        /// twice.
        reason: std::io::Error,
    },
    /// A word from outside (an option, a name) is not one of those known.
    #[error("{what} `{given}` is not known: use one of {known}")]
    Unknown {
        /// The kind of thing named.
        what: &'static str,
        /// What was given.
        given: String,
        /// What would have been accepted.
        known: &'static str,
    },
    /// A file that must be there is not.
    #[error("{what} is missing at {path}: build it first with `cargo xtask build`", path = path.display())]
    NotBuilt {
        /// What the file is.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The machine did not do something in time.
    #[error("waited {seconds:.1} s for {what}, in vain; the machine last said:\n{tail}", seconds = after.as_secs_f64())]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
        /// The last lines of its serial line.
        tail: String,
    },
    /// The machine ended before it did what was waited for.
    #[error("the machine ended ({ending}) before {what}; it last said:\n{tail}")]
    Ended {
        /// What was waited for.
        what: String,
        /// How QEMU ended.
        ending: String,
        /// The last lines of its serial line and of QEMU's own messages.
        tail: String,
    },
    /// QEMU answered a QMP command with an error, or not as the protocol says.
    #[error("QMP: `{command}` failed: {reason}")]
    Qmp {
        /// The command that was sent.
        command: String,
        /// QEMU's description, or what was wrong with its answer.
        reason: String,
    },
    /// QEMU's VNC server did not do as the protocol says.
    #[error("QEMU's VNC server: {reason}")]
    Vnc {
        /// What was wrong.
        reason: String,
    },
    /// A file cannot go into the ramdisk.
    #[error("cannot put {path} into the ramdisk: {reason}")]
    Ramdisk {
        /// Where it should have gone, or where it came from.
        path: String,
        /// Why not, and what to do.
        reason: String,
    },
}

impl Error {
    /// An [`Error::Io`] that says what was being done, for `map_err`.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |reason| Self::Io { doing, reason }
    }
}
