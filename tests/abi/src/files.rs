//! Open files: how they are opened, read, written, moved, duplicated, cut and locked.

use abi_tests::check::Case;

mod descriptors;
mod locks;
mod offsets;
mod open;
mod transfer;
mod truncate;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    open::CASES,
    transfer::CASES,
    offsets::CASES,
    truncate::CASES,
    descriptors::CASES,
    locks::CASES,
];
