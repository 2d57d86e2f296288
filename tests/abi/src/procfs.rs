//! /proc as programs read it: which files there are and the form of what they say. Source:
//! proc(5) and its parts.

use abi_tests::check::Case;

mod machine;
mod own;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[own::CASES, machine::CASES];
