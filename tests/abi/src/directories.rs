//! Names: directories, links, renames, listings, and how a path is walked.

use abi_tests::check::Case;

mod links;
mod list;
mod make;
mod rename;
mod walk;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    make::CASES,
    links::CASES,
    rename::CASES,
    list::CASES,
    walk::CASES,
];
