//! Lights: the lamps of keyboards, the backlight and the contrast of the panel.
//!
//! The four doors: [`hardware`] is the lights there are, each a [`setting`], a number that some
//! hardware is at and that a program may change, or a [`led`], a lamp with its trigger; [`panel`] is
//! a display's backlight and LCD. [`persona`] says whose changes have an effect, [`mux`] what a
//! program's store does; what the files in `/sys` take and show is in [`number`] and [`led`].
//!
//! Only the persona in front changes a light. What another stores is taken, has no effect, and
//! is said once in the kernel log; or, if the machine was told to remember, it is kept as that
//! persona's wish and done when it comes to the front ([`persona::Policy`]).

pub mod hardware;
pub mod led;
pub mod mux;
pub mod number;
pub mod panel;
pub mod persona;
pub mod setting;

#[cfg(test)]
mod tests;
