//! Address spaces: mappings made, changed, shared, faulted on and taken away.

use abi_tests::check::{Case, Failure};
use abi_tests::works;
use libc::*;

mod advice;
mod brk;
mod fault;
mod lock;
mod map;
mod remap;
mod share;
mod unmap;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    map::CASES,
    unmap::CASES,
    advice::CASES,
    remap::CASES,
    share::CASES,
    fault::CASES,
    lock::CASES,
    brk::CASES,
];

/// The size of a page.
const PAGE: usize = 4096;
/// Readable and writable.
const RW: i32 = PROT_READ | PROT_WRITE;
/// Private anonymous.
const ANON: i32 = MAP_PRIVATE | MAP_ANONYMOUS;

/// Maps this many fresh private pages.
fn pages(count: usize) -> Result<usize, Failure> {
    Ok(works!(SYS_mmap, 0, count * PAGE, RW, ANON, -1, 0) as usize)
}

/// Makes the file `f` with this text and opens it for reading and writing.
fn file(text: &[u8]) -> Result<isize, Failure> {
    std::fs::write("f", text)?;
    Ok(works!(SYS_open, c"f", O_RDWR))
}

/// The line of /proc/self/maps that holds `address`.
fn line_of(address: usize) -> Result<String, Failure> {
    let text = std::fs::read_to_string("/proc/self/maps")?;
    let holds = |line: &&str| {
        let range = line.split_whitespace().next().unwrap_or_default();
        let mut ends = range
            .split('-')
            .map(|end| usize::from_str_radix(end, 16).unwrap_or(0));
        let (start, end) = (ends.next().unwrap_or(0), ends.next().unwrap_or(0));
        (start..end).contains(&address)
    };
    Ok(text.lines().find(holds).unwrap_or_default().to_owned())
}
