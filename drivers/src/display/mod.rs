//! Displays: the panel, and the screen that each persona has of its own.
//!
//! The four doors: [`panel`] is what any display hardware can do. What a persona draws into is
//! [`memory`], which is given from outside. A persona always draws into memory of its own; who is
//! in front decides which memory the panel shows.

pub mod memory;
pub mod panel;
pub mod rows;
