//! Programs that fill the screen, and what they share.
//!
//! Each is a [`Scene`] on a [`stage`]: the stage takes the screen and the keyboards for itself,
//! puts back what it found on the screen when the scene is over, and leaves on SIGINT and SIGTERM
//! as on a key. While it has the screen the terminal does not draw (`screen::Turn`); after a
//! program that was killed, the terminal draws everything anew.
//!
//! In the guest they are names of the multi-call program `tools`, which calls the functions here.
//!
//! Contract: a scene works on plain memory, at every size and form of pixels; it touches no
//! device, and is tested on the host.

mod palette;
pub mod stage;

use std::ffi::OsString;

pub use palette::Palette;
pub use stage::{Next, Scene};

/// The program `palette`; `words` holds its own name first. Returns its status.
pub fn palette(words: Vec<OsString>) -> i32 {
    stage::main("palette", palette::HELP, &words, &mut Palette::default())
}
