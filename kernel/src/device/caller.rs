//! The running program's memory, as drivers see it.

use drivers::user::UserMemory;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process;

/// The program that calls.
pub struct Caller;

impl UserMemory for Caller {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<()> {
        user::read_bytes(address, into)
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<()> {
        user::write_bytes(address, from)
    }

    fn pause(&self) -> Result<()> {
        process::yield_if_needed();
        if process::current().must_exit() {
            return Err(Errno::EINTR);
        }
        Ok(())
    }
}
