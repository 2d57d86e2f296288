//! What the programs on the screen share.
//!
//! A program that draws opens the [`Screen`] (`/dev/fb0`, mapped), takes a [`Canvas`] from it and
//! draws; nothing else is needed to make the picture appear. [`Inputs`] are all keyboards and
//! pointers (`/dev/input/event*`). The [`Font`] has the letters, [`Who`] knows which persona this
//! is and what colour it goes by, and [`Turn`] keeps two programs of one persona from drawing over
//! each other.
//!
//! Contract: no device is touched but through [`Screen`] and [`Inputs`]; all the rest works on
//! memory, and is tested on the host.
//!
//! Source: Linux, Documentation/fb/api.rst and Documentation/input/event-codes.rst.

mod canvas;
mod colour;
mod device;
mod door;
mod font;
mod format;
mod glyph;
mod input;
mod pointer;
mod turn;
mod who;
mod window;

pub use canvas::{Canvas, Rect};
pub use colour::Colour;
pub use device::{Mode, Screen};
pub use door::Door;
pub use evdev::{EventType, InputEvent, KeyCode, LedCode, RelativeAxisCode};
pub use font::{Font, Glyph, Weight};
pub use format::Format;
pub use input::Inputs;
pub use pointer::{Axes, Pointer, Range};
pub use turn::{Chance, Turn};
pub use who::Who;
