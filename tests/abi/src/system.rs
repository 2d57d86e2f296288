//! The kernel as a whole: names, limits, scheduling, randomness, and numbers it does not know.

use abi_tests::check::Case;

mod kernel;
mod kmsg;
mod limits;
mod scheduling;
mod usage;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    kernel::CASES,
    kmsg::CASES,
    limits::CASES,
    scheduling::CASES,
    usage::CASES,
];
