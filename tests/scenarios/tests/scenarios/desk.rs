//! A person at the desk, with a screen and a keyboard, and personas that draw and read: nothing
//! crosses from one to the other, and no program keeps a person from switching away.
//!
//! Each machine boots once and goes through all of it, act by act: the root's screen is in slot
//! 1, and red, green and blue, who draw in nothing but their colour, are in slots 2 to 4.

mod focus;
mod hostile;
mod pictures;
mod storm;

use guests::pattern::Primary;
use qemu::Kind;
use scenarios::{Image, Seat, Sitter};

/// The slots of the switch keys.
const ROOT: usize = 1;
const RED: usize = 2;
const GREEN: usize = 3;
const BLUE: usize = 4;

/// The machine and the three at their desks.
struct Play {
    seat: Seat,
    red: Sitter,
    green: Sitter,
    blue: Sitter,
}

impl Play {
    fn begin(kind: Kind) -> Self {
        // Only those that are made here, so that it is clear who has which slot, and that nobody
        // else draws.
        let image = Image::built().with_shell_only().with_program("desk");
        let mut seat = Seat::take(&image, kind);
        let mut sitter = |name| Sitter::in_new_persona(&mut seat.console, name);
        let (red, green, blue) = (sitter("red"), sitter("green"), sitter("blue"));
        Self {
            seat,
            red,
            green,
            blue,
        }
    }

    /// The one in slot RED, GREEN or BLUE, and its colour.
    fn of_slot(&self, slot: usize) -> (Sitter, Primary) {
        match slot {
            RED => (self.red, Primary::Red),
            GREEN => (self.green, Primary::Green),
            BLUE => (self.blue, Primary::Blue),
            _ => panic!("nobody draws in slot {slot}"),
        }
    }

    fn all_acts(mut self) {
        pictures::act(&mut self);
        focus::held_keys(&mut self);
        focus::grabs(&mut self);
        focus::fakes(&mut self);
        storm::act(&mut self);
        hostile::floods(&mut self);
        // The last, since it leaves somebody behind who takes all the time there is.
        hostile::act(&mut self);
    }
}

#[test]
fn nothing_crosses_between_personas_on_q35() {
    Play::begin(Kind::Q35).all_acts();
}

#[test]
fn nothing_crosses_between_personas_on_microvm() {
    Play::begin(Kind::Microvm).all_acts();
}
