//! Processes: made, waited for, replaced by programs, grouped, and what they know of themselves.

use abi_tests::check::Case;

mod capabilities;
mod exec;
mod fork;
mod groups;
mod identity;
mod prctl;
mod privileges;
mod registers;
mod wait;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    fork::CASES,
    wait::CASES,
    exec::CASES,
    groups::CASES,
    identity::CASES,
    capabilities::CASES,
    privileges::CASES,
    prctl::CASES,
    registers::CASES,
];
