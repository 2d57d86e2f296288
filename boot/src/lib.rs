//! From the first instruction to the first Rust function.
#![no_std]
