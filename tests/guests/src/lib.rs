//! What the programs of this folder share with the scenarios that look at what they did.

pub mod pattern;
