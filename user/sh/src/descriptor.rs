//! Descriptors by their numbers.
//!
//! The shell's language names descriptors by number (`3>&1`), and some of them were open before the
//! shell began, so owning handles do not fit. This is the one room that deals in bare numbers; the
//! old, numeric interface of `nix` 0.29 is what makes it possible without `unsafe`.
//! Contract: whatever the shell keeps for itself is at [`FIRST_PRIVATE`] or above and closed on
//! exec; what a script redirects is open across exec.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

/// The lowest number for descriptors that scripts do not see; scripts may name 0 to 9.
pub const FIRST_PRIVATE: i32 = 10;

/// Makes `to` the same open file as `from`.
pub fn duplicate(from: i32, to: i32) -> Result<(), Errno> {
    if from == to {
        return keep_on_exec(to);
    }
    nix::unistd::dup2(from, to).map(drop)
}

/// Keeps a copy of a descriptor out of the way; nothing if it is not open.
pub fn save(descriptor: i32) -> Result<Option<i32>, Errno> {
    match fcntl(descriptor, FcntlArg::F_DUPFD_CLOEXEC(FIRST_PRIVATE)) {
        Ok(copy) => Ok(Some(copy)),
        Err(Errno::EBADF) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Closes a descriptor; that it was not open is no error.
pub fn close(descriptor: i32) {
    // The only other errors are those of a file whose last write failed, which belongs to the
    // program that wrote.
    let _ = nix::unistd::close(descriptor);
}

/// Puts an open file at the number `to`.
pub fn place(file: OwnedFd, to: i32) -> Result<(), Errno> {
    if file.as_raw_fd() == to {
        return keep_on_exec(file.into_raw_fd());
    }
    duplicate(file.as_raw_fd(), to)
}

fn keep_on_exec(descriptor: i32) -> Result<(), Errno> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::empty())).map(drop)
}
