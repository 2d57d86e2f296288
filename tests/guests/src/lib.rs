//! What the programs of this folder share, and share with the scenarios that look at what they did.

pub mod event;
pub mod orders;
pub mod pattern;

use std::io;

/// What a system call returned, as the standard library has it.
///
/// # Errors
/// The errno that it returned.
pub fn checked(returned: isize) -> io::Result<usize> {
    // What is negative is an errno, and those are small.
    usize::try_from(returned).map_err(|_| io::Error::from_raw_os_error(-returned as i32))
}
