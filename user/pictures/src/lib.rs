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

mod clock;
mod paint;
mod palette;
mod segments;
pub mod stage;

use std::ffi::OsString;

use screen::Who;

pub use clock::{Clock, Reading};
pub use paint::Paint;
pub use palette::Palette;
pub use stage::{Next, Scene};

/// The program `palette`; `words` holds its own name first. Returns its status.
pub fn palette(words: Vec<OsString>) -> i32 {
    stage::main("palette", palette::HELP, &words, &mut Palette::default())
}

/// The program `paint`, likewise.
pub fn paint(words: Vec<OsString>) -> i32 {
    stage::main("paint", paint::HELP, &words, &mut Paint::new(Who::here()))
}

/// The program `clock`, likewise; `read` tells the time where it runs.
pub fn clock(words: Vec<OsString>, read: impl Fn() -> Reading) -> i32 {
    let mut clock = Clock::new(Who::here(), read);
    stage::main("clock", clock::HELP, &words, &mut clock)
}
