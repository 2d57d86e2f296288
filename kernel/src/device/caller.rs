//! The running program's memory, as drivers see it.

use drivers::user::UserMemory;

use crate::error::Result;
use crate::memory::user;

/// The program that calls.
pub struct Caller;

impl UserMemory for Caller {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<()> {
        user::read_bytes(address, into)
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<()> {
        user::write_bytes(address, from)
    }
}
