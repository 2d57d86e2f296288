//! Threads, and the futex they sleep on.

use abi_tests::check::{Case, Failure};
use abi_tests::{raw, works};
use libc::*;
use std::sync::atomic::AtomicU32;

mod futex;
mod life;
mod robust;
mod wake;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[futex::CASES, wake::CASES, robust::CASES, life::CASES];

/// Words on a page shared with children, all 0.
pub fn shared_words<const N: usize>() -> Result<[&'static AtomicU32; N], Failure> {
    let protection = PROT_READ | PROT_WRITE;
    let at = works!(
        SYS_mmap,
        0,
        4096,
        protection,
        MAP_SHARED | MAP_ANONYMOUS,
        -1,
        0
    ) as usize;
    Ok(std::array::from_fn(|n| raw::shared_word(at + 4 * n)))
}
