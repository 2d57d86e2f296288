//! What the programs of this folder share: personas to try things on.

pub mod persona;
