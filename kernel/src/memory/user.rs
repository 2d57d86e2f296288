//! Typed copies from and to the running program's memory.
//!
//! Every pointer that a program passes goes through here or through [`super::io`]; a bad one
//! is EFAULT, whatever it points to.

use alloc::vec::Vec;

use metal::copy;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::{Errno, Result, bad_address};

/// Reads a structure at a user address.
///
/// # Errors
/// EFAULT.
pub fn read<T: FromBytes + Copy>(address: usize) -> Result<T> {
    copy::read(address).map_err(bad_address)
}

/// Reads a structure at a user address and shows it to `look`: for large ones, which are then
/// not moved about.
///
/// # Errors
/// EFAULT.
pub fn read_with<T: FromBytes, R>(address: usize, look: impl FnOnce(&T) -> R) -> Result<R> {
    copy::read_with(address, look).map_err(bad_address)
}

/// Writes a structure to a user address.
///
/// # Errors
/// EFAULT.
pub fn write<T: IntoBytes + Immutable + ?Sized>(address: usize, value: &T) -> Result<()> {
    copy::to_user(address, value.as_bytes()).map_err(bad_address)
}

/// Writes a structure where the program wants one: nothing is done for a null pointer.
///
/// # Errors
/// EFAULT.
pub fn write_if_wanted<T: IntoBytes + Immutable>(address: usize, value: &T) -> Result<()> {
    if address == 0 {
        Ok(())
    } else {
        write(address, value)
    }
}

/// Fills `bytes` from a user address.
///
/// # Errors
/// EFAULT.
pub fn read_bytes(address: usize, bytes: &mut [u8]) -> Result<()> {
    copy::from_user(bytes, address).map_err(bad_address)
}

/// Writes `bytes` to a user address.
///
/// # Errors
/// EFAULT.
pub fn write_bytes(address: usize, bytes: &[u8]) -> Result<()> {
    copy::to_user(address, bytes).map_err(bad_address)
}

/// Reads `count` structures from a user address on. The caller has bounded `count`.
///
/// # Errors
/// EFAULT; ENOMEM when the list does not fit into memory.
pub fn read_array<T: FromBytes + IntoBytes + Clone>(
    address: usize,
    count: usize,
) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    values.resize(count, T::new_zeroed());
    copy::from_user(values.as_mut_slice().as_mut_bytes(), address).map_err(bad_address)?;
    Ok(values)
}

/// Reads a NUL-ended string without its NUL.
///
/// # Errors
/// EFAULT; ENAMETOOLONG when there is no NUL among the first `limit` bytes.
pub fn read_c_string(address: usize, limit: usize) -> Result<Vec<u8>> {
    const FIRST_GUESS: usize = 256;
    let mut buffer = [0; FIRST_GUESS];
    let guess = &mut buffer[..limit.min(FIRST_GUESS)];
    if let Some(length) = copy::string_from_user(guess, address).map_err(bad_address)? {
        return Ok(guess[..length].to_vec());
    }
    let mut string = Vec::new();
    string.try_reserve_exact(limit).map_err(|_| Errno::ENOMEM)?;
    string.resize(limit, 0);
    let length = copy::string_from_user(&mut string, address).map_err(bad_address)?;
    string.truncate(length.ok_or(Errno::ENAMETOOLONG)?);
    Ok(string)
}

/// Reads a NUL-ended string into `buffer`; returns its length.
///
/// # Errors
/// EFAULT; ENAMETOOLONG when it does not fit with its NUL.
pub fn read_c_string_into(address: usize, buffer: &mut [u8]) -> Result<usize> {
    copy::string_from_user(buffer, address)
        .map_err(bad_address)?
        .ok_or(Errno::ENAMETOOLONG)
}
