//! The kernel log: what cannot be done through `/dev/kmsg` and needs no memory of the caller's.
//!
//! Source: syslog(2).

use rustix::io::{Errno, Result};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nobody who reads the log from its start sees what is there now.
    Clear,
    /// No more messages to the console but emergencies.
    ConsoleOff,
    /// Messages to the console as before that.
    ConsoleOn,
}

/// Does it.
///
/// # Errors
/// EPERM: the caller lacks CAP_SYSLOG.
pub fn act(action: Action) -> Result<()> {
    let number = match action {
        Action::Clear => 5,
        Action::ConsoleOff => 6,
        Action::ConsoleOn => 7,
    };
    // SAFETY: these three actions take no buffer, and are given none.
    let result = unsafe { libc::klogctl(number, std::ptr::null_mut(), 0) };
    if result < 0 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(())
}
