//! What a file of a device sees of the program that calls it.

use abi::Errno;

/// The calling program's memory. A failed copy is EFAULT.
pub trait UserMemory {
    /// Fills `into` from `address` on.
    ///
    /// # Errors
    /// EFAULT.
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno>;

    /// Writes `from` at `address`.
    ///
    /// # Errors
    /// EFAULT.
    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno>;

    /// Lets others have the processor, if it is their turn. Called with no lock held between the
    /// pieces of what a program may make as long as it likes.
    ///
    /// # Errors
    /// EINTR: the program is being killed, so nobody waits for the rest.
    fn pause(&self) -> Result<(), Errno> {
        Ok(())
    }
}

/// Moves the bytes of one read or write.
pub type Transfer<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<usize, Errno>;
