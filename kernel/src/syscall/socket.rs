//! Sockets, of which there are none: socket(2) is not served, and so no descriptor is one. Programs
//! send to a descriptor also to learn whether it is a socket, and write(2) if it is not; they get
//! the answer that Linux gives for every other file.
//!
//! Source: send(2).

use super::read_write::one_range;
use crate::error::{Errno, Result};
use crate::memory::io::TRANSFER_MAX;
use crate::process::Thread;
use alloc::sync::Arc;

/// sendto(2). The flags and the address of the receiver count with sockets only.
pub fn sys_sendto(
    thread: &Arc<Thread>,
    descriptor: usize,
    address: usize,
    length: usize,
    _flags: usize,
    _receiver: usize,
    _receiver_length: usize,
) -> Result<usize> {
    one_range(address, length.min(TRANSFER_MAX))?;
    thread.files()?.get_usable(descriptor as i32)?;
    Err(Errno::ENOTSOCK)
}
