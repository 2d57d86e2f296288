//! What the programs of this folder share: personas to try things on, and devices to try.

pub mod alarms;
pub mod clock;
pub mod inputs;
pub mod persona;
