//! Input devices: keyboards, mice, tablets, and what each persona sees of them.
//!
//! The four doors: [`device`] is what any input device can do, with the hardware in [`virtio`]
//! and [`ps2`]; [`persona`] is what a namespace sees; [`mux`] routes between the two; [`evdev`]
//! and [`mousedev`] are the files.
//!
//! A key's way: the driver takes it from the hardware, `unit` sees whether it changes anything,
//! [`switch`] takes the keys out that switch personas, and the mux hands the packet to the
//! readers of the persona in front ([`client`]), however many others there are.

pub mod bits;
pub mod client;
pub mod codes;
pub mod device;
pub mod evdev;
pub mod mousedev;
pub mod mux;
pub mod persona;
pub mod ps2;
pub mod settings;
pub mod state;
pub mod switch;
pub mod text;
mod unit;
pub mod virtio;

#[cfg(test)]
mod tests;
