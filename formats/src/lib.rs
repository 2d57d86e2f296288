//! Parsers of what comes from outside: the ramdisk's cpio archive and the gzip around it, ELF
//! programs, `#!` lines.
//!
//! Each is a pure function over bytes. A ramdisk is handed to a visitor piece by piece, so that
//! one of any size is unpacked in constant memory. Nothing here trusts its input: every
//! length is checked before it is used and whatever is wrong becomes a typed error that names the
//! place. The kernel uses this crate as it is; the host tests and the fuzz test run the same code.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cpio;
pub mod elf;
pub mod gzip;
pub mod ramdisk;
pub mod script;

/// Why unpacking stopped: the input was bad, or the one who receives the entries refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure<Format, Receiver> {
    /// The bytes are not what the format demands.
    Format(Format),
    /// The receiver returned this error.
    Receiver(Receiver),
}
