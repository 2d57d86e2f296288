//! The Linux x86-64 contract: structures and constants as programs see them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod raw;
pub mod terminal;
