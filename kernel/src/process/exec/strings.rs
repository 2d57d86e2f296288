//! A list of strings in one piece of memory: `argv` or `envp`.
//!
//! A program may pass hundreds of thousands of strings. One allocation holds them all, so that
//! it can fail as a whole with an errno, and goes back as a whole.

use alloc::vec::Vec;

use metal::copy;

use crate::error::{Errno, Result, bad_address};
use crate::memory::{PAGE_SIZE, user};
use crate::process;

/// The longest string, its NUL included, as on Linux (MAX_ARG_STRLEN).
const STRING_MAX: usize = 32 * PAGE_SIZE;

/// NUL-ended strings, one behind the other.
#[derive(Default)]
pub struct Strings {
    bytes: Vec<u8>,
    count: usize,
}

impl Strings {
    /// None.
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, each with its NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each of them, without its NUL.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes
            .split_inclusive(|byte| *byte == 0)
            .map(|string| &string[..string.len() - 1])
    }

    /// Adds one; it holds no NUL.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn push(&mut self, string: &[u8]) -> Result<()> {
        self.bytes
            .try_reserve(string.len() + 1)
            .map_err(|_| Errno::ENOMEM)?;
        self.bytes.extend_from_slice(string);
        self.bytes.push(0);
        self.count += 1;
        Ok(())
    }

    /// Adds those of another list but for its first `skipped`.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn extend(&mut self, other: &Self, skipped: usize) -> Result<()> {
        let start: usize = other
            .iter()
            .take(skipped)
            .map(|string| string.len() + 1)
            .sum();
        let rest = &other.bytes[start..];
        self.bytes
            .try_reserve(rest.len())
            .map_err(|_| Errno::ENOMEM)?;
        self.bytes.extend_from_slice(rest);
        self.count += other.count.saturating_sub(skipped);
        Ok(())
    }

    /// Reads a null-ended array of pointers to strings from the running program. They and their
    /// pointers are taken from `budget`, in bytes, which `argv` and `envp` share. A null array
    /// is an empty one, as on Linux.
    ///
    /// # Errors
    /// EFAULT; E2BIG beyond the budget or for too long a string; ENOMEM.
    pub fn from_user(array: usize, budget: &mut usize) -> Result<Self> {
        let mut strings = Self::new();
        let mut buffer = [0; 256];
        let mut long = Vec::new();
        if array == 0 {
            return Ok(strings);
        }
        loop {
            let slot = array.checked_add(strings.count * size_of::<usize>());
            let pointer: usize = user::read(slot.ok_or(Errno::EFAULT)?)?;
            if pointer == 0 {
                break;
            }
            let string = match copy::string_from_user(&mut buffer, pointer).map_err(bad_address)? {
                Some(length) => &buffer[..length],
                None => read_long(pointer, &mut long)?,
            };
            *budget = budget
                .checked_sub(string.len() + 1 + size_of::<usize>())
                .ok_or(Errno::E2BIG)?;
            strings.push(string)?;
            process::yield_if_needed();
            if process::current().must_exit() {
                return Err(Errno::EINTR); // nobody will see this
            }
        }
        Ok(strings)
    }
}

/// Reads one that does not fit into a small buffer; `long` is used for all of them.
fn read_long(pointer: usize, long: &mut Vec<u8>) -> Result<&[u8]> {
    if long.is_empty() {
        long.try_reserve_exact(STRING_MAX)
            .map_err(|_| Errno::ENOMEM)?;
        long.resize(STRING_MAX, 0);
    }
    let length = user::read_c_string_into(pointer, long).map_err(|error| match error {
        Errno::ENAMETOOLONG => Errno::E2BIG,
        other => other,
    })?;
    Ok(&long[..length])
}
