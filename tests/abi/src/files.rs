//! Open files: how they are opened, read, written, moved, duplicated, cut and locked.

use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::{gives, works};
use libc::*;

mod descriptors;
mod devices;
mod locks;
mod offsets;
mod open;
mod resolve;
mod transfer;
mod truncate;
mod vectors;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    open::CASES,
    resolve::CASES,
    transfer::CASES,
    vectors::CASES,
    devices::CASES,
    offsets::CASES,
    truncate::CASES,
    descriptors::CASES,
    locks::CASES,
];

/// Makes the file `name` with this text.
fn file(name: &std::ffi::CStr, text: &[u8]) -> Outcome {
    let fd = works!(SYS_open, name, O_CREAT | O_WRONLY | O_TRUNC, 0o644);
    gives!(text.len(), SYS_write, fd, text, text.len());
    works!(SYS_close, fd);
    Ok(())
}

/// Makes the file `name` with this text and opens it, at its start, to read and write.
fn new(name: &std::ffi::CStr, text: &[u8]) -> Result<isize, Failure> {
    let fd = works!(SYS_open, name, O_CREAT | O_RDWR | O_TRUNC, 0o644);
    gives!(text.len(), SYS_write, fd, text, text.len());
    works!(SYS_lseek, fd, 0, SEEK_SET);
    Ok(fd)
}

/// A page so low that 2 GiB from it still lie in the user half.
fn low_page() -> Result<usize, Failure> {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    Ok(works!(
        SYS_mmap,
        0x1000_0000,
        4096,
        PROT_READ | PROT_WRITE,
        flags,
        -1,
        0
    ) as usize)
}
