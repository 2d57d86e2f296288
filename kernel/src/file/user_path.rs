//! A path as a program passes it.
//!
//! Nearly all paths are short, so they are read onto the stack; only a long one costs an
//! allocation.

use crate::{error::Result, memory::user};
use abi::{Errno, raw::general};
use alloc::vec::Vec;
use core::ffi::CStr;

/// Enough for nearly every path.
const SHORT_BYTES: usize = 64;
const PAGE_BYTES: usize = 4096;

/// A path copied from a program's memory.
pub struct UserPath {
    short: [u8; SHORT_BYTES],
    long: Vec<u8>,
    length: usize,
}

impl UserPath {
    /// Reads the NUL-terminated path at `address`. `EFAULT`: not the program's memory;
    /// `ENAMETOOLONG`: no NUL within 4,096 bytes.
    pub fn read(address: usize) -> Result<UserPath> {
        let mut path = UserPath {
            short: [0; SHORT_BYTES],
            long: Vec::new(),
            length: 0,
        };
        // Never past the end of a page in one go: the next one may not be there.
        let chunk = SHORT_BYTES.min(PAGE_BYTES - address % PAGE_BYTES);
        user::read_bytes(address, &mut path.short[..chunk])?;
        if let Ok(text) = CStr::from_bytes_until_nul(&path.short[..chunk]) {
            path.length = text.to_bytes().len();
            return Ok(path);
        }
        path.read_long(address)?;
        Ok(path)
    }

    fn read_long(&mut self, address: usize) -> Result<()> {
        let limit = general::PATH_MAX as usize;
        self.long
            .try_reserve_exact(limit)
            .map_err(|_| Errno::ENOMEM)?;
        while self.long.len() < limit {
            let start = self.long.len();
            let from = address.checked_add(start).ok_or(Errno::EFAULT)?;
            let chunk = (limit - start).min(PAGE_BYTES - from % PAGE_BYTES);
            self.long.resize(start + chunk, 0);
            user::read_bytes(from, &mut self.long[start..])?;
            if let Ok(text) = CStr::from_bytes_until_nul(&self.long[start..]) {
                self.length = start + text.to_bytes().len();
                return Ok(());
            }
        }
        Err(Errno::ENAMETOOLONG)
    }

    /// The path without its NUL.
    pub fn bytes(&self) -> &[u8] {
        if self.long.is_empty() {
            &self.short[..self.length]
        } else {
            &self.long[..self.length]
        }
    }
}
