//! Displays: the panel, and the screen that each persona has of its own.
//!
//! The four doors: [`panel`] is what any display hardware can do, with the hardware in
//! [`virtio_gpu`] and [`bochs`]; [`persona`] is what a namespace sees; [`mux`] routes between the
//! two; [`fbdev`] is the file.
//!
//! A persona always draws into memory of its own ([`memory`], given from outside), in front or
//! not; who is in front decides which memory the panel shows. What a program wrote through a
//! mapping is found by the memory itself, and [`rows`] are what is sent to the panel. How bright the panel is says [`light`].

pub mod bochs;
mod edid;
#[cfg(test)]
mod fake;
pub mod fbdev;
pub mod light;
pub mod memory;
pub mod mux;
pub mod panel;
pub mod persona;
pub mod picture;
pub mod rows;
pub mod screen;
mod shade;
#[cfg(test)]
mod tests;
pub mod virtio_gpu;
