//! What is known about a file besides its bytes: kind, owner, mode, times, and who may do what.

use abi_tests::check::Case;

mod access;
mod owner;
mod stat;
mod times;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[stat::CASES, owner::CASES, access::CASES, times::CASES];
