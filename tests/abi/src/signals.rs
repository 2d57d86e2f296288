//! Signals: how they are caught, blocked, queued and described, and what they interrupt.

use abi_tests::check::Case;

mod action;
mod child;
mod delivery;
mod frame;
mod waiting;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    action::CASES,
    delivery::CASES,
    child::CASES,
    waiting::CASES,
    frame::CASES,
];
