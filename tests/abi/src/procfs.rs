//! /proc as programs read it: which files there are and the form of what they say. Source:
//! proc(5) and its parts.

use abi_tests::check::Case;

mod descriptors;
mod entries;
mod image;
mod machine;
mod maps;
mod status;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    status::CASES,
    image::CASES,
    descriptors::CASES,
    maps::CASES,
    entries::CASES,
    machine::CASES,
];
